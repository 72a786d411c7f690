//! Bounds that say themselves whether they hold their own value.

use std::fmt;

use values::Ratio;

use crate::quantity::Quantity;

/// One bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bound {
    /// This much or more.
    AtLeast(Quantity),
    /// More than this.
    Above(Quantity),
    /// This much or less.
    AtMost(Quantity),
    /// Less than this.
    Below(Quantity),
}

impl Bound {
    /// The bounding quantity.
    pub fn quantity(&self) -> &Quantity {
        match self {
            Bound::AtLeast(quantity) | Bound::Above(quantity) | Bound::AtMost(quantity) | Bound::Below(quantity) => {
                quantity
            }
        }
    }

    /// Whether `value` is inside.
    pub fn holds(&self, value: &Ratio) -> bool {
        match self {
            Bound::AtLeast(bound) => *value >= bound.value,
            Bound::Above(bound) => *value > bound.value,
            Bound::AtMost(bound) => *value <= bound.value,
            Bound::Below(bound) => *value < bound.value,
        }
    }

    /// Whether more can make it hold.
    pub fn asks_for_more(&self) -> bool {
        matches!(self, Bound::AtLeast(_) | Bound::Above(_))
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self {
            Bound::AtLeast(_) => "at least",
            Bound::Above(_) => "above",
            Bound::AtMost(_) => "at most",
            Bound::Below(_) => "below",
        };
        write!(f, "{word} {}", self.quantity())
    }
}

/// Bounds that must all hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// The lower bound.
    pub lower: Option<Bound>,
    /// The upper bound.
    pub upper: Option<Bound>,
}

impl Range {
    /// Whether `value` is inside all bounds.
    pub fn holds(&self, value: &Ratio) -> bool {
        self.lower.iter().chain(&self.upper).all(|bound| bound.holds(value))
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.lower, &self.upper) {
            (Some(lower), Some(upper)) => write!(f, "{lower}, {upper}"),
            (Some(bound), None) | (None, Some(bound)) => write!(f, "{bound}"),
            (None, None) => f.write_str("any"),
        }
    }
}
