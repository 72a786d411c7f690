//! Floors and caps.

use values::{Ratio, Rounding, round_to_minor};

use super::cursor::{Cursor, Fields};
use super::names::Names;
use super::quantity::quantity_in;
use super::table::{SPANS, WHOSE_ANNIVERSARY};
use super::value::value;
use crate::model::{CounterOver, Limit, LimitOwner, Reached, Value};
use crate::quantity::{Quantity, Unit};

/// Reads `floors` and then `caps`, each a map of names: the order in which they apply.
pub(crate) fn limits(fields: &Fields<'_>, names: &Names<'_>) -> Vec<Limit> {
    let mut found = Vec::new();
    for (word, bound) in [("floors", "at-least"), ("caps", "at-most")] {
        let Some(named) = fields.get(word).and_then(|cursor| cursor.fields()) else { continue };
        found.extend(named.named(&[]).iter().filter_map(|(_, entry)| limit(entry, bound, names)));
    }
    found
}

fn limit(cursor: &Cursor<'_>, bound: &'static str, names: &Names<'_>) -> Option<Limit> {
    let fields = cursor.fields()?;
    let currency = names.currency?;
    let amount = fields.need(bound).and_then(|cursor| {
        value(&cursor, &|cursor| {
            let found = quantity_in(cursor, &Unit::Money(currency))?;
            let whole = round_to_minor(&found.value, currency, Rounding::Down)
                .is_ok_and(|money| money.to_ratio() == found.value);
            if !whole || found.value < Ratio::from_integer(0.into()) {
                cursor.problem(format!("{found} cannot be paid: a limit is not negative and holds whole minor units"));
                return None;
            }
            Some(found)
        })
    });
    let owner = fields.need("per").and_then(|cursor| owner(&cursor));
    let over = fields.get("over").and_then(|cursor| cursor.choice("time of the limit", &SPANS));
    let ways = [
        ("last-line-pays-the-rest", Reached::LastLinePaysTheRest),
        ("lines-share-the-rest", Reached::LinesShareTheRest),
        ("line-above-is-refused", Reached::LineAboveIsRefused),
    ];
    let reached = fields.get("when-reached").and_then(|cursor| cursor.choice("way to end", &ways));
    let by_line = owner.as_ref().is_some_and(Option::is_none);
    match (by_line, over.is_some(), reached.is_some()) {
        (false, false, _) => cursor.problem("over which time? `over` is missing"),
        (false, _, false) => {
            cursor.problem(
                "which lines feel it? `when-reached: last-line-pays-the-rest`, `lines-share-the-rest` or \
                 `line-above-is-refused`",
            );
        }
        (true, true, _) => cursor.problem("a limit `per: line` has no time: leave `over` away"),
        _ => {}
    }
    let of_a_partner = owner.iter().flatten().flatten().any(|owner| *owner == LimitOwner::Partner);
    if over == Some(CounterOver::AnniversaryYear) && !of_a_partner {
        cursor.problem(WHOSE_ANNIVERSARY);
    }
    if bound == "at-least" && reached == Some(Reached::LineAboveIsRefused) {
        cursor.problem("a floor refuses nothing: `line-above-is-refused` is for caps");
    }
    let source = fields.at.source.clone();
    fields.done();
    let (least, most): (Option<Value<Quantity>>, Option<Value<Quantity>>) =
        if bound == "at-least" { (Some(amount?), None) } else { (None, Some(amount?)) };
    Some(Limit {
        rule: cursor.rule_on_any_day(),
        source,
        least,
        most,
        per: owner?.unwrap_or_default(),
        over: if by_line { None } else { Some(over.unwrap_or(CounterOver::Ever)) },
        reached: reached.unwrap_or(Reached::LastLinePaysTheRest),
    })
}

/// Whose total: none for each line by itself, an empty list for all lines of the lever or plan together.
fn owner(cursor: &Cursor<'_>) -> Option<Option<Vec<LimitOwner>>> {
    match cursor.word() {
        Some("line") => return Some(None),
        Some("lever" | "program") => return Some(Some(Vec::new())),
        _ => {}
    }
    let owners = [
        ("partner", LimitOwner::Partner),
        ("customer", LimitOwner::Customer),
        ("subscription", LimitOwner::Subscription),
        ("workload", LimitOwner::Workload),
    ];
    let found: Option<Vec<LimitOwner>> =
        cursor.items().iter().map(|item| item.choice("owner of the limit", &owners)).collect();
    found.map(Some)
}
