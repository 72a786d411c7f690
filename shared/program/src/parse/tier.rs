//! Tier programs.

use std::collections::BTreeMap;

use values::Ratio;

use super::bundle::Head;
use super::cursor::{Cursor, Fields};
use super::definitions;
use super::metric::metric;
use super::names::Names;
use super::quantity::{date, months, quantity, quantity_in, range};
use super::requirement::requirement;
use super::value::value;
use crate::conventions::{Conventions, PartnerLevel};
use crate::model::value::{Form, Value};
use crate::model::{AwardRule, Bound, Division, Level, Metric, PointLine, PointScale, Requirement, TierProgram};
use crate::quantity::{Quantity, Unit};

/// Words for what a program is split into. They mean the same to the engine.
const DIVISIONS: [&str; 6] = ["areas", "paths", "competencies", "specializations", "portfolios", "practices"];

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

/// Reads the program's own keys; `head` was read before.
pub(crate) fn program(fields: &Fields<'_>, head: &Head, mut names: Names<'_>) -> Option<TierProgram> {
    let conventions = head.conventions(fields)?;
    needed(fields, &conventions);
    names.currency = conventions.currency;
    definitions(fields, &mut names);
    let columns = columns(fields, &names);
    let lines = shared_lines(fields, &names);
    let level_names = fields.need("levels").map(|cursor| cursor.words()).unwrap_or_default();
    let level_names = if level_names.is_empty() { vec!["held".to_owned()] } else { level_names };
    let base = fields.get("base").and_then(|cursor| requirement(&cursor, &names));
    let shape =
        Shape { names: &names, columns: &columns, lines: &lines, level_names: &level_names, base: base.as_ref() };
    let words: Vec<&str> = DIVISIONS.into_iter().filter(|word| fields.has(word)).collect();
    let mut divisions = Vec::new();
    match words.as_slice() {
        [word] => {
            let named = fields.get(word).and_then(|cursor| cursor.fields())?;
            for (name, entry) in named.named(&[]) {
                divisions.extend(division(&entry, name, &shape));
            }
        }
        _ => fields.at.problem(format!("a program is split into exactly one of {}", DIVISIONS.join(", "))),
    }
    let award = fields.need("awards").and_then(|cursor| award(&cursor, &level_names));
    Some(TierProgram {
        id: head.id.clone(),
        title: head.title.clone(),
        effective: head.effective,
        until: head.until,
        shown_from: head.shown_from,
        sample: head.sample,
        conventions,
        recognition: names.policy.id.clone(),
        catalog: names.catalog.clone(),
        level_names: level_names.clone(),
        divisions,
        award: award?,
        effort: fields.get("effort").map(|cursor| effort(&cursor)).unwrap_or_default(),
    })
}

fn needed(fields: &Fields<'_>, conventions: &Conventions) {
    let missing = [
        (conventions.current_month.is_none(), "current-month"),
        (conventions.partner_level.is_none(), "partner-level"),
        (conventions.recognized_month.is_none(), "recognized-month"),
        (conventions.part_steps.is_none() && fields.has("areas"), "part-steps"),
    ];
    for (missing, key) in missing {
        if missing {
            fields.at.problem(format!("the convention `{key}` is missing"));
        }
    }
    if conventions.partner_level == Some(PartnerLevel::LocationAccount) {
        fields.at.problem("tier programs judge global accounts: `partner-level: global-account`");
    }
}

/// What the divisions of one program share.
struct Shape<'s> {
    names: &'s Names<'s>,
    columns: &'s BTreeMap<String, Metric>,
    lines: &'s BTreeMap<String, PointLine>,
    level_names: &'s [String],
    base: Option<&'s Requirement>,
}

fn columns(fields: &Fields<'_>, names: &Names<'_>) -> BTreeMap<String, Metric> {
    let mut columns = BTreeMap::new();
    let Some(named) = fields.get("columns").and_then(|cursor| cursor.fields()) else { return columns };
    for (name, entry) in named.named(&[]) {
        let Some(keys) = entry.fields() else { continue };
        if let Some(metric) = super::requirement::metric_here(&keys, names) {
            columns.insert(name.to_owned(), metric);
        }
        keys.done();
    }
    columns
}

fn shared_lines(fields: &Fields<'_>, names: &Names<'_>) -> BTreeMap<String, PointLine> {
    let mut lines = BTreeMap::new();
    let Some(named) = fields.get("lines").and_then(|cursor| cursor.fields()) else { return lines };
    for (name, entry) in named.named(&[]) {
        if let Some(line) = line(&entry, name, names) {
            lines.insert(name.to_owned(), line);
        }
    }
    lines
}

fn division(cursor: &Cursor<'_>, name: &str, shape: &Shape<'_>) -> Option<Division> {
    let fields = cursor.fields()?;
    let mut lines = Vec::new();
    if let Some(score) = fields.get("score").and_then(|cursor| cursor.fields()) {
        for (name, entry) in score.named(&[]) {
            lines.extend(score_line(&entry, name, shape));
        }
    }
    let from = fields.get("from").and_then(|cursor| date(&cursor));
    let levels = fields.need("levels").and_then(|cursor| value(&cursor, &|cursor| rows(cursor, shape)));
    let division =
        Division { name: name.to_owned(), title: fields.title(), rule: cursor.rule(), from, lines, levels: levels? };
    fields.done();
    Some(division)
}

