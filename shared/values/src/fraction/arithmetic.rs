//! Sums, products and comparisons of fractions: in machine words first, in lowest terms second, of any size third.

use std::cmp::Ordering;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use super::Parts::Small;
use super::{Ratio, reduced};

/// A product that fits. Most factors are half as long as a machine's double word, and their product always fits.
#[inline]
fn product(a: i128, b: i128) -> Option<i128> {
    match (i64::try_from(a), i64::try_from(b)) {
        (Ok(a), Ok(b)) => Some(i128::from(a) * i128::from(b)),
        _ => a.checked_mul(b),
    }
}

#[inline]
fn small_sum((a, b): (i128, i128), (c, d): (i128, i128)) -> Option<Ratio> {
    let sum = product(a, d)?.checked_add(product(c, b)?)?;
    Some(Ratio(Small(sum, product(b, d)?)))
}

#[inline]
fn sum(one: &Ratio, other: &Ratio) -> Ratio {
    if let (Small(a, b), Small(c, d)) = (&one.0, &other.0) {
        if *a == 0 {
            return Ratio(Small(*c, *d));
        }
        if *c == 0 {
            return Ratio(Small(*a, *b));
        }
        if b == d
            && let Some(sum) = a.checked_add(*c)
        {
            return Ratio(Small(sum, *b));
        }
        if let Some(sum) = small_sum((*a, *b), (*c, *d)) {
            return sum;
        }
        if let Some(sum) = small_sum(reduced(*a, *b), reduced(*c, *d)) {
            return sum;
        }
    }
    Ratio::of_big(one.big() + other.big())
}

#[inline]
fn times(one: &Ratio, other: &Ratio) -> Ratio {
    if let (Small(a, b), Small(c, d)) = (&one.0, &other.0) {
        if *a == 0 || *c == 0 {
            return Ratio::ZERO;
        }
        if let (Some(numerator), Some(denominator)) = (product(*a, *c), product(*b, *d)) {
            return Ratio(Small(numerator, denominator));
        }
        let ((a, d), (c, b)) = (reduced(*a, *d), reduced(*c, *b));
        if let (Some(numerator), Some(denominator)) = (a.checked_mul(c), b.checked_mul(d)) {
            return Ratio(Small(numerator, denominator));
        }
    }
    Ratio::of_big(one.big() * other.big())
}

impl Neg for &Ratio {
    type Output = Ratio;

    #[inline]
    fn neg(self) -> Ratio {
        match &self.0 {
            Small(numerator, denominator) if *numerator != i128::MIN => Ratio(Small(-numerator, *denominator)),
            _ => Ratio::of_big(-self.big()),
        }
    }
}

impl Neg for Ratio {
    type Output = Ratio;

    #[inline]
    fn neg(self) -> Ratio {
        -&self
    }
}

/// An operator between fractions, however each is passed.
macro_rules! operator {
    ($trait:ident, $method:ident, $assign_trait:ident, $assign:ident, $compute:expr) => {
        impl $trait<&Ratio> for &Ratio {
            type Output = Ratio;

            #[inline]
            fn $method(self, other: &Ratio) -> Ratio {
                $compute(self, other)
            }
        }

        impl $trait<Ratio> for &Ratio {
            type Output = Ratio;

            #[inline]
            fn $method(self, other: Ratio) -> Ratio {
                $compute(self, &other)
            }
        }

        impl $trait<&Ratio> for Ratio {
            type Output = Ratio;

            #[inline]
            fn $method(self, other: &Ratio) -> Ratio {
                $compute(&self, other)
            }
        }

        impl $trait<Ratio> for Ratio {
            type Output = Ratio;

            #[inline]
            fn $method(self, other: Ratio) -> Ratio {
                $compute(&self, &other)
            }
        }

        impl $assign_trait<&Ratio> for Ratio {
            #[inline]
            fn $assign(&mut self, other: &Ratio) {
                *self = $compute(self, other);
            }
        }

        impl $assign_trait<Ratio> for Ratio {
            #[inline]
            fn $assign(&mut self, other: Ratio) {
                *self = $compute(self, &other);
            }
        }
    };
}

operator!(Add, add, AddAssign, add_assign, sum);
operator!(Sub, sub, SubAssign, sub_assign, |a: &Ratio, b: &Ratio| sum(a, &-b));
operator!(Mul, mul, MulAssign, mul_assign, times);
operator!(Div, div, DivAssign, div_assign, |a: &Ratio, b: &Ratio| times(a, &b.recip()));

impl Sum for Ratio {
    fn sum<I: Iterator<Item = Ratio>>(numbers: I) -> Ratio {
        numbers.fold(Ratio::ZERO, |sum, number| sum + number)
    }
}

impl<'a> Sum<&'a Ratio> for Ratio {
    fn sum<I: Iterator<Item = &'a Ratio>>(numbers: I) -> Ratio {
        numbers.fold(Ratio::ZERO, |sum, number| sum + number)
    }
}

impl Ord for Ratio {
    #[inline]
    fn cmp(&self, other: &Ratio) -> Ordering {
        if let (Small(a, b), Small(c, d)) = (&self.0, &other.0) {
            if b == d {
                return a.cmp(c);
            }
            if let (Some(left), Some(right)) = (product(*a, *d), product(*c, *b)) {
                return left.cmp(&right);
            }
        }
        self.big().cmp(&other.big())
    }
}

impl PartialOrd for Ratio {
    #[inline]
    fn partial_cmp(&self, other: &Ratio) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ratio {
    #[inline]
    fn eq(&self, other: &Ratio) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Ratio {}
