//! Measures computed from others, rate cards, and the catalog's lists.

use std::str::FromStr;

use values::{Decimal, Ratio, Rounding, round_ratio};

use crate::catalog::{Catalog, Derived, RateCard, Worth};
use crate::model::value::Value;
use crate::parse::cursor::{Cursor, Fields};
use crate::parse::lists::list;
use crate::parse::metric::ROW_FIELDS;
use crate::parse::names::Names;
use crate::parse::quantity::{quantity, quantity_in};
use crate::parse::value::value;
use crate::quantity::{Quantity, Unit};

/// `share: {of: .., in: ..}`, `rated-by: card`, or `is: {each: .., of: .., earns: ..}` with
/// `accelerators`; none for a measure that is read.
pub(super) fn derived(fields: &Fields<'_>) -> Option<Derived> {
    if let Some(share) = fields.get("share") {
        let keys = share.fields()?;
        let of = keys.need("of").and_then(|cursor| cursor.text().map(str::to_owned));
        let whole = keys.need("in").and_then(|cursor| cursor.text().map(str::to_owned));
        keys.done();
        return Some(Derived::Share { of: of?, whole: whole? });
    }
    if let Some(card) = fields.get("rated-by") {
        return card.text().map(|card| Derived::Rated(card.to_owned()));
    }
    let worth = fields.get("is")?;
    let keys = worth.fields()?;
    let of = keys.need("of").and_then(|cursor| cursor.text().map(str::to_owned));
    let each_at = keys.need("each");
    let each = each_at.as_ref().and_then(quantity);
    let earns = keys.need("earns").and_then(|cursor| value(&cursor, &quantity));
    keys.done();
    let (multiply, accelerators) =
        fields.get("accelerators").map_or((false, Vec::new()), |cursor| accelerators(&cursor));
    let (each, earns) = (each?, earns?);
    if each.value <= Ratio::from_integer(0.into()) {
        worth.problem("`each` must be above zero");
        return None;
    }
    let shares_out = |each: &Ratio| earns.all().into_iter().all(|earns| is_short(&(&earns.value / each)));
    if let Some(at) = each_at.filter(|_| !shares_out(&each.value)) {
        let near = nearest_whole(&each.value, &shares_out).map(|value| Quantity { value, unit: each.unit.clone() });
        let message = format!("what {each} earn is no exact number for a part of it, and nothing is rounded here");
        at.suggest_text(message, near.map(|near| near.to_string()));
        return None;
    }
    Some(Derived::Worth(Box::new(Worth { of: of?, each, earns, accelerators, multiply })))
}

/// The most decimals of what one unit earns: amounts of six decimals are then multiplied exactly.
const MOST_DECIMALS: u32 = 12;

/// Whether a number ends after a few decimals.
fn is_short(value: &Ratio) -> bool {
    (value * Ratio::from_integer(10_i64.pow(MOST_DECIMALS).into())).is_integer()
}

/// The whole number nearest to `value` that is fit, looked for in its neighbourhood.
fn nearest_whole(value: &Ratio, fit: &dyn Fn(&Ratio) -> bool) -> Option<Ratio> {
    let one = Ratio::from_integer(1.into());
    let middle = Ratio::from_integer(round_ratio(value, Rounding::HalfUp)).max(one.clone());
    (0..1000_i64)
        .flat_map(|step| [-step, step])
        .map(|step| &middle + Ratio::from_integer(step.into()))
        .find(|near| *near >= one && fit(near))
}

/// `{combine: add, name: {by: field, case: 1 x, ..}, ..}`.
fn accelerators(cursor: &Cursor<'_>) -> (bool, Vec<Value<Quantity>>) {
    let Some(fields) = cursor.fields() else { return (false, Vec::new()) };
    let modes = [("add", false), ("multiply", true)];
    let multiply = fields.need("combine").and_then(|cursor| cursor.choice("way to combine", &modes));
    let times = |cursor: &Cursor<'_>| quantity_in(cursor, &Unit::Times);
    let found = fields.named(&["combine"]).iter().filter_map(|(_, entry)| value(entry, &times)).collect();
    (multiply.unwrap_or(false), found)
}

