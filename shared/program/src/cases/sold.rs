//! What a case expects of a catalog: what is owed of a purchase and until when it can be taken back, what is on sale, which
//! motion is recommended.

use std::collections::BTreeSet;

use values::{Ratio, Zone, ratio_to_text};

use super::document::{When, when};
use super::judged::Question;
use crate::parse::cursor::{Cursor, Fields};
use crate::parse::quantity::{date, quantity};
use crate::quantity::Quantity;

/// Compares one item of what is expected.
type Compared = fn(&Question<'_>, &Cursor<'_>);

/// Compares `terms`, `offers` and `motions`.
pub(crate) fn sold(question: &Question<'_>, fields: &Fields<'_>) {
    let expected: [(&'static str, Compared); 3] = [("terms", terms), ("offers", offers), ("motions", motions)];
    for (key, compare) in expected {
        if let Some(cursor) = fields.get(key) {
            cursor.items().iter().for_each(|item| compare(question, item));
        }
    }
}

/// `{term: annual, bought: 2022-03-15T11:00:00Z, monthly: USD 100, at: 2022-05-20, owed: USD 900, ..}`.
fn terms(question: &Question<'_>, cursor: &Cursor<'_>) {
    let Some(terms) = &question.tested.bundle.catalog().terms else {
        return cursor.problem("no catalog of the bundle says `terms`");
    };
    let Some(fields) = cursor.fields() else { return };
    let length = fields.need("term").and_then(|cursor| {
        let word = cursor.text()?;
        if !terms.lengths.contains_key(word) {
            cursor.unknown("term", word, terms.lengths.keys().map(String::as_str));
            return None;
        }
        Some(word)
    });
    let bought = fields.need("bought").and_then(|cursor| when(&cursor));
    let at = fields.get("at").and_then(|cursor| date(&cursor));
    let monthly = fields.get("monthly").and_then(|cursor| quantity(&cursor));
    let (Some(length), Some(bought)) = (length, bought) else { return };
    let utc = Zone::utc();
    let (day, instant) = match bought {
        When::Day(day) => (day, utc.start_of_day(day)),
        When::At(instant) => (utc.date(instant), instant),
    };
    let word = |key: &'static str, found: String| {
        if let Some(at) = fields.get(key) {
            question.compare.word(&at, &found, None);
        }
    };
    word("cancellable-until", terms.cancellable_until(instant).to_string());
    word("reducible-until", terms.reducible_until(instant).to_string());
    if let Some(period) = terms.period(length, day, 0) {
        word("ends", period.last.to_string());
        word("renews", period.renews.to_string());
    }
    if let Some(cursor) = fields.get("owed") {
        match (&monthly, at) {
            (Some(monthly), Some(at)) => {
                let owed = terms.owed(length, day, at, &monthly.value).unwrap_or_default();
                question.compare.quantity(&cursor, &Quantity::new(owed, monthly.unit.clone()), None);
            }
            _ => cursor.problem("what is owed depends on `monthly`, the price of a month, and on the day `at`"),
        }
    }
    if let Some(cursor) = fields.get("price") {
        match &monthly {
            Some(monthly) => {
                let price = terms.price(length, &monthly.value).unwrap_or_default();
                question.compare.quantity(&cursor, &Quantity::new(price, monthly.unit.clone()), None);
            }
            None => cursor.problem("the price of a term is that of a fixed one, `monthly`, raised"),
        }
    }
    if let (Some(cursor), Some(found)) = (fields.get("raised-by"), terms.lengths.get(length)) {
        let percent = &found.raised_by * Ratio::from_integer(100.into());
        question.compare.word(&cursor, &format!("{} %", ratio_to_text(&percent)), None);
    }
    fields.done();
}

/// `{offer: o, on: 2022-05-01, sold: true, type: seat-based, product: p}`.
fn offers(question: &Question<'_>, cursor: &Cursor<'_>) {
    let offers = &question.tested.bundle.catalog().offers;
    let Some(fields) = cursor.fields() else { return };
    let Some(at) = fields.need("offer") else { return };
    let name = at.text().unwrap_or_default();
    let on = fields.get("on").and_then(|cursor| date(&cursor));
    let Some(offer) = offers.get(name) else {
        return at.unknown("offer", name, offers.keys().map(String::as_str));
    };
    if let Some(cursor) = fields.get("sold") {
        match on {
            Some(day) => question.compare.word(&cursor, &offer.on_sale(day).to_string(), None),
            None => cursor.problem("`on` is missing: on which day?"),
        }
    }
    for (key, found) in [("type", &offer.kind), ("product", &offer.product)] {
        if let Some(cursor) = fields.get(key) {
            question.compare.word(&cursor, found, None);
        }
    }
    if let Some(cursor) = fields.get("terms") {
        question.compare.set(&cursor, &offer.terms, None);
    }
    fields.done();
}

/// `{customer: c, recommended: enterprise, because: multi-tenant, motion: breadth}`: by the customer's segment, by the
/// decisions that say what it needs, and by what it bought last.
fn motions(question: &Question<'_>, cursor: &Cursor<'_>) {
    let Some(motions) = &question.tested.bundle.catalog().motions else {
        return cursor.problem("no catalog of the bundle says `motions`");
    };
    let Some(fields) = cursor.fields() else { return };
    let Some(customer) = fields.need("customer").and_then(|cursor| cursor.text()) else { return };
    let facts = question.given.facts.known_at(question.known_at);
    let Some(now) = question.as_of else { return cursor.problem("`as-of` is missing: on which day?") };
    let known = facts.customers.iter().find(|fact| fact.customer == customer && fact.effective.contains(now));
    let segment = known.and_then(|fact| fact.fields.get("customer-segment")).map_or("", String::as_str);
    let needed = facts.decisions.iter().filter(|fact| fact.subject == customer && fact.effective.contains(now));
    let needed: BTreeSet<&str> = needed.map(|fact| fact.decision.as_str()).collect();
    let bought = facts.subscriptions.iter().filter(|fact| fact.customer == customer && !fact.motion.is_empty());
    let bought = bought.filter(|fact| fact.effective.contains(now)).max_by_key(|fact| fact.effective.start());
    let found = motions.recommend(segment, &needed, bought.map(|fact| fact.motion.as_str()));
    let because = found.because.as_deref().unwrap_or("none");
    for (key, found) in [("recommended", found.recommended.as_str()), ("because", because), ("motion", &found.motion)] {
        if let Some(cursor) = fields.get(key) {
            question.compare.word(&cursor, found, None);
        }
    }
    fields.done();
}
