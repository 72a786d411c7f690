//! What a metric folds, and in which unit.

use crate::model::metric::{Counted, Fold, Metric, Pick, Stream};
use crate::parse::cursor::{Cursor, Fields};
use crate::parse::names::Names;
use crate::quantity::Unit;

const FOLDS: [&str; 9] = ["count", "sum", "largest", "smallest", "average", "median", "figure", "share", "combined"];

pub(super) fn fold(fields: &Fields<'_>, names: &Names<'_>) -> Option<Fold> {
    let stated: Vec<&str> = FOLDS.into_iter().filter(|fold| fields.has(fold)).collect();
    let [one] = stated.as_slice() else {
        fields.at.problem(match stated.is_empty() {
            true => format!("a metric needs one of {}", FOLDS.map(|fold| format!("`{fold}`")).join(", ")),
            false => format!("a metric is one of {}, not several", stated.join(", ")),
        });
        return None;
    };
    let picks = [
        ("largest", Pick::Largest),
        ("smallest", Pick::Smallest),
        ("average", Pick::Average),
        ("median", Pick::Median),
    ];
    match *one {
        "count" => fields.need("count")?.choice("thing to count", &Counted::ALL).map(Fold::Count),
        "sum" => names.measure(&fields.need("sum")?).map(Fold::Sum),
        "figure" => fields.need("figure")?.text().map(|name| Fold::Figure(name.to_owned())),
        "share" => share(&fields.need("share")?, names),
        "combined" => combined(&fields.need("combined")?, names),
        word => {
            let (key, pick) = picks.into_iter().find(|(key, _)| *key == word)?;
            names.measure(&fields.need(key)?).map(|measure| Fold::Pick(pick, measure))
        }
    }
}

/// `{of: metric, in: metric}`.
fn share(cursor: &Cursor<'_>, names: &Names<'_>) -> Option<Fold> {
    let fields = cursor.fields()?;
    let of = fields.need("of").and_then(|cursor| super::named(&cursor, names));
    let whole = fields.need("in").and_then(|cursor| super::named(&cursor, names));
    fields.done();
    let (of, whole) = (of?, whole?);
    if of.unit != whole.unit {
        cursor.problem(format!("a share of {} in {} is no percentage", of.unit, whole.unit));
        return None;
    }
    Some(Fold::Share { of: Box::new(of), whole: Box::new(whole) })
}

/// `{add: [..], less: [..]}`: metrics of one unit.
fn combined(cursor: &Cursor<'_>, names: &Names<'_>) -> Option<Fold> {
    let fields = cursor.fields()?;
    let read = |cursor: Cursor<'_>| -> Option<Vec<Metric>> {
        cursor.items().iter().map(|item| super::named(item, names)).collect()
    };
    let add = fields.need("add").and_then(read);
    let less = fields.get("less").map_or(Some(Vec::new()), read);
    fields.done();
    let (add, less) = (add?, less?);
    let unit = &add.first()?.unit;
    if let Some(other) = add.iter().chain(&less).find(|metric| metric.unit != *unit) {
        cursor.problem(format!("{} and {} are not added", unit, other.unit));
        return None;
    }
    Some(Fold::Combined { add, less })
}

pub(super) fn unit_and_stream(fields: &Fields<'_>, fold: &Fold, names: &Names<'_>) -> Option<(Unit, Stream)> {
    let streams = [("usage", Stream::Usage), ("transactions", Stream::Transactions), ("people", Stream::People)];
    let from = fields.get("from");
    let stated = from.as_ref().and_then(|cursor| cursor.choice("stream", &streams));
    let (unit, stream) = match fold {
        Fold::Count(Counted::People) => (Unit::thing("people"), Stream::People),
        Fold::Count(Counted::Transactions) => (Unit::thing("transactions"), Stream::Transactions),
        Fold::Count(counted) => {
            let word = Counted::ALL.iter().find(|(_, thing)| thing == counted).map_or("things", |(word, _)| *word);
            (Unit::thing(word), stated.unwrap_or(Stream::Usage))
        }
        Fold::Sum(measure) | Fold::Pick(_, measure) => (names.unit_of(&fields.at, measure)?, names.stream_of(measure)),
        Fold::Figure(_) => (unit(&fields.need("unit")?, names)?, Stream::Figures),
        Fold::Share { .. } => (Unit::Percent, Stream::Figures),
        Fold::Combined { add, .. } => (add.first()?.unit.clone(), Stream::Figures),
    };
    if let Some(from) = from.filter(|_| stated.is_some_and(|stated| stated != stream)) {
        let right = streams.iter().find(|(_, known)| *known == stream).map(|(word, _)| (*word).to_owned());
        from.suggest_text("what is measured here is read from other facts", right);
    }
    Some((unit, stream))
}

/// The unit of a figure: `percent`, `money`, or what is counted.
fn unit(cursor: &Cursor<'_>, names: &Names<'_>) -> Option<Unit> {
    Some(match cursor.text()? {
        "percent" => Unit::Percent,
        "points" => Unit::Points,
        "money" => match names.currency {
            Some(currency) => Unit::Money(currency),
            None => {
                if names.currency_told {
                    cursor.origin.unread.borrow_mut().push(cursor.path.clone());
                    return None;
                }
                cursor.problem("a figure in money needs the convention `currency`");
                return None;
            }
        },
        thing => Unit::thing(thing),
    })
}
