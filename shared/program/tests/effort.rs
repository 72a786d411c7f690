//! What the ways to the next level cost: the effort that a document gives per unit.

mod scene;

use program::{Bundle, Facts};
use scene::listed;
use scene::shapes::*;

/// The judged day.
const DAY: &str = "2023-07-15";

const METRICS: &str = "
metrics:
  basic:    {count: people, holding: basic}
  expert:   {count: people, holding: expert}
  sales:    {count: people, holding: sales}
levels: [held]
";

/// Golden: an expert and a basic certificate do, or three in sales. Without prices the two people are the cheaper way, and
/// with an expert at five days the three.
#[test]
fn prices_reorder_the_ways() {
    let keys = |effort: &str| {
        format!(
            "{METRICS}{effort}company: {{when: {{any: [{{all: [{{metric: expert, at-least: 1 person}}, {{metric: basic, at-least: 1 person}}]}}, {{metric: sales, at-least: 3 people}}]}}}}\n"
        )
    };
    let ways = |effort: &str| -> Vec<(String, String)> {
        let found = first(&program(&keys(effort)), &Facts::default(), DAY);
        let whats =
            |way: &program::tiers::Way| way.steps.iter().map(|step| step.what.clone()).collect::<Vec<_>>().join("+");
        found.ways.iter().map(|way| (whats(way), values::ratio_to_text(&way.effort))).collect()
    };
    let pair = |a: (&str, &str), b: (&str, &str)| [a, b].map(|(what, effort)| (what.to_owned(), effort.to_owned()));
    assert_eq!(ways(""), pair(("basic+expert", "2"), ("sales", "3")));
    assert_eq!(ways("effort: {expert: 5 days}\n"), pair(("sales", "3"), ("basic+expert", "6")));
    assert_eq!(
        ways("effort: {expert: {each: 10 people, costs: 15 days}}\n"),
        pair(("basic+expert", "2.5"), ("sales", "3"))
    );
    assert_eq!(ways("effort: {expert: 5 days, sales: 2 days}\n"), pair(("basic+expert", "6"), ("sales", "6")));
}

/// A measure with a price costs it for each unit; without one what it lacks in parts of what is needed.
#[test]
fn a_measure_costs_its_price_per_unit() {
    let keys = |effort: &str| {
        format!(
            "metrics: {{revenue: {{figure: revenue, unit: money}}}}\n{effort}company: {{when: {{all: [{{metric: revenue, at-least: USD 8000}}, {{name: signed, agreement: partner}}]}}}}\n"
        )
    };
    let mut facts = Facts::default();
    figure(&mut facts, "revenue", "2023-06", "2000");
    let efforts = |effort: &str| -> Vec<String> {
        let found = first(&program(&keys(effort)), &facts, DAY);
        found.ways[0].steps.iter().map(|step| values::ratio_to_text(&step.effort)).collect()
    };
    assert_eq!(efforts(""), ["0.75", "1"]);
    assert_eq!(efforts("effort: {revenue: {each: USD 1000, costs: 2 days}}\n"), ["12", "1"]);
    assert_eq!(efforts("effort: {revenue: {each: USD 1000, costs: 2 days}, signed: 3 days}\n"), ["12", "3"]);
}

#[test]
fn prices_of_unknown_things_and_units_are_refused() {
    let problems = |effort: &str| {
        let requirement = "{all: [{metric: expert, at-least: 1 person}, {name: signed, agreement: partner}]}";
        let keys = format!("{METRICS}effort: {effort}\ncompany: {{when: {requirement}}}\n");
        Bundle::parse(&files(&keys)).err().map(|problems| listed(&problems)).unwrap_or_default()
    };
    assert_eq!(problems("{expert: 2 days, signed: 1 days}"), "");
    for (effort, says) in [
        ("{experts: 2 days}", "expert"),
        ("{trainers: 2 days}", "unknown metric, role or fact"),
        ("{expert: -2 days}", "above zero"),
        ("{expert: 0 days}", "above zero"),
        ("{expert: 2 x}", "counted in things or money"),
        ("{expert: 2 days, signed: 3 hours}", "efforts are added"),
        ("{expert: {each: 1 customer, costs: 2 days}}", "a quantity in"),
        ("{expert: {each: 0 people, costs: 2 days}}", "no amount above zero"),
        ("{signed: {each: 1 fact, costs: 2 days}}", "there or not"),
        ("{expert: {each: 1 person}}", "`costs` is missing"),
        ("{expert: {each: 1 person, costs: 2 days, per: week}}", "unknown key `per`"),
    ] {
        let found = problems(effort);
        assert!(found.contains(says), "{effort}: {found}");
    }
}
