//! Bracket tables as exact functions of a position.

use num_traits::Zero;
use values::Ratio;

use crate::model::{Bound, Bracket, Mode, Table};

/// A part of a movement inside one bracket.
pub(crate) struct Part<'t> {
    pub bracket: &'t Bracket,
    /// Positive going up, negative going down.
    pub length: Ratio,
}

/// Rule: `program.graduated_is_a_difference_of_totals`: what the table is worth at a total. A line
/// earns the difference between the total after and before it, so that splitting an input never
/// changes what it earns.
///
/// Rule: `program.negative_falls_into_first_bracket`: below zero the first bracket goes on. A credit
/// larger than everything before it takes back at the first rate, and later usage earns it again.
pub(crate) fn worth(table: &Table, total: &Ratio) -> Ratio {
    match table.mode {
        Mode::Volume => total * rate_at(table, total),
        Mode::Graduated => {
            parts(table, &Ratio::zero(), total).iter().map(|part| &part.length * &part.bracket.rate).sum()
        }
    }
}

/// The rate of the bracket that holds `position`; the first one's below zero.
pub(crate) fn rate_at(table: &Table, position: &Ratio) -> Ratio {
    bracket_at(table, position).map(|bracket| bracket.rate.clone()).unwrap_or_default()
}

/// The bracket that holds `position`, each bound on the side the document declares.
pub(crate) fn bracket_at<'t>(table: &'t Table, position: &Ratio) -> Option<&'t Bracket> {
    let reached = |bracket: &&Bracket| bracket.range.upper.as_ref().is_none_or(|upper| upper.holds(position));
    table.brackets.iter().find(reached)
}

/// The movement from `from` to `to`, cut at the brackets' bounds, from below.
pub(crate) fn parts<'t>(table: &'t Table, from: &Ratio, to: &Ratio) -> Vec<Part<'t>> {
    let (low, high, sign) = if from <= to { (from, to, 1) } else { (to, from, -1) };
    let sign = Ratio::from_integer(sign.into());
    let mut parts = Vec::new();
    for (place, bracket) in table.brackets.iter().enumerate() {
        let edge = |bound: &Option<Bound>| bound.as_ref().map(|bound| bound.quantity().value.clone());
        // The first bracket has no floor: negative totals fall into it.
        let begin = if place == 0 {
            low.clone()
        } else {
            edge(&bracket.range.lower).unwrap_or_else(|| low.clone()).max(low.clone())
        };
        let end = edge(&bracket.range.upper).unwrap_or_else(|| high.clone()).min(high.clone());
        if end > begin {
            parts.push(Part { bracket, length: (end - begin) * &sign });
        }
    }
    parts
}
