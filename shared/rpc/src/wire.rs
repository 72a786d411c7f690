//! The only conversions between the types of the wire and `values`.
//!
//! Out: plain functions, they cannot fail. In: they say what is wrong as a sentence, which
//! [`Violations`](crate::validate::Violations) puts beside the field's path.

use prost::{Message, Name};
use prost_types::{Any, Timestamp};
use proto::google::r#type as wire;
use values::{Amount, Currency, Date, Decimal, Instant, Interval, Money, Month};

const NANOS: i128 = 1_000_000_000;
const ATTOS_PER_NANO: i128 = 1_000_000_000;

/// A value that the wire type can carry and ours cannot.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct WireError(pub String);

fn refuse<T>(what: impl Into<String>) -> Result<T, WireError> {
    Err(WireError(what.into()))
}

/// An instant as a timestamp, in whole microseconds.
pub fn timestamp(instant: Instant) -> Timestamp {
    let micros = instant.micros();
    Timestamp {
        seconds: micros.div_euclid(1_000_000),
        nanos: i32::try_from(micros.rem_euclid(1_000_000) * 1_000).unwrap_or(0),
    }
}

/// A timestamp as an instant.
///
/// # Errors
/// Parts of a microsecond; outside the years 0000 to 9999.
pub fn instant(timestamp: &Timestamp) -> Result<Instant, WireError> {
    if !(0..1_000_000_000).contains(&timestamp.nanos) {
        return refuse("nanos must be between 0 and 999,999,999");
    }
    if timestamp.nanos % 1_000 != 0 {
        return refuse("must be whole microseconds");
    }
    let micros =
        timestamp.seconds.checked_mul(1_000_000).and_then(|it| it.checked_add(i64::from(timestamp.nanos / 1_000)));
    match micros.map(Instant::from_micros) {
        Some(Ok(instant)) => Ok(instant),
        _ => refuse("must lie between the years 0000 and 9999"),
    }
}

/// A number as decimal text.
pub fn decimal(value: Decimal) -> wire::Decimal {
    wire::Decimal { value: value.to_string() }
}

/// Decimal text as a number.
///
/// # Errors
/// No number, more than 18 decimals, out of range.
pub fn parse_decimal(value: &wire::Decimal) -> Result<Decimal, WireError> {
    value.value.parse().map_err(|error: values::DecimalError| WireError(error.to_string()))
}

/// A result as money: exact, as no currency has more than nine decimals.
///
/// # Errors
/// More than 63 bits of whole units.
pub fn money(money: Money) -> Result<wire::Money, WireError> {
    let scale = 10_i128.pow(money.currency().exponent());
    let units = i64::try_from(money.minor() / scale);
    let nanos = i32::try_from(money.minor() % scale * (NANOS / scale));
    match (units, nanos) {
        (Ok(units), Ok(nanos)) => Ok(wire::Money { currency_code: money.currency().code().to_owned(), units, nanos }),
        _ => refuse("the amount of money is out of range"),
    }
}

/// Money as a result in whole minor units.
///
/// # Errors
/// An unknown currency, mixed signs, parts of a minor unit.
pub fn parse_money(money: &wire::Money) -> Result<Money, WireError> {
    let amount = parse_amount(money)?;
    let scale = 10_i128.pow(amount.currency.exponent());
    let step = NANOS * ATTOS_PER_NANO / scale;
    let attos = amount.value.attos();
    if attos % step != 0 {
        return refuse(format!("{} has {} decimals", amount.currency, amount.currency.exponent()));
    }
    Ok(Money::new(attos / step, amount.currency))
}

/// An exact amount as money.
///
/// # Errors
/// More than nine decimals, or out of range: such amounts travel as a decimal beside a currency.
pub fn amount(amount: Amount) -> Result<wire::Money, WireError> {
    let attos = amount.value.attos();
    if attos % ATTOS_PER_NANO != 0 {
        return refuse("the amount has more than nine decimals");
    }
    let nanos = attos / ATTOS_PER_NANO;
    match (i64::try_from(nanos / NANOS), i32::try_from(nanos % NANOS)) {
        (Ok(units), Ok(nanos)) => Ok(wire::Money { currency_code: amount.currency.code().to_owned(), units, nanos }),
        _ => refuse("the amount of money is out of range"),
    }
}

/// Money as an exact amount.
///
/// # Errors
/// An unknown currency, mixed signs.
pub fn parse_amount(money: &wire::Money) -> Result<Amount, WireError> {
    let currency = parse_currency(&money.currency_code)?;
    if i128::from(money.nanos).abs() >= NANOS {
        return refuse("nanos must be between -999,999,999 and 999,999,999");
    }
    if i64::from(money.nanos.signum()) * money.units.signum() < 0 {
        return refuse("units and nanos must have the same sign");
    }
    let nanos = i128::from(money.units) * NANOS + i128::from(money.nanos);
    Ok(Amount { value: Decimal::from_attos(nanos * ATTOS_PER_NANO), currency })
}

/// A currency code.
///
/// # Errors
/// Not one of ISO 4217.
pub fn parse_currency(code: &str) -> Result<Currency, WireError> {
    code.parse().map_err(|error: values::UnknownCurrency| WireError(error.to_string()))
}

/// A date.
pub fn date(date: Date) -> wire::Date {
    wire::Date { year: i32::from(date.year()), month: i32::from(date.month_of_year()), day: i32::from(date.day()) }
}

/// A date of the wire.
///
/// # Errors
/// Not a day of the calendar; a month or day of 0, which stand for "any".
pub fn parse_date(date: &wire::Date) -> Result<Date, WireError> {
    let parts = (i16::try_from(date.year), i8::try_from(date.month), i8::try_from(date.day));
    match parts {
        (Ok(year), Ok(month), Ok(day)) => Date::new(year, month, day).map_err(|error| WireError(error.to_string())),
        _ => refuse("is not a day of the calendar"),
    }
}

/// A month as it is written: `2024-09`.
///
/// # Errors
/// Anything else.
pub fn parse_month(text: &str) -> Result<Month, WireError> {
    text.parse().map_err(|error: values::DateError| WireError(error.to_string()))
}

/// An interval; an open end is absent.
pub fn interval(interval: Interval) -> wire::Interval {
    wire::Interval { start_time: Some(timestamp(interval.start())), end_time: interval.end().map(timestamp) }
}

/// An interval of the wire. An absent start is the earliest instant.
///
/// # Errors
/// An end before the start.
pub fn parse_interval(interval: &wire::Interval) -> Result<Interval, WireError> {
    let start = interval.start_time.as_ref().map(instant).transpose()?.unwrap_or(Instant::MIN);
    let end = interval.end_time.as_ref().map(instant).transpose()?;
    Interval::new(start, end).map_err(|error| WireError(error.to_string()))
}

/// A message with its type, as operations and details carry it.
pub fn pack<M: Message + Name>(message: &M) -> Any {
    Any { type_url: M::type_url(), value: message.encode_to_vec() }
}

/// The message in an `Any`.
///
/// # Errors
/// Another type, or bytes that are not of it.
pub fn unpack<M: Message + Name + Default>(any: &Any) -> Result<M, WireError> {
    if any.type_url.rsplit('/').next() != Some(M::full_name().as_str()) {
        return refuse(format!("holds a {} where {} was expected", any.type_url, M::full_name()));
    }
    M::decode(any.value.as_slice()).map_err(|error| WireError(error.to_string()))
}
