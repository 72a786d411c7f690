//! A vendor whose program is written by the test: for the shapes of tier rules by themselves.

use program::facts::*;
use program::tiers::{DivisionScore, LineResult, Scorecard, evaluate};
use program::{Bundle, Facts};
use values::Interval;

use super::small::late;
use super::{between, decimal, instant, parse, recorded, since};

const SHARED: &str = "
language: 1
kind: Catalog
id: shapes/catalog
title: Shapes
effective: 2010-01-01
sample: true
measures:
  spend:   {unit: money, kind: flow, reads: billed-cost}
  seats:   {unit: seats, kind: level, reads: seats}
  users:   {unit: users, kind: level, reads: quantity, meters: [active-users], across-workloads: add}
  profiles: {unit: profiles, kind: level, reads: quantity, meters: [profiles]}
  used:    {unit: percent, share: {of: users, in: seats}}
  worth:   {unit: worth, kind: level, across-workloads: add, rated-by: rates}
  value:   {unit: money, kind: flow, reads: transaction-amount}
  credits:
    unit: credits
    kind: flow
    is: {each: USD 1, of: value, earns: 1 credit}
    accelerators:
      combine: add
      licensing: {by: licensing, subscription: 0.5 x, otherwise: 0 x}
      market:    {by: customer-market, growth: 1 x, otherwise: 0 x}
rate-cards:
  rates:
    by: workload
    rates:
      mail: {users: 1000}
      chat: {profiles: 0.2}
workloads:
  everything: {members: [mail, chat, disk]}
lists:
  counted-offers: {of: offer-types, members: {2010-01-01: [paid, trial], 2023-01-01: {without: [trial]}}}
certifications: [basic, expert, sales, engineer, field]
offer-types: [paid, trial]
---
language: 1
kind: RecognitionPolicy
id: shapes/recognition
title: Shapes
effective: 2010-01-01
sample: true
uses: [shapes/catalog]
conventions: {time-zone: UTC, recognized-month: any-day}
kinds:
  claim: {said-by: {partner: claim}, scope: [customer, workload], exclusive: true, grants: [competency], restated: forward}
  sale:  {said-by: {feed: sales}, scope: subscription, exclusive: false, grants: [competency], restated: forward}
";

const PROGRAM: &str = "
language: 1
kind: TierProgram
id: shapes/program
title: Shapes
effective: 2010-01-01
sample: true
uses: [shapes/catalog, shapes/recognition]
conventions:
  time-zone: UTC
  currency: USD
  current-month: last-full-month
  recognized-month: any-day
  part-steps: exact
  partner-level: global-account
  rules-dated-by: the-day
";

const AWARD: &str = "
awards:
  award: {nested: false, shown-to: {partner: [score, lines, way-there]}}
";

/// The documents of a program with these keys.
pub fn files(keys: &str) -> Vec<(String, String)> {
    let award = if keys.contains("\nawards:") { "" } else { AWARD };
    vec![("shared.yaml".to_owned(), SHARED.to_owned()), ("program.yaml".to_owned(), format!("{PROGRAM}{keys}{award}"))]
}

pub fn program(keys: &str) -> Bundle {
    parse(&files(keys))
}

/// A company with one line in its score.
pub fn one_line(metrics: &str, line: &str) -> String {
    format!(
        "metrics:{metrics}\ncompany:\n  score:\n    line: {line}\n  when: {{score: this-division, at-least: 1 point}}\n"
    )
}

pub fn card(bundle: &Bundle, facts: &Facts, day: &str) -> Scorecard {
    let at = instant(&format!("{day}T12:00:00Z"));
    evaluate(bundle, "shapes/program", facts, "p", at, late()).expect("a card")
}

pub fn first(bundle: &Bundle, facts: &Facts, day: &str) -> DivisionScore {
    card(bundle, facts, day).divisions.swap_remove(0)
}

pub fn level(bundle: &Bundle, facts: &Facts, day: &str) -> Option<String> {
    first(bundle, facts, day).level
}

