//! Quantities, bounds and dates from their text.

use std::str::FromStr;

use values::{Currency, Date, Decimal, Ratio, ratio_from_decimal};

use super::cursor::{Cursor, Fields};
use crate::model::{Bound, Range};
use crate::quantity::{Quantity, Unit};

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
    let text = cursor.text()?;
    let parts: Vec<&str> = text.split_ascii_whitespace().collect();
    let [first, second] = parts.as_slice() else {
        cursor.problem(match number(text) {
            Some(_) => format!("`{text}` needs a unit, as in `{text} customers`, `USD {text}` or `{text} %`"),
            None => format!("`{text}` is not a number with its unit"),
        });
        return None;
    };
    cursor.needs_source();
    if first.len() == 3 && first.bytes().all(|byte| byte.is_ascii_uppercase()) {
        let Ok(currency) = Currency::from_str(first) else {
            cursor.problem(format!("`{first}` is not a currency of ISO 4217"));
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
    cursor.problem(format!("a quantity in {unit} is expected, not in {}", found.unit));
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

/// A day: `2022-10-03`.
pub(crate) fn date(cursor: &Cursor<'_>) -> Option<Date> {
    let text = cursor.text()?;
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

const BOUND_WORDS: [&str; 4] = ["at-least", "above", "at-most", "below"];

fn bounds(fields: &Fields<'_>, unit: &Unit) -> Vec<Bound> {
    let makers: [fn(Quantity) -> Bound; 4] = [Bound::AtLeast, Bound::Above, Bound::AtMost, Bound::Below];
    let read = |word: &'static str, make: fn(Quantity) -> Bound| {
        fields.get(word).and_then(|cursor| quantity_in(&cursor, unit)).map(make)
    };
    BOUND_WORDS.into_iter().zip(makers).filter_map(|(word, make)| read(word, make)).collect()
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
        && lower.quantity().value > upper.quantity().value
    {
        fields.at.problem(format!("nothing is {lower} and {upper}"));
        return None;
    }
    Some(range)
}
