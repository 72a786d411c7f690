//! From facts to rows.

use std::collections::BTreeMap;

use values::{Decimal, Instant, Interval};

use super::{Cell, Row};
use crate::facts::{Facts, Flow, Grain, Recorded, Usage};

impl Facts {
    /// Every fact as a row, kind by kind: reading the rows gives the same facts.
    pub fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        self.partner_rows(&mut rows);
        self.people_rows(&mut rows);
        self.customer_rows(&mut rows);
        rows.extend(self.usage.iter().map(usage));
        self.other_rows(&mut rows);
        rows
    }

    fn partner_rows(&self, rows: &mut Vec<Row>) {
        rows.extend(self.partners.iter().map(|fact| {
            let row = begin("partner", &fact.recorded).with("partner", &fact.partner);
            let row = lasting(row, &fact.effective).with("country", &fact.country).with("status", &fact.status);
            list(maybe(row, "parent", fact.parent.as_ref()), "business-types", &fact.business_types)
        }));
        rows.extend(self.enrollments.iter().map(|fact| {
            let row = begin("enrollment", &fact.recorded).with("partner", &fact.partner);
            let row = lasting(row, &fact.effective).with("program", &fact.program);
            maybe(maybe(row, "anniversary", fact.anniversary), "fee-paid-until", fact.fee_paid_until)
        }));
        rows.extend(self.agreements.iter().map(|fact| {
            let row = begin("agreement", &fact.recorded).with("partner", &fact.partner);
            lasting(row, &fact.effective).with("agreement", &fact.agreement).with("version", &fact.version)
        }));
        rows.extend(self.checks.iter().map(|fact| {
            let row = begin("check", &fact.recorded).with("partner", &fact.partner).with("check", &fact.check);
            lasting(row, &fact.effective).with("passed", fact.passed.to_string())
        }));
        rows.extend(self.fees.iter().map(|fact| {
            let row = begin("fee", &fact.recorded).with("partner", &fact.partner).with("fee", &fact.fee);
            let amount = format!("{} {}", fact.amount.currency, fact.amount.value);
            row.with("amount", amount).with("paid", fact.paid.to_string())
        }));
    }

    fn people_rows(&self, rows: &mut Vec<Row>) {
        rows.extend(self.people.iter().map(|fact| {
            let row = begin("person", &fact.recorded).with("learner", &fact.learner).with("partner", &fact.partner);
            lasting(row, &fact.effective)
        }));
        rows.extend(self.certifications.iter().map(|fact| {
            let row = begin("certification", &fact.recorded).with("learner", &fact.learner);
            let row = lasting(row, &fact.effective).with("certification", &fact.certification);
            maybe(row, "retired", fact.retired)
        }));
    }

    fn customer_rows(&self, rows: &mut Vec<Row>) {
        rows.extend(self.customers.iter().map(|fact| {
            let row = begin("customer", &fact.recorded).with("customer", &fact.customer);
            further(lasting(row, &fact.effective).with("country", &fact.country), &fact.fields)
        }));
        rows.extend(self.subscriptions.iter().map(|fact| {
            let row = begin("subscription", &fact.recorded).with("subscription", &fact.subscription);
            let row = lasting(row, &fact.effective).with("customer", &fact.customer).with("product", &fact.product);
            let row = row.with("offer-type", &fact.offer_type).with("purchasing-motion", &fact.motion);
            let row = row.with("agreement-type", &fact.agreement_type).with("term", &fact.term);
            let row = maybe(maybe(row, "deal", fact.deal.as_ref()), "renewal", fact.renewal);
            further(list(row, "workloads", &fact.workloads), &fact.fields)
        }));
        rows.extend(self.associations.iter().map(|fact| {
            let row = begin("association", &fact.recorded).with("id", &fact.association);
            let row = lasting(row, &fact.effective).with("partner", &fact.partner).with("kind", &fact.kind);
            let row = row.with("customer", &fact.customer);
            let row = maybe(row, "subscription", fact.subscription.as_ref());
            maybe(maybe(row, "workload", fact.workload.as_ref()), "role", fact.role.as_ref())
        }));
    }

    fn other_rows(&self, rows: &mut Vec<Row>) {
        rows.extend(self.seats.iter().map(|fact| {
            let row = begin("seats", &fact.recorded).with("subscription", &fact.subscription);
            row.with("count", fact.count.to_string()).with("from", fact.from.to_string())
        }));
        rows.extend(self.transactions.iter().map(|fact| {
            let row =
                begin("transaction", &fact.recorded).with("id", &fact.transaction).with("transaction", &fact.kind);
            let row = row.with("customer", &fact.customer).with("product", &fact.product);
            let row = row.with("workload", &fact.workload).with("at", fact.at.to_string());
            let row = maybe(maybe(row, "partner", fact.partner.as_ref()), "deal", fact.deal.as_ref());
            let row = maybe(row, "subscription", fact.subscription.as_ref());
            let amount = fact.amount.map(|amount| format!("{} {}", amount.currency, amount.value));
            let row = maybe(maybe(row, "amount", amount), "seats", fact.seats);
            further(maybe(row, "reverses", fact.reverses.as_ref()), &fact.fields)
        }));
        rows.extend(self.awards.iter().map(|fact| {
            let row = begin("award", &fact.recorded).with("partner", &fact.partner).with("program", &fact.program);
            let row = row.with("award", &fact.award).with("division", &fact.division).with("level", &fact.level);
            lasting(row, &fact.effective)
        }));
        rows.extend(self.decisions.iter().map(|fact| {
            let row = begin("decision", &fact.recorded).with("subject", &fact.subject);
            let row = row.with("decision", &fact.decision).with("value", &fact.value).with("reason", &fact.reason);
            lasting(row, &fact.effective)
        }));
        rows.extend(self.figures.iter().map(|fact| {
            let row = begin("figure", &fact.recorded).with("partner", &fact.partner).with("figure", &fact.figure);
            row.with("month", fact.month.to_string()).with("value", fact.value.to_string())
        }));
        rows.extend(self.exchange.iter().map(|fact| {
            let row = begin("exchange", &fact.recorded).with("from", fact.from.to_string());
            let row = row.with("to", fact.to.to_string()).with("month", fact.month.to_string());
            row.with("rate", fact.rate.to_string())
        }));
    }
}

