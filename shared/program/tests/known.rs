//! Any given fact of a test can say when it became known, and a step can ask as known before and after.

mod scene;

use program::cases::{Outcome, read, run};
use scene::*;

const HEAD: &str = "language: 1
kind: Tests
id: acme/known
tests-of: [acme/tiers, acme/recognition, acme/plan]
partner: p
tests:
";

/// What may be given, what it is asked for by, and the fact, which became known on 2 July.
const FACTS: [(&str, &str, &str); 16] = [
    ("agreements", "{agreement: direct}", "agreements: [{agreement: direct, from: 2024-01-01, RECORDED}]"),
    ("checks", "{check: ethics}", "checks: [{check: ethics, from: 2024-01-01, RECORDED}]"),
    (
        "fees",
        "{fee: program, paid: USD 5, every: 12 months}",
        "fees: [{fee: program, paid: USD 5, date: 2024-05-01, RECORDED}]",
    ),
    ("enrollments", "{enrolled: acme/tiers}", "enrollments: [{program: acme/tiers, from: 2024-01-01, RECORDED}]"),
    ("awards", "{holds: reseller-of-the-year}", "awards: [{award: reseller-of-the-year, from: 2024-01-01, RECORDED}]"),
    (
        "decisions",
        "{decision: admitted}",
        "decisions: [{decision: admitted, from: 2024-01-01, reason: test, RECORDED}]",
    ),
    (
        "figures",
        "{figure: revenue, unit: points, at-least: 1 point}",
        "figures: [{figure: revenue, month: 2024-05, value: 5, RECORDED}]",
    ),
    (
        "people",
        "{metric: experts, at-least: 1 person}",
        "people: [{learner: kim, from: 2024-01-01, certifications: [expert], RECORDED}]",
    ),
    (
        "certifications",
        "{metric: experts, at-least: 1 person}",
        "people: {kim: [{certification: expert, earned: 2024-01-01, RECORDED}]}",
    ),
    (
        "usage",
        "{metric: customers, at-least: 1 customer}",
        "usage: [{customer: c, workload: compute, month: 2024-05, consumption: USD 9, RECORDED}]",
    ),
    (
        "associations",
        "{count: customers, recognized-by: reseller, at-least: 1 customer}",
        "usage: [{customer: c, workload: compute, month: 2024-05, consumption: USD 9}], associations: [{kind: reseller, customer: c, from: 2024-01-01, RECORDED}]",
    ),
    (
        "customers",
        "{count: customers, where: {customer-country: DE}, recognized-by: partner-of-record, at-least: 1 customer}",
        "customers: [{customer: c, country: DE, RECORDED}], usage: [{customer: c, workload: compute, month: 2024-05, consumption: USD 9}]",
    ),
    (
        "seats",
        "{sum: seats, recognized-by: partner-of-record, at-least: 5 seats}",
        "subscriptions: [{subscription: s, customer: c, workloads: [mail]}], seats: [{subscription: s, count: 5, from: 2024-01-01, RECORDED}]",
    ),
    (
        "transactions",
        "{sum: deal-value, from: transactions, recognized-by: partner-of-record, at-least: USD 5}",
        "transactions: [{id: t, transaction: order, customer: c, date: 2024-05-03, deal-value: USD 5, RECORDED}]",
    ),
    (
        "partners",
        "{metric: experts, at-least: 1 person}",
        "partners: [{partner: p}, {partner: branch, parent: p, RECORDED}], people: [{learner: kim, partner: branch, certifications: [expert]}]",
    ),
    (
        "subscriptions",
        "{count: customers, where: {offer-type: paid}, recognized-by: partner-of-record, at-least: 1 customer}",
        "subscriptions: [{subscription: s, customer: c, offer-type: paid, workloads: [compute], RECORDED}], usage: [{subscription: s, workload: compute, month: 2024-05, consumption: USD 9}]",
    ),
];

fn failures(tests: &str) -> Vec<String> {
    let bundle = parse(&acme());
    let cases = read(&[("known.yaml".to_owned(), format!("{HEAD}{tests}"))]).expect("well written");
    assert!(!cases.is_empty());
    let verdicts = cases.iter().map(|case| run(&bundle, case));
    verdicts.filter(|verdict| !matches!(verdict.outcome, Outcome::Passed(_))).map(|verdict| verdict.text()).collect()
}

#[test]
fn every_kind_of_fact_is_known_from_when_it_was_recorded() {
    let mut tests = String::new();
    for (kind, when, given) in FACTS {
        let given = given.replace("RECORDED", "recorded: 2024-07-02");
        let ours = "associations: [{id: ours, kind: partner-of-record, customer: c, from: 2024-01-01}]";
        let ours = if given.contains("associations:") { String::new() } else { format!("{ours}, ") };
        tests.push_str(&format!(
            "  of-{kind}:
    says: What is recorded on 2 July is not known on the day before.
    of: acme/tiers
    as-of: 2024-06-15
    changes: [{{at: areas.cloud.when, is: {when}}}]
    given: {{{ours}{given}}}
    steps:
      - {{known-at: 2024-07-01, expect: {{awards: {{designation: {{cloud: in-progress}}}}}}}}
      - {{known-at: 2024-07-02, expect: {{awards: {{designation: {{cloud: qualified}}}}}}}}
"
        ));
    }
    let found = failures(&tests);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// A month is rated without the rate of exchange that nobody knew, and a claim stands where the known moves lead it.
#[test]
fn exchange_rates_and_moves_of_claims_are_known_from_when_they_were_recorded() {
    let found = failures(
        "  of-exchange:
    says: Until the rate of the month is known, the sale of May cannot be exchanged.
    of: acme/plan
    period: 2024-05
    changes: [{at: conventions.exchange, is: {rate-of: transaction-date}}]
    given:
      associations: [{kind: partner-of-record, customer: c, from: 2024-01-01}]
      transactions: [{id: t, transaction: order, customer: c, date: 2024-05-03, deal-value: EUR 100}]
      exchange:
        - {from: EUR, to: USD, month: 2024-05, rate: 1.1, recorded: 2024-06-01}
        - {from: EUR, to: USD, month: 2024-05, rate: 1.2, recorded: 2024-07-02}
    steps:
      - {known-at: 2024-07-01, expect: {earnings: [{transaction: t, amount: USD 5.50}]}}
      - {known-at: 2024-07-02, expect: {earnings: [{transaction: t, amount: USD 6}]}}
  of-claims:
    says: The vendor's word of May is recorded in July.
    of: acme/recognition
    as-of: 2024-06-15
    changes:
      - at: claims
        is:
          for: reseller
          begins: draft
          states:
            draft: {moves: {submit: submitted}}
            submitted: {moves: {accept: approved}}
            approved: {holds-association: true, moves: {partner-leaves: ended}}
            ended: {final: true}
    given:
      claims:
        - id: c
          begun: 2024-05-01
          moves: [{day: 2024-05-02, move: submit}, {day: 2024-05-06, move: accept, recorded: 2024-07-02}]
    steps:
      - {known-at: 2024-05-01, expect: {claims: {c: draft}}}
      - {known-at: 2024-07-01, expect: {claims: {c: submitted}}}
      - {known-at: 2024-07-02, expect: {claims: {c: {state: approved, since: 2024-05-06}}}}
",
    );
    assert!(found.is_empty(), "{}", found.join("\n"));
}