pub fn line(bundle: &Bundle, facts: &Facts, day: &str) -> LineResult {
    first(bundle, facts, day).lines.swap_remove(0)
}

pub fn points(bundle: &Bundle, facts: &Facts, day: &str) -> String {
    values::ratio_to_text(&line(bundle, facts, day).points)
}

/// A customer with one subscription of the same name, sold by `p` since 2015.
pub fn sold(facts: &mut Facts, customer: &str, workloads: &[&str]) {
    let mut subscription = super::small::subscription(customer, customer);
    subscription.workloads = workloads.iter().map(|name| (*name).to_owned()).collect();
    subscription.offer_type = "paid".to_owned();
    facts.subscriptions.push(subscription);
    associate(facts, "sale", customer, None, since("2015-01-01T00:00:00Z"));
}

pub fn associate(facts: &mut Facts, kind: &str, customer: &str, workload: Option<&str>, effective: Interval) {
    facts.associations.push(Association {
        association: format!("{kind}/{customer}/{}/{}", workload.unwrap_or("all"), effective.start()),
        partner: "p".to_owned(),
        kind: kind.to_owned(),
        customer: customer.to_owned(),
        subscription: (kind == "sale").then(|| customer.to_owned()),
        workload: workload.map(str::to_owned),
        role: None,
        effective,
        recorded: recorded("2010-01-01T00:00:00Z"),
    });
}

/// Billed in the middle of a month.
pub fn spend(facts: &mut Facts, customer: &str, workload: &str, month: &str, billed: &str) {
    let start = format!("{month}-10T00:00:00Z");
    facts.usage.push(super::small::usage(customer, workload, &start, billed));
}

/// A measured level in the middle of a month.
pub fn metered(facts: &mut Facts, customer: &str, workload: &str, month: &str, meter: &str, quantity: &str) {
    let mut cell = super::small::usage(customer, workload, &format!("{month}-10T00:00:00Z"), "0");
    cell.meter = meter.to_owned();
    cell.flow = Flow::Level;
    cell.costs = Costs::default();
    cell.quantity = decimal(quantity);
    facts.usage.push(cell);
}

pub fn seats(facts: &mut Facts, customer: &str, from: &str, count: &str) {
    let at = format!("{from}T00:00:00Z");
    facts.seats.push(Seats {
        subscription: customer.to_owned(),
        count: decimal(count),
        from: instant(&at),
        recorded: recorded(&at),
    });
}

/// People of `p` who hold some certifications since 2020.
pub fn person(facts: &mut Facts, learner: &str, holds: &[&str]) {
    facts.people.push(PersonLink {
        learner: learner.to_owned(),
        partner: "p".to_owned(),
        effective: since("2019-01-01T00:00:00Z"),
        recorded: recorded("2019-01-01T00:00:00Z"),
    });
    for certification in holds {
        facts.certifications.push(Certification {
            learner: learner.to_owned(),
            certification: (*certification).to_owned(),
            effective: since("2020-01-01T00:00:00Z"),
            retired: None,
            recorded: recorded("2020-01-01T00:00:00Z"),
        });
    }
}

pub fn figure(facts: &mut Facts, name: &str, month: &str, value: &str) {
    facts.figures.push(Figure {
        partner: "p".to_owned(),
        figure: name.to_owned(),
        month: month.parse().expect("a month"),
        value: decimal(value),
        recorded: recorded("2010-01-01T00:00:00Z"),
    });
}

pub fn booking(facts: &mut Facts, id: &str, day: &str, value: &str) {
    let mut booking = super::small::sale(id, &format!("{day}T00:00:00Z"), value, "0");
    booking.kind = "booking".to_owned();
    booking.partner = Some("p".to_owned());
    booking.subscription = None;
    facts.transactions.push(booking);
}

pub fn decided(facts: &mut Facts, subject: &str, decision: &str, from: &str, until: &str) {
    facts.decisions.push(Decision {
        subject: subject.to_owned(),
        decision: decision.to_owned(),
        value: String::new(),
        reason: "test".to_owned(),
        effective: between(from, until),
        recorded: recorded(from),
    });
}
