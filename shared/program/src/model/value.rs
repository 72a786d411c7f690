//! Values that change by date, by the case of a field, or both, in any nesting.

use std::collections::BTreeMap;

use values::Date;

/// A value as a document says it.
#[derive(Clone, Debug)]
pub struct Value<T> {
    /// The rule id of the place.
    pub rule: String,
    /// Where it comes from.
    pub source: Option<String>,
    /// Plain, dated or split.
    pub form: Form<T>,
    /// What was announced and has no effect yet.
    pub announced: Vec<Announced>,
}

/// The form of a value.
#[derive(Clone, Debug)]
pub enum Form<T> {
    /// The same on every day.
    Is(T),
    /// From each day on, until the next; none ends it. Ordered by day.
    Dated(Vec<(Date, Option<Value<T>>)>),
    /// By the case of a field.
    Split {
        /// The field.
        by: String,
        /// Its cases.
        cases: BTreeMap<String, Value<T>>,
        /// Any other case.
        otherwise: Option<Box<Value<T>>>,
    },
}

/// A change that was announced: visible, and without effect until it has a date of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced {
    /// What is announced, as written.
    pub is: String,
    /// When it was said, as written: a date, a month, or empty.
    pub said: String,
    /// From when on it shall hold, as written: a date or words.
    pub from: String,
}

/// The value that rules on a day, with where it was found.
#[derive(Debug)]
pub struct Found<'a, T> {
    /// The value.
    pub value: &'a T,
    /// The rule id of its place.
    pub rule: &'a str,
    /// Where it comes from.
    pub source: Option<&'a str>,
    /// From which day on it rules, where it is dated.
    pub since: Option<Date>,
}

// By hand, because deriving would ask the value itself to be `Copy`.
impl<T> Clone for Found<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Found<'_, T> {}

impl<T> Value<T> {
    /// The same on every day.
    pub fn plain(rule: impl Into<String>, source: Option<String>, value: T) -> Value<T> {
        Value { rule: rule.into(), source, form: Form::Is(value), announced: Vec::new() }
    }

    /// The value on `day` for a row whose fields `field` reads; none where the document has none.
    pub fn find(&self, day: Date, field: &dyn Fn(&str) -> Option<String>) -> Option<Found<'_, T>> {
        self.search(day, field, None)
    }

    /// As [`Value::find`] for a value that is not split by a field.
    pub fn on(&self, day: Date) -> Option<Found<'_, T>> {
        self.find(day, &|_| None)
    }

    fn search(&self, day: Date, field: &dyn Fn(&str) -> Option<String>, since: Option<Date>) -> Option<Found<'_, T>> {
        match &self.form {
            Form::Is(value) => Some(Found { value, rule: &self.rule, source: self.source.as_deref(), since }),
            Form::Dated(entries) => {
                let (from, value) = entries.iter().rev().find(|(from, _)| *from <= day)?;
                value.as_ref()?.search(day, field, Some(*from))
            }
            Form::Split { by, cases, otherwise } => {
                let case = field(by).and_then(|case| cases.get(&case));
                case.or(otherwise.as_deref())?.search(day, field, since)
            }
        }
    }

    /// Every plain value in it, whatever its date or case.
    pub fn all(&self) -> Vec<&T> {
        match &self.form {
            Form::Is(value) => vec![value],
            Form::Dated(entries) => {
                entries.iter().filter_map(|(_, value)| value.as_ref()).flat_map(Value::all).collect()
            }
            Form::Split { cases, otherwise, .. } => {
                cases.values().chain(otherwise.as_deref()).flat_map(Value::all).collect()
            }
        }
    }

    /// The rule ids of every plain value in it.
    pub fn rules(&self) -> Vec<&str> {
        match &self.form {
            Form::Is(_) => vec![&self.rule],
            Form::Dated(entries) => {
                entries.iter().filter_map(|(_, value)| value.as_ref()).flat_map(Value::rules).collect()
            }
            Form::Split { cases, otherwise, .. } => {
                cases.values().chain(otherwise.as_deref()).flat_map(Value::rules).collect()
            }
        }
    }

    /// The days on which it may change, in order.
    pub fn days(&self) -> Vec<Date> {
        let mut days = match &self.form {
            Form::Is(_) => Vec::new(),
            Form::Dated(entries) => entries
                .iter()
                .flat_map(|(from, value)| std::iter::once(*from).chain(value.iter().flat_map(Value::days)))
                .collect(),
            Form::Split { cases, otherwise, .. } => {
                cases.values().chain(otherwise.as_deref()).flat_map(Value::days).collect()
            }
        };
        days.sort();
        days.dedup();
        days
    }

    /// The fields it is split by, each with the cases that are named.
    pub fn splits(&self) -> Vec<(&str, Vec<&str>)> {
        match &self.form {
            Form::Is(_) => Vec::new(),
            Form::Dated(entries) => {
                entries.iter().filter_map(|(_, value)| value.as_ref()).flat_map(Value::splits).collect()
            }
            Form::Split { by, cases, otherwise } => {
                let own = (by.as_str(), cases.keys().map(String::as_str).collect());
                std::iter::once(own).chain(cases.values().chain(otherwise.as_deref()).flat_map(Value::splits)).collect()
            }
        }
    }

    /// The fields it is split by.
    pub fn split_by(&self) -> Vec<&str> {
        match &self.form {
            Form::Is(_) => Vec::new(),
            Form::Dated(entries) => {
                entries.iter().filter_map(|(_, value)| value.as_ref()).flat_map(Value::split_by).collect()
            }
            Form::Split { by, cases, otherwise } => std::iter::once(by.as_str())
                .chain(cases.values().chain(otherwise.as_deref()).flat_map(Value::split_by))
                .collect(),
        }
    }
}

