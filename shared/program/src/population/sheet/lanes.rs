//! Loops over whole columns: the same few steps for every partner, without a branch.
//!
//! A mask has all bits where something holds and none where it does not.

/// A number of a column that is kept in parts of one denominator.
pub trait Lane: Copy + Ord {
    /// Nothing.
    const NOTHING: Self;
    /// The number, or the nearest there is of its kind.
    fn nearest(number: i64) -> Self;
    /// Where it lies between nothing and the largest short number.
    fn short(self) -> i32;
    /// With more digits.
    fn long(self) -> i64;
}

impl Lane for i32 {
    const NOTHING: i32 = 0;

    fn nearest(number: i64) -> i32 {
        number.clamp(i32::MIN.into(), i32::MAX.into()) as i32
    }

    #[inline(always)]
    fn short(self) -> i32 {
        self
    }

    #[inline(always)]
    fn long(self) -> i64 {
        i64::from(self)
    }
}

impl Lane for i64 {
    const NOTHING: i64 = 0;

    fn nearest(number: i64) -> i64 {
        number
    }

    #[inline(always)]
    fn short(self) -> i32 {
        self as i32
    }

    #[inline(always)]
    fn long(self) -> i64 {
        self
    }
}

/// All bits or none.
#[inline(always)]
pub fn mask(holds: bool) -> i32 {
    -i32::from(holds)
}

/// One of two, by a mask.
#[inline(always)]
pub fn chosen(mask: i32, one: i32, other: i32) -> i32 {
    (one & mask) | (other & !mask)
}

/// Combines each number with another.
#[inline(always)]
pub fn join<V: Copy>(into: &mut [i32], with: &[V], join: impl Fn(i32, V) -> i32) {
    for (one, other) in into.iter_mut().zip(with) {
        *one = join(*one, *other);
    }
}

/// Where the numbers are between two, both included.
pub fn within<V: Lane>(values: &[V], from: i64, to: i64, out: &mut [i32]) {
    let (lowest, highest) = (V::nearest(from), V::nearest(to));
    if from > to || lowest.long() < from || highest.long() > to {
        // Beyond every number there is.
        return out.fill(0);
    }
    join(out, values, |_, value| mask(value >= lowest) & mask(value <= highest));
}

/// So many points for each part, at most `cap`. The points of `cap` and one part more fit.
pub fn each<V: Lane>(values: &[V], points: i32, cap: i32, out: &mut [i32]) {
    if points == 0 {
        return out.fill(0);
    }
    // At so many parts the cap is reached.
    let full = V::nearest((i64::from(cap) + i64::from(points) - 1) / i64::from(points));
    join(out, values, |_, value| (value.clamp(V::NOTHING, full).short() * points).min(cap));
}

/// Whole steps: how many times `by` goes into `times` the number.
#[inline(always)]
pub fn steps(value: i64, times: i64, by: i64) -> i64 {
    (value * times).div_euclid(by)
}

/// A bound of fractions: it holds where `numerator * of_numerator + denominator * of_denominator` is at least `least`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Side {
    /// What the numerator is multiplied by.
    pub of_numerator: i64,
    /// What the denominator is multiplied by.
    pub of_denominator: i64,
    /// Nothing, or one where the bound itself does not count.
    pub least: i64,
}

impl Side {
    /// Where the fractions are on this side of the bound.
    #[inline(always)]
    pub fn holds(self, numerator: i64, denominator: i64) -> bool {
        numerator * self.of_numerator + denominator * self.of_denominator >= self.least
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_beyond_every_short_number_hold_for_all_or_for_none() {
        let held = |from, to| {
            let mut out = [7; 3];
            within(&[i32::MIN, 0, i32::MAX], from, to, &mut out);
            out
        };
        assert_eq!(held(i64::MIN, i64::MAX), [-1, -1, -1]);
        assert_eq!(held(1 << 40, i64::MAX), [0, 0, 0]);
        assert_eq!(held(i64::MIN, -(1 << 40)), [0, 0, 0]);
        assert_eq!(held(0, 1 << 40), [0, -1, -1]);
        assert_eq!(held(1, 0), [0, 0, 0]);
    }
}
