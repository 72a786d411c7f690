//! Levels: rows of a matrix, or requirements.

use std::collections::BTreeMap;

use super::Shape;
use super::local::{self, Place};
use crate::model::{Asks, Bound, Level, Requirement};
use crate::parse::cursor::Cursor;
use crate::parse::quantity::quantity_in;
use crate::parse::requirement::requirement;
use crate::parse::value::value;

/// The levels of a division, lowest first: each a row of cells or a requirement.
pub(super) fn rows(cursor: &Cursor<'_>, place: &Place, shape: &Shape<'_>) -> Option<Vec<Level>> {
    let fields = cursor.fields()?;
    let mut found: BTreeMap<usize, Level> = BTreeMap::new();
    for (name, entry) in fields.named(&[]) {
        let Some(position) = shape.level_names.iter().position(|level| level == name) else {
            entry.unknown("level", name, shape.level_names.iter().map(String::as_str));
            continue;
        };
        found.extend(row(&entry, name, place, shape).map(|level| (position, level)));
    }
    if found.is_empty() {
        cursor.problem("no level is described");
        return None;
    }
    Some(found.into_values().collect())
}

fn row(cursor: &Cursor<'_>, name: &str, place: &Place, shape: &Shape<'_>) -> Option<Level> {
    let fields = cursor.fields()?;
    let mut parts: Vec<Requirement> = shape.base.cloned().into_iter().collect();
    if fields.has("when") {
        parts.extend(fields.get("when").and_then(|cursor| requirement(&cursor, shape.names)));
        fields.done();
    } else {
        for (column, entry) in fields.named(&[]) {
            parts.extend(cell(&entry, column, shape));
        }
    }
    let mut when = Requirement::All(cursor.rule(), parts);
    local::requirement(&mut when, place);
    Some(Level { name: name.to_owned(), rule: cursor.rule(), when })
}

fn cell(cursor: &Cursor<'_>, column: &str, shape: &Shape<'_>) -> Option<Requirement> {
    let Some(column) = shape.columns.get(column) else {
        cursor.unknown("column", column, shape.columns.keys().map(String::as_str));
        return None;
    };
    match &column.asks {
        Asks::Metric(metric) => {
            let bound = value(cursor, &|cursor| quantity_in(cursor, &metric.unit).map(Bound::AtLeast))?;
            Some(Requirement::Metric { rule: cursor.rule(), metric: metric.clone(), bound })
        }
        Asks::Holds(kind) => held(cursor, kind, shape),
    }
}

/// A name, `{all: [..]}` or `{any: [..]}`.
fn held(cursor: &Cursor<'_>, kind: &str, shape: &Shape<'_>) -> Option<Requirement> {
    if cursor.is_text() {
        return recorded(cursor, kind, shape);
    }
    let fields = cursor.fields()?;
    let all = fields.get("all");
    let any = fields.get("any");
    fields.done();
    let read = |items: &Cursor<'_>| -> Option<Vec<Requirement>> {
        items.items().iter().map(|item| recorded(item, kind, shape)).collect()
    };
    match (all, any) {
        (Some(all), None) => read(&all).map(|parts| Requirement::All(cursor.rule(), parts)),
        (None, Some(any)) => read(&any).map(|parts| Requirement::Any(cursor.rule(), parts)),
        _ => {
            cursor.problem("a cell is a name, `{all: [..]}` or `{any: [..]}`");
            None
        }
    }
}

fn recorded(cursor: &Cursor<'_>, kind: &str, shape: &Shape<'_>) -> Option<Requirement> {
    let name = cursor.text()?.to_owned();
    if let Some(known) = shape.names.catalog.recorded_awards.get(kind)
        && !known.contains(&name)
    {
        cursor.unknown(kind, &name, known.iter().map(String::as_str));
    }
    Some(Requirement::Holds {
        rule: cursor.rule(),
        source: cursor.source.clone(),
        award: kind.to_owned(),
        of: vec![name],
        levels: Vec::new(),
    })
}
