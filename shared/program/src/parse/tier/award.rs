//! The award of a program.

use std::collections::BTreeMap;

use values::Date;

use crate::model::{AwardRule, Requirement};
use crate::parse::cursor::Cursor;
use crate::parse::names::Names;
use crate::parse::quantity::{date, months};
use crate::parse::requirement::requirement;

/// What an audience may see.
const SEEN: [(&str, ()); 7] = [
    ("badge", ()),
    ("level", ()),
    ("status", ()),
    ("score", ()),
    ("lines", ()),
    ("explanation", ()),
    ("way-there", ()),
];

/// What the public and customers never see.
const SECRET: [&str; 4] = ["score", "lines", "explanation", "way-there"];

/// The program's one award, and what its only level asks for in every division, where it says so.
pub(super) fn award(
    cursor: &Cursor<'_>,
    level_names: &[String],
    names: &Names<'_>,
) -> (Option<AwardRule>, Option<Requirement>) {
    let entries = cursor.fields().map(|named| named.named(&[])).unwrap_or_default();
    let [(name, entry)] = entries.as_slice() else {
        cursor.problem("a program gives exactly one award");
        return (None, None);
    };
    let Some(fields) = entry.fields() else { return (None, None) };
    let when = fields.get("when").and_then(|cursor| requirement(&cursor, names));
    let nested = fields.get("nested").and_then(|cursor| cursor.flag());
    if nested.is_none() && level_names.len() > 1 {
        entry.problem("`nested` is missing: does a level also need those below it?");
    }
    for (key, only) in
        [("begins", "at-once"), ("up", "at-once"), ("level", "highest-that-holds"), ("held-by", "global-account")]
    {
        if let Some(cursor) = fields.get(key) {
            cursor.choice(key, &[(only, ())]);
        }
    }
    let lasts_months = fields.get("lasts").and_then(|cursor| months(&cursor));
    let (no_new_after, usable_months) = fields.get("retired").map_or((None, None), |cursor| retired(&cursor));
    let shown_to = fields.need("shown-to").map(|cursor| shown_to(&cursor)).unwrap_or_default();
    let title = fields.title();
    fields.done();
    if nested == Some(true) && level_names.len() < 2 {
        entry.problem("`nested: true` needs at least two levels");
    }
    let rule = AwardRule {
        name: (*name).to_owned(),
        rule: entry.rule(),
        title,
        nested: nested.unwrap_or(false),
        no_new_after,
        lasts_months,
        usable_months,
        shown_to,
    };
    (Some(rule), when)
}

fn retired(cursor: &Cursor<'_>) -> (Option<Date>, Option<u16>) {
    let Some(fields) = cursor.fields() else { return (None, None) };
    let after = fields.need("no-new-or-renewed-after").and_then(|cursor| date(&cursor));
    let usable = fields.get("usable-at-most").and_then(|cursor| months(&cursor));
    fields.done();
    (after, usable)
}

fn shown_to(cursor: &Cursor<'_>) -> BTreeMap<String, Vec<String>> {
    let mut shown = BTreeMap::new();
    let Some(fields) = cursor.fields() else { return shown };
    for audience in ["public", "partner", "customer", "vendor"] {
        let Some(entry) = fields.get(audience) else { continue };
        for item in entry.items() {
            item.choice("thing to show", &SEEN);
            if matches!(audience, "public" | "customer") && item.word().is_some_and(|word| SECRET.contains(&word)) {
                item.problem(format!("`{audience}` never sees a score, its lines, its explanation or the way there"));
            }
        }
        shown.insert(audience.to_owned(), entry.words());
    }
    fields.done();
    shown
}
