//! Lists of words: of a catalog or of a document, plain or by date.

use std::str::FromStr;

use values::Date;

use super::cursor::Cursor;
use super::names::Names;
use super::value::announcements;
use crate::model::Words;
use crate::model::value::{Form, Value};

/// What the members of a list are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListOf {
    Certifications,
    Workloads,
    /// What a field of rows says.
    Field(&'static str),
    /// Anything, taken as it stands.
    Words,
}

const KINDS: [(&str, ListOf); 5] = [
    ("certifications", ListOf::Certifications),
    ("workloads", ListOf::Workloads),
    ("offer-types", ListOf::Field("offer-type")),
    ("agreement-types", ListOf::Field("agreement-type")),
    ("words", ListOf::Words),
];

/// `{of: certifications, members: [..]}`: every member is looked up. Members may be dated, and a
/// dated entry may say what it takes from the one before: `{without: [..]}`, `{with: [..]}`.
pub(crate) fn list(cursor: &Cursor<'_>, names: &Names<'_>) -> Option<Words> {
    let fields = cursor.fields()?;
    let kind = fields.need("of").and_then(|cursor| cursor.choice("kind of list", &KINDS));
    let members = fields.need("members");
    let (kind, members) = (kind?, members?);
    fields.done();
    let members = Cursor { source: fields_source(cursor), ..members };
    if !members.node.is_map() {
        let words = read(&members, kind, names);
        return Some(Value::plain(cursor.rule(), members.source.clone(), words));
    }
    dated(&members, kind, names)
}

fn fields_source(cursor: &Cursor<'_>) -> Option<String> {
    cursor.fields().and_then(|fields| fields.at.source.clone())
}

fn dated(cursor: &Cursor<'_>, kind: ListOf, names: &Names<'_>) -> Option<Words> {
    let fields = cursor.origin.on_all_days(|| cursor.fields())?;
    let mut entries: Vec<(Date, Cursor<'_>)> = Vec::new();
    for (key, entry) in fields.named(&["announced"]) {
        match Date::from_str(key) {
            Ok(day) => entries.push((day, entry)),
            Err(_) => entry.problem(format!("`{key}` is not a date, as its neighbours are")),
        }
    }
    entries.sort_by_key(|(day, _)| *day);
    let mut known: Vec<String> = Vec::new();
    let mut found = Vec::new();
    for (day, entry) in entries {
        known = step(&entry, known, kind, names);
        found.push((day, Some(Value::plain(entry.rule(), entry.source.clone(), known.clone()))));
    }
    if found.is_empty() {
        cursor.problem("a dated list needs at least one day");
        return None;
    }
    let (source, announced) = (cursor.source.clone(), announcements(&fields));
    Some(Value { rule: cursor.rule(), source, form: Form::Dated(found), announced })
}

/// The members from one day on: a list of its own, or what changes.
fn step(cursor: &Cursor<'_>, mut known: Vec<String>, kind: ListOf, names: &Names<'_>) -> Vec<String> {
    if !cursor.is_map() {
        return read(cursor, kind, names);
    }
    let Some(fields) = cursor.fields() else { return known };
    let mut said = false;
    if let Some(without) = fields.get("without") {
        said = true;
        for item in without.items() {
            let Some(word) = item.text() else { continue };
            if !known.iter().any(|member| member == word) {
                item.unknown("member", word, known.iter().map(String::as_str));
            }
            known.retain(|member| member != word);
        }
    }
    if let Some(with) = fields.get("with") {
        said = true;
        known.extend(read(&with, kind, names));
    }
    if !said {
        cursor.problem("expected a list, `without` or `with`");
    }
    fields.done();
    known
}

fn read(cursor: &Cursor<'_>, kind: ListOf, names: &Names<'_>) -> Vec<String> {
    let mut members = Vec::new();
    for item in cursor.items() {
        let Some(word) = item.text() else { continue };
        members.extend(match kind {
            // Lists in lists are taken as they are on their first day; a dated list is named where it is used.
            ListOf::Certifications => plain(&names.certifications(&item, word)),
            ListOf::Workloads => plain(&names.members(&item, "workload", word)),
            ListOf::Field(field) => plain(&names.members(&item, field, word)),
            ListOf::Words => vec![word.to_owned()],
        });
    }
    members
}

fn plain(words: &Words) -> Vec<String> {
    words.all().into_iter().flatten().cloned().collect()
}
