//! Quantities, bounds and dates from their text.

use std::str::FromStr;

use values::{Currency, Date, Decimal, Ratio, ratio_from_decimal};

use super::cursor::{Cursor, Fields};
use super::value::value;
use crate::model::value::{Form, Value};
use crate::model::{Bound, Range};
use crate::quantity::{Quantity, Unit};

/// The form of a quantity, for schemas: a currency and a number, a number and a unit, or a parameter's name.
const QUANTITY: &str = r"^\s*([A-Z]{3}\s+-?[0-9][0-9_.]*|-?[0-9][0-9_.]*\s+(%|[a-z-]+)|[a-z][a-z0-9-]*)\s*$";
/// The form of a day, for schemas.
pub(crate) const DATE: &str = r"^-?[0-9]{4,6}-[0-9]{2}-[0-9]{2}$";

/// An exact number: digits, grouped by `_` if at all, at most one point. No exponents, no words.
pub(crate) fn number(text: &str) -> Option<Ratio> {
    let plain: String = text.chars().filter(|letter| *letter != '_').collect();
    let body = plain.strip_prefix('-').unwrap_or(&plain);
    let digits = body.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let starts = body.bytes().next().is_some_and(|byte| byte.is_ascii_digit()) && !text.starts_with('_');
    if !digits || !starts || body.ends_with('.') {
        return None;
    }
    Decimal::from_str(&plain).ok().map(ratio_from_decimal)
}

/// A number with its unit: `USD 93_750`, `8 %`, `2 x`, `10 points`, `2 people`.
pub(crate) fn quantity(cursor: &Cursor<'_>) -> Option<Quantity> {
    if let Some(found) = cursor.parameter(quantity) {
        return found;
    }
    let text = cursor.text_like(QUANTITY)?;
    let parts: Vec<&str> = text.split_ascii_whitespace().collect();
    let [first, second] = parts.as_slice() else {
        let known = cursor.origin.parameters.borrow();
        let word = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        if word && !known.is_empty() {
            cursor.unknown("parameter", text, known.keys().map(String::as_str));
            return None;
        }
        cursor.problem(match number(text) {
            Some(_) => format!("`{text}` needs a unit, as in `{text} customers`, `USD {text}` or `{text} %`"),
            None => format!("`{text}` is not a number with its unit"),
        });
        return None;
    };
    cursor.needs_source();
    if first.len() == 3 && first.bytes().all(|byte| byte.is_ascii_uppercase()) {
        let Ok(currency) = Currency::from_str(first) else {
            cursor.suggest(format!("`{first}` is not a currency of ISO 4217"), first, Currency::codes());
            return None;
        };
        return measured(cursor, second, Unit::Money(currency));
    }
    let unit = match *second {
        "%" => Unit::Percent,
        "x" => Unit::Times,
        "point" | "points" => Unit::Points,
        word if word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') => Unit::thing(word),
        word => {
            cursor.problem(format!("`{word}` is not a unit"));
            return None;
        }
    };
    measured(cursor, first, unit)
}

fn measured(cursor: &Cursor<'_>, text: &str, unit: Unit) -> Option<Quantity> {
    match number(text) {
        Some(value) => Some(Quantity::new(value, unit)),
        None => {
            cursor.problem(format!("`{text}` is not a decimal number with at most 18 places"));
            None
        }
    }
}

/// A quantity of a unit that the place asks for.
pub(crate) fn quantity_in(cursor: &Cursor<'_>, unit: &Unit) -> Option<Quantity> {
    let found = quantity(cursor)?;
    if found.unit == *unit {
        return Some(found);
    }
    let message = format!("a quantity in {unit} is expected, not in {}", found.unit);
    match (unit, &found.unit) {
        (Unit::Thing(one), Unit::Thing(written)) => {
            cursor.suggest(message, written, [one.as_str(), unit.to_string().as_str()]);
        }
        _ => cursor.problem(message),
    }
    None
}

/// A whole number of months: `12 months`.
pub(crate) fn months(cursor: &Cursor<'_>) -> Option<u16> {
    let found = quantity_in(cursor, &Unit::thing("months"))?;
    let months = found.value.is_integer().then(|| u16::try_from(found.value.to_integer()).ok()).flatten();
    match months {
        Some(months @ 1..=1200) => Some(months),
        _ => {
            cursor.problem("expected 1 to 1200 whole months");
            None
        }
    }
}