fn begin(kind: &str, recorded: &Recorded) -> Row {
    let row = Row::new(kind).with("recorded", recorded.at.to_string()).with("recorded-by", &recorded.source);
    if recorded.withdrawn { row.with("withdrawn", "true") } else { row }
}

fn lasting(row: Row, effective: &Interval) -> Row {
    let start = (effective.start() > Instant::MIN).then(|| effective.start());
    maybe(maybe(row, "from", start), "until", effective.end())
}

fn maybe<T: ToString>(row: Row, field: &str, value: Option<T>) -> Row {
    match value {
        Some(value) => row.with(field, value.to_string()),
        None => row,
    }
}

fn list(mut row: Row, field: &str, items: &[String]) -> Row {
    if !items.is_empty() {
        row.fields.insert(field.to_owned(), Cell::List(items.to_vec()));
    }
    row
}

fn further(row: Row, fields: &BTreeMap<String, String>) -> Row {
    fields.iter().fold(row, |row, (name, value)| row.with(name, value))
}

fn usage(fact: &Usage) -> Row {
    let row = begin("usage", &fact.recorded).with("subscription", &fact.subscription);
    let row = row.with("workload", &fact.workload).with("meter", &fact.meter).with("start", fact.start.to_string());
    let row = row.with("grain", if fact.grain == Grain::Hour { "hour" } else { "record" });
    let row = row.with("flow", if fact.flow == Flow::Flow { "flow" } else { "level" });
    let row = row.with("quantity", fact.quantity.to_string()).with("unit", &fact.unit);
    let cost = |row: Row, field: &str, value: Option<Decimal>| maybe(row, field, value);
    let row = cost(row, "billed-cost", fact.costs.billed);
    let row = cost(row, "effective-cost", fact.costs.effective);
    let row = cost(row, "list-cost", fact.costs.list);
    let row = cost(row, "contracted-cost", fact.costs.contracted);
    row.with("currency", fact.currency.to_string())
}