impl<T> Value<T> {
    /// The same with something made of each plain value.
    pub(crate) fn map<U>(self, make: &dyn Fn(T) -> U) -> Value<U> {
        let form = match self.form {
            Form::Is(value) => Form::Is(make(value)),
            Form::Dated(entries) => {
                let entries = entries.into_iter().map(|(from, value)| (from, value.map(|value| value.map(make))));
                Form::Dated(entries.collect())
            }
            Form::Split { by, cases, otherwise } => Form::Split {
                by,
                cases: cases.into_iter().map(|(case, value)| (case, value.map(make))).collect(),
                otherwise: otherwise.map(|value| Box::new(value.map(make))),
            },
        };
        Value { rule: self.rule, source: self.source, form, announced: self.announced }
    }
}

impl<T> Value<Value<T>> {
    /// One value of values in values: each place has the dates of both.
    pub(crate) fn flat(self) -> Value<T> {
        let form = match self.form {
            Form::Is(mut inner) => {
                inner.announced.extend(self.announced);
                return inner;
            }
            Form::Dated(entries) => {
                Form::Dated(entries.into_iter().map(|(from, value)| (from, value.map(Value::flat))).collect())
            }
            Form::Split { by, cases, otherwise } => Form::Split {
                by,
                cases: cases.into_iter().map(|(case, value)| (case, value.flat())).collect(),
                otherwise: otherwise.map(|value| Box::new(value.flat())),
            },
        };
        Value { rule: self.rule, source: self.source, form, announced: self.announced }
    }
}

impl Value<Vec<String>> {
    /// The words on `day`; none where the document has none.
    pub fn words(&self, day: Date) -> &[String] {
        self.on(day).map_or(&[], |found| found.value.as_slice())
    }

    /// Whether `word` is among them on `day`.
    pub fn has(&self, word: &str, day: Date) -> bool {
        self.words(day).iter().any(|known| known == word)
    }

    /// All words of several lists, day by day.
    pub fn joined(rule: String, source: Option<String>, lists: &[Value<Vec<String>>]) -> Value<Vec<String>> {
        let mut days: Vec<Date> = lists.iter().flat_map(Value::days).collect();
        days.sort();
        days.dedup();
        let on = |day: Date| {
            let mut words: Vec<String> = lists.iter().flat_map(|list| list.words(day).to_vec()).collect();
            words.sort();
            words.dedup();
            words
        };
        let Some(first) = days.first() else {
            let mut words: Vec<String> = lists.iter().flat_map(|list| list.all()).flatten().cloned().collect();
            words.sort();
            words.dedup();
            return Value::plain(rule, source, words);
        };
        let mut entries: Vec<(Date, Option<Value<Vec<String>>>)> = Vec::new();
        // Lists without dates hold before the first dated one too.
        let before = first.add_days(-1).map_or(Vec::new(), on);
        if let (false, Ok(beginning)) = (before.is_empty(), Date::new(1, 1, 1)) {
            entries.push((beginning, Some(Value::plain(rule.clone(), source.clone(), before))));
        }
        entries.extend(days.into_iter().map(|day| (day, Some(Value::plain(rule.clone(), source.clone(), on(day))))));
        Value { rule, source, form: Form::Dated(entries), announced: Vec::new() }
    }
}