/// A whole number of days: `28 days`.
pub(crate) fn days(cursor: &Cursor<'_>) -> Option<u16> {
    let found = quantity_in(cursor, &Unit::thing("days"))?;
    let days = found.value.is_integer().then(|| u16::try_from(found.value.to_integer()).ok()).flatten();
    match days {
        Some(days @ 1..=36_600) => Some(days),
        _ => {
            cursor.problem("expected 1 to 36,600 whole days");
            None
        }
    }
}

/// A day: `2022-10-03`.
pub(crate) fn date(cursor: &Cursor<'_>) -> Option<Date> {
    let text = cursor.text_like(DATE)?;
    match Date::from_str(text) {
        Ok(date) => Some(date),
        Err(error) => {
            cursor.problem(error.to_string());
            None
        }
    }
}

/// One bound of a map: `at-least`, `above`, `at-most`, `below`. Exactly one must be there.
pub(crate) fn bound(fields: &Fields<'_>, unit: &Unit) -> Option<Bound> {
    let found = bounds(fields, unit);
    match found.as_slice() {
        [one] => Some(one.clone()),
        [] => {
            if !BOUND_WORDS.iter().any(|word| fields.has(word)) {
                fields.at.problem("a bound is missing: `at-least`, `above`, `at-most` or `below`");
            }
            None
        }
        _ => {
            fields.at.problem("one bound is expected here, not several");
            None
        }
    }
}

type BoundMaker = fn(Quantity) -> Bound;

const MAKERS: [BoundMaker; 4] = [Bound::AtLeast, Bound::Above, Bound::AtMost, Bound::Below];

pub(crate) const BOUND_WORDS: [&str; 4] = ["at-least", "above", "at-most", "below"];

fn bounds(fields: &Fields<'_>, unit: &Unit) -> Vec<Bound> {
    let read =
        |word: &'static str, make: BoundMaker| fields.get(word).and_then(|cursor| quantity_in(&cursor, unit)).map(make);
    BOUND_WORDS.into_iter().zip(MAKERS).filter_map(|(word, make)| read(word, make)).collect()
}

/// One bound of a map, of which the quantity may be dated, split or named:
/// `at-least: {2022-10-03: 1 person, 2023-12-01: 2 people}`. Or `bound:` with a whole bound in each entry.
pub(crate) fn bound_value(fields: &Fields<'_>, unit: &Unit) -> Option<Value<Bound>> {
    if let Some(dated) = fields.get("bound") {
        return value(&dated, &|cursor| {
            let fields = cursor.fields()?;
            let found = bound(&fields, unit);
            fields.done();
            found
        });
    }
    let stated: Vec<(&'static str, BoundMaker)> =
        BOUND_WORDS.into_iter().zip(MAKERS).filter(|(word, _)| fields.has(word)).collect();
    match stated.as_slice() {
        [(word, make)] => {
            let found = value(&fields.get(word)?, &|cursor| quantity_in(cursor, unit).map(make))?;
            // A plain bound is the rule of the place that states it.
            let rule = if matches!(found.form, Form::Is(_)) { fields.at.rule() } else { found.rule };
            Some(Value { rule, ..found })
        }
        _ => bound(fields, unit).map(|found| Value::plain(fields.at.rule(), fields.at.source.clone(), found)),
    }
}

/// A lower and an upper bound of a map, either absent.
pub(crate) fn range(fields: &Fields<'_>, unit: &Unit) -> Option<Range> {
    let found = bounds(fields, unit);
    let mut range = Range::default();
    for bound in found {
        let slot = if bound.asks_for_more() { &mut range.lower } else { &mut range.upper };
        if slot.is_some() {
            fields.at.problem("two bounds on the same side");
            return None;
        }
        *slot = Some(bound);
    }
    if let (Some(lower), Some(upper)) = (&range.lower, &range.upper)
        && (lower.quantity().value > upper.quantity().value
            || (lower.quantity().value == upper.quantity().value
                && !(lower.holds(&lower.quantity().value) && upper.holds(&upper.quantity().value))))
    {
        fields.at.problem(format!("nothing is {lower} and {upper}"));
        return None;
    }
    Some(range)
}
