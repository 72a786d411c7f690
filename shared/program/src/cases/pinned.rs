//! Results that a case states instead of computing them, and what earlier periods left behind.

use super::given::{Given, Words, exact, quantity_like};
use crate::incentives::{Carried, Counter};
use crate::parse::cursor::{Cursor, Fields};
use crate::parse::quantity::{number, quantity};
use crate::quantity::Quantity;

/// Reads `metrics`, `points`, `met` and `prior`.
pub(crate) fn pinned(fields: &Fields<'_>, words: &Words<'_>, given: &mut Given) {
    if let Some(metrics) = fields.get("metrics").and_then(|cursor| cursor.fields()) {
        for (name, entry) in metrics.named(&[]) {
            let Some(value) = quantity(&entry) else { continue };
            for document in words.of {
                let rule = if name.contains('.') { name.to_owned() } else { format!("metrics.{name}") };
                given.pins.metrics.insert(format!("{document}#{rule}"), value.clone());
            }
        }
    }
    if let Some(points) = fields.get("points").and_then(|cursor| cursor.fields()) {
        for (division, entry) in points.named(&[]) {
            for (line, entry) in entry.fields().map(|fields| fields.named(&[])).unwrap_or_default() {
                let text = entry.text().unwrap_or_default();
                match exact(text.trim_end_matches("points").trim()) {
                    Some(value) => drop(given.pins.points.insert(format!("{division}/{line}"), value)),
                    None => entry.problem(format!("`{text}` is not a number of points")),
                }
            }
        }
    }
    if let Some(met) = fields.get("met") {
        given.met.extend(met.words());
    }
    if let Some(prior) = fields.get("prior") {
        self::prior(&prior, words, given);
    }
}

/// `{counters: [{lever, owner, span, total}], carried: [{partner, amount}], paid-once: [key]}`.
fn prior(cursor: &Cursor<'_>, words: &Words<'_>, given: &mut Given) {
    let Some(fields) = cursor.fields() else { return };
    for item in fields.get("counters").map(|cursor| cursor.items()).unwrap_or_default() {
        let Some(fields) = item.fields() else { continue };
        let text = |key: &'static str| fields.get(key).and_then(|cursor| cursor.text()).unwrap_or_default().to_owned();
        let (lever, owner, span) = (text("lever"), text("owner"), text("span"));
        let total = fields.need("total").and_then(|cursor| {
            let last = cursor.text()?.split_whitespace().find_map(number);
            if last.is_none() {
                cursor.problem("expected a number");
            }
            last
        });
        fields.done();
        let Some(total) = total else { continue };
        for document in words.of {
            let rule = format!("{document}#levers.{lever}");
            let (owner, span) = (owner.clone(), span.clone());
            given.prior.counters.push(Counter { rule, owner, span, total: total.clone() });
        }
    }
    for item in fields.get("carried").map(|cursor| cursor.items()).unwrap_or_default() {
        let Some(fields) = item.fields() else { continue };
        let partner = fields.get("partner").and_then(|cursor| cursor.text()).unwrap_or(words.partner).to_owned();
        let amount = fields.need("amount").and_then(|cursor| money(&cursor));
        fields.done();
        given.prior.carried.extend(amount.map(|amount| Carried { partner, amount }));
    }
    if let Some(keys) = fields.get("paid-once") {
        given.prior.paid_once.extend(keys.words());
    }
    fields.done();
}

/// An amount in whole minor units.
pub(crate) fn money(cursor: &Cursor<'_>) -> Option<values::Money> {
    let found = quantity(cursor)?;
    let crate::quantity::Unit::Money(currency) = found.unit else {
        cursor.problem("an amount of money is expected");
        return None;
    };
    let money = values::round_to_minor(&found.value, currency, values::Rounding::Down).ok();
    let exact = money.filter(|money| money.to_ratio() == found.value);
    if exact.is_none() {
        cursor.problem(format!("an amount has at most {} decimal places", currency.exponent()));
    }
    exact
}

/// Compares a quantity that a case expects with the one that was found.
pub(crate) fn same(cursor: &Cursor<'_>, found: &Quantity) -> Option<bool> {
    quantity_like(cursor, found).map(|expected| expected.value == found.value)
}
