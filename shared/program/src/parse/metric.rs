//! Metrics.

use super::cursor::{Cursor, Fields};
use super::names::Names;
use super::quantity::{months, range};
use super::value::value;
use crate::facts::Flow;
use crate::model::metric::{
    Change, Counted, Filter, Fold, Holding, Metric, RecognizedBy, Spread, Stream, Test, Window,
};
use crate::quantity::Unit;
use crate::recognition::Grant;

/// Fields of rows that documents may filter and split by.
pub(crate) const ROW_FIELDS: [&str; 17] = [
    "workload",
    "meter",
    "product",
    "offer-type",
    "purchasing-motion",
    "agreement-type",
    "term",
    "transaction",
    "customer",
    "customer-country",
    "customer-segment",
    "solution",
    "path",
    "competency",
    "licensing",
    "customer-market",
    "product-maturity",
];

/// Reads a metric from the keys of `fields`, which may hold other keys too.
pub(crate) fn metric(fields: &Fields<'_>, name: &str, names: &Names<'_>) -> Option<Metric> {
    let fold = fold(fields, names)?;
    let (unit, stream) = unit_and_stream(fields, &fold, names)?;
    let filters = fields.get("where").map(|cursor| filters(&cursor, names)).unwrap_or_default();
    let holding = fields.get("holding").map(|cursor| holding(&cursor, names));
    if matches!(fold, Fold::Count(Counted::People)) && holding.is_none() {
        fields.at.problem("people are counted by what they hold: `holding` is missing");
    }
    let recognized_by = match fields.get("recognized-by") {
        Some(cursor) => recognized_by(&cursor, names)?,
        None if stream == Stream::People => RecognizedBy::Granting(Grant::Competency),
        None => {
            fields.at.problem("`recognized-by` is missing: whose rows count?");
            return None;
        }
    };
    let tests = fields.get("with").map(|cursor| tests(&cursor, names)).unwrap_or_default();
    let window = fields.get("window").and_then(|cursor| window(&cursor)).unwrap_or(Window::CurrentMonth);
    if window != Window::CurrentMonth
        && let Fold::Sum(measure) = &fold
        && names.catalog.measures.get(measure).is_some_and(|measure| measure.flow == Flow::Level)
    {
        fields.at.problem(format!("`{measure}` is a level: it is not added over months"));
    }
    Some(Metric {
        name: name.to_owned(),
        rule: fields.at.rule(),
        title: fields.title(),
        source: fields.at.source.clone(),
        fold,
        unit,
        stream,
        filters,
        recognized_by,
        tests,
        window,
        change: fields.get("change").map_or(Some(Change::None), |cursor| change(&cursor))?,
        holding,
    })
}

fn fold(fields: &Fields<'_>, names: &Names<'_>) -> Option<Fold> {
    match (fields.get("count"), fields.get("sum")) {
        (Some(count), None) => count.choice("thing to count", &Counted::ALL).map(Fold::Count),
        (None, Some(sum)) => names.measure(&sum).map(Fold::Sum),
        (Some(_), Some(_)) => {
            fields.at.problem("a metric either counts or sums");
            None
        }
        (None, None) => {
            fields.at.problem("a metric needs `count` or `sum`");
            None
        }
    }
}

fn unit_and_stream(fields: &Fields<'_>, fold: &Fold, names: &Names<'_>) -> Option<(Unit, Stream)> {
    let streams = [("usage", Stream::Usage), ("transactions", Stream::Transactions), ("people", Stream::People)];
    let stated = fields.get("from").and_then(|cursor| cursor.choice("stream", &streams));
    Some(match fold {
        Fold::Count(Counted::People) => (Unit::thing("people"), Stream::People),
        Fold::Count(Counted::Transactions) => (Unit::thing("transactions"), Stream::Transactions),
        Fold::Count(counted) => {
            let word = Counted::ALL.iter().find(|(_, thing)| thing == counted).map_or("things", |(word, _)| *word);
            (Unit::thing(word), stated.unwrap_or(Stream::Usage))
        }
        Fold::Sum(measure) => (names.unit_of(&fields.at, measure)?, names.stream_of(measure)),
    })
}

/// Filters of `where`.
pub(crate) fn filters(cursor: &Cursor<'_>, names: &Names<'_>) -> Vec<Filter> {
    let Some(fields) = cursor.fields() else { return Vec::new() };
    fields.named(&[]).into_iter().filter_map(|(field, entry)| filter(field, &entry, names)).collect()
}

