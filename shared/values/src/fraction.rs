//! Exact fractions: in machine words where they fit, and of any size where they do not.
//!
//! Nearly every number of a program fits into two words of 128 bits, and is computed there without an allocation.
//! One that does not becomes a fraction of big integers and stays exact: nothing here rounds.

mod arithmetic;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use num_bigint::BigInt;
use num_integer::Integer as _;
use num_rational::{BigRational, ParseRatioError};
use num_traits::{Signed as _, ToPrimitive as _, Zero};

use crate::Decimal;

/// An exact fraction of any size. A third of a point is a third.
#[derive(Clone)]
pub struct Ratio(Parts);

#[derive(Clone)]
enum Parts {
    /// Numerator and denominator. The denominator is positive, and the two are not always in lowest terms.
    Small(i128, i128),
    /// One that needs more digits.
    Big(Box<BigRational>),
}

use Parts::{Big, Small};

/// Attos of a hundredth: most amounts are whole cents, and stay short.
const HUNDREDTH: i128 = 10_000_000_000_000_000;

impl Ratio {
    /// Nothing.
    pub const ZERO: Ratio = Ratio(Small(0, 1));

    /// The fraction of two whole numbers.
    ///
    /// # Panics
    /// When the denominator is zero.
    pub fn new(numerator: BigInt, denominator: BigInt) -> Ratio {
        match (numerator.to_i128(), denominator.to_i128()) {
            (Some(numerator), Some(denominator)) if denominator > 0 => Ratio(Small(numerator, denominator)),
            _ => Ratio::of_big(BigRational::new(numerator, denominator)),
        }
    }

    /// A whole number.
    pub fn from_integer(number: BigInt) -> Ratio {
        match number.to_i128() {
            Some(number) => Ratio(Small(number, 1)),
            None => Ratio(Big(Box::new(BigRational::from_integer(number)))),
        }
    }

    /// The fraction of two machine words.
    ///
    /// # Panics
    /// When the denominator is zero.
    #[inline]
    pub fn of(numerator: i128, denominator: i128) -> Ratio {
        match denominator {
            1.. => Ratio(Small(numerator, denominator)),
            _ => Ratio::of_big(BigRational::new(numerator.into(), denominator.into())),
        }
    }

    /// A whole number that fits into a machine word.
    pub const fn whole(number: i128) -> Ratio {
        Ratio(Small(number, 1))
    }

    /// So many `10^-18`.
    #[inline]
    pub fn attos(attos: i128) -> Ratio {
        match attos % HUNDREDTH {
            0 => Ratio(Small(attos / HUNDREDTH, 100)),
            _ => Ratio(Small(attos, Decimal::ONE.attos())),
        }
    }

    /// The same in lowest terms, so that products of it stay short.
    pub fn lowest(&self) -> Ratio {
        match &self.0 {
            Small(numerator, denominator) => {
                let (numerator, denominator) = reduced(*numerator, *denominator);
                Ratio(Small(numerator, denominator))
            }
            Big(_) => self.clone(),
        }
    }

    fn of_big(ratio: BigRational) -> Ratio {
        match (ratio.numer().to_i128(), ratio.denom().to_i128()) {
            (Some(numerator), Some(denominator)) => Ratio(Small(numerator, denominator)),
            _ => Ratio(Big(Box::new(ratio))),
        }
    }

    fn big(&self) -> BigRational {
        match &self.0 {
            Small(numerator, denominator) => BigRational::new((*numerator).into(), (*denominator).into()),
            Big(ratio) => (**ratio).clone(),
        }
    }

    /// As a whole or decimal number, where it is a short one: most are.
    pub(crate) fn short_text(&self) -> Option<String> {
        let Small(numerator, denominator) = &self.0 else { return None };
        if let (Ok(numerator), 1) = (i64::try_from(*numerator), *denominator) {
            return Some(numerator.to_string());
        }
        let (numerator, denominator) = reduced(*numerator, *denominator);
        let one = Decimal::ONE.attos();
        if one % denominator != 0 {
            return None;
        }
        let attos = numerator.checked_mul(one / denominator)?;
        Some(if denominator == 1 { numerator.to_string() } else { Decimal::from_attos(attos).to_string() })
    }

    /// Numerator and denominator in lowest terms, where they fit into machine words. The denominator is positive.
    pub fn words(&self) -> Option<(i128, i128)> {
        match self.0 {
            Small(numerator, denominator) => Some(reduced(numerator, denominator)),
            Big(_) => None,
        }
    }

    /// Numerator and denominator as they are kept, where they fit into machine words.
    #[cfg(test)]
    fn kept(&self) -> Option<(i128, i128)> {
        match self.0 {
            Small(numerator, denominator) => Some((numerator, denominator)),
            Big(_) => None,
        }
    }

    /// The numerator in lowest terms. It carries the sign.
    pub fn numer(&self) -> BigInt {
        match &self.0 {
            Small(numerator, denominator) => reduced(*numerator, *denominator).0.into(),
            Big(ratio) => ratio.numer().clone(),
        }
    }

    /// The denominator in lowest terms; it is positive.
    pub fn denom(&self) -> BigInt {
        match &self.0 {
            Small(numerator, denominator) => reduced(*numerator, *denominator).1.into(),
            Big(ratio) => ratio.denom().clone(),
        }
    }

