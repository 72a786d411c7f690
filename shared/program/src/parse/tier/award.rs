//! The award of a program.

use std::collections::BTreeMap;

use crate::model::{AwardRule, Requirement, Shown};
use crate::parse::cursor::Cursor;
use crate::parse::names::Names;
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
    let life = super::life::life(&fields);
    let shown_to = fields.need("shown-to").map(|cursor| shown_to(&cursor, level_names)).unwrap_or_default();
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
        no_new_after: life.retired.map(|retired| retired.no_new_after),
        usable_months: life.retired.and_then(|retired| retired.usable_months),
        life,
        shown_to,
    };
    (Some(rule), when)
}

/// What each audience may see: a list for every level, or lists by level, of which a missing one shows
/// nothing.
fn shown_to(cursor: &Cursor<'_>, level_names: &[String]) -> BTreeMap<String, Shown> {
    let mut shown = BTreeMap::new();
    let Some(fields) = cursor.fields() else { return shown };
    for audience in ["public", "partner", "customer", "vendor"] {
        let Some(entry) = fields.get(audience) else { continue };
        if !entry.is_map() {
            shown.insert(audience.to_owned(), Shown::Always(seen(&entry, audience)));
            continue;
        }
        let mut by_level = BTreeMap::new();
        for (level, entry) in entry.fields().map(|levels| levels.named(&[])).unwrap_or_default() {
            if !level_names.iter().any(|name| name == level) {
                entry.unknown("level", level, level_names.iter().map(String::as_str));
            }
            by_level.insert(level.to_owned(), seen(&entry, audience));
        }
        shown.insert(audience.to_owned(), Shown::ByLevel(by_level));
    }
    fields.done();
    shown
}

fn seen(cursor: &Cursor<'_>, audience: &str) -> Vec<String> {
    for item in cursor.items() {
        item.choice("thing to show", &SEEN);
        if matches!(audience, "public" | "customer") && item.word().is_some_and(|word| SECRET.contains(&word)) {
            item.problem(format!("`{audience}` never sees a score, its lines, its explanation or the way there"));
        }
    }
    cursor.words()
}
