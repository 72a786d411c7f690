//! Tests of counted things: `with: {seats: {at-least: 11 seats, at-most: 300 seats, in-any: workload}}`, or a list of such
//! tests of one measure.

use crate::catalog::Derived;
use crate::facts::Flow;
use crate::model::Range;
use crate::model::metric::{Part, Period, Spread, Test};
use crate::model::value::Value;
use crate::parse::cursor::{Cursor, Fields};
use crate::parse::names::Names;
use crate::parse::quantity::{BOUND_WORDS, months, range};
use crate::parse::value::value;
use crate::quantity::Unit;

pub(super) fn tests(cursor: &Cursor<'_>, names: &Names<'_>) -> Vec<Test> {
    let Some(fields) = cursor.fields() else { return Vec::new() };
    // Several tests of one measure, as of two months, stand in a list.
    let each = |(measure, entry): &(&str, Cursor<'_>)| -> Vec<Test> {
        entry.items().iter().filter_map(|entry| test(measure, entry, names)).collect()
    };
    fields.named(&[]).iter().flat_map(each).collect()
}

fn test(measure: &str, cursor: &Cursor<'_>, names: &Names<'_>) -> Option<Test> {
    let Some(known) = names.catalog.measures.get(measure) else {
        cursor.unknown("measure", measure, names.catalog.measures.keys().map(String::as_str));
        return None;
    };
    let unit = names.unit_of(cursor, measure)?;
    let fields = cursor.fields()?;
    let spread = spread(&fields);
    let period = period(&fields);
    let adds_up = matches!(period, Some(Period::InLast(_)));
    if adds_up && (known.flow == Flow::Level || matches!(known.derived, Some(Derived::Share { .. }))) {
        cursor.problem(format!("`{measure}` is a level: it is not added over months"));
    }
    let stated = range(&fields, &unit);
    let range = match stated {
        Some(range) if range.lower.is_some() || range.upper.is_some() => {
            Value::plain(cursor.rule(), fields.at.source.clone(), range)
        }
        _ if BOUND_WORDS.iter().any(|word| fields.has(word)) => {
            fields.done();
            return None;
        }
        _ => value(&fields.need("bound")?, &|cursor| {
            let fields = cursor.fields()?;
            let found = range_of(&fields, &unit);
            fields.done();
            found
        })?,
    };
    fields.done();
    Some(Test {
        rule: cursor.rule(),
        measure: measure.to_owned(),
        range,
        spread: spread.unwrap_or(Spread::InTotal),
        period: period.unwrap_or(Period::Own),
    })
}

fn range_of(fields: &Fields<'_>, unit: &Unit) -> Option<Range> {
    range(fields, unit).filter(|range| range.lower.is_some() || range.upper.is_some())
}

fn spread(fields: &Fields<'_>) -> Option<Spread> {
    let parts = [("workload", Part::Workload), ("subscription", Part::Subscription), ("customer", Part::Customer)];
    let part = |cursor: Cursor<'_>| cursor.choice("part", &parts);
    let any = fields.get("in-any").and_then(part).map(Spread::InAny);
    let each = fields.get("in-each").and_then(part).map(Spread::InEach);
    any.or(each).or(fields.get("in-total").map(|_| Spread::InTotal))
}

fn period(fields: &Fields<'_>) -> Option<Period> {
    let count = |cursor: Cursor<'_>| months(&cursor);
    let last = fields.get("in-last").and_then(count).map(Period::InLast);
    let any = fields.get("in-any-of-last").and_then(count).map(Period::InAnyOfLast);
    let every = fields.get("in-every-of-last").and_then(count).map(Period::InEveryOfLast);
    let years = [("same-month-last-year", Period::SameMonthLastYear)];
    let month = fields.get("in-month").and_then(|cursor| cursor.choice("month", &years));
    let stated: Vec<Period> = [last, any, every, month].into_iter().flatten().collect();
    if stated.len() > 1 {
        fields.at.problem("a test looks at one time, not several");
    }
    stated.into_iter().next()
}
