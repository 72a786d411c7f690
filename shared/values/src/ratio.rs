//! Fractions as decimals, as text and as whole numbers: the only places where one is rounded.

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{ToPrimitive, Zero};
use serde::{Deserialize, Serialize};

use crate::{Currency, Decimal, Money, MoneyError, Ratio};

/// How a number between two representable ones is settled. Program documents name the mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rounding {
    /// To the nearest; a tie goes to the even neighbour.
    HalfEven,
    /// To the nearest; a tie goes away from zero.
    HalfUp,
    /// Toward zero.
    Down,
    /// Away from zero.
    Up,
}

/// The decimal as a fraction.
pub fn ratio_from_decimal(value: Decimal) -> Ratio {
    Ratio::attos(value.attos())
}

/// The fraction as text: a decimal number when it has a finite one of at most eighteen places, a whole number
/// whatever its size, otherwise `numerator/denominator`.
pub fn ratio_to_text(value: &Ratio) -> String {
    if let Some(text) = value.short_text() {
        return text;
    }
    let attos = value * Ratio::whole(Decimal::ONE.attos());
    match (attos.is_integer(), attos.to_integer().to_i128()) {
        (true, Some(attos)) => Decimal::from_attos(attos).to_string(),
        _ => value.to_string(),
    }
}

/// The whole number that `value` rounds to.
pub fn round_ratio(value: &Ratio, rounding: Rounding) -> BigInt {
    let floor = value.floor().to_integer();
    let rest = value - Ratio::from_integer(floor.clone());
    if rest.is_zero() {
        return floor;
    }
    let twice = &rest + &rest;
    let one = Ratio::whole(1);
    let up = match rounding {
        Rounding::HalfEven if twice == one => floor.is_odd(),
        Rounding::HalfUp if twice == one => !value.is_negative(),
        Rounding::HalfEven | Rounding::HalfUp => twice > one,
        Rounding::Down => value.is_negative(),
        Rounding::Up => !value.is_negative(),
    };
    if up { floor + 1 } else { floor }
}

/// An amount of `currency`, rounded to its minor unit (a cent, a yen, a fils).
///
/// # Errors
/// [`MoneyError::OutOfRange`] beyond 128 bits of minor units.
pub fn round_to_minor(value: &Ratio, currency: Currency, rounding: Rounding) -> Result<Money, MoneyError> {
    let scale = Ratio::whole(10_i128.pow(currency.exponent()));
    let minor = round_ratio(&(value * scale), rounding);
    let minor = minor.to_i128().ok_or(MoneyError::OutOfRange)?;
    Ok(Money::new(minor, currency))
}

/// Shares of `total` in proportion to `weights`, in whole units that add up to `total` exactly.
///
/// Every share is first taken down to a whole unit; the units left over go one each to the largest
/// remainders, ties to the earlier position. Callers put the weights in the order of their business
/// keys, so that the result never depends on arrival. Weights must not be negative; when all are
/// zero the first position takes everything. An empty list of weights has no shares.
pub fn largest_remainder(total: i128, weights: &[Ratio]) -> Vec<i128> {
    let sum: Ratio = weights.iter().sum();
    if weights.is_empty() {
        return Vec::new();
    }
    if sum.is_zero() {
        let mut shares = vec![0; weights.len()];
        shares[0] = total;
        return shares;
    }
    let magnitude = Ratio::from_integer(BigInt::from(total.unsigned_abs()));
    let exact: Vec<Ratio> = weights.iter().map(|weight| &magnitude * weight / &sum).collect();
    let mut units: Vec<BigInt> = exact.iter().map(|share| share.floor().to_integer()).collect();
    let given: BigInt = units.iter().sum();
    let left = (BigInt::from(total.unsigned_abs()) - given).to_usize().unwrap_or(0);
    let mut order: Vec<usize> = (0..exact.len()).collect();
    // The sort is stable: equal remainders keep their order.
    order.sort_by(|&a, &b| exact[b].fract().cmp(&exact[a].fract()));
    for &position in order.iter().take(left) {
        units[position] += 1;
    }
    let sign = if total < 0 { -1 } else { 1 };
    // A share is at most the total, which fits.
    units.iter().map(|unit| sign * unit.to_i128().unwrap_or(0)).collect()
}
