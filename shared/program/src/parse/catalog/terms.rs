//! What a catalog says about terms and commitments.

use std::collections::BTreeMap;

use num_traits::Zero;
use values::Ratio;

use crate::parse::conventions::MODES;
use crate::parse::cursor::Cursor;
use crate::parse::quantity::{days, months, quantity_in};
use crate::quantity::Unit;
use crate::terms::{Length, ProratedAt, Proration, Terms};

/// Reads `terms`.
pub(super) fn terms(cursor: &Cursor<'_>) -> Option<Terms> {
    let fields = cursor.fields()?;
    let mut lengths = BTreeMap::new();
    for (name, entry) in fields.need("lengths")?.fields()?.named(&[]) {
        if let Some(length) = length(&entry) {
            lengths.insert(name.to_owned(), length);
        }
    }
    fields.need("ends").and_then(|cursor| cursor.choice("end", &[("day-before-the-next-start", ())]));
    let cancel_days = fields.need("cancellation").and_then(|cursor| {
        let keys = cursor.fields()?;
        let within = keys.need("within").and_then(|cursor| days(&cursor));
        keys.need("counted").and_then(|cursor| cursor.choice("way to count", &[("to-the-hour", ())]));
        keys.need("refund").and_then(|cursor| cursor.choice("refund", &[("prorated-by-days", ())]));
        keys.done();
        within
    });
    fields.need("after-cancellation-period").and_then(|cursor| cursor.choice("rule", &[("owed-in-full", ())]));
    let reduce_days = fields.need("seats").and_then(|cursor| {
        let keys = cursor.fields()?;
        keys.need("added").and_then(|cursor| cursor.choice("time", &[("any-time", ())]));
        let within = keys.need("reduced-within").and_then(|cursor| days(&cursor));
        keys.need("counted-from").and_then(|cursor| cursor.choice("start", &[("the-add", ())]));
        keys.done();
        within
    });
    let mut proration = BTreeMap::new();
    if let Some(keys) = fields.get("proration").and_then(|cursor| cursor.fields()) {
        for (name, entry) in keys.named(&[]) {
            proration.extend(prorated(&entry).map(|rule| (name.to_owned(), rule)));
        }
    }
    let source = fields.at.source.clone();
    fields.done();
    Some(Terms {
        rule: cursor.rule(),
        source,
        lengths,
        cancel_days: cancel_days?,
        reduce_days: reduce_days?,
        proration,
    })
}

/// `{lasts: 1 month, price: {raised-by: 20 %}}`, or `price: fixed`.
fn length(cursor: &Cursor<'_>) -> Option<Length> {
    let fields = cursor.fields()?;
    let lasts = fields.need("lasts").and_then(|cursor| months(&cursor));
    let price = fields.need("price")?;
    let raised_by = if price.is_map() {
        let keys = price.fields()?;
        let raised = keys.need("raised-by").and_then(|cursor| quantity_in(&cursor, &Unit::Percent));
        keys.done();
        raised?.value / Ratio::from_integer(100.into())
    } else {
        price.choice("price", &[("fixed", ())])?;
        Ratio::zero()
    };
    fields.done();
    Some(Length { months: lasts?, raised_by })
}

/// `{rounded: down, at: unit-price}`.
fn prorated(cursor: &Cursor<'_>) -> Option<Proration> {
    let fields = cursor.fields()?;
    let mode = fields.need("rounded").and_then(|cursor| cursor.choice("mode", &MODES));
    let places = [("unit-price", ProratedAt::UnitPrice), ("line", ProratedAt::Line)];
    let at = fields.need("at").and_then(|cursor| cursor.choice("place", &places));
    fields.done();
    Some(Proration { mode: mode?, at: at? })
}
