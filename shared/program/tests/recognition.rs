//! Recognition under the policy of 2016.

mod scene;

use program::Reason;
use program::facts::*;
use program::incentives::{Prior, RateError, rate};
use program::recognition::{Grant, Subject, changes, intervals, recognize};
use scene::small::{self, late};
use scene::*;

fn subject() -> Subject {
    Subject {
        customer: "c".into(),
        subscription: "s".into(),
        workloads: vec!["exchange".into(), "teams".into()],
        lasts: None,
    }
}

fn four_sources() -> Vec<Association> {
    let day = "2016-01-14T00:00:00Z";
    let mut onboarding = small::association("on", "p2", "onboarding", "c", "s", day);
    onboarding.subscription = None;
    onboarding.workload = Some("teams".to_owned());
    let mut admin = onboarding.clone();
    admin.association = "admin".to_owned();
    admin.kind = "delegated-admin".to_owned();
    vec![
        small::association("por", "p1", "partner-of-record", "c", "s", "2015-06-01T00:00:00Z"),
        small::association("sale", "p2", "sales-transaction", "c", "s", "2015-06-01T00:00:00Z"),
        small::association("csp", "p2", "csp-transaction", "c", "s", day),
        onboarding,
        admin,
    ]
}

/// Rules `program.credit_counts_once` and `program.first_by_attribution_is_paid`.
#[test]
fn h73_four_evidences_credit_once_and_one_partner_is_paid() {
    let bundle = parse(&documents(&["microsoft"]));
    let policy = bundle.recognition().unwrap();
    let found = recognize(policy, &four_sources(), &subject(), instant("2016-02-01T00:00:00Z"), late());
    let credited: Vec<&str> = found.credited(Grant::Competency).map(|partner| partner.partner.as_str()).collect();
    assert_eq!(credited, ["p1", "p2"]);
    assert_eq!(found.partners[1].evidence.len(), 4);
    assert_eq!(found.payee.as_ref().map(|payee| payee.partner.as_str()), Some("p1"));
    assert_eq!(found.first_contact.as_deref(), Some("p1"));
    assert!(found.explain(policy).text().contains("p2 by csp-transaction"));
    // The rule with another number: a kind that also grants pay makes no second payee.
    let files = changed(
        &documents(&["microsoft"]),
        "    said-by: {feed: commerce-platform}\n    scope: subscription\n    exclusive: false\n    grants: [competency]",
        "    said-by: {feed: commerce-platform}\n    scope: subscription\n    exclusive: false\n    grants: [competency, incentive]",
    );
    let changed = parse(&files);
    let found = recognize(
        changed.recognition().unwrap(),
        &four_sources()[1..],
        &subject(),
        instant("2016-02-01T00:00:00Z"),
        late(),
    );
    assert_eq!(found.payee.map(|payee| payee.partner), Some("p2".to_owned()));
}

#[test]
fn before_the_announcement_only_the_partner_of_record_counts() {
    let bundle = parse(&documents(&["microsoft"]));
    let policy = bundle.recognition().unwrap();
    let found = recognize(policy, &four_sources(), &subject(), instant("2016-01-13T23:59:59Z"), late());
    assert_eq!(found.partners.len(), 1);
    let early = found.rejected.iter().find(|rejected| rejected.fact.key == "sale").unwrap();
    assert_eq!(early.reason, Reason::KindNotInForce);
    let moved = changed(
        &documents(&["microsoft"]),
        "from: 2016-01-14                 # the day of the announcement",
        "from: 2016-01-13",
    );
    let found = recognize(
        parse(&moved).recognition().unwrap(),
        &four_sources(),
        &subject(),
        instant("2016-01-13T23:59:59Z"),
        late(),
    );
    assert_eq!(found.partners.len(), 2);
}

#[test]
fn late_evidence_counts_from_its_day_and_is_unseen_before_it_was_recorded() {
    let bundle = parse(&documents(&["microsoft"]));
    let policy = bundle.recognition().unwrap();
    let mut late_sale = small::association("sale", "p2", "sales-transaction", "c", "s", "2016-01-14T00:00:00Z");
    late_sale.recorded = recorded("2016-04-10T00:00:00Z");
    let at = instant("2016-02-01T00:00:00Z");
    let seen = recognize(policy, std::slice::from_ref(&late_sale), &subject(), at, instant("2016-04-10T00:00:00Z"));
    assert_eq!(seen.partners.len(), 1);
    let unseen = recognize(policy, &[late_sale], &subject(), at, instant("2016-03-01T00:00:00Z"));
    assert_eq!(unseen.partners.len(), 0);
    assert_eq!(unseen.rejected[0].reason, Reason::NotKnownYet);
}

#[test]
fn a_kind_that_is_not_restated_counts_from_its_recording() {
    let bundle = small::bundle(small::USAGE, "1 %");
    let policy = bundle.recognition().unwrap();
    let mut helper = small::association("h", "p2", "helper", "c", "s", "2024-01-01T00:00:00Z");
    helper.subscription = None;
    helper.workload = Some("teams".to_owned());
    helper.recorded = recorded("2024-02-01T00:00:00Z");
    let count = |at: &str| recognize(policy, &[helper.clone()], &subject(), instant(at), late()).partners.len();
    assert_eq!([count("2024-01-31T23:59:59Z"), count("2024-02-01T00:00:00Z")], [0, 1]);
}

