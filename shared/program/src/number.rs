//! Exact fractions in machine words, for the pass over a population.
//!
//! A [`Ratio`] allocates; four hundred thousand partners with six scores each would spend their time there. Nearly
//! every number of a program fits into two words of 128 bits. One that does not becomes a [`Ratio`] and stays exact:
//! nothing here rounds or fails.

use std::cmp::Ordering;

use num_bigint::BigInt;
use num_integer::Integer as _;
use num_traits::{Signed as _, ToPrimitive as _};
use values::{Decimal, Ratio};

/// An exact fraction of any size, small where it can be. The denominator is positive; fractions are not always reduced.
#[derive(Clone, Debug)]
pub(crate) enum Number {
    /// Numerator and denominator.
    Small(i128, i128),
    /// One that needs more digits.
    Big(Box<Ratio>),
}

impl Default for Number {
    fn default() -> Number {
        Number::ZERO
    }
}

/// Attos beyond this many digits after the point are rare in amounts of money: cents are `10^16` attos.
const CENT: i128 = 10_000_000_000_000_000;

impl Number {
    pub const ZERO: Number = Number::Small(0, 1);

    pub fn whole(count: i128) -> Number {
        Number::Small(count, 1)
    }

    /// The value of so many `10^-18`.
    pub fn attos(attos: i128) -> Number {
        match attos % CENT {
            0 => Number::Small(attos / CENT, 100),
            _ => Number::Small(attos, Decimal::ONE.attos()),
        }
    }

    pub fn ratio(&self) -> Ratio {
        match self {
            Number::Small(numerator, denominator) => Ratio::new(BigInt::from(*numerator), BigInt::from(*denominator)),
            Number::Big(ratio) => (**ratio).clone(),
        }
    }

    /// The same in lowest terms, where both fit.
    fn reduced(numerator: i128, denominator: i128) -> (i128, i128) {
        let divisor = numerator.gcd(&denominator).max(1);
        (numerator / divisor, denominator / divisor)
    }

    pub fn plus(&self, other: &Number) -> Number {
        if let (Number::Small(a, b), Number::Small(c, d)) = (self, other) {
            if *a == 0 {
                return Number::Small(*c, *d);
            }
            if *c == 0 {
                return Number::Small(*a, *b);
            }
            if b == d
                && let Some(sum) = a.checked_add(*c)
            {
                return Number::Small(sum, *b);
            }
            if let Some(sum) = small_sum((*a, *b), (*c, *d)) {
                return sum;
            }
            if let Some(sum) = small_sum(Number::reduced(*a, *b), Number::reduced(*c, *d)) {
                return sum;
            }
        }
        Number::from(self.ratio() + other.ratio())
    }

    pub fn negative(&self) -> Number {
        match self {
            Number::Small(numerator, denominator) if *numerator != i128::MIN => Number::Small(-numerator, *denominator),
            other => Number::from(-other.ratio()),
        }
    }

    pub fn minus(&self, other: &Number) -> Number {
        self.plus(&other.negative())
    }

    pub fn times(&self, other: &Number) -> Number {
        if let (Number::Small(a, b), Number::Small(c, d)) = (self, other) {
            if *a == 0 || *c == 0 {
                return Number::ZERO;
            }
            if let (Some(numerator), Some(denominator)) = (product(*a, *c), product(*b, *d)) {
                return Number::Small(numerator, denominator);
            }
            let ((a, d), (c, b)) = (Number::reduced(*a, *d), Number::reduced(*c, *b));
            if let (Some(numerator), Some(denominator)) = (a.checked_mul(c), b.checked_mul(d)) {
                return Number::Small(numerator, denominator);
            }
        }
        Number::from(self.ratio() * other.ratio())
    }

    /// One over it; nothing has no inverse.
    pub fn inverse(&self) -> Option<Number> {
        match self {
            Number::Small(0, _) => None,
            Number::Small(numerator, denominator) if *numerator > 0 => Some(Number::Small(*denominator, *numerator)),
            Number::Small(numerator, denominator) => {
                Some(Number::Small(denominator.checked_neg()?, numerator.checked_neg()?))
            }
            Number::Big(ratio) => Some(Number::from(ratio.recip())),
        }
    }

