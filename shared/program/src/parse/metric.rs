//! Metrics.

mod change;
mod fold;
mod having;
mod window;

use super::cursor::{Cursor, Fields};
use super::names::Names;
use crate::facts::Flow;
use crate::model::metric::{
    Change, Counted, Filter, Fold, Holding, Metric, Population, RecognizedBy, Stream, Window, Words,
};
use crate::quantity::Unit;
use crate::recognition::Grant;

/// Fields of rows that documents may filter and split by.
pub(crate) const ROW_FIELDS: [&str; 22] = [
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
    "customer-market",
    "customer-segment",
    "solution",
    "path",
    "competency",
    "licensing",
    "product-maturity",
    "role",
    "billing",
    "channel",
    "edition",
    "sale",
];

/// The keys by which a metric is narrowed where it is used.
const NARROWING: [&str; 8] = ["where", "with", "recognized-by", "among", "change", "in-month", "window", "within"];

/// Reads a metric from the keys of `fields`, which may hold other keys too.
pub(crate) fn metric(fields: &Fields<'_>, name: &str, names: &Names<'_>) -> Option<Metric> {
    let found = read(fields, name, names);
    if found.is_none() {
        ask(fields);
    }
    found
}

/// Knows the keys of a metric that is wrong: what stands beside its mistake is none.
fn ask(fields: &Fields<'_>) {
    for key in NARROWING.into_iter().chain(["from", "holding", "taken-back-by", "not-if-already", "unit"]) {
        fields.get(key);
    }
}

fn read(fields: &Fields<'_>, name: &str, names: &Names<'_>) -> Option<Metric> {
    if let Some(base) = fields.get("same-as") {
        let known = named(&base, names)?;
        let title = if fields.title().is_empty() { known.title.clone() } else { fields.title() };
        let mut metric = Metric { name: name.to_owned(), rule: fields.at.rule(), title, ..known };
        narrow(&mut metric, fields, names);
        return Some(metric);
    }
    let fold = fold::fold(fields, names)?;
    let (unit, stream) = fold::unit_and_stream(fields, &fold, names)?;
    let holding = fields.get("holding").map(|cursor| holding(&cursor, names));
    if matches!(fold, Fold::Count(Counted::People)) && holding.is_none() {
        fields.at.problem("people are counted by what they hold: `holding` is missing");
    }
    let recognized_by = match stream {
        Stream::People | Stream::Figures => RecognizedBy::Granting(Grant::Competency),
        Stream::Usage | Stream::Transactions => RecognizedBy::Open,
    };
    let taken_back = fields.get("taken-back-by");
    for item in taken_back.iter().flat_map(Cursor::items) {
        names.word_of(&item, "transaction", item.word().unwrap_or_default());
    }
    let taken_back_by = taken_back.map(|cursor| cursor.words()).unwrap_or_default();
    if !taken_back_by.is_empty() && stream != Stream::Transactions {
        fields.at.problem("only transactions are taken back");
    }
    let mut metric = Metric {
        name: name.to_owned(),
        rule: fields.at.rule(),
        title: fields.title(),
        source: fields.at.source.clone(),
        fold,
        folded_in: unit.clone(),
        unit,
        stream,
        filters: Vec::new(),
        recognized_by,
        among: None,
        tests: Vec::new(),
        window: Window::CurrentMonth,
        months_back: 0,
        change: Change::None,
        not_if_already: false,
        holding,
        taken_back_by,
    };
    narrow(&mut metric, fields, names);
    Some(metric)
}

/// A metric by its name under `metrics`, or written out among the keys of this map.
pub(crate) fn metric_here(fields: &Fields<'_>, names: &Names<'_>) -> Option<Metric> {
    let Some(word) = fields.get("metric") else {
        let name = fields.at.path.rsplit(['.', '/']).next().unwrap_or_default().to_owned();
        return metric(fields, &name, names);
    };
    let known = named(&word, names);
    if known.is_none() {
        ask(fields);
    }
    Some(narrowed(known?, fields, names))
}

/// A known metric as the keys of this map narrow it; they give it a rule of its own.
pub(crate) fn narrowed(mut metric: Metric, fields: &Fields<'_>, names: &Names<'_>) -> Metric {
    if NARROWING.iter().any(|key| fields.has(key)) {
        metric.rule = fields.at.rule();
        narrow(&mut metric, fields, names);
    }
    metric
}

/// The metric of this name: the document's own, or `vendor/document/name` of one that it uses.
pub(crate) fn named(cursor: &Cursor<'_>, names: &Names<'_>) -> Option<Metric> {
    let name = cursor.text()?;
    let found = names.metrics.get(name).cloned();
    if found.is_none() {
        cursor.unknown("metric", name, names.metrics.keys().map(String::as_str));
    }
    found
}

/// Adds what the keys say: `where` and `with` to what is there, the others in its place.
fn narrow(metric: &mut Metric, fields: &Fields<'_>, names: &Names<'_>) {
    if let Some(cursor) = fields.get("where") {
        metric.filters.extend(filters(&cursor, names));
    }
    if let Some(cursor) = fields.get("recognized-by") {
        metric.recognized_by = recognized_by(&cursor, names).unwrap_or(RecognizedBy::Anyone);
    }
    if let Some(cursor) = fields.get("among") {
        metric.among = names.population(&cursor);
    }
    if let Some(cursor) = fields.get("with") {
        metric.tests.extend(having::tests(&cursor, names));
    }
    if let Some(cursor) = fields.get("window") {
        metric.window = window::window(&cursor).unwrap_or(Window::CurrentMonth);
    }
    if let Some(cursor) = fields.get("within") {
        metric.filters.extend(within(&cursor));
    }
    if let Some(cursor) = fields.get("in-month") {
        metric.months_back = cursor.choice("month", &[("same-month-last-year", 12), ("last-month", 1)]).unwrap_or(0);
    }
    if let Some(cursor) = fields.get("not-if-already") {
        metric.not_if_already = cursor.choice("moment", &[("association", true)]).unwrap_or(false);
    }
    if let Some(cursor) = fields.get("change") {
        metric.change = change::change(&cursor, metric).unwrap_or(Change::None);
        metric.unit = match &metric.change {
            Change::Since(since) if since.percent => Unit::Percent,
            _ => metric.folded_in.clone(),
        };
    }
    if metric.window != Window::CurrentMonth
        && let Fold::Sum(measure) = &metric.fold
        && names.catalog.measures.get(measure).is_some_and(|measure| measure.flow == Flow::Level)
    {
        fields.at.problem(format!("`{measure}` is a level: it is not added over months"));
    }
}