#[test]
fn a_correction_replaces_and_a_withdrawal_removes() {
    let bundle = parse(&documents(&["microsoft"]));
    let policy = bundle.recognition().unwrap();
    let first = four_sources().remove(0);
    let mut corrected = first.clone();
    corrected.partner = "p9".to_owned();
    corrected.recorded = recorded("2016-02-01T00:00:00Z");
    let mut withdrawn = corrected.clone();
    withdrawn.recorded = Recorded { withdrawn: true, ..recorded("2016-03-01T00:00:00Z") };
    let all = [withdrawn, first, corrected];
    let payee = |known: &str| {
        let found = recognize(policy, &all, &subject(), instant("2015-07-01T00:00:00Z"), instant(known));
        found.payee.map(|payee| payee.partner)
    };
    assert_eq!(payee("2016-01-01T00:00:00Z").as_deref(), Some("p1"));
    assert_eq!(payee("2016-02-01T00:00:00Z").as_deref(), Some("p9"));
    assert_eq!(payee("2016-03-01T00:00:00Z"), None);
}

/// Rule `program.exclusive_kind_has_one_holder`.
#[test]
fn an_exclusive_kind_has_one_holder_even_in_bad_data() {
    let bundle = parse(&documents(&["microsoft"]));
    let policy = bundle.recognition().unwrap();
    let both = [
        small::association("b", "p2", "partner-of-record", "c", "s", "2016-03-01T00:00:00Z"),
        small::association("a", "p1", "partner-of-record", "c", "s", "2016-02-01T00:00:00Z"),
    ];
    let found = recognize(policy, &both, &subject(), instant("2016-04-01T00:00:00Z"), late());
    assert_eq!(found.partners.len(), 1);
    assert_eq!(found.payee.map(|payee| payee.partner), Some("p2".to_owned()));
    assert_eq!(found.rejected[0].reason, Reason::SameScopeClaimedTwice);
}

#[test]
fn a_period_is_split_at_every_change_and_covered_without_gaps() {
    let bundle = parse(&documents(&["microsoft"]));
    let policy = bundle.recognition().unwrap();
    let month = between("2016-01-01T00:00:00Z", "2016-02-01T00:00:00Z");
    let spans = intervals(policy, &four_sources(), &subject(), month, late());
    assert_eq!(spans.len(), 2);
    assert_eq!(spans[0].interval.end(), Some(spans[1].interval.start()));
    assert_eq!(changes(policy, &four_sources(), &subject(), month, late()), [instant("2016-01-14T00:00:00Z")]);
}

/// Rule `program.usage_belongs_to_its_start`. A change of partner at 12:30: hours are not enough, single records split exactly at the instant.
#[test]
fn h69_a_change_inside_an_hour_splits_at_the_instant() {
    let bundle = small::bundle(small::USAGE, "10 %");
    let mut facts = small::world();
    facts.associations[0].effective = between("2020-01-01T00:00:00Z", "2024-01-10T12:30:00Z");
    facts.associations.push(small::association("a-q", "q", "record", "c", "s", "2024-01-10T12:30:00Z"));
    facts.usage.push(small::usage("s", "mail", "2024-01-10T11:00:00Z", "1"));
    facts.usage.push(small::usage("s", "mail", "2024-01-10T12:00:00Z", "30"));
    facts.usage.push(small::usage("s", "mail", "2024-01-10T13:00:00Z", "300"));
    let refused = rate(&bundle, "small/plan", small::month("2024-01"), &facts, late(), &Prior::default());
    let Err(RateError::HoursMustSplit(hours)) = refused else { panic!("{refused:?}") };
    assert_eq!(hours.len(), 1);
    assert_eq!(hours[0].start, instant("2024-01-10T12:00:00Z"));
    facts.usage.remove(1);
    for (start, billed) in
        [("2024-01-10T12:00:00Z", "10"), ("2024-01-10T12:29:59.999999Z", "5"), ("2024-01-10T12:30:00Z", "15")]
    {
        facts.usage.push(Usage { grain: Grain::Record, ..small::usage("s", "mail", start, billed) });
    }
    let rating = small::rated(&bundle, "2024-01", &facts, &Prior::default());
    let paid: Vec<String> = rating.statements.iter().map(|one| format!("{} {}", one.partner, one.earned)).collect();
    assert_eq!(paid, ["p USD 1.60", "q USD 31.50"]);
    assert_eq!(rating.control.bases, rating.control.facts);
    assert_eq!(rating.lines[0].interval.end(), Some(rating.lines[1].interval.start()));
    let more = small::rated(&small::bundle(small::USAGE, "20 %"), "2024-01", &facts, &Prior::default());
    let paid: Vec<String> = more.statements.iter().map(|one| format!("{} {}", one.partner, one.earned)).collect();
    assert_eq!(paid, ["p USD 3.20", "q USD 63.00"]);
}
