//! What will be lost of an award that asks for the award of another program.
#![expect(clippy::panic, reason = "a test without its day can only fail")]

mod scene;

use program::Facts;
use program::awards::{Loss, Status, UsageGoesOn, forecast};
use program::facts::*;
use scene::shapes::{files, person};
use scene::small::late;
use scene::*;
use values::Date;

const BELOW: &str = "
levels: [designated]
areas:
  one: {when: {count: people, holding: basic, at-least: 1 person}}
awards:
  designation:
    judged: {renewal: {any-day-in: {after-anniversary: 10 days}}}
    lasts-until: {anniversary-of: this-award, length: 12 months}
    while-held: kept-whatever-the-score
    shown-to: {public: [badge]}
";

const ABOVE: &str = "
language: 1
kind: TierProgram
id: shapes/above
title: What stands above a designation
effective: 2010-01-01
sample: true
uses: [shapes/catalog, shapes/recognition, shapes/program]
conventions: {time-zone: UTC, currency: USD, current-month: last-full-month, recognized-month: any-day, partner-level: global-account, rules-dated-by: the-day}
levels: [special]
specializations:
  special: {when: {holds: shapes/program/designation, of: one}}
awards:
  specialization:
    while-held: kept-whatever-the-score
    shown-to: {public: [badge]}
";

fn day(text: &str) -> Date {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn award(program: &str, award: &str, division: &str, level: &str, until: Option<&str>) -> Award {
    let from = "2021-03-01T00:00:00Z";
    Award {
        partner: "p".to_owned(),
        program: program.to_owned(),
        award: award.to_owned(),
        division: division.to_owned(),
        level: level.to_owned(),
        effective: until.map_or_else(|| since(from), |until| between(from, until)),
        recorded: recorded(from),
    }
}

/// A partner with both awards; the designation's anniversary is 1 March 2022, and its expert leaves on a day.
fn losses(expert_until: &str) -> Vec<Loss> {
    let mut documents = files(BELOW);
    documents.push(("above.yaml".to_owned(), ABOVE.to_owned()));
    let bundle = parse(&documents);
    let mut facts = Facts::default();
    person(&mut facts, "kim", &["basic"]);
    facts.certifications[0].effective = between("2021-01-01T00:00:00Z", &format!("{expert_until}T00:00:00Z"));
    facts.awards.push(award("shapes/program", "designation", "one", "designated", Some("2022-03-01T00:00:00Z")));
    facts.awards.push(award("shapes/above", "specialization", "special", "special", None));
    let days = (day("2021-12-15"), day("2022-12-31"));
    forecast(&bundle, "shapes/above", &facts, "p", days, late(), UsageGoesOn::Stops).expect("a forecast")
}

/// Rule `program.forecast_takes_facts_as_they_are`: a designation that will be renewed goes on beyond its anniversary.
#[test]
fn an_award_that_asks_for_another_is_not_at_risk_where_that_one_will_be_renewed() {
    assert_eq!(losses("2030-01-01"), []);
}

#[test]
fn where_the_other_award_will_not_be_renewed_the_risk_begins_after_its_last_day() {
    let found = losses("2022-02-01");
    assert_eq!(found.len(), 1, "{found:#?}");
    // Ten days of the renewal window follow the anniversary; the award is held through the last one.
    assert_eq!((found[0].day, found[0].after.status), (day("2022-03-12"), Status::AtRisk));
    assert_eq!(found[0].because.len(), 1);
}
