//! How values stand in columns, beyond what `store::exact` says about decimals.

use ::store::StoreError;
use values::{Currency, Decimal, Digest, Instant, Interval, Money, Month};

/// A decimal that may be absent, from its three nullable columns.
pub fn maybe_decimal(parts: [Option<i64>; 3]) -> Result<Option<Decimal>, StoreError> {
    match parts {
        [None, None, None] => Ok(None),
        parts => ::store::exact::decimal(parts.map(Option::unwrap_or_default)).map(Some),
    }
}

/// The three nullable columns of a decimal that may be absent.
pub fn maybe_parts(decimal: Option<Decimal>) -> Result<[Option<i64>; 3], StoreError> {
    match decimal {
        None => Ok([None; 3]),
        Some(decimal) => Ok(::store::exact::parts(decimal)?.map(Some)),
    }
}

/// A stored instant.
pub fn instant(micros: i64) -> Result<Instant, StoreError> {
    Instant::from_micros(micros).map_err(|error| StoreError::bug(error.to_string()))
}

/// A stored interval.
pub fn interval(start: i64, end: Option<i64>) -> Result<Interval, StoreError> {
    let end = end.map(instant).transpose()?;
    Interval::new(instant(start)?, end).map_err(|error| StoreError::bug(error.to_string()))
}

/// A stored month.
pub fn month(text: &str) -> Result<Month, StoreError> {
    text.parse().map_err(|error| StoreError::bug(format!("a stored month: {error}")))
}

/// A stored digest.
pub fn digest(text: &str) -> Result<Digest, StoreError> {
    text.parse().map_err(|error| StoreError::bug(format!("a stored digest: {error}")))
}

/// A stored currency.
pub fn currency(code: &str) -> Result<Currency, StoreError> {
    code.parse().map_err(|error| StoreError::bug(format!("a stored currency: {error}")))
}

/// Money from its two columns.
pub fn money(minor: i64, code: &str) -> Result<Money, StoreError> {
    Ok(Money::new(i128::from(minor), currency(code)?))
}

/// The minor units of money as a column holds them: below 10¹⁶ units of any currency.
pub fn minor(money: Money) -> Result<i64, StoreError> {
    i64::try_from(money.minor()).map_err(|_| StoreError::bug(format!("{money} leaves the range of a column")))
}

/// A text that may be absent, kept as an empty one.
pub fn or_empty(text: &Option<String>) -> String {
    text.clone().unwrap_or_default()
}

/// The other way round.
pub fn or_none(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// A name that is always one of a closed list.
pub fn known<T>(found: Option<T>, what: &str, name: &str) -> Result<T, StoreError> {
    found.ok_or_else(|| StoreError::bug(format!("`{name}` is not a {what}")))
}