    /// Whether it is a whole number.
    pub fn is_integer(&self) -> bool {
        match &self.0 {
            Small(numerator, denominator) => numerator % denominator == 0,
            Big(ratio) => ratio.is_integer(),
        }
    }

    /// The whole number next to it toward zero.
    pub fn to_integer(&self) -> BigInt {
        match &self.0 {
            Small(numerator, denominator) => (numerator / denominator).into(),
            Big(ratio) => ratio.to_integer(),
        }
    }

    /// The largest whole number that is not above it.
    #[inline]
    pub fn floor(&self) -> Ratio {
        match &self.0 {
            Small(numerator, denominator) => Ratio::whole(numerator.div_euclid(*denominator)),
            Big(ratio) => Ratio::of_big(ratio.floor()),
        }
    }

    /// The smallest whole number that is not below it.
    pub fn ceil(&self) -> Ratio {
        -(-self).floor()
    }

    /// What is left of it beside its whole number toward zero.
    pub fn fract(&self) -> Ratio {
        match &self.0 {
            Small(numerator, denominator) => Ratio(Small(numerator % denominator, *denominator)),
            Big(ratio) => Ratio::of_big(ratio.fract()),
        }
    }

    /// One over it.
    ///
    /// # Panics
    /// When it is zero.
    #[inline]
    pub fn recip(&self) -> Ratio {
        self.inverse().unwrap_or_else(|| Ratio::of_big(self.big().recip()))
    }

    /// One over it; nothing has no inverse.
    #[inline]
    pub fn inverse(&self) -> Option<Ratio> {
        match &self.0 {
            Small(0, _) => None,
            Small(numerator, denominator) if *numerator > 0 => Some(Ratio(Small(*denominator, *numerator))),
            Small(numerator, denominator) => match numerator.checked_neg() {
                Some(positive) => Some(Ratio(Small(-denominator, positive))),
                None => Some(Ratio::of_big(self.big().recip())),
            },
            Big(ratio) => Some(Ratio::of_big(ratio.recip())),
        }
    }

    /// Below, at or above zero.
    #[inline]
    pub fn sign(&self) -> Ordering {
        match &self.0 {
            Small(numerator, _) => numerator.cmp(&0),
            Big(ratio) if ratio.is_negative() => Ordering::Less,
            // Zero is small.
            Big(_) => Ordering::Greater,
        }
    }

    /// Whether it is below zero.
    #[inline]
    pub fn is_negative(&self) -> bool {
        self.sign() == Ordering::Less
    }

    /// Whether it is above zero.
    pub fn is_positive(&self) -> bool {
        self.sign() == Ordering::Greater
    }

    /// Minus one, zero or one.
    pub fn signum(&self) -> Ratio {
        Ratio::whole(self.sign() as i128)
    }

    /// Itself without its sign.
    pub fn abs(&self) -> Ratio {
        if self.is_negative() { -self } else { self.clone() }
    }

    /// Itself, or zero where it is below that.
    #[inline]
    pub fn or_nothing(self) -> Ratio {
        if self.is_negative() { Ratio::ZERO } else { self }
    }
}

/// The same in lowest terms.
fn reduced(numerator: i128, denominator: i128) -> (i128, i128) {
    if denominator == 1 {
        return (numerator, 1);
    }
    if let (Ok(short), Ok(divisor)) = (i64::try_from(numerator), i64::try_from(denominator)) {
        let shared = (short.unsigned_abs() % divisor.unsigned_abs()).gcd(&divisor.unsigned_abs());
        // It is at most the denominator.
        let shared = i64::try_from(shared).unwrap_or(1);
        return (i128::from(short / shared), i128::from(divisor / shared));
    }
    // The divisor of the smallest number's magnitude would not fit; it is at most the denominator, which does.
    let rest = numerator.unsigned_abs() % denominator.unsigned_abs();
    let divisor = match (u64::try_from(rest), u64::try_from(denominator)) {
        (Ok(rest), Ok(denominator)) => i128::from(rest.gcd(&denominator)),
        _ => rest.gcd(&denominator.unsigned_abs()).cast_signed(),
    };
    (numerator / divisor, denominator / divisor)
}

impl Zero for Ratio {
    fn zero() -> Ratio {
        Ratio::ZERO
    }

    fn is_zero(&self) -> bool {
        matches!(self.0, Small(0, _))
    }
}

impl Default for Ratio {
    fn default() -> Ratio {
        Ratio::ZERO
    }
}

impl Hash for Ratio {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.numer(), self.denom()).hash(state);
    }
}

/// In lowest terms: `3` or `1/3`.
impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Small(numerator, denominator) => match reduced(*numerator, *denominator) {
                (numerator, 1) => numerator.fmt(f),
                (numerator, denominator) => {
                    f.pad_integral(numerator >= 0, "", &format!("{}/{denominator}", numerator.unsigned_abs()))
                }
            },
            Big(ratio) => ratio.fmt(f),
        }
    }
}

/// `3`, `-1/3`.
impl FromStr for Ratio {
    type Err = ParseRatioError;

    fn from_str(text: &str) -> Result<Ratio, ParseRatioError> {
        text.parse().map(Ratio::of_big)
    }
}

impl fmt::Debug for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
