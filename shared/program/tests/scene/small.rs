//! A vendor of a few lines, for rules by themselves.

use program::facts::*;
use program::incentives::{Prior, Rating, rate};
use program::{Bundle, Facts};
use values::{Amount, Currency, Instant, Month};

use super::{instant, parse, recorded, since};

const CATALOG: &str = "
language: 1
kind: Catalog
id: small/catalog
title: Small
effective: 2020-01-01
sample: true
measures:
  spend: {unit: money, kind: flow, reads: billed-cost}
  units: {unit: units, kind: flow, reads: quantity}
  seats: {unit: seats, kind: level, reads: seats}
  value: {unit: money, kind: flow, reads: transaction-amount}
  sold:  {unit: seats, kind: flow, reads: transaction-seats}
workloads:
  everything: {members: [mail, chat, disk]}
certifications: [basic, expert]
";

const RECOGNITION: &str = "
language: 1
kind: RecognitionPolicy
id: small/recognition
title: Small
effective: 2020-01-01
sample: true
uses: [small/catalog]
conventions: {time-zone: UTC, recognized-month: usage-start}
kinds:
  record: {said-by: {customer: owner}, scope: subscription, exclusive: true, grants: [incentive, competency, first-contact], restated: forward}
  sale:   {said-by: {feed: sales}, scope: subscription, exclusive: false, grants: [competency], restated: forward}
  helper: {said-by: {feed: help}, scope: [customer, workload], exclusive: false, grants: [competency], restated: none}
";

const PLAN: &str = "
language: 1
kind: IncentivePlan
id: small/plan
title: Small
effective: 2020-01-01
sample: true
uses: [small/catalog, small/recognition]
conventions:
  time-zone: UTC
  currency: USD
  rules-dated-by: transaction-date
  rounding: {mode: half-even, at: line}
  counters-when-rules-change: carry-over
  counter-filled: pro-rata
  partner-level: location-account
pays: {recognized-by: record, as-of: usage-start}
levers:
  main:
    basis: BASIS
    rate: RATE
";

/// A basis of the amounts of transactions.
pub const TRANSACTIONS: &str = "{sum: value, from: transactions, per: transaction}";
/// A basis of billed usage by subscription.
pub const USAGE: &str = "{sum: spend, from: usage, per: [subscription, month]}";

/// The small vendor's documents with one lever.
pub fn files(basis: &str, rate: &str) -> Vec<(String, String)> {
    let plan = PLAN.replace("BASIS", basis).replace("RATE", rate);
    vec![
        ("catalog.yaml".to_owned(), CATALOG.to_owned()),
        ("recognition.yaml".to_owned(), RECOGNITION.to_owned()),
        ("plan.yaml".to_owned(), plan),
    ]
}

pub fn bundle(basis: &str, rate: &str) -> Bundle {
    parse(&files(basis, rate))
}

/// Brackets in one line: `[[10, 5], [0, 2]]` is 5 % to 10 and 2 % above; the last bound is open.
pub fn brackets(mode: &str, of: &str, over: &str, rows: &[(&str, &str)]) -> String {
    let mut text = format!("{{{mode}: {{by: running-total, of: {of}, over: {over}}}, brackets: [");
    let mut lower: Option<&str> = None;
    for (place, (upper, rate)) in rows.iter().enumerate() {
        let from = lower.map(|lower| format!("above: USD {lower}, ")).unwrap_or_default();
        let to = if upper.is_empty() { String::new() } else { format!("at-most: USD {upper}, ") };
        text.push_str(&format!("{{name: b{place}, {from}{to}rate: {rate} %}}, "));
        lower = Some(upper);
    }
    text.push_str("]}");
    text
}

/// Customer `c` with subscription `s`, whose partner of record is `p`.
pub fn world() -> Facts {
    let mut facts = Facts::default();
    facts.subscriptions.push(subscription("c", "s"));
    facts.associations.push(association("a-p", "p", "record", "c", "s", "2020-01-01T00:00:00Z"));
    facts
}

pub fn subscription(customer: &str, id: &str) -> Subscription {
    Subscription {
        subscription: id.to_owned(),
        customer: customer.to_owned(),
        product: String::new(),
        workloads: vec!["mail".to_owned(), "chat".to_owned(), "disk".to_owned()],
        offer_type: String::new(),
        motion: "breadth".to_owned(),
        agreement_type: String::new(),
        term: String::new(),
        deal: None,
        renewal: None,
        fields: Default::default(),
        effective: since("2000-01-01T00:00:00Z"),
        recorded: recorded("2000-01-01T00:00:00Z"),
    }
}

pub fn association(id: &str, partner: &str, kind: &str, customer: &str, subscription: &str, from: &str) -> Association {
    Association {
        association: id.to_owned(),
        partner: partner.to_owned(),
        kind: kind.to_owned(),
        customer: customer.to_owned(),
        subscription: Some(subscription.to_owned()),
        workload: None,
        role: None,
        effective: since(from),
        recorded: recorded(from),
    }
}

pub fn sale(id: &str, at: &str, amount: &str, seats: &str) -> Transaction {
    Transaction {
        transaction: id.to_owned(),
        kind: "order".to_owned(),
        partner: None,
        customer: "c".to_owned(),
        subscription: Some("s".to_owned()),
        product: String::new(),
        workload: String::new(),
        deal: None,
        at: instant(at),
        amount: Some(Amount { value: super::decimal(amount), currency: Currency::USD }),
        seats: Some(super::decimal(seats)),
        reverses: None,
        fields: Default::default(),
        recorded: recorded(at),
    }
}

pub fn usage(subscription: &str, workload: &str, start: &str, billed: &str) -> Usage {
    Usage {
        subscription: subscription.to_owned(),
        workload: workload.to_owned(),
        meter: "m".to_owned(),
        start: instant(start),
        grain: Grain::Hour,
        flow: Flow::Flow,
        quantity: super::decimal("1"),
        unit: "hours".to_owned(),
        costs: Costs { billed: Some(super::decimal(billed)), ..Costs::default() },
        currency: Currency::USD,
        recorded: recorded(start),
    }
}

pub fn late() -> Instant {
    instant("2030-01-01T00:00:00Z")
}

pub fn month(text: &str) -> Month {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

pub fn rated(bundle: &Bundle, period: &str, facts: &Facts, prior: &Prior) -> Rating {
    rate(bundle, "small/plan", month(period), facts, late(), prior).unwrap_or_else(|error| panic!("{error}"))
}

/// What the next period takes over.
pub fn after(rating: &Rating) -> Prior {
    Prior::after(rating)
}