/// A line written out, or the name of one under `lines`.
fn score_line(cursor: &Cursor<'_>, name: &str, shape: &Shape<'_>) -> Option<PointLine> {
    if !cursor.is_text() {
        return line(cursor, name, shape.names);
    }
    let word = cursor.text()?;
    let Some(shared) = shape.lines.get(word) else {
        cursor.unknown("line", word, shape.lines.keys().map(String::as_str));
        return None;
    };
    Some(PointLine { name: name.to_owned(), ..shared.clone() })
}

fn line(cursor: &Cursor<'_>, name: &str, names: &Names<'_>) -> Option<PointLine> {
    let fields = cursor.fields()?;
    let metric = match fields.has("metric") {
        true => super::requirement::metric_here(&fields, names),
        false => metric(&fields, name, names),
    }?;
    let points = |cursor: &Cursor<'_>| quantity_in(cursor, &Unit::Points);
    let max = fields.need("max").and_then(|cursor| value(&cursor, &points));
    let scale = scale(&fields, &metric.unit);
    let mut gates = Vec::new();
    if let Some(named) = fields.get("gates").and_then(|cursor| cursor.fields()) {
        for (_, entry) in named.named(&[]) {
            gates.extend(requirement(&entry, names));
        }
    }
    let title = fields.title();
    fields.done();
    Some(PointLine { name: name.to_owned(), rule: cursor.rule(), title, metric, scale: scale?, max: max?, gates })
}

fn scale(fields: &Fields<'_>, unit: &Unit) -> Option<Value<PointScale>> {
    let here = |scale: PointScale| {
        let (rule, source) = (fields.at.rule(), fields.at.source.clone());
        Value { rule, source, form: Form::Is(scale), announced: Vec::new() }
    };
    if let Some(bands) = fields.get("bands") {
        let bands: Option<Vec<_>> = bands.items().iter().map(|item| band(item, unit)).collect();
        return bands.map(|bands| here(PointScale::Bands(bands)));
    }
    if let Some(full) = fields.get("full-at") {
        return value(&full, &|cursor| positive(cursor, unit).map(PointScale::FullAt));
    }
    let each = fields.need("each").and_then(|cursor| positive(&cursor, unit));
    let earns = fields.need("earns");
    let each = each?;
    value(&earns?, &|cursor| {
        let earns = quantity_in(cursor, &Unit::Points)?;
        Some(PointScale::Each { each: each.clone(), earns })
    })
}

fn positive(cursor: &Cursor<'_>, unit: &Unit) -> Option<Quantity> {
    let found = quantity_in(cursor, unit)?;
    if found.value > Ratio::from_integer(0.into()) {
        return Some(found);
    }
    cursor.problem("must be above zero");
    None
}

fn band(cursor: &Cursor<'_>, unit: &Unit) -> Option<(crate::model::Range, Quantity)> {
    let fields = cursor.fields()?;
    let range = range(&fields, unit);
    let earns = fields.need("earns").and_then(|cursor| quantity_in(&cursor, &Unit::Points));
    fields.done();
    Some((range?, earns?))
}

/// The levels of a division, lowest first: each a row of cells or a requirement.
fn rows(cursor: &Cursor<'_>, shape: &Shape<'_>) -> Option<Vec<Level>> {
    let fields = cursor.fields()?;
    let mut found: BTreeMap<usize, Level> = BTreeMap::new();
    for (name, entry) in fields.named(&[]) {
        let Some(place) = shape.level_names.iter().position(|level| level == name) else {
            entry.unknown("level", name, shape.level_names.iter().map(String::as_str));
            continue;
        };
        found.extend(row(&entry, name, shape).map(|level| (place, level)));
    }
    if found.is_empty() {
        cursor.problem("no level is described");
        return None;
    }
    Some(found.into_values().collect())
}

fn row(cursor: &Cursor<'_>, name: &str, shape: &Shape<'_>) -> Option<Level> {
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
    Some(Level { name: name.to_owned(), rule: cursor.rule(), when: Requirement::All(cursor.rule(), parts) })
}

fn cell(cursor: &Cursor<'_>, column: &str, shape: &Shape<'_>) -> Option<Requirement> {
    let Some(metric) = shape.columns.get(column) else {
        cursor.unknown("column", column, shape.columns.keys().map(String::as_str));
        return None;
    };
    let bound = value(cursor, &|cursor| quantity_in(cursor, &metric.unit).map(Bound::AtLeast))?;
    Some(Requirement::Metric { rule: cursor.rule(), metric: Box::new(metric.clone()), bound })
}

fn award(cursor: &Cursor<'_>, level_names: &[String]) -> Option<AwardRule> {
    let named = cursor.fields()?;
    let entries = named.named(&[]);
    let [(name, entry)] = entries.as_slice() else {
        cursor.problem("a program gives exactly one award");
        return None;
    };
    let fields = entry.fields()?;
    let nested = fields.need("nested").and_then(|cursor| cursor.flag());
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
    Some(AwardRule {
        name: (*name).to_owned(),
        rule: entry.rule(),
        title,
        nested: nested?,
        no_new_after,
        lasts_months,
        usable_months,
        shown_to,
    })
}

fn retired(cursor: &Cursor<'_>) -> (Option<values::Date>, Option<u16>) {
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

fn effort(cursor: &Cursor<'_>) -> BTreeMap<String, Ratio> {
    let mut effort = BTreeMap::new();
    let Some(fields) = cursor.fields() else { return effort };
    for (metric, entry) in fields.named(&[]) {
        if let Some(price) = quantity(&entry) {
            effort.insert(metric.to_owned(), price.value);
        }
    }
    effort
}