/// `{card: {by: workload, rates: {workload: {measure: 100}}}}`.
pub(super) fn rate_cards(fields: &Fields<'_>, into: &mut Catalog) {
    let Some(cards) = fields.get("rate-cards").and_then(|cursor| cursor.fields()) else { return };
    for (name, entry) in cards.named(&[]) {
        let Some(keys) = entry.fields() else { continue };
        if let Some(by) = keys.need("by") {
            by.choice("field", &[("workload", ())]);
        }
        let mut card = RateCard::default();
        if let Some(rates) = keys.need("rates").and_then(|cursor| cursor.fields()) {
            for (workload, entry) in rates.named(&[]) {
                let Some(measures) = entry.fields() else { continue };
                let read = measures
                    .named(&[])
                    .into_iter()
                    .filter_map(|(measure, rate)| Some((measure.to_owned(), rate_of(&rate)?)));
                card.rates.insert(workload.to_owned(), read.collect());
            }
        }
        keys.done();
        if into.rate_cards.insert(name.to_owned(), card).is_some() {
            entry.problem(format!("the rate card `{name}` is defined twice"));
        }
    }
}

/// A bare number: the unit can be one thing only.
fn rate_of(cursor: &Cursor<'_>) -> Option<Decimal> {
    cursor.needs_source();
    let text: String = cursor.text()?.chars().filter(|letter| *letter != '_').collect();
    let found = Decimal::from_str(&text).ok().filter(|rate| !rate.is_negative());
    if found.is_none() {
        cursor.problem("expected a rate: a plain number from 0");
    }
    found
}

/// The lists of one catalog, in the names of all that it defines.
pub(crate) fn lists(fields: &Fields<'_>, names: &mut Names<'_>, into: &mut Catalog) {
    let Some(named) = fields.get("lists").and_then(|cursor| cursor.fields()) else { return };
    for (name, entry) in named.named(&[]) {
        let Some(members) = list(&entry, names) else { continue };
        names.lists.insert(name.to_owned(), members.clone());
        into.lists.insert(name.to_owned(), members);
    }
}

/// Names that measures and rate cards use must be there.
pub(crate) fn check(fields: &Fields<'_>, catalog: &Catalog) {
    let known = || catalog.measures.keys().map(String::as_str);
    let Some(measures) = fields.get("measures").and_then(|cursor| cursor.fields()) else { return };
    for (name, entry) in measures.named(&[]) {
        let derived = catalog.measures.get(name).and_then(|measure| measure.derived.as_ref());
        match derived {
            Some(Derived::Rated(card)) => match catalog.rate_cards.get(card) {
                None => entry.unknown("rate card", card, catalog.rate_cards.keys().map(String::as_str)),
                Some(card) => {
                    for measure in card.rates.values().flatten().map(|(measure, _)| measure) {
                        base(&entry, measure, catalog);
                    }
                }
            },
            Some(Derived::Share { of, whole }) => {
                for measure in [of, whole] {
                    base(&entry, measure, catalog);
                }
            }
            Some(Derived::Worth(worth)) => {
                if catalog.measures.get(&worth.of).is_none_or(|of| of.derived.is_some()) {
                    entry.unknown("measure", &worth.of, known());
                }
                for (field, cases) in worth.accelerators.iter().chain([&worth.earns]).flat_map(Value::splits) {
                    split(&entry, field, &cases, catalog);
                }
            }
            None => {}
        }
    }
}

/// A split by a field of rows, in cases that it may say.
fn split(cursor: &Cursor<'_>, field: &str, cases: &[&str], catalog: &Catalog) {
    if !ROW_FIELDS.contains(&field) {
        cursor.unknown("field", field, ROW_FIELDS);
    }
    let Some(known) = catalog.fields.get(field) else { return };
    for case in cases.iter().filter(|case| !known.contains(**case)) {
        cursor.unknown(field, case, known.iter().map(String::as_str));
    }
}

/// A measure that is read: what is computed is computed in one step.
fn base(cursor: &Cursor<'_>, name: &str, catalog: &Catalog) {
    match catalog.measures.get(name) {
        None => cursor.unknown("measure", name, catalog.measures.keys().map(String::as_str)),
        Some(measure) if measure.derived.is_some() => {
            cursor.problem(format!("`{name}` is computed itself; a measure is computed from measures that are read"));
        }
        Some(_) => {}
    }
}
