//! The sample vendor's documents over the real bill beside them: what the demo shows.

mod scene;

use program::facts::*;
use program::incentives::{Prior, Rating, rate};
use program::tiers::{DivisionScore, Standing, evaluate};
use program::{Bundle, Facts, Reason};
use scene::small::{late, month};
use scene::*;

fn rated(bundle: &Bundle, facts: &Facts) -> Rating {
    rate(bundle, "sample/incentives", month("2024-09"), facts, late(), &Prior::default()).expect("a rating")
}

fn cloud_solutions(bundle: &Bundle, facts: &Facts, partner: &str) -> DivisionScore {
    let scorecard = evaluate(bundle, "sample/tiers", facts, partner, instant("2024-09-30T23:00:00Z"), late());
    scorecard.expect("a scorecard").divisions.swap_remove(0)
}

fn earned(rating: &Rating) -> Vec<String> {
    let one =
        |one: &program::incentives::StatementTotal| format!("{} earned {} paid {}", one.partner, one.earned, one.paid);
    rating.statements.iter().map(one).collect()
}

#[test]
fn statements_of_september() {
    let bundle = sample_bundle();
    let rating = rated(&bundle, &sample_facts(&bundle));
    assert_eq!(
        earned(&rating),
        [
            "bluepeak earned USD 0.41 paid USD 0.41",
            "fernhill earned USD 0.00 paid USD 0.00",
            "harbor-austin earned USD 0.15 paid USD 0.00",
            "harbor-berlin earned USD 1.87 paid USD 1.87",
            "quartz earned USD 0.20 paid USD 0.20",
            "ridgeline earned USD 1.30 paid USD 1.30",
        ]
    );
    // Nothing of the bill is lost: the bases of all lines are the whole bill.
    assert_eq!(rating.control.bases[0].1.to_string(), "USD 20.52022672899");
    assert_eq!(rating.control.bases, rating.control.facts);
    assert_eq!(rating.control.amount, rating.control.earned);
    // One number of the rule changed is another result.
    let dearer = changed(&documents(&["sample"]), "above: USD 10, rate: 10 %", "above: USD 10, rate: 11 %");
    assert_ne!(earned(&rating), earned(&rated(&parse(&dearer), &sample_facts(&bundle))));
}

#[test]
fn a_change_of_partner_splits_the_lines_at_its_instant_and_they_share_one_bracket_table() {
    let bundle = sample_bundle();
    let rating = rated(&bundle, &sample_facts(&bundle));
    let lines: Vec<_> =
        rating.lines.iter().filter(|line| line.key.starts_with("cloud/aws-atlas-orion/compute/")).collect();
    assert_eq!(lines.len(), 2);
    let (after, before) = (lines[0], lines[1]);
    assert_eq!(before.partner.as_deref(), Some("ridgeline"));
    assert_eq!(after.partner.as_deref(), Some("harbor-berlin"));
    assert_eq!(before.interval.end(), Some(instant("2024-09-20T16:30:00Z")));
    assert_eq!(after.interval.start(), instant("2024-09-20T16:30:00Z"));
    // The customer crossed USD 10 of the year, whoever was paid: both lines lie in both brackets.
    for line in [before, after] {
        assert_eq!(line.pieces.len(), 2);
        assert!(line.rate.is_none());
        assert!(line.explanation.text().contains("counter of = atlas"));
    }
}

#[test]
fn a_credit_stays_negative_and_lines_not_earned_say_why() {
    let bundle = sample_bundle();
    let rating = rated(&bundle, &sample_facts(&bundle));
    let line = |key: &str| rating.lines.iter().find(|line| line.key == key).expect("a line");
    let credit = line("cloud/microsoft-orion-pioneer/machine-learning/2024-09-01T00:00:00Z");
    assert_eq!(credit.amount.to_string(), "USD -0.04");
    let unsigned = line("cloud/aws-pioneer-apollo/compute/2024-09-01T00:00:00Z");
    assert_eq!((unsigned.partner.as_deref(), unsigned.reason), (Some("fernhill"), Some(Reason::MissingAgreement)));
    let nobody = line("cloud/aws-orion-zenith/compute/2024-09-14T00:00:00Z");
    assert_eq!((nobody.partner.as_deref(), nobody.reason), (None, Some(Reason::NotRecognized)));
    let austin = rating.statements.iter().find(|one| one.partner == "harbor-austin").expect("a statement");
    assert_eq!(austin.reason, Some(Reason::BelowPaymentMinimum));
    assert_eq!(austin.carried_forward.to_string(), "USD 0.15");
}

