//! Facts as rows: the kinds of fact with their fields as text, as test documents, population files
//! and exports carry them.
//!
//! A row names its kind (`association`) and has fields in lower-case words with hyphens. Instants may
//! be days, which begin in the reader's zone. A row without `from` holds since ever, one without
//! `recorded` was known from its start on.

mod read;
mod take;
mod write;

use std::collections::BTreeMap;

use serde::Serialize;

/// One fact as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// The kind of fact: one of [`KINDS`].
    pub kind: String,
    /// Its fields by name.
    pub fields: BTreeMap<String, Cell>,
}

/// A field of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Cell {
    /// One value; empty means absent.
    Text(String),
    /// Several values.
    List(Vec<String>),
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowProblem {
    /// The field, or empty for the row as a whole.
    pub field: String,
    /// What is wrong, as a sentence without its full stop.
    pub message: String,
    /// What was probably meant.
    pub suggestion: Option<String>,
}

/// The kinds of fact with their fields, in the order in which rows are written. Every kind also takes
/// `recorded` (when it was learned), `recorded-by` (from whom) and `withdrawn`; customers,
/// subscriptions and transactions also take fields of their own, by which documents may filter.
pub const KINDS: [(&str, &[&str]); 17] = [
    ("partner", &["partner", "parent", "country", "business-types", "status", "from", "until"]),
    ("enrollment", &["partner", "program", "anniversary", "fee-paid-until", "from", "until"]),
    ("agreement", &["partner", "agreement", "version", "from", "until"]),
    ("check", &["partner", "check", "passed", "from", "until"]),
    ("fee", &["partner", "fee", "amount", "paid"]),
    ("person", &["learner", "partner", "from", "until"]),
    ("certification", &["learner", "certification", "from", "until", "retired"]),
    ("customer", &["customer", "country", "from", "until"]),
    (
        "subscription",
        &[
            "subscription",
            "customer",
            "product",
            "workloads",
            "offer-type",
            "purchasing-motion",
            "agreement-type",
            "term",
            "deal",
            "renewal",
            "from",
            "until",
        ],
    ),
    ("association", &["id", "partner", "kind", "customer", "subscription", "workload", "role", "from", "until"]),
    (
        "usage",
        &[
            "subscription",
            "workload",
            "meter",
            "start",
            "grain",
            "flow",
            "quantity",
            "unit",
            "billed-cost",
            "effective-cost",
            "list-cost",
            "contracted-cost",
            "currency",
        ],
    ),
    ("seats", &["subscription", "count", "from"]),
    (
        "transaction",
        &[
            "id",
            "transaction",
            "partner",
            "customer",
            "subscription",
            "product",
            "workload",
            "deal",
            "at",
            "amount",
            "seats",
            "reverses",
        ],
    ),
    ("award", &["partner", "program", "award", "division", "level", "from", "until"]),
    ("decision", &["subject", "decision", "value", "reason", "from", "until"]),
    ("figure", &["partner", "figure", "month", "value"]),
    ("exchange", &["from", "to", "month", "rate"]),
];

/// Fields that a row of any kind may have.
pub const RECORDED_FIELDS: [&str; 3] = ["recorded", "recorded-by", "withdrawn"];

impl Row {
    /// A row of `kind` without fields.
    pub fn new(kind: &str) -> Row {
        Row { kind: kind.to_owned(), fields: BTreeMap::new() }
    }

    /// Sets a field.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Into<String>) -> Row {
        self.fields.insert(field.to_owned(), Cell::Text(value.into()));
        self
    }

    /// The text of a field, where it is one value and not empty.
    pub fn text(&self, field: &str) -> Option<&str> {
        match self.fields.get(field) {
            Some(Cell::Text(text)) if !text.is_empty() => Some(text),
            _ => None,
        }
    }
}

impl RowProblem {
    pub(crate) fn new(field: &str, message: impl Into<String>) -> RowProblem {
        RowProblem { field: field.to_owned(), message: message.into(), suggestion: None }
    }
}

impl std::fmt::Display for RowProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.field.is_empty() {
            write!(f, "`{}`: ", self.field)?;
        }
        f.write_str(&self.message)?;
        match &self.suggestion {
            Some(suggestion) => write!(f, "; did you mean `{suggestion}`?"),
            None => Ok(()),
        }
    }
}