    pub fn floor(&self) -> Number {
        match self {
            Number::Small(numerator, denominator) => Number::whole(numerator.div_euclid(*denominator)),
            Number::Big(ratio) => Number::from(ratio.floor()),
        }
    }

    pub fn sign(&self) -> Ordering {
        match self {
            Number::Small(numerator, _) => numerator.cmp(&0),
            Number::Big(ratio) if ratio.is_negative() => Ordering::Less,
            Number::Big(ratio) => ratio.numer().cmp(&BigInt::from(0)),
        }
    }

    pub fn or_nothing(self) -> Number {
        if self.sign() == Ordering::Less { Number::ZERO } else { self }
    }
}

/// A product that fits. Most factors are half as long as a machine's double word, and their product always fits.
fn product(a: i128, b: i128) -> Option<i128> {
    match (i64::try_from(a), i64::try_from(b)) {
        (Ok(a), Ok(b)) => Some(i128::from(a) * i128::from(b)),
        _ => a.checked_mul(b),
    }
}

fn small_sum((a, b): (i128, i128), (c, d): (i128, i128)) -> Option<Number> {
    let sum = product(a, d)?.checked_add(product(c, b)?)?;
    Some(Number::Small(sum, product(b, d)?))
}

impl From<Ratio> for Number {
    fn from(ratio: Ratio) -> Number {
        match (ratio.numer().to_i128(), ratio.denom().to_i128()) {
            (Some(numerator), Some(denominator)) => Number::Small(numerator, denominator),
            _ => Number::Big(Box::new(ratio)),
        }
    }
}

impl From<&Ratio> for Number {
    fn from(ratio: &Ratio) -> Number {
        Number::from(ratio.clone())
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Number) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Number) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Number) -> Ordering {
        if let (Number::Small(a, b), Number::Small(c, d)) = (self, other) {
            if b == d {
                return a.cmp(c);
            }
            if let (Some(left), Some(right)) = (product(*a, *d), product(*c, *b)) {
                return left.cmp(&right);
            }
        }
        self.ratio().cmp(&other.ratio())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Small ones, and ones at the edge where products leave the machine word.
    fn part() -> impl Strategy<Value = i128> {
        prop_oneof![
            -1_000..1_000_i128,
            any::<i64>().prop_map(i128::from),
            any::<i128>().prop_filter("", |n| *n != i128::MIN)
        ]
    }

    fn number() -> impl Strategy<Value = Number> {
        (part(), part()).prop_map(|(numerator, denominator)| Number::Small(numerator, denominator.abs().max(1)))
    }

    proptest! {
        #[test]
        fn numbers_compute_as_ratios_do(a in number(), b in number()) {
            prop_assert_eq!(a.plus(&b).ratio(), a.ratio() + b.ratio());
            prop_assert_eq!(a.minus(&b).ratio(), a.ratio() - b.ratio());
            prop_assert_eq!(a.times(&b).ratio(), a.ratio() * b.ratio());
            prop_assert_eq!(a.cmp(&b), a.ratio().cmp(&b.ratio()));
            prop_assert_eq!(a.floor().ratio(), a.ratio().floor());
            prop_assert_eq!(a.sign(), a.ratio().cmp(&Ratio::default()));
            prop_assert_eq!(a.inverse().map(|it| it.ratio()), (a.sign() != Ordering::Equal).then(|| a.ratio().recip()));
        }

        #[test]
        fn attos_are_decimals(attos in any::<i128>()) {
            prop_assert_eq!(Number::attos(attos).ratio(), values::ratio_from_decimal(Decimal::from_attos(attos)));
        }
    }

    /// Sums of numbers that leave the machine word stay exact.
    #[test]
    fn what_does_not_fit_becomes_big() {
        let large = Number::Small(i128::MAX, 1);
        let sum = large.plus(&large);
        assert!(matches!(sum, Number::Big(_)));
        assert_eq!(sum.minus(&large), large);
    }
}
