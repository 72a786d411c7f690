//! Points: lines, caps, gates, totals and the way to a designation.

mod scene;

use program::facts::*;
use program::tiers::{DivisionScore, evaluate};
use program::{Bundle, Facts, Reason};
use scene::small::{self, late};
use scene::*;
use values::Ratio;

const SCORE: &str = "
language: 1
kind: TierProgram
id: small/score
title: Small score
effective: 2020-01-01
shown-from: 2019-06-01
sample: true
uses: [small/catalog, small/recognition]
conventions:
  time-zone: UTC
  currency: USD
  current-month: last-full-month
  recognized-month: usage-start
  part-steps: exact
  partner-level: global-account
  rules-dated-by: the-day
  points-shown: {decimals: 2, mode: half-up}
metrics:
  net-customers:
    count: customers
    recognized-by: {granting: competency}
    with: {spend: {at-least: USD 1000}}
    change: {since: same-month-last-year}
  experts: {count: people, holding: expert}
levels: [designated]
areas:
  area:
    title: Area
    score:
      customers: {metric: net-customers, each: 1 customer, earns: 10 points, max: 30 points}
      people:
        count: people
        holding: basic
        each: 1 person
        earns: 4 points
        max: 40 points
        gates: {experts: {metric: experts, at-least: 2 people}}
      thirds:
        count: people
        holding: [basic, expert]
        each: 7 people
        earns: 15 points
        max: 15 points
      spend:
        sum: spend
        recognized-by: {granting: competency}
        full-at: USD 5000
        max: 20 points
    levels:
      designated:
        when:
          all:
            - {name: total, score: this-area, at-least: 70 points}
            - {name: each, every-line: this-area, above: 0 points}
awards:
  partner: {nested: false, shown-to: {public: [badge], partner: [score, lines, way-there]}}
";

fn files() -> Vec<(String, String)> {
    let mut files = small::files(small::USAGE, "1 %");
    files.push(("score.yaml".to_owned(), SCORE.to_owned()));
    files
}

/// `now` customers with 1,000 in June 2023 and `base` in June 2022.
fn facts(now: usize, base: usize, basic: usize, expert: usize) -> Facts {
    let mut facts = Facts::default();
    for number in 0..now.max(base) {
        let (customer, id) = (format!("c{number}"), format!("s{number}"));
        facts.subscriptions.push(small::subscription(&customer, &id));
        facts.associations.push(small::association(
            &format!("a{number}"),
            "p",
            "sale",
            &customer,
            &id,
            "2021-01-01T00:00:00Z",
        ));
        for (month, count) in [("2023-06", now), ("2022-06", base)] {
            if number < count {
                facts.usage.push(small::usage(&id, "disk", &format!("{month}-10T00:00:00Z"), "1000"));
            }
        }
    }
    certify(&mut facts, "basic", basic);
    certify(&mut facts, "expert", expert);
    facts
}

fn certify(facts: &mut Facts, certification: &str, count: usize) {
    for number in 0..count {
        let learner = format!("{certification}-{number}");
        let known = || recorded("2023-01-01T00:00:00Z");
        let (effective, partner) = (since("2023-01-01T00:00:00Z"), "p".to_owned());
        facts.people.push(PersonLink { learner: learner.clone(), partner, effective, recorded: known() });
        let certification = certification.to_owned();
        facts.certifications.push(Certification {
            learner,
            certification,
            effective,
            retired: None,
            recorded: known(),
        });
    }
}

fn area(bundle: &Bundle, facts: &Facts) -> DivisionScore {
    let card = evaluate(bundle, "small/score", facts, "p", instant("2023-07-15T00:00:00Z"), late());
    card.expect("a card").divisions.swap_remove(0)
}

fn points(facts: &Facts, line: &str) -> String {
    let found = area(&parse(&files()), facts);
    found.lines.iter().find(|one| one.line == line).expect("the line").shown.clone()
}

/// Rule `program.line_is_floored_and_capped`. Case: A-03. Case: A-05.
#[test]
fn a_01_net_customers_count_losses_and_never_give_less_than_nothing() {
    assert_eq!(points(&facts(4, 3, 0, 0), "customers"), "10");
    assert_eq!(points(&facts(7, 9, 0, 0), "customers"), "0");
    assert_eq!(points(&facts(9, 2, 0, 0), "customers"), "30");
    let found = area(&parse(&files()), &facts(7, 9, 0, 0));
    assert_eq!(found.lines[0].uncapped, Ratio::from_integer((-20).into()));
    let mut short = facts(1, 0, 0, 0);
    short.usage[0].costs.billed = Some(decimal("999.99"));
    assert_eq!(points(&short, "customers"), "0");
    let cheaper = changed(&files(), "spend: {at-least: USD 1000}", "spend: {at-least: USD 999.99}");
    assert_eq!(area(&parse(&cheaper), &short).lines[0].shown, "10");
}

