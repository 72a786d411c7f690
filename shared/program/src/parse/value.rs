//! Dated, split and announced values, around whatever a place expects.

use std::collections::BTreeMap;
use std::str::FromStr;

use values::Date;

use super::cursor::{Cursor, Fields};
use super::quantity::date;
use crate::incentives::LEVEL_OF;
use crate::model::value::{Announced, Form, Value};

/// Reads a value that may be plain, dated (`{2022-10-03: ..}`), split (`{by: field, ..}`), or given
/// with its source (`{is: .., source: ..}`), in any nesting, or named under `parameters`; `read` reads the
/// plain ones.
pub(crate) fn value<T>(cursor: &Cursor<'_>, read: &dyn Fn(&Cursor<'_>) -> Option<T>) -> Option<Value<T>> {
    cursor.origin.note(|trace| trace.slots[cursor.slot].value = true);
    if let Some(found) = cursor.parameter(|at| value(at, read)) {
        return found;
    }
    if !cursor.node.is_map() {
        return plain(cursor, read);
    }
    let fields = cursor.around()?;
    if fields.has("by") && fields.get("by").is_some_and(|by| by.is_text() || by.is_map()) {
        return split(cursor, fields, read);
    }
    if fields.has("is") {
        let is = fields.need("is")?;
        let announced = announcements(&fields);
        let mut inner = value(&Cursor { source: fields.at.source.clone(), ..is }, read)?;
        inner.announced.extend(announced);
        fields.done();
        return Some(inner);
    }
    let entries = fields.named(&["announced"]);
    let dates = entries.iter().filter(|(key, _)| Date::from_str(key).is_ok()).count();
    match dates {
        0 => plain(cursor, read),
        _ => dated(cursor, fields, entries, read),
    }
}

fn plain<T>(cursor: &Cursor<'_>, read: &dyn Fn(&Cursor<'_>) -> Option<T>) -> Option<Value<T>> {
    let form = Form::Is(read(cursor)?);
    Some(Value { rule: cursor.rule(), source: cursor.source.clone(), form, announced: Vec::new() })
}

fn dated<T>(
    cursor: &Cursor<'_>,
    fields: Fields<'_>,
    entries: Vec<(&str, Cursor<'_>)>,
    read: &dyn Fn(&Cursor<'_>) -> Option<T>,
) -> Option<Value<T>> {
    let mut found: Vec<(Date, Option<Value<T>>)> = Vec::new();
    let mut whole = true;
    for (key, entry) in entries {
        let Ok(from) = Date::from_str(key) else {
            entry.problem(format!("`{key}` is not a date, as its neighbours are"));
            whole = false;
            continue;
        };
        let ends = entry.node.text() == Some("null");
        match (ends, if ends { None } else { value(&entry, read) }) {
            (true, _) => found.push((from, None)),
            (false, Some(value)) => found.push((from, Some(value))),
            (false, None) => whole = false,
        }
    }
    let announced = announcements(&fields);
    found.sort_by_key(|(from, _)| *from);
    let rule = cursor.rule();
    whole.then(|| Value { rule, source: fields.at.source.clone(), form: Form::Dated(found), announced })
}

fn split<T>(cursor: &Cursor<'_>, fields: Fields<'_>, read: &dyn Fn(&Cursor<'_>) -> Option<T>) -> Option<Value<T>> {
    let by = split_by(&fields.need("by")?)?;
    let mut cases = BTreeMap::new();
    let mut whole = true;
    for (case, entry) in fields.named(&["by", "otherwise", "announced"]) {
        match value(&entry, read) {
            Some(value) => {
                cases.insert(case.to_owned(), value);
            }
            None => whole = false,
        }
    }
    let otherwise = match fields.get("otherwise") {
        Some(entry) => Some(Box::new(value(&entry, read)?)),
        None => None,
    };
    let form = Form::Split { by, cases, otherwise };
    let announced = announcements(&fields);
    whole.then(|| Value { rule: cursor.rule(), source: fields.at.source.clone(), form, announced })
}

/// The field that decides: its name, or `{level-of: vendor/program/award, in: path}` for the payee's
/// level of an award, in the division that a field of the row names.
fn split_by(cursor: &Cursor<'_>) -> Option<String> {
    if !cursor.is_map() {
        return cursor.text().map(str::to_owned);
    }
    let fields = cursor.fields()?;
    let award = fields.need("level-of").and_then(|cursor| cursor.text());
    let division = fields.get("in").and_then(|cursor| cursor.text());
    fields.done();
    let place = division.map(|field| format!(" in {}", field.trim_start_matches("this-"))).unwrap_or_default();
    Some(format!("{LEVEL_OF}{}{place}", award?))
}

/// What the key `announced` says: one announcement or a list of them. They have no effect.
pub(crate) fn announcements(fields: &Fields<'_>) -> Vec<Announced> {
    let Some(announced) = fields.get("announced") else { return Vec::new() };
    announced.items().iter().filter_map(announcement).collect()
}

fn announcement(cursor: &Cursor<'_>) -> Option<Announced> {
    let fields = cursor.fields()?;
    let text = |key: &'static str| fields.get(key).and_then(|cursor| cursor.text()).unwrap_or_default().to_owned();
    let said = text("said");
    let is = text("is");
    let words = text("for");
    let earliest = fields.get("earliest").and_then(|cursor| date(&cursor));
    fields.done();
    let from = match (words.is_empty(), earliest) {
        (false, Some(earliest)) => format!("{words} (not before {earliest})"),
        (true, Some(earliest)) => format!("not before {earliest}"),
        (_, None) => words,
    };
    Some(Announced { is, said, from })
}
