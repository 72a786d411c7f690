//! Bounds over fractions alone: [`crate::model::Bound`] where it is asked millions of times.

use values::Ratio;

use crate::model::{Bound, Range};

/// A bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    AtLeast(Ratio),
    Above(Ratio),
    AtMost(Ratio),
    Below(Ratio),
}

impl Limit {
    pub fn of(bound: &Bound) -> Limit {
        let number = bound.quantity().value.clone();
        match bound {
            Bound::AtLeast(_) => Limit::AtLeast(number),
            Bound::Above(_) => Limit::Above(number),
            Bound::AtMost(_) => Limit::AtMost(number),
            Bound::Below(_) => Limit::Below(number),
        }
    }

    /// The number that bounds.
    pub fn number(&self) -> &Ratio {
        match self {
            Limit::AtLeast(number) | Limit::Above(number) | Limit::AtMost(number) | Limit::Below(number) => number,
        }
    }

    /// Whether more can make it hold.
    pub fn asks_for_more(&self) -> bool {
        matches!(self, Limit::AtLeast(_) | Limit::Above(_))
    }

    /// Whether the bounding number itself holds.
    pub fn includes_itself(&self) -> bool {
        matches!(self, Limit::AtLeast(_) | Limit::AtMost(_))
    }

    pub fn holds(&self, value: &Ratio) -> bool {
        match self {
            Limit::AtLeast(bound) => value >= bound,
            Limit::Above(bound) => value > bound,
            Limit::AtMost(bound) => value <= bound,
            Limit::Below(bound) => value < bound,
        }
    }
}

/// Bounds that must all hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Limits(Vec<Limit>);

impl Limits {
    pub fn of(range: &Range) -> Limits {
        Limits(range.lower.iter().chain(&range.upper).map(Limit::of).collect())
    }

    /// Each of them.
    pub fn all(&self) -> &[Limit] {
        &self.0
    }

    pub fn hold(&self, value: &Ratio) -> bool {
        self.0.iter().all(|limit| limit.holds(value))
    }
}
