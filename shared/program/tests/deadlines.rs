//! By when a way must be taken: against judging every day with what the way adds, and for windows that move on.
//!
//! Inputs are drawn from a printed seed.

mod scene;

use program::awards::UsageGoesOn;
use program::tiers::{Way, deadlines, history};
use program::{Bundle, Facts};
use rand::seq::IndexedRandom as _;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use scene::between;
use scene::shapes::*;
use scene::small::late;
use values::Date;

const DAY: &str = "2023-07-15";
const UNTIL: &str = "2024-07-15";
const KINDS: [&str; 2] = ["basic", "expert"];

fn day(text: &str) -> Date {
    text.parse().expect("a day")
}

/// By when each way of the only division must be taken.
fn by(bundle: &Bundle, facts: &Facts, usage: UsageGoesOn) -> Vec<(Way, Option<Date>)> {
    let card = card(bundle, facts, DAY);
    let found = deadlines(bundle, facts, &card, day(UNTIL), usage).expect("deadlines");
    card.divisions[0].ways.iter().cloned().zip(found[0].iter().copied()).collect()
}

/// Whether a level holds on a day with the people of a way who stay for good.
fn holds_with(bundle: &Bundle, facts: &Facts, way: &Way, on: Date) -> bool {
    let mut with = facts.clone();
    for step in &way.steps {
        let add = step.add.as_ref().expect("an amount").value.to_integer();
        for number in 0..usize::try_from(add).expect("a small number") {
            person(&mut with, &format!("new-{}-{number}", step.what), &[step.what.as_str()]);
        }
    }
    let found = history(bundle, "shapes/program", &with, "p", (on, on), late()).expect("a history");
    found[0].runs[0].1.is_some()
}

#[test]
fn a_deadline_is_the_last_day_on_which_the_additions_suffice() {
    let seed = 20_231_122;
    println!("deadlines: seed {seed}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let (mut dated, mut open, mut same_day) = (0, 0, 0);
    for _ in 0..25 {
        let bundle = program(&format!(
            "
metrics:
  basic:  {{count: people, holding: basic}}
  expert: {{count: people, holding: expert}}
levels: [held]
company: {{when: {{all: [{{metric: basic, at-least: {} people}}, {{metric: expert, at-least: {} people}}]}}}}
",
            random.random_range(1..4),
            random.random_range(1..4)
        ));
        let mut facts = Facts::default();
        for kind in KINDS {
            for number in 0..random.random_range(0..4) {
                person(&mut facts, &format!("{kind}-{number}"), &[kind]);
                let ends = ["2023-07-16", "2023-08-10", "2023-09-20", "2024-03-01"].choose(&mut random);
                let lapses = ends.filter(|_| random.random_range(0..3) > 0);
                if let (Some(lapses), Some(held)) = (lapses, facts.certifications.last_mut()) {
                    held.effective = between("2020-01-01T00:00:00Z", &format!("{lapses}T00:00:00Z"));
                }
            }
        }
        for (way, by) in by(&bundle, &facts, UsageGoesOn::Stops) {
            match by {
                Some(by) => {
                    dated += 1;
                    same_day += usize::from(by == day(DAY));
                    assert!(holds_with(&bundle, &facts, &way, by), "{way:?} by {by}");
                    assert!(!holds_with(&bundle, &facts, &way, by.add_days(1).expect("a day")), "{way:?} by {by}");
                }
                None => {
                    open += 1;
                    assert!(holds_with(&bundle, &facts, &way, day(UNTIL)), "{way:?}");
                }
            }
        }
    }
    assert!(dated > 5 && open > 3 && same_day > 0, "{dated} dated, {same_day} of them today, {open} open");
}

/// Spend of three months, of which the first is the largest.
fn spending(may: &str) -> Facts {
    let mut facts = Facts::default();
    sold(&mut facts, "c", &["disk"]);
    associate(&mut facts, "claim", "c", None, between("2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z"));
    spend(&mut facts, "c", "disk", "2023-05", may);
    spend(&mut facts, "c", "disk", "2023-06", "50");
    facts
}

#[test]
fn a_way_is_open_until_what_it_builds_on_leaves_the_window() {
    let bundle = program(
        "
metrics:
  spend: {sum: spend, recognized-by: {granting: competency}, window: {last: 3 months}}
levels: [held]
company: {when: {metric: spend, at-least: USD 500}}
",
    );
    let june = "2023-06".parse().expect("a month");
    for (may, usage, expected) in [
        // May is counted until the end of August; what goes on from June does not make up for it.
        ("300", UsageGoesOn::Stops, Some("2023-08-31")),
        ("300", UsageGoesOn::As(june), Some("2023-08-31")),
        // Where May was no more than the months after it, as much comes as goes.
        ("50", UsageGoesOn::As(june), None),
        ("50", UsageGoesOn::Stops, Some("2023-08-31")),
    ] {
        let found = by(&bundle, &spending(may), usage);
        assert_eq!(found.len(), 1, "{found:?}");
        let found = found[0].1.map(|by| by.to_string());
        assert_eq!(found.as_deref(), expected, "with {may} in May, usage {usage:?}");
    }
}

#[test]
fn a_rule_that_becomes_harder_ends_a_way_the_day_before() {
    let bundle = program(
        "
metrics:
  basic: {count: people, holding: basic}
levels: [held]
company: {when: {metric: basic, at-least: {2010-01-01: 2 people, 2023-10-01: 3 people}}}
",
    );
    let mut facts = Facts::default();
    person(&mut facts, "one", &["basic"]);
    let found = by(&bundle, &facts, UsageGoesOn::Stops);
    assert_eq!(found[0].0.steps[0].says, "1 person more: basic");
    assert_eq!(found[0].1, Some(day("2023-09-30")));
}
