//! What is sold: products, offers, motions.

use crate::catalog::Catalog;
use crate::motions::{Motion, Motions};
use crate::offers::{Offer, Product};
use crate::parse::cursor::{Cursor, Fields};
use crate::parse::quantity::date;

/// Reads `products`, `offers` and `motions`.
pub(super) fn sold(fields: &Fields<'_>, into: &mut Catalog) {
    if let Some(named) = fields.get("products").and_then(|cursor| cursor.fields()) {
        for (name, entry) in named.named(&[]) {
            into.products.extend(product(&entry).map(|product| (name.to_owned(), product)));
        }
    }
    if let Some(named) = fields.get("offers").and_then(|cursor| cursor.fields()) {
        for (name, entry) in named.named(&[]) {
            into.offers.extend(offer(&entry).map(|offer| (name.to_owned(), offer)));
        }
    }
    if let Some(cursor) = fields.get("motions") {
        into.motions = motions(&cursor);
    }
}

/// `{title: .., workloads: [..]}`.
fn product(cursor: &Cursor<'_>) -> Option<Product> {
    let fields = cursor.fields()?;
    let (title, workloads) = (fields.title(), fields.get("workloads").map(|cursor| cursor.words()));
    fields.done();
    Some(Product { title, workloads: workloads.unwrap_or_default() })
}

/// `{product: p, type: seat-based, terms: [monthly, annual], sold: {from: day, through: day}}`.
fn offer(cursor: &Cursor<'_>) -> Option<Offer> {
    let fields = cursor.fields()?;
    let named = |key: &'static str| fields.need(key).and_then(|cursor| cursor.text().map(str::to_owned));
    let (product, kind) = (named("product"), named("type"));
    let terms = fields.get("terms").map(|cursor| cursor.words()).unwrap_or_default();
    let (mut from, mut through) = (None, None);
    if let Some(keys) = fields.get("sold").and_then(|cursor| cursor.fields()) {
        from = keys.get("from").and_then(|cursor| date(&cursor));
        through = keys.get("through").and_then(|cursor| date(&cursor));
        if from.zip(through).is_some_and(|(from, through)| through < from) {
            keys.at.problem("the last day of sale is before the first one");
        }
        keys.done();
    }
    let (title, source) = (fields.title(), fields.at.source.clone());
    fields.done();
    Some(Offer { rule: cursor.rule(), title, source, product: product?, kind: kind?, terms, from, through })
}

/// Every workload of a product, and every product, type and term of an offer is one that the catalogs in use know.
pub(super) fn check(fields: &Fields<'_>, together: &Catalog) {
    for (_, entry) in entries(fields, "products") {
        known(&entry, "workloads", "workload", together.workloads.keys().map(String::as_str).collect());
    }
    let types = together.fields.get("offer-type").into_iter().flatten();
    let types: Vec<&str> = types.map(String::as_str).collect();
    for (_, entry) in entries(fields, "offers") {
        known(&entry, "product", "product", together.products.keys().map(String::as_str).collect());
        known(&entry, "type", "offer type", types.clone());
        // Where no catalog in use says how long terms last, their names stand alone.
        if let Some(terms) = &together.terms {
            known(&entry, "terms", "term", terms.lengths.keys().map(String::as_str).collect());
        }
    }
}

fn entries<'a>(fields: &Fields<'a>, key: &'static str) -> Vec<(&'a str, Cursor<'a>)> {
    fields.get(key).and_then(|cursor| cursor.fields()).map(|named| named.named(&[])).unwrap_or_default()
}

fn known(entry: &Cursor<'_>, key: &str, what: &str, known: Vec<&str>) {
    for item in entry.beside(key).map(|list| list.items()).unwrap_or_default() {
        if let Some(word) = item.word().filter(|word| !known.contains(word)) {
            item.unknown(what, word, known.iter().copied());
        }
    }
}

/// `{chosen-by: customer, recommended: {enterprise: {concessions: [..], segments: [..]}}, otherwise: breadth}`.
fn motions(cursor: &Cursor<'_>) -> Option<Motions> {
    let fields = cursor.fields()?;
    fields.need("chosen-by").and_then(|cursor| cursor.choice("who chooses", &[("customer", ())]));
    let mut recommended = Vec::new();
    let named = fields.need("recommended").and_then(|cursor| cursor.fields());
    for (name, entry) in named.map(|named| named.named(&[])).unwrap_or_default() {
        let Some(keys) = entry.fields() else { continue };
        let words = |key: &'static str| keys.get(key).map(|cursor| cursor.words()).unwrap_or_default();
        let (concessions, segments) = (words("concessions"), words("segments"));
        keys.done();
        if concessions.is_empty() && segments.is_empty() {
            entry.problem("for whom? `concessions` or `segments` is missing");
        }
        recommended.push(Motion { name: name.to_owned(), rule: entry.rule(), concessions, segments });
    }
    let otherwise = fields.need("otherwise").and_then(|cursor| cursor.text().map(str::to_owned));
    let source = fields.at.source.clone();
    fields.done();
    Some(Motions { rule: cursor.rule(), source, recommended, otherwise: otherwise? })
}
