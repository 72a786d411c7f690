//! What a lever pays on.

use values::Ratio;

use super::cursor::Cursor;
use super::metric::filters;
use super::names::Names;
use super::quantity::{quantity_in, range};
use super::value::value;
use crate::facts::Flow;
use crate::model::{Basis, Growth, HighWater, LinePer, MonthValue, Range, Stream, Target, Value};
use crate::quantity::{Quantity, Unit};

/// Reads `basis`.
pub(crate) fn basis(cursor: &Cursor<'_>, names: &Names<'_>) -> Option<Basis> {
    let fields = cursor.fields()?;
    let measure = fields.need("sum").and_then(|cursor| names.measure(&cursor));
    let filters = fields.get("where").map(|cursor| filters(&cursor, names)).unwrap_or_default();
    let streams = [("usage", Stream::Usage), ("transactions", Stream::Transactions)];
    let stated = fields.get("from").and_then(|cursor| cursor.choice("stream", &streams));
    let per = fields.need("per").and_then(|cursor| per(&cursor));
    let with = fields.get("with");
    let values = [("last", MonthValue::Last), ("highest", MonthValue::Highest), ("average", MonthValue::Average)];
    let month_value = fields.get("month-value").and_then(|cursor| cursor.choice("measurement", &values));
    let change = fields.get("change");
    let mark = fields.get("above-high-water-mark");
    fields.done();
    let (measure, per) = (measure?, per?);
    let stream = names.stream_of(&measure);
    if stated.is_some_and(|stated| stated != stream) {
        cursor.problem(format!("`{measure}` is not a measure of the stated stream"));
    }
    if stream == Stream::Usage && per == LinePer::Transaction {
        cursor.problem("usage has no transactions to make lines of");
    }
    check_level(cursor, names, &measure, stream, month_value, mark.is_some());
    let measured = names.unit_of(cursor, &measure)?;
    let growth = match change {
        Some(cursor) => Some(growth(&cursor, &measured)?),
        None => None,
    };
    let percent = growth.as_ref().is_some_and(|growth| growth.percent);
    if growth.is_some() && mark.is_some() {
        cursor.problem("a line pays growth or what is above a high-water mark, not both");
    }
    if (growth.is_some() || mark.is_some()) && per == LinePer::Transaction {
        cursor.problem("a transaction has no month to be compared: make lines per subscription, customer or partner");
    }
    let range = match with {
        Some(cursor) => Some(with_range(&cursor, &measure, &measured)?),
        None => None,
    };
    let high_water = match mark {
        Some(cursor) => Some(high_water(&cursor)?),
        None => None,
    };
    let unit = if percent { Unit::Percent } else { measured.clone() };
    Some(Basis { measure, unit, measured, stream, filters, range, per, month_value, growth, high_water })
}

/// A level is a state: a document says which measurement stands for the month, and nothing adds them.
fn check_level(
    cursor: &Cursor<'_>,
    names: &Names<'_>,
    measure: &str,
    stream: Stream,
    month_value: Option<MonthValue>,
    mark: bool,
) {
    let level = stream == Stream::Usage
        && names.catalog.measures.get(measure).is_some_and(|measure| measure.flow == Flow::Level);
    match (level, month_value) {
        (true, None) => cursor.problem(format!(
            "`{measure}` is a level: it is not added over a month; say which `month-value` counts, `last`, `highest` \
             or `average`"
        )),
        (false, Some(_)) => cursor.problem(format!("`{measure}` adds up: only a level has a `month-value`")),
        _ => {}
    }
    if mark && !level {
        cursor.problem(format!("a high-water mark is of a level, and `{measure}` adds up"));
    }
}

/// `with: {deal-value: {above: USD 25_000}}`: which lines earn, by what they come to.
fn with_range(cursor: &Cursor<'_>, measure: &str, unit: &Unit) -> Option<Value<Range>> {
    let fields = cursor.fields()?;
    let named = fields.named(&[]);
    let [(name, entry)] = named.as_slice() else {
        cursor.problem("a line is tested by its basis: one measure is expected");
        return None;
    };
    if *name != measure {
        entry.problem(format!("a line is tested by its basis, which is `{measure}`"));
    }
    value(entry, &|cursor| {
        let fields = cursor.fields()?;
        let found = range(&fields, unit);
        fields.done();
        found
    })
}

