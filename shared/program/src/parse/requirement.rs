//! Requirements.

use super::cursor::{Cursor, Fields};
use super::metric::metric;
use super::names::Names;
use super::quantity::{bound, months, quantity_in};
use super::value::value;
use crate::model::value::{Form, Value};
use crate::model::{Bound, Metric, Requirement};
use crate::quantity::Unit;

/// The words that make a requirement; exactly one stands in each.
const FORMS: [&str; 15] = [
    "all",
    "any",
    "none",
    "of",
    "metric",
    "count",
    "sum",
    "score",
    "every-line",
    "holds",
    "agreement",
    "check",
    "training",
    "fee",
    "enrolled",
];

/// Reads a requirement: a map with one of the forms, or the name of one under `requirements`.
pub(crate) fn requirement(cursor: &Cursor<'_>, names: &Names<'_>) -> Option<Requirement> {
    if cursor.is_text() {
        let name = cursor.text()?;
        let found = names.requirements.get(name).cloned();
        if found.is_none() {
            cursor.unknown("requirement", name, names.requirements.keys().map(String::as_str));
        }
        return found;
    }
    let fields = cursor.fields()?;
    let form = FORMS.into_iter().chain(["decision"]).find(|form| fields.has(form));
    let found = match form {
        Some("all") => list(&fields, "all", names).map(|parts| Requirement::All(cursor.rule(), parts)),
        Some("any") => list(&fields, "any", names).map(|parts| Requirement::Any(cursor.rule(), parts)),
        Some("none") => list(&fields, "none", names).map(|parts| Requirement::None(cursor.rule(), parts)),
        Some("of") if fields.has("holds") => holds(cursor, &fields, names),
        Some("of") => some_of(cursor, &fields, names),
        Some("metric" | "count" | "sum") => measured(cursor, &fields, names),
        Some("score") => points(&fields, "score").map(|bound| Requirement::Score { rule: cursor.rule(), bound }),
        Some("every-line") => {
            points(&fields, "every-line").map(|bound| Requirement::EveryLine { rule: cursor.rule(), bound })
        }
        Some("holds") => holds(cursor, &fields, names),
        Some("fee") => fee(cursor, &fields, names),
        Some(form) => fact(cursor, &fields, form),
        None => {
            cursor.problem(format!("a requirement needs one of {}", FORMS.join(", ")));
            return None;
        }
    };
    fields.done();
    found
}

fn list(fields: &Fields<'_>, key: &'static str, names: &Names<'_>) -> Option<Vec<Requirement>> {
    let items = fields.need(key)?;
    let parts: Vec<Option<Requirement>> = items.items().iter().map(|item| requirement(item, names)).collect();
    if parts.is_empty() {
        items.problem("an empty list requires nothing");
        return None;
    }
    parts.into_iter().collect()
}

/// `{at-least: 2, of: [..]}`.
fn some_of(cursor: &Cursor<'_>, fields: &Fields<'_>, names: &Names<'_>) -> Option<Requirement> {
    let parts = list(fields, "of", names);
    let least = fields.need("at-least")?;
    let parts = parts?;
    match least.text()?.parse::<usize>() {
        Ok(count) if (1..=parts.len()).contains(&count) => Some(Requirement::AtLeast(cursor.rule(), count, parts)),
        _ => {
            least.problem(format!("expected a whole number from 1 to {}", parts.len()));
            None
        }
    }
}

fn measured(cursor: &Cursor<'_>, fields: &Fields<'_>, names: &Names<'_>) -> Option<Requirement> {
    let metric = metric_here(fields, names)?;
    let bound = bound_here(cursor, fields, &metric.unit)?;
    Some(Requirement::Metric { rule: cursor.rule(), metric: Box::new(metric), bound })
}

/// A metric by its name under `metrics`, or written out among the keys of this map.
pub(crate) fn metric_here(fields: &Fields<'_>, names: &Names<'_>) -> Option<Metric> {
    let Some(named) = fields.get("metric") else {
        let name = fields.at.path.rsplit(['.', '/']).next().unwrap_or_default().to_owned();
        return metric(fields, &name, names);
    };
    let name = named.text()?;
    let found = names.metrics.get(name).cloned();
    if found.is_none() {
        named.unknown("metric", name, names.metrics.keys().map(String::as_str));
    }
    found
}

/// A bound among the keys of this map; `bound: {2020-01-01: {..}}` for one that changes.
fn bound_here(cursor: &Cursor<'_>, fields: &Fields<'_>, unit: &Unit) -> Option<Value<Bound>> {
    if let Some(dated) = fields.get("bound") {
        return value(&dated, &|cursor| {
            let fields = cursor.fields()?;
            let found = bound(&fields, unit);
            fields.done();
            found
        });
    }
    let found = bound(fields, unit)?;
    Some(Value { rule: cursor.rule(), source: fields.at.source.clone(), form: Form::Is(found), announced: Vec::new() })
}

/// `{score: this-area, at-least: 70 points}`: always the division that is judged.
fn points(fields: &Fields<'_>, key: &'static str) -> Option<Value<Bound>> {
    let word = fields.need(key)?;
    let here = ["this-area", "this-path", "this-competency", "this-division"].map(|word| (word, ()));
    word.choice("division", &here)?;
    bound_here(&fields.at.clone(), fields, &Unit::Points)
}

fn holds(cursor: &Cursor<'_>, fields: &Fields<'_>, names: &Names<'_>) -> Option<Requirement> {
    let award = fields.need("holds")?;
    let name = award.text()?.to_owned();
    let of = fields.get("of").map(|cursor| cursor.words()).unwrap_or_default();
    let least = fields.get("level-at-least");
    let levels = match (least, names.awards.get(&name)) {
        (None, _) => Vec::new(),
        (Some(least), Some(levels)) => {
            let word = least.text()?;
            let Some(place) = levels.iter().position(|level| level == word) else {
                least.unknown("level", word, levels.iter().map(String::as_str));
                return None;
            };
            levels[place..].to_vec()
        }
        (Some(_), None) => {
            award.unknown("award", &name, names.awards.keys().map(String::as_str));
            return None;
        }
    };
    Some(Requirement::Holds { rule: cursor.rule(), source: fields.at.source.clone(), award: name, of, levels })
}

fn fee(cursor: &Cursor<'_>, fields: &Fields<'_>, names: &Names<'_>) -> Option<Requirement> {
    let fee = fields.need("fee")?.text()?.to_owned();
    let paid = fields.need("paid")?;
    let Some(currency) = names.currency else {
        paid.problem("a fee is money: the convention `currency` is missing");
        return None;
    };
    let paid = quantity_in(&paid, &Unit::Money(currency));
    let every_months = fields.need("every").and_then(|cursor| months(&cursor));
    let source = fields.at.source.clone();
    Some(Requirement::Fee { rule: cursor.rule(), source, fee, paid: paid?, every_months: every_months? })
}

fn fact(cursor: &Cursor<'_>, fields: &Fields<'_>, form: &'static str) -> Option<Requirement> {
    let name = fields.need(form)?.text()?.to_owned();
    let (rule, source) = (cursor.rule(), fields.at.source.clone());
    Some(match form {
        "agreement" => Requirement::Agreement { rule, source, agreement: name },
        "check" | "training" => Requirement::Check { rule, source, check: name },
        "enrolled" => Requirement::Enrolled { rule, source, program: name },
        _ => Requirement::Decision { rule, source, decision: name },
    })
}