/// Case: A-06. Case: A-11.
#[test]
fn a_09_a_gate_opens_the_line_for_everyone_and_a_cap_ends_it() {
    assert_eq!(points(&facts(0, 0, 3, 2), "people"), "12");
    assert_eq!(points(&facts(0, 0, 2, 1), "people"), "0");
    let shut = area(&parse(&files()), &facts(0, 0, 2, 1));
    assert_eq!(shut.lines[1].reason, Some(Reason::GateShut));
    assert_eq!(points(&facts(0, 0, 2, 2), "people"), "8");
    assert_eq!(points(&facts(0, 0, 12, 2), "people"), "40");
    let wider = changed(&files(), "{metric: experts, at-least: 2 people}", "{metric: experts, at-least: 1 person}");
    assert_eq!(area(&parse(&wider), &facts(0, 0, 2, 1)).lines[1].shown, "8");
}

/// Case: A-37. A third of a point is a third: rounding is for display and feeds nothing.
#[test]
fn points_are_exact_and_displayed_rounded() {
    let found = area(&parse(&files()), &facts(0, 0, 1, 2));
    assert_eq!(found.lines[2].points, Ratio::new(45.into(), 7.into()));
    assert_eq!(found.lines[2].shown, "6.43");
}

/// Case: A-21. Rule `program.highest_level_that_holds`.
#[test]
fn a_19_seventy_points_and_every_line_above_zero() {
    // 30 + 24 + 15 + 12 = 81.
    let enough = area(&parse(&files()), &facts(3, 0, 6, 2));
    assert_eq!(enough.points, Some(Ratio::from_integer(81.into())));
    assert_eq!(enough.level.as_deref(), Some("designated"));
    let stricter = changed(&files(), "at-least: 70 points", "at-least: 81.01 points");
    assert_eq!(area(&parse(&stricter), &facts(3, 0, 6, 2)).level, None);
    // Points enough without customers: a line at zero bars the area.
    let bundle = parse(&changed(&files(), "at-least: 70 points", "at-least: 20 points"));
    let barred = area(&bundle, &facts(2, 3, 6, 2));
    assert_eq!(barred.level, None);
    // At a bound that is not in nothing is missing, and more is needed.
    let node = found(&barred.explanation, "above 0 points", "not met").expect("the line at zero");
    let number = |name: &str| node.numbers.iter().find(|one| one.name == name).map(|one| one.value.as_str());
    assert_eq!((number("needed"), number("missing")), (Some("more than 0 points"), None), "{node:?}");
}

/// The first node below that ends with these words and has this value.
fn found<'e>(node: &'e program::Explanation, says: &str, value: &str) -> Option<&'e program::Explanation> {
    let own = (node.says.ends_with(says) && node.value == value).then_some(node);
    own.or_else(|| node.parts.iter().find_map(|part| found(part, says, value)))
}

#[test]
fn the_way_to_a_score_is_solved_over_lines_and_gates() {
    // 30 + 0 (gate shut by one) + 45/7 + 12: one expert opens 8 points, and more is needed.
    let facts = facts(3, 0, 2, 1);
    let found = area(&parse(&files()), &facts);
    assert!(!found.ways.is_empty());
    for way in &found.ways {
        let mut walked = facts.clone();
        let mut certified = (2, 1);
        for step in &way.steps {
            let add = step.add.as_ref().expect("an amount").value.to_integer();
            let add = usize::try_from(add).expect("a small number");
            match step.what.as_str() {
                "people" => certified.0 = certified.0.max(2 + add),
                "experts" => certified.1 = certified.1.max(1 + add),
                "thirds" => certified.0 = certified.0.max(2 + add),
                _ => walked.usage[0].costs.billed = Some(decimal("5000")),
            }
        }
        walked.people.clear();
        walked.certifications.clear();
        certify(&mut walked, "basic", certified.0);
        certify(&mut walked, "expert", certified.1);
        assert_eq!(area(&parse(&files()), &walked).level.as_deref(), Some("designated"), "{way:?}");
    }
    let efforts: Vec<Ratio> = found.ways.iter().map(|way| way.effort.clone()).collect();
    assert!(efforts.is_sorted() && found.ways.len() <= 5);
}

#[test]
fn a_program_is_shown_as_a_preview_before_it_takes_effect() {
    let bundle = parse(&files());
    let card =
        |day: &str| evaluate(&bundle, "small/score", &Facts::default(), "p", instant(day), late()).expect("a card");
    assert!(card("2019-12-31T00:00:00Z").preview);
    assert!(!card("2020-01-01T00:00:00Z").preview);
    assert!(!card("2019-05-31T00:00:00Z").preview);
}

/// The lowest level begins at nothing, and nothing reaches it, not the level above.
#[test]
fn h11_the_lowest_level_is_not_skipped() {
    let levels = SCORE
        .replace("levels: [designated]", "levels: [bronze, silver]")
        .replace("      designated:\n        when:\n          all:\n            - {name: total, score: this-area, at-least: 70 points}\n            - {name: each, every-line: this-area, above: 0 points}\n",
            "      bronze: {when: {score: this-area, at-least: 0 points}}\n      silver: {when: {score: this-area, at-least: 1000 points}}\n");
    let mut files = files();
    files[3].1 = levels;
    assert_eq!(area(&parse(&files), &Facts::default()).level.as_deref(), Some("bronze"));
}