fn growth(cursor: &Cursor<'_>, unit: &Unit) -> Option<Growth> {
    let fields = cursor.fields()?;
    fields.need("since").and_then(|cursor| cursor.choice("base", &[("same-month-last-year", ())]));
    let starts = [("association", true)];
    let not_before = fields.get("not-before").and_then(|cursor| cursor.choice("start", &starts));
    let forms = [("amount", false), ("percent", true)];
    let percent = fields.get("as").and_then(|cursor| cursor.choice("form", &forms));
    let below = [("becomes-zero", true), ("stays-negative", false)];
    let below = fields.need("below-zero").and_then(|cursor| cursor.choice("rule", &below));
    let least = |key: &'static str| -> Option<Value<Quantity>> {
        fields.get(key).and_then(|cursor| value(&cursor, &|cursor| quantity_in(cursor, unit)))
    };
    let (base_least, now_least) = (least("base-at-least"), least("now-at-least"));
    let targets = fields.get("targets").map(|cursor| targets(&cursor, unit));
    let source = fields.at.source.clone();
    fields.done();
    Some(Growth {
        rule: cursor.rule(),
        source,
        not_before_association: not_before.unwrap_or(false),
        below_zero_becomes_zero: below?,
        percent: percent.unwrap_or(false),
        base_least,
        now_least,
        targets: targets.unwrap_or_default(),
    })
}

/// `[{at-most: USD 50_000, growth-at-least: 35 %}, {above: USD 50_000, growth-at-least: 25 %}]`.
fn targets(cursor: &Cursor<'_>, unit: &Unit) -> Vec<Target> {
    let mut found: Vec<Target> = Vec::new();
    for item in cursor.items() {
        let Some(fields) = item.fields() else { continue };
        let base = range(&fields, unit);
        let least = fields.need("growth-at-least").and_then(|cursor| quantity_in(&cursor, &Unit::Percent));
        fields.done();
        let (Some(base), Some(least)) = (base, least) else { continue };
        let at = |bound: &Option<crate::model::Bound>| bound.as_ref().map(|bound| bound.quantity().value.clone());
        let before = found.last().and_then(|last| at(&last.base.upper));
        if let (Some(before), Some(begin)) = (before, at(&base.lower))
            && before != begin
        {
            item.problem("bands of the base leave a gap or overlap");
        }
        found.push(Target { rule: item.rule(), base, least: least.value });
    }
    let zero = Ratio::from_integer(0.into());
    let open = found.last().is_none_or(|last| last.base.upper.is_none());
    let begins = found.first().and_then(|first| first.base.lower.as_ref());
    if !open || begins.is_some_and(|bound| bound.quantity().value > zero) {
        cursor.problem("bands of the base leave a gap: they begin at nothing and the last is open");
    }
    found
}

fn high_water(cursor: &Cursor<'_>) -> Option<HighWater> {
    let fields = cursor.fields()?;
    let starts = [("association", true), ("nothing", false)];
    let begins = fields.need("begins-at").and_then(|cursor| cursor.choice("start", &starts));
    let source = fields.at.source.clone();
    fields.done();
    Some(HighWater { rule: cursor.rule_on_any_day(), source, begins_at_association: begins? })
}

fn per(cursor: &Cursor<'_>) -> Option<LinePer> {
    let mut words = cursor.words();
    words.retain(|word| word != "month");
    words.sort();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["subscription"] => Some(LinePer::Subscription),
        ["subscription", "workload"] => Some(LinePer::SubscriptionWorkload),
        ["transaction"] | ["subscription", "transaction"] | ["deal", "transaction"] => Some(LinePer::Transaction),
        ["customer"] => Some(LinePer::Customer),
        ["customer", "workload"] => Some(LinePer::CustomerWorkload),
        ["partner"] => Some(LinePer::Partner),
        _ => {
            cursor.problem(
                "lines are made per `transaction`, or per month and `subscription`, `[subscription, workload]`, \
                 `customer`, `[customer, workload]` or `partner`",
            );
            None
        }
    }
}
