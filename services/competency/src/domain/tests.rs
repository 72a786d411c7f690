//! Awards and timelines, told as cases.

use std::collections::BTreeMap;

use program::awards::{Levels, Lives, Status};
use program::tiers;
use program::{Bundle, Facts, facts};
use values::{Date, Instant, Interval, Zone};

use super::award::{Award, Decision, Judged, award_id, badge_id, decide, find_status, program_id, status_name};
use super::held::award_facts;
use super::notice::NoticeSubject;
use super::timeline::{Version, timeline};

const DOCUMENTS: &str = include_str!("../tests/documents.yaml");

fn at(text: &str) -> Instant {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn day(text: &str) -> Date {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

/// The documents of the tests, with more said about their award.
fn documents(award: &str) -> Bundle {
    let text = DOCUMENTS.replace("    nested: false\n", &format!("    nested: false\n{award}"));
    Bundle::parse(&[("test.yaml", text.as_str())]).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

/// Which level holds on some days, one after the other, and what becomes of the award.
fn decided(award: &str, facts: &Facts, days: &[(&str, Option<&str>)]) -> Vec<Decision> {
    let bundle = documents(award);
    let program = bundle.tier_program("test/tiers").expect("there");
    let start = at("2024-09-15T00:00:00Z");
    let card = tiers::evaluate(&bundle, "test/tiers", facts, "contoso", start, start).expect("evaluated");
    let score = &card.divisions[0];
    let mut current: Option<Award> = None;
    let mut all = Vec::new();
    for (on, level) in days {
        let as_of = at(&format!("{on}T12:00:00Z"));
        let open = current.as_ref().filter(|award| award.status != Status::Ended);
        let held: BTreeMap<_, _> =
            open.map(|award| (award.division.clone(), award.standing(&Zone::utc()))).into_iter().collect();
        let partner = "contoso";
        let lives = Lives { bundle: &bundle, program: "test/tiers", facts, partner, known_at: as_of, held: &held };
        let found = Levels::from([(score.division.clone(), level.map(str::to_owned))]);
        let followed = lives.follow((day(on), day(on)), Some(&found)).expect("followed");
        let judged = Judged { program, partner, score, as_of, bundle_hash: "b" };
        let events: Vec<_> = followed.events.iter().map(|event| (event, "b")).collect();
        for decision in decide(&judged, current.as_ref(), &events, followed.standings.get(&score.division)) {
            current = Some(Award { revision: decision.award.revision + 1, ..decision.award.clone() });
            all.push(decision);
        }
    }
    all
}

fn story(award: &str, days: &[(&str, Option<&str>)]) -> Vec<(Status, String, Option<NoticeSubject>)> {
    let told = decided(award, &Facts::default(), days);
    told.into_iter().map(|it| (it.award.status, it.award.level, it.notice.map(|(subject, _)| subject))).collect()
}

fn expect(told: &[(Status, String, Option<NoticeSubject>)], expected: &[(Status, &str, Option<NoticeSubject>)]) {
    let told: Vec<_> = told.iter().map(|(status, level, notice)| (*status, level.as_str(), *notice)).collect();
    assert_eq!(told, expected);
}

#[test]
fn an_award_without_a_term_follows_its_requirements() {
    let told = story(
        "",
        &[
            ("2024-01-01", None),
            ("2024-01-02", Some("silver")),
            ("2024-01-03", Some("silver")),
            ("2024-01-04", Some("gold")),
            ("2024-01-05", Some("silver")),
            ("2024-01-06", None),
            ("2024-01-07", None),
            ("2024-01-08", Some("silver")),
        ],
    );
    expect(
        &told,
        &[
            (Status::Enrolled, "silver", Some(NoticeSubject::Granted)),
            (Status::Enrolled, "gold", Some(NoticeSubject::Changed)),
            (Status::Enrolled, "silver", Some(NoticeSubject::Changed)),
            (Status::Ended, "silver", Some(NoticeSubject::Ended)),
            (Status::Enrolled, "silver", Some(NoticeSubject::Granted)),
        ],
    );
}

#[test]
fn an_award_with_a_term_is_kept_until_its_anniversary() {
    let told = story(
        "    lasts: 12 months\n",
        &[
            ("2024-01-15", Some("gold")),
            ("2024-06-01", None),
            ("2024-07-01", None),
            ("2024-08-01", Some("silver")),
            ("2024-09-01", Some("gold")),
            ("2024-10-01", Some("silver")),
            ("2025-01-15", Some("silver")),
            ("2025-06-01", None),
            ("2026-01-14", None),
            ("2026-01-15", None),
            ("2026-01-16", None),
        ],
    );
    expect(
        &told,
        &[
            (Status::Enrolled, "gold", Some(NoticeSubject::Granted)),
            (Status::AtRisk, "gold", Some(NoticeSubject::AtRisk)),
            (Status::Enrolled, "gold", Some(NoticeSubject::Recovered)),
            (Status::AtRisk, "gold", Some(NoticeSubject::AtRisk)),
            (Status::Enrolled, "silver", Some(NoticeSubject::Renewed)),
            (Status::AtRisk, "silver", Some(NoticeSubject::AtRisk)),
            // Its renewal is possible on the day itself.
            (Status::InGrace, "silver", Some(NoticeSubject::InGrace)),
            (Status::Ended, "silver", Some(NoticeSubject::Ended)),
        ],
    );
}

#[test]
fn a_retired_award_stays_usable_and_then_ends() {
    let told = decided(
        "    retired: {no-new-or-renewed-after: 2022-09-30, usable-at-most: 12 months}\n",
        &Facts::default(),
        &[
            ("2022-05-01", Some("gold")),
            ("2022-10-01", None),
            ("2023-09-30", None),
            ("2023-10-01", None),
            ("2023-10-02", None),
        ],
    );
    let ends: Vec<_> = told.iter().map(|it| (it.award.status, it.award.ends)).collect();
    let end = Some(at("2023-10-01T00:00:00Z"));
    assert_eq!(ends, [(Status::Enrolled, None), (Status::Legacy, end), (Status::Ended, end)]);
    let (subject, text) = told[1].notice.as_ref().expect("told");
    assert_eq!(*subject, NoticeSubject::Legacy);
    assert!(text.ends_with("it may be used until 2023-09-30."), "{text}");
}

const ENROLLED: &str = "    begins: {with: enrollment}
    lasts: 12 months
    renewal-due-from: {before-anniversary: 60 days}
    grace: {after-anniversary: 30 days}
";

#[test]
fn a_qualification_that_nobody_takes_up_lapses_and_may_come_again() {
    let told = story(
        ENROLLED,
        &[("2024-01-15", Some("silver")), ("2024-01-16", None), ("2024-01-17", None), ("2024-01-18", Some("gold"))],
    );
    expect(
        &told,
        &[
            (Status::Qualified, "silver", Some(NoticeSubject::Qualified)),
            (Status::InProgress, "silver", Some(NoticeSubject::QualificationLapsed)),
            (Status::Qualified, "gold", Some(NoticeSubject::Qualified)),
        ],
    );
}

#[test]
fn an_enrolled_partner_is_told_when_renewal_is_due_and_that_it_has_a_grace() {
    let mut facts = Facts::default();
    facts.enrollments.push(facts::Enrollment {
        partner: "contoso".to_owned(),
        program: "test/tiers".to_owned(),
        anniversary: None,
        fee_paid_until: None,
        effective: Interval::since(at("2024-01-20T00:00:00Z")),
        recorded: facts::Recorded::new(at("2024-01-20T00:00:00Z"), "registry"),
    });
    let days = [
        ("2024-01-15", Some("silver")),
        ("2024-01-20", Some("silver")),
        ("2024-11-20", Some("silver")),
        ("2024-11-21", Some("silver")),
        ("2025-01-20", None),
        ("2025-02-19", None),
        ("2025-02-20", None),
    ];
    let told = decided(ENROLLED, &facts, &days);
    let seen: Vec<_> = told
        .iter()
        .map(|it| (it.award.status, it.award.ends, it.notice.as_ref().map(|(subject, _)| *subject)))
        .collect();
    let (year, grace) = (Some(at("2025-01-20T00:00:00Z")), Some(at("2025-02-20T00:00:00Z")));
    let expected = [
        (Status::Qualified, None, Some(NoticeSubject::Qualified)),
        (Status::Enrolled, year, Some(NoticeSubject::Granted)),
        (Status::RenewalDue, year, Some(NoticeSubject::RenewalDue)),
        (Status::InGrace, grace, Some(NoticeSubject::InGrace)),
        (Status::Ended, grace, Some(NoticeSubject::Ended)),
    ];
    assert_eq!(seen, expected);
    assert!(told.iter().all(|it| it.award.award == told[0].award.award), "one award from beginning to end");
    assert_eq!(told[1].award.start, at("2024-01-20T12:00:00Z"), "it begins when it was judged, not when it qualified");
    let awards: Vec<Award> = told.iter().map(|it| it.award.clone()).collect();
    let held = award_facts(&awards, &[], at("2026-01-01T00:00:00Z"));
    let spans: Vec<_> = held.iter().map(|it| (it.level.as_str(), it.effective.start(), it.effective.end())).collect();
    assert_eq!(spans, [("silver", at("2024-01-20T12:00:00Z"), grace)]);
}

#[test]
fn an_announced_loss_names_its_day_and_is_off_when_the_partner_recovers() {
    let rule = "    down: {on: [01-15, 07-15]}\n    notice: 30 days\n    while-held: must-hold\n";
    let days = [
        ("2024-03-01", Some("gold")),
        ("2024-06-01", Some("silver")),
        ("2024-06-10", Some("gold")),
        ("2024-06-20", Some("silver")),
        ("2025-01-15", Some("silver")),
    ];
    let told = decided(rule, &Facts::default(), &days);
    let seen: Vec<_> = told.iter().map(|it| (it.award.status, it.award.level.as_str(), it.award.lost)).collect();
    let (july, january) = (at("2024-07-15T00:00:00Z"), at("2025-01-15T00:00:00Z"));
    let expected = [
        (Status::Enrolled, "gold", None),
        (Status::AtRisk, "gold", Some(july)),
        (Status::Enrolled, "gold", None),
        // Thirty days of notice leave no time before July.
        (Status::AtRisk, "gold", Some(january)),
        (Status::Enrolled, "silver", None),
    ];
    assert_eq!(seen, expected);
    let text = &told[1].notice.as_ref().expect("told").1;
    assert_eq!(text, "Cloud platform at gold no longer meets its requirements and is lost after 2024-07-14.");
    let levels = award_facts(&told.iter().map(|it| it.award.clone()).collect::<Vec<_>>(), &[], january);
    let spans: Vec<_> = levels.iter().map(|it| (it.level.as_str(), it.effective.end())).collect();
    assert_eq!(spans, [("gold", Some(at("2025-01-15T12:00:00Z"))), ("silver", None)], "each level over its own days");
}

#[test]
fn statuses_have_names_of_their_own() {
    for status in Status::ALL {
        assert_eq!(find_status(status_name(status)), Some(status));
    }
    for subject in NoticeSubject::ALL {
        assert_eq!(NoticeSubject::find(subject.name()), Some(subject));
    }
}

#[test]
fn ids_are_ids_however_long_the_words_are() {
    assert_eq!(program_id("test/tiers"), "test-tiers");
    assert_eq!(award_id("test/tiers", "", 2), "test-tiers-2");
    let long = award_id("a-vendor-with-a-long-name/its-program", "a-division-with-an-even-longer-name", 12);
    assert!(long.parse::<values::Id>().is_ok(), "{long}");
    assert_ne!(long, award_id("a-vendor-with-a-long-name/its-program", "a-division-with-an-even-longer-name", 13));
    assert!(badge_id("contoso", "gold-1").parse::<values::Id>().is_ok());
    assert_ne!(badge_id("contoso", "gold-1"), badge_id("contoso-gold", "1"));
}

fn partner(parent: Option<&str>, from: &str, recorded: &str) -> Version<facts::Partner> {
    Version {
        from: at(from),
        bounds: Interval::since(Instant::MIN),
        fact: facts::Partner {
            partner: "berlin".to_owned(),
            parent: parent.map(str::to_owned),
            country: "DE".to_owned(),
            business_types: Vec::new(),
            status: "active".to_owned(),
            effective: Interval::since(Instant::MIN),
            recorded: facts::Recorded::new(at(recorded), "registry"),
        },
    }
}

#[test]
fn values_hold_until_the_next_version_and_those_that_say_the_same_are_one() {
    let versions = [
        partner(Some("contoso"), "2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z"),
        partner(Some("contoso"), "2024-02-01T00:00:00Z", "2024-02-01T00:00:00Z"),
        partner(Some("fabrikam"), "2024-03-01T00:00:00Z", "2024-03-01T00:00:00Z"),
    ];
    let facts = timeline(&versions, true);
    let told: Vec<_> =
        facts.iter().map(|fact| (fact.parent.as_deref(), fact.effective.start(), fact.effective.end())).collect();
    let moved = at("2024-03-01T00:00:00Z");
    assert_eq!(told, [(Some("contoso"), Instant::MIN, Some(moved)), (Some("fabrikam"), moved, None)]);
}

// The rule `competency.last-version-rules`.

#[test]
fn a_correction_of_the_past_rules_from_its_own_start() {
    // The second version, learned later, holds from an earlier day.
    let versions = [
        partner(Some("contoso"), "2024-03-01T00:00:00Z", "2024-03-01T00:00:00Z"),
        partner(Some("fabrikam"), "2024-02-01T00:00:00Z", "2024-04-01T00:00:00Z"),
    ];
    let facts = timeline(&versions, false);
    assert_eq!(facts.len(), 1, "it rules over all that follows: {facts:?}");
    assert_eq!(facts[0].parent.as_deref(), Some("fabrikam"));
    assert_eq!(facts[0].effective.start(), at("2024-02-01T00:00:00Z"));
}

#[test]
fn outside_of_its_bounds_a_resource_does_not_exist() {
    let mut version = partner(None, "2024-03-01T00:00:00Z", "2024-03-01T00:00:00Z");
    version.bounds = Interval::new(at("2024-04-01T00:00:00Z"), Some(at("2024-05-01T00:00:00Z"))).expect("an interval");
    let facts = timeline(&[version.clone()], true);
    assert_eq!(facts.iter().map(|fact| fact.effective).collect::<Vec<_>>(), [version.bounds]);
}
