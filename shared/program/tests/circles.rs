//! Awards and classes that lead back to themselves.

mod scene;

use program::check::Severity;
use scene::flaws::{found, none, one, tiers};
use scene::{changed, parse};

/// Two areas of which the first asks for a score by class and the second for what a test puts there.
fn classified(large: &str, earns: &str, second: &str) -> Vec<(String, String)> {
    let rest = format!(
        "classes: {{size: {{of: partners, first-that-holds: {{large: {large}}}, otherwise: small}}}}
areas:
  a:
    score: {{people: {{metric: heads, each: 1 person, earns: {earns}, max: 50 points}}}}
    levels: {{low: {{when: {{score: this-area, at-least: 5 points}}}}, high: {{when: {{score: this-area, at-least: 9 points}}}}}}
  b: {{levels: {{low: {{when: {second}}}}}}}"
    );
    changed(&tiers(&rest), "columns:\n  spend: {metric: spend}\n  heads: {metric: heads}\n", "")
}

const BY_SIZE: &str = "{by: size, large: 2 points, small: 1 point}";
const SPEND: &str = "{metric: spend, at-least: USD 1}";

#[test]
fn a_class_by_the_award_whose_points_it_decides_is_a_circle() {
    let circle = classified("{holds: small/tiers/rank, of: a}", BY_SIZE, SPEND);
    let told = one(&circle, "circular");
    let says = "the class size depends on itself: the class size depends on rank of a depends on the class size";
    assert!(told.contains(says), "{told}");
    assert!(found(&parse(&circle), "circular").iter().all(|finding| finding.severity == Severity::Warning));
    // Sorted by another area's award, or not asked by the points, it leads nowhere.
    none(&classified("{holds: small/tiers/rank, of: b}", BY_SIZE, SPEND), "circular");
    none(&classified("{holds: small/tiers/rank, of: a}", "1 point", SPEND), "circular");
    let accepted = "{holds: small/tiers/rank, of: a, accepted: {circular: holders keep their numbers}}";
    none(&classified(accepted, BY_SIZE, SPEND), "circular");
}

#[test]
fn a_class_may_lead_back_over_another_award() {
    let long = classified(
        "{holds: small/tiers/rank, of: b}",
        BY_SIZE,
        "{any: [{holds: small/tiers/rank, of: a}, {metric: spend, at-least: USD 1}]}",
    );
    let told = one(&long, "circular");
    let way = "the class size depends on rank of b depends on rank of a depends on the class size";
    assert!(told.contains(way), "{told}");
}

#[test]
fn what_must_have_been_held_on_every_day_must_be_held_on_this_one() {
    let with = |second: &str| classified("{agreement: x}", BY_SIZE, second);
    let told = one(&with("{every-day-in: {back: 6 months}, when: {holds: small/tiers/rank, of: b}}"), "circular");
    assert!(told.contains("rank of b needs itself on the same day"), "{told}");
    none(&with("{any-day-in: {back: 6 months}, when: {holds: small/tiers/rank, of: b}}"), "circular");
    assert!(
        one(
            &with("{at-least: 2, of: [{holds: small/tiers/rank, of: b}, {metric: spend, at-least: USD 1}]}"),
            "circular"
        )
        .contains("itself")
    );
    none(&with("{at-least: 1, of: [{holds: small/tiers/rank, of: b}, {metric: spend, at-least: USD 1}]}"), "circular");
}
