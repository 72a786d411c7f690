//! Comparisons of a metric with itself at another time.

use crate::model::metric::{Base, Change, Counted, Fold, Losses, Metric, Since};
use crate::parse::cursor::{Cursor, Fields};
use crate::parse::quantity::{date, months, quantity, quantity_in};
use crate::parse::value::value;
use crate::quantity::Unit;

pub(super) fn change(cursor: &Cursor<'_>, metric: &Metric) -> Option<Change> {
    let fields = cursor.fields()?;
    if let Some(began) = fields.get("began-in-last") {
        fields.done();
        return months(&began).map(Change::BeganInLast);
    }
    if fields.has("by") {
        let found = comings_and_goings(&fields, metric);
        fields.done();
        return found;
    }
    let Some(since) = fields.get("since") else {
        cursor.problem(
            "a change needs `since: same-month-last-year`, `began-in-last: 12 months` or `by: comings-and-goings`",
        );
        return None;
    };
    let base = base(&since)?;
    let percent = fields.get("as").and_then(|cursor| cursor.choice("form", &[("percent", true)])).unwrap_or(false);
    let minimum = |key: &'static str| {
        fields.get(key).and_then(|cursor| value(&cursor, &|cursor| quantity_in(cursor, &metric.folded_in)))
    };
    let base_at_least = minimum("base-at-least");
    let now_at_least = minimum("now-at-least");
    let not_before = fields.get("not-before").and_then(|cursor| cursor.choice("moment", &[("association", true)]));
    let losses = losses(&fields);
    let zero_base_full = fields.get("zero-base").and_then(|cursor| cursor.choice("rule", &[("full", true)]));
    fields.done();
    Some(Change::Since(Box::new(Since {
        base,
        percent,
        base_at_least,
        now_at_least,
        not_before_association: not_before.unwrap_or(false),
        losses,
        zero_base_full: zero_base_full.unwrap_or(false),
    })))
}

/// `{by: comings-and-goings, in-last: 12 months}`: what came less what went. Seen by the partner's own rows that is the
/// difference to the months before; seen by everybody's, a thing comes and goes once.
fn comings_and_goings(fields: &Fields<'_>, metric: &Metric) -> Option<Change> {
    fields.need("by").and_then(|cursor| cursor.choice("kind of change", &[("comings-and-goings", ())]));
    let months = fields.need("in-last").and_then(|cursor| months(&cursor));
    let seen = [("across-all-partners", true), ("for-the-partner", false)];
    let by_everybody = fields.get("seen").and_then(|cursor| cursor.choice("view", &seen)).unwrap_or(false);
    let losses = losses(fields);
    if losses == Losses::EachBecomesZero || matches!(metric.fold, Fold::Count(Counted::People)) || !metric.counts() {
        fields.at.problem("comings and goings are those of counted customers, subscriptions or workloads, added up");
        return None;
    }
    let months = months?;
    Some(match by_everybody {
        true => Change::ComingsAndGoings { months, losses },
        false => Change::Since(Box::new(Since {
            base: Base::MonthsBack(months),
            percent: false,
            base_at_least: None,
            now_at_least: None,
            not_before_association: false,
            losses,
            zero_base_full: false,
        })),
    })
}

fn losses(fields: &Fields<'_>) -> Losses {
    let rules = [
        ("counts", Losses::Count),
        ("becomes-zero", Losses::BecomesZero),
        ("each-becomes-zero", Losses::EachBecomesZero),
    ];
    fields.get("below-zero").and_then(|cursor| cursor.choice("rule", &rules)).unwrap_or(Losses::Count)
}

fn base(cursor: &Cursor<'_>) -> Option<Base> {
    if !cursor.is_map() {
        return cursor.choice(
            "base",
            &[
                ("same-month-last-year", Base::MonthsBack(12)),
                ("last-month", Base::MonthsBack(1)),
                ("last-quarter", Base::MonthsBack(3)),
            ],
        );
    }
    let fields = cursor.fields()?;
    let back = fields.get("back").and_then(|cursor| months(&cursor)).map(Base::MonthsBack);
    let day = fields.get("date").and_then(|cursor| date(&cursor)).map(Base::MonthOf);
    let average = fields.get("average-of-last").and_then(|cursor| average(&cursor));
    fields.done();
    let found = back.or(day).or(average);
    if found.is_none() {
        cursor.problem("a base is `same-month-last-year`, `{back: 3 months}`, `{date: 2020-10-01}` or `{average-of-last: 4 quarters}`");
    }
    found
}

/// `4 quarters`, `6 months` or `2 years`.
fn average(cursor: &Cursor<'_>) -> Option<Base> {
    let found = quantity(cursor)?;
    let lengths = [("months", 1u16), ("quarters", 3), ("years", 12)];
    let months = lengths.iter().find(|(word, _)| found.unit == Unit::thing(word)).map(|(_, months)| *months);
    let count = found.value.is_integer().then(|| u16::try_from(found.value.to_integer()).ok()).flatten();
    match (months, count) {
        (Some(months), Some(count @ 1..=60)) => Some(Base::AverageOfLast { count, months }),
        _ => {
            cursor.problem("expected 1 to 60 whole months, quarters or years");
            None
        }
    }
}