#[test]
fn one_row_less_is_another_hash_and_exactly_one_other_statement() {
    let bundle = sample_bundle();
    let facts = sample_facts(&bundle);
    let whole = rated(&bundle, &facts);
    let mut less = facts.clone();
    let of = |usage: &&Usage| usage.subscription == "aws-orion-odyssey" && usage.workload == "databases";
    let row = less.usage.iter().filter(of).max_by_key(|usage| usage.costs.billed).expect("a row").clone();
    less.usage.retain(|usage| *usage != row);
    assert_eq!(less.usage.len() + 1, facts.usage.len());
    let less = rated(&bundle, &less);
    assert_ne!(whole.result_hash, less.result_hash);
    let differ = whole.statements.iter().zip(&less.statements).filter(|(a, b)| a.earned != b.earned).count();
    assert_eq!(differ, 1);
}

#[test]
fn gold_reached_and_levels_missed_by_one_step() {
    let bundle = sample_bundle();
    let facts = sample_facts(&bundle);
    let level = |partner: &str| {
        let found = cloud_solutions(&bundle, &facts, partner);
        let ways: Vec<String> = found
            .ways
            .iter()
            .map(|way| way.steps.iter().map(|step| step.says.clone()).collect::<Vec<_>>().join("; "))
            .collect();
        (found.level, ways)
    };
    assert_eq!(level("harbor"), (Some("gold".to_owned()), vec![]));
    let customer = "1 customer more: Customers with cloud consumption".to_owned();
    assert_eq!(level("ridgeline"), (Some("silver".to_owned()), vec![customer]));
    assert_eq!(level("bluepeak"), (None, vec!["1 person more: People with cloud-associate".to_owned()]));
    let easier =
        changed(&documents(&["sample"]), "gold:   {customers: 3 customers,", "gold:   {customers: 2 customers,");
    assert_eq!(cloud_solutions(&parse(&easier), &facts, "ridgeline").level.as_deref(), Some("gold"));
}

#[test]
fn a_proposed_way_reaches_the_level_when_it_is_walked() {
    let bundle = sample_bundle();
    let mut facts = sample_facts(&bundle);
    assert_eq!(cloud_solutions(&bundle, &facts, "bluepeak").standing, Standing::InProgress);
    facts.people.push(PersonLink {
        learner: "l-new".to_owned(),
        partner: "bluepeak".to_owned(),
        effective: since("2024-09-01T00:00:00Z"),
        recorded: recorded("2024-09-01T00:00:00Z"),
    });
    facts.certifications.push(Certification {
        learner: "l-new".to_owned(),
        certification: "cloud-associate".to_owned(),
        effective: since("2024-09-01T00:00:00Z"),
        retired: None,
        recorded: recorded("2024-09-01T00:00:00Z"),
    });
    assert_eq!(cloud_solutions(&bundle, &facts, "bluepeak").level.as_deref(), Some("silver"));
}

#[test]
fn an_expired_certificate_is_listed_with_its_reason() {
    let bundle = sample_bundle();
    let found = cloud_solutions(&bundle, &sample_facts(&bundle), "bluepeak");
    let expired =
        found.rejected.iter().find(|rejected| rejected.fact.key.starts_with("l-302/")).expect("the expired one");
    assert_eq!(expired.reason, Reason::NotCertified);
}

#[test]
fn a_question_as_known_before_the_bill_arrived_sees_no_usage() {
    let bundle = sample_bundle();
    let facts = sample_facts(&bundle);
    let before = instant("2024-10-01T00:00:00Z");
    let rating =
        rate(&bundle, "sample/incentives", month("2024-09"), &facts, before, &Prior::default()).expect("a rating");
    assert!(rating.lines.is_empty());
}
