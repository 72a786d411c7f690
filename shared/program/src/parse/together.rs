//! Values in several places of one rule, each with its own days and cases, as one value of the whole rule.

use std::collections::{BTreeMap, BTreeSet};

use values::Date;

use super::cursor::Cursor;
use crate::model::value::{Form, Value};

/// The most cases of one rule whose cells are split.
const MAX_CASES: usize = 1000;

/// Puts cells together anew for each of their days and cases. Where a cell has no value there is no whole.
pub(crate) fn together<C, T>(
    cursor: &Cursor<'_>,
    cells: &[Value<C>],
    whole: &dyn Fn(&[&C]) -> Option<T>,
) -> Option<Value<T>> {
    let mut splits: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (by, cases) in cells.iter().flat_map(Value::splits) {
        splits.entry(by).or_default().extend(cases);
    }
    let size = splits.values().fold(1_usize, |size, cases| size.saturating_mul(cases.len() + 1));
    if size > MAX_CASES {
        cursor.problem(format!("its cells are split into {size} cases together: at most {MAX_CASES}"));
        return None;
    }
    let days: BTreeSet<Date> = cells.iter().flat_map(Value::days).collect();
    let splits: Vec<(&str, BTreeSet<&str>)> = splits.into_iter().collect();
    let found = Cells { cursor, cells, days, whole }.by_case(&splits, &mut BTreeMap::new())?;
    let announced = cells.iter().flat_map(|cell| cell.announced.clone()).collect();
    Some(Value { announced, ..found })
}

/// What is put together.
struct Cells<'c, C, T> {
    cursor: &'c Cursor<'c>,
    cells: &'c [Value<C>],
    days: BTreeSet<Date>,
    whole: &'c dyn Fn(&[&C]) -> Option<T>,
}

impl<'c, C, T> Cells<'c, C, T> {
    /// The whole in the chosen cases and each case of the splits that are left. A field whose case none of the cells names
    /// is chosen as none.
    fn by_case(
        &self,
        splits: &[(&'c str, BTreeSet<&'c str>)],
        chosen: &mut BTreeMap<&'c str, Option<&'c str>>,
    ) -> Option<Value<T>> {
        let Some(((by, named), rest)) = splits.split_first() else { return self.by_day(chosen) };
        let mut cases = BTreeMap::new();
        for case in named {
            chosen.insert(by, Some(case));
            cases.insert((*case).to_owned(), self.by_case(rest, chosen)?);
        }
        chosen.insert(by, None);
        let otherwise = self.by_case(rest, chosen)?;
        chosen.remove(by);
        // Cells that all name their cases leave nothing to any other case.
        let otherwise = (!otherwise.all().is_empty()).then(|| Box::new(otherwise));
        Some(self.value(Form::Split { by: (*by).to_owned(), cases, otherwise }))
    }

    fn by_day(&self, chosen: &BTreeMap<&str, Option<&str>>) -> Option<Value<T>> {
        let field = |by: &str| chosen.get(by).copied().flatten().map(str::to_owned);
        let on = |day: Date| -> Option<Vec<&C>> {
            self.cells.iter().map(|cell| cell.find(day, &field).map(|found| found.value)).collect()
        };
        // Without days every day is as any other.
        if self.days.is_empty() {
            return match on(Date::new(2000, 1, 1).ok()?) {
                Some(found) => Some(self.value(Form::Is((self.whole)(&found)?))),
                None => Some(self.value(Form::Dated(Vec::new()))),
            };
        }
        let mut entries = Vec::new();
        for day in &self.days {
            let whole = match on(*day) {
                Some(found) => Some(self.value(Form::Is((self.whole)(&found)?))),
                None => None,
            };
            entries.push((*day, whole));
        }
        Some(self.value(Form::Dated(entries)))
    }

    fn value(&self, form: Form<T>) -> Value<T> {
        Value { rule: self.cursor.rule(), source: self.cursor.source.clone(), form, announced: Vec::new() }
    }
}
