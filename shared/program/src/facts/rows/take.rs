//! The fields of a row as what they stand for, and what is wrong with them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::str::FromStr;

use values::{Amount, Currency, Date, Decimal, Instant, Interval, Zone};

use super::{Cell, RECORDED_FIELDS, Row, RowProblem};
use crate::facts::Recorded;
use crate::parse::nearest::nearest;

/// A row on its way to becoming a fact.
pub(super) struct Take<'r> {
    pub row: &'r Row,
    pub zone: &'r Zone,
    pub problems: RefCell<Vec<RowProblem>>,
}

impl Take<'_> {
    pub fn problem(&self, field: &str, message: impl Into<String>) {
        self.problems.borrow_mut().push(RowProblem::new(field, message));
    }

    pub fn refuse_unknown(&self, fields: &[&'static str]) {
        let known = || fields.iter().chain(&RECORDED_FIELDS).copied();
        for name in self.row.fields.keys().filter(|name| !known().any(|field| field == name.as_str())) {
            let suggestion = nearest(name, known());
            let message = format!("a {} has no such field", self.row.kind);
            self.problems.borrow_mut().push(RowProblem { suggestion, ..RowProblem::new(name, message) });
        }
    }

    pub fn maybe(&self, field: &str) -> Option<String> {
        match self.row.fields.get(field)? {
            Cell::Text(text) if text.is_empty() => None,
            Cell::Text(text) => Some(text.clone()),
            Cell::List(_) => {
                self.problem(field, "expected a single value");
                None
            }
        }
    }

    pub fn or_empty(&self, field: &str) -> String {
        self.maybe(field).unwrap_or_default()
    }

    pub fn need(&self, field: &str) -> String {
        if self.row.text(field).is_none() {
            self.problem(field, "is missing");
        }
        self.or_empty(field)
    }

    /// Several words: a list, or one text with spaces between them.
    pub fn words(&self, field: &str) -> Vec<String> {
        match self.row.fields.get(field) {
            None => Vec::new(),
            Some(Cell::List(items)) => items.clone(),
            Some(Cell::Text(text)) => text.split_whitespace().map(str::to_owned).collect(),
        }
    }

    pub fn parsed<T: FromStr>(&self, field: &str) -> Option<T>
    where
        T::Err: std::fmt::Display,
    {
        let text = self.maybe(field)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.problem(field, error.to_string());
                None
            }
        }
    }

    pub fn required<T: FromStr>(&self, field: &str) -> Option<T>
    where
        T::Err: std::fmt::Display,
    {
        self.need(field);
        self.parsed(field)
    }

    /// An instant, or the start of a day.
    pub fn instant(&self, field: &str) -> Option<Instant> {
        let text = self.maybe(field)?;
        if let Ok(day) = Date::from_str(&text) {
            return Some(self.zone.start_of_day(day));
        }
        match text.parse() {
            Ok(instant) => Some(instant),
            Err(_) => {
                self.problem(field, format!("`{text}` is neither a day nor an instant"));
                None
            }
        }
    }

    pub fn at(&self, field: &str) -> Instant {
        self.need(field);
        self.instant(field).unwrap_or(Instant::MIN)
    }

    pub fn effective(&self) -> Interval {
        let start = self.instant("from").unwrap_or(Instant::MIN);
        match Interval::new(start, self.instant("until")) {
            Ok(interval) => interval,
            Err(error) => {
                self.problem("until", error.to_string());
                Interval::since(start)
            }
        }
    }

    pub fn recorded(&self, start: Instant) -> Recorded {
        Recorded {
            at: self.instant("recorded").unwrap_or(start),
            source: self.maybe("recorded-by").unwrap_or_else(|| "row".to_owned()),
            withdrawn: self.flag("withdrawn", false),
        }
    }

    pub fn flag(&self, field: &str, default: bool) -> bool {
        match self.maybe(field).as_deref() {
            None => default,
            Some("true") => true,
            Some("false") => false,
            Some(other) => {
                self.problem(field, format!("`{other}` is neither `true` nor `false`"));
                default
            }
        }
    }

    /// `USD 895`.
    pub fn amount(&self, field: &str) -> Option<Amount> {
        let text = self.maybe(field)?;
        let parts = text.split_once(' ').and_then(|(currency, value)| {
            let value: String = value.trim().chars().filter(|letter| *letter != '_').collect();
            Some(Amount { value: Decimal::from_str(&value).ok()?, currency: Currency::from_str(currency).ok()? })
        });
        if parts.is_none() {
            self.problem(field, format!("`{text}` is not an amount such as `USD 895`"));
        }
        parts
    }

    pub fn choice<T: Copy>(&self, field: &str, choices: &[(&str, T)], default: T) -> T {
        let Some(word) = self.maybe(field) else { return default };
        match choices.iter().find(|(name, _)| *name == word) {
            Some((_, value)) => *value,
            None => {
                let suggestion = nearest(&word, choices.iter().map(|(name, _)| *name));
                let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
                let message = format!("`{word}` is none of {}", names.join(", "));
                self.problems.borrow_mut().push(RowProblem { suggestion, ..RowProblem::new(field, message) });
                default
            }
        }
    }

    /// Fields beyond those of the kind.
    pub fn further(&self, known: &[&'static str]) -> BTreeMap<String, String> {
        let own = |name: &&String| !known.contains(&name.as_str()) && !RECORDED_FIELDS.contains(&name.as_str());
        let names: Vec<&String> = self.row.fields.keys().filter(own).collect();
        names.into_iter().filter_map(|name| Some((name.clone(), self.maybe(name)?))).collect()
    }
}