/// A metric that stands where it is counted: whose rows count must be said by now.
pub(crate) fn settled(metric: Metric, at: &Cursor<'_>) -> Metric {
    if metric.family().iter().any(|part| part.recognized_by == RecognizedBy::Open) {
        at.problem(format!("`recognized-by` is missing: whose rows does `{}` count?", metric.name));
    }
    metric
}

/// `within: this-path`: only rows whose field of that name is the division that is judged. The value
/// is filled in where the division is known.
fn within(cursor: &Cursor<'_>) -> Option<Filter> {
    let words = [
        ("this-path", "path"),
        ("this-area", "area"),
        ("this-competency", "competency"),
        ("this-solution", "solution"),
    ];
    let field = cursor.choice("division", &words)?;
    Some(Filter { field: field.to_owned(), any_of: Some(this_division(cursor)), none_of: None })
}

/// Stands for the name of the judged division until it is known.
pub(crate) const THIS_DIVISION: &str = "this-division";

fn this_division(cursor: &Cursor<'_>) -> Words {
    Words::plain(cursor.rule(), None, vec![THIS_DIVISION.to_owned()])
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
    let members = |cursor: &Cursor<'_>| names.each(cursor, |item, word| names.members(item, field, word));
    if !cursor.is_map() {
        return Some(Filter { field: field.to_owned(), any_of: Some(members(cursor)), none_of: None });
    }
    let fields = cursor.fields()?;
    let any_of = fields.get("any-of").map(|cursor| members(&cursor));
    let none_of = fields.get("none-of").map(|cursor| members(&cursor));
    if any_of.is_none() && none_of.is_none() {
        cursor.problem("`any-of` or `none-of` is missing");
    }
    fields.done();
    Some(Filter { field: field.to_owned(), any_of, none_of })
}

/// One certification, a list of which any will do, or `{all: [..]}`.
pub(crate) fn holding(cursor: &Cursor<'_>, names: &Names<'_>) -> Holding {
    let find = |item: &Cursor<'_>, word: &str| names.certifications(item, word);
    if !cursor.is_map() {
        return Holding { groups: vec![names.each(cursor, find)] };
    }
    let Some(fields) = cursor.fields() else { return Holding { groups: Vec::new() } };
    let all = fields.need("all");
    fields.done();
    let groups = all.map(|all| all.items().iter().map(|item| names.each(item, find)).collect());
    Holding { groups: groups.unwrap_or_default() }
}

/// Whose rows count: `{granting: competency}`, `{first-present: [..]}`, a kind, a list of kinds,
/// `the-transacting-partner`, or `anyone`.
pub(crate) fn recognized_by(cursor: &Cursor<'_>, names: &Names<'_>) -> Option<RecognizedBy> {
    if cursor.is_map() {
        let fields = cursor.fields()?;
        if let Some(first) = fields.get("first-present") {
            fields.done();
            return Some(RecognizedBy::FirstPresent(names.kinds(&first)));
        }
        let grants: Vec<(&str, Grant)> = Grant::ALL.iter().map(|(grant, name)| (*name, *grant)).collect();
        let grant = fields.need("granting").and_then(|cursor| cursor.choice("grant", &grants));
        fields.done();
        let grant = grant?;
        if names.policy.kinds_granting(grant).next().is_none() && !names.policy.kinds.is_empty() {
            cursor.problem(format!("no kind of {} grants `{}`", names.policy.id, grant.name()));
        }
        return Some(RecognizedBy::Granting(grant));
    }
    match cursor.word() {
        Some("the-transacting-partner") => Some(RecognizedBy::Transacting),
        Some("anyone") => Some(RecognizedBy::Anyone),
        _ => Some(RecognizedBy::Kinds(names.kinds(cursor))),
    }
}

/// `{where: .., with: ..}`: what customers are, on all their rows.
pub(crate) fn population(cursor: &Cursor<'_>, name: &str, names: &Names<'_>) -> Option<Population> {
    let fields = cursor.fields()?;
    let mut metric = Metric {
        name: name.to_owned(),
        rule: cursor.rule(),
        title: fields.title(),
        source: fields.at.source.clone(),
        fold: Fold::Count(Counted::Customers),
        unit: Unit::thing("customers"),
        folded_in: Unit::thing("customers"),
        stream: Stream::Usage,
        filters: Vec::new(),
        recognized_by: RecognizedBy::Anyone,
        among: None,
        tests: Vec::new(),
        window: Window::CurrentMonth,
        months_back: 0,
        change: Change::None,
        not_if_already: false,
        holding: None,
        taken_back_by: Vec::new(),
    };
    if let Some(cursor) = fields.get("where") {
        metric.filters = filters(&cursor, names);
    }
    metric.tests = fields.need("with").map(|cursor| having::tests(&cursor, names)).unwrap_or_default();
    fields.done();
    Some(Population { name: name.to_owned(), metric })
}