fn filter(field: &str, cursor: &Cursor<'_>, names: &Names<'_>) -> Option<Filter> {
    if !ROW_FIELDS.contains(&field) {
        cursor.unknown("field", field, ROW_FIELDS);
        return None;
    }
    let members = |cursor: &Cursor<'_>| -> Vec<String> {
        let items = cursor.items();
        items
            .iter()
            .flat_map(|item| item.text().map(|word| names.members(item, field, word)).unwrap_or_default())
            .collect()
    };
    if !cursor.is_map() {
        return Some(Filter { field: field.to_owned(), any_of: members(cursor), none_of: Vec::new() });
    }
    let fields = cursor.fields()?;
    let any_of = fields.get("any-of").map(|cursor| members(&cursor)).unwrap_or_default();
    let none_of = fields.get("none-of").map(|cursor| members(&cursor)).unwrap_or_default();
    if any_of.is_empty() && none_of.is_empty() {
        cursor.problem("`any-of` or `none-of` is missing");
    }
    fields.done();
    Some(Filter { field: field.to_owned(), any_of, none_of })
}

fn holding(cursor: &Cursor<'_>, names: &Names<'_>) -> Holding {
    let items = cursor.items();
    let mut any_of: Vec<String> = items
        .iter()
        .flat_map(|item| item.text().map(|word| names.certifications(item, word)).unwrap_or_default())
        .collect();
    any_of.sort();
    any_of.dedup();
    Holding { any_of }
}

/// Whose rows count: `{granting: competency}`, a kind, a list of kinds, or `the-transacting-partner`.
fn recognized_by(cursor: &Cursor<'_>, names: &Names<'_>) -> Option<RecognizedBy> {
    if cursor.is_map() {
        let fields = cursor.fields()?;
        let grants: Vec<(&str, Grant)> = Grant::ALL.iter().map(|(grant, name)| (*name, *grant)).collect();
        let grant = fields.need("granting").and_then(|cursor| cursor.choice("grant", &grants));
        fields.done();
        let grant = grant?;
        if names.policy.kinds_granting(grant).next().is_none() {
            cursor.problem(format!("no kind of {} grants `{}`", names.policy.id, grant.name()));
        }
        return Some(RecognizedBy::Granting(grant));
    }
    if cursor.word() == Some("the-transacting-partner") {
        return Some(RecognizedBy::Transacting);
    }
    Some(RecognizedBy::Kinds(names.kinds(cursor)))
}

fn tests(cursor: &Cursor<'_>, names: &Names<'_>) -> Vec<Test> {
    let Some(fields) = cursor.fields() else { return Vec::new() };
    fields.named(&[]).into_iter().filter_map(|(measure, entry)| test(measure, &entry, names)).collect()
}

fn test(measure: &str, cursor: &Cursor<'_>, names: &Names<'_>) -> Option<Test> {
    let Some(known) = names.catalog.measures.get(measure) else {
        cursor.unknown("measure", measure, names.catalog.measures.keys().map(String::as_str));
        return None;
    };
    let unit = names.unit_of(cursor, measure)?;
    let fields = cursor.fields()?;
    let spreads = [("workload", Spread::InAnyWorkload)];
    let any = fields.get("in-any").and_then(|cursor| cursor.choice("part", &spreads));
    let total = fields.get("in-total").map(|_| Spread::InTotal);
    let last = fields.get("in-last").and_then(|cursor| months(&cursor));
    if last.is_some() && known.flow == Flow::Level {
        cursor.problem(format!("`{measure}` is a level: it is not added over months"));
    }
    let bounds = range(&fields, &unit);
    let range = match bounds {
        Some(range) if range.lower.is_some() || range.upper.is_some() => crate::model::Value {
            rule: cursor.rule(),
            source: fields.at.source.clone(),
            form: crate::model::value::Form::Is(range),
            announced: Vec::new(),
        },
        _ => {
            let dated = fields.need("bound")?;
            value(&dated, &|cursor| {
                let fields = cursor.fields()?;
                let found = range_of(&fields, &unit);
                fields.done();
                found
            })?
        }
    };
    fields.done();
    Some(Test {
        rule: cursor.rule(),
        measure: measure.to_owned(),
        range,
        spread: any.or(total).unwrap_or(Spread::InTotal),
        window: last.map(Window::LastMonths),
    })
}

fn range_of(fields: &Fields<'_>, unit: &Unit) -> Option<crate::model::Range> {
    range(fields, unit).filter(|range| range.lower.is_some() || range.upper.is_some())
}

fn window(cursor: &Cursor<'_>) -> Option<Window> {
    if !cursor.is_map() {
        return cursor
            .choice("window", &[("calendar-year", Window::CalendarYear), ("current-month", Window::CurrentMonth)]);
    }
    let fields = cursor.fields()?;
    let last = fields.need("last").and_then(|cursor| months(&cursor));
    fields.done();
    last.map(Window::LastMonths)
}

fn change(cursor: &Cursor<'_>) -> Option<Change> {
    let fields = cursor.fields()?;
    let years = [("same-month-last-year", Change::SinceSameMonthLastYear)];
    let since = fields.get("since").and_then(|cursor| cursor.choice("base", &years));
    let began = fields.get("began-in-last").and_then(|cursor| months(&cursor)).map(Change::BeganInLast);
    fields.done();
    let found = since.or(began);
    if found.is_none() {
        cursor.problem("a change needs `since: same-month-last-year` or `began-in-last: 12 months`");
    }
    found
}
