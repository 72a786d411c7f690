//! Bracket tables as exact functions of a position.

use num_traits::Zero;
use values::Ratio;

use crate::model::{Applies, Bound, Bracket, BracketPays, Mode, Table};

/// What one bracket adds to the worth of a position, or to a movement.
#[derive(Clone, Debug)]
pub(crate) struct Part<'t> {
    pub bracket: &'t Bracket,
    /// How much lies in it; negative going down.
    pub length: Ratio,
    /// What that is worth: in units of the position where the bracket pays a fraction, else in money.
    pub worth: Ratio,
}

/// Rule: `program.graduated_is_a_difference_of_totals`: what the table is worth at a total. A line
/// earns the difference between the total after and before it, so that splitting an input never
/// changes what it earns.
///
/// Rule: `program.negative_falls_into_first_bracket`: below zero the first bracket goes on. A credit
/// larger than everything before it takes back at the first rate, and later usage earns it again.
pub(crate) fn worth(table: &Table, total: &Ratio) -> Ratio {
    contributions(table, total).into_iter().map(|part| part.worth).sum()
}

/// The rate of the bracket that holds `position`; the first one's below zero. Zero where the table
/// pays no fraction.
pub(crate) fn rate_at(table: &Table, position: &Ratio) -> Ratio {
    bracket_at(table, position).map(|bracket| rate_of(&bracket.pays)).unwrap_or_default()
}

/// The fraction that a bracket pays, or its money for one unit; zero for a fixed amount.
pub(crate) fn rate_of(pays: &BracketPays) -> Ratio {
    match pays {
        BracketPays::Rate(rate) | BracketPays::PerUnit(rate) => rate.clone(),
        BracketPays::Amount { .. } => Ratio::zero(),
    }
}

/// The bracket that holds `position`, each bound on the side the document declares.
pub(crate) fn bracket_at<'t>(table: &'t Table, position: &Ratio) -> Option<&'t Bracket> {
    place_at(table, position).and_then(|place| table.brackets.get(place))
}

fn place_at(table: &Table, position: &Ratio) -> Option<usize> {
    let reached = |bracket: &Bracket| bracket.range.upper.as_ref().is_none_or(|upper| upper.holds(position));
    table.brackets.iter().position(reached)
}

/// What every bracket adds to the movement from `before` to `after`, from below.
pub(crate) fn movement<'t>(table: &'t Table, before: &Ratio, after: &Ratio) -> Vec<Part<'t>> {
    let mut parts = contributions(table, after);
    for left in contributions(table, before) {
        match parts.iter_mut().find(|part| part.bracket.rule == left.bracket.rule) {
            Some(part) => {
                part.length -= left.length;
                part.worth -= left.worth;
            }
            None => parts.push(Part { length: -left.length, worth: -left.worth, ..left }),
        }
    }
    parts.retain(|part| !part.length.is_zero() || !part.worth.is_zero());
    let place = |part: &Part<'_>| table.brackets.iter().position(|bracket| bracket.rule == part.bracket.rule);
    parts.sort_by_key(place);
    parts
}

/// What every bracket adds to the worth of `total`, from below.
fn contributions<'t>(table: &'t Table, total: &Ratio) -> Vec<Part<'t>> {
    match &table.mode {
        Mode::Graduated | Mode::Capped => mixture(table, total, Applies::Part, Applies::Part),
        Mode::Volume => mixture(table, total, Applies::Nothing, Applies::Whole),
        Mode::Mixed { passed, reached } => mixture(table, total, *passed, *reached),
        Mode::Package(size) => {
            let Some(bracket) = table.brackets.first() else { return Vec::new() };
            let packages = (total / size).ceil();
            vec![Part { bracket, length: total.clone(), worth: packages * rate_of(&bracket.pays) }]
        }
    }
}

fn mixture<'t>(table: &'t Table, total: &Ratio, passed: Applies, reached: Applies) -> Vec<Part<'t>> {
    let place = place_at(table, total).unwrap_or(table.brackets.len());
    let mut parts = Vec::new();
    for (number, bracket) in table.brackets.iter().enumerate().take(place.saturating_add(1)) {
        let low = edge(&bracket.range.lower).unwrap_or_default();
        let at_end = number < place;
        let high = if at_end { edge(&bracket.range.upper).unwrap_or_default() } else { total.clone() };
        let length = match if at_end { passed } else { reached } {
            Applies::Nothing => continue,
            // Where the document accepts a gap, what lies in it belongs to the bracket above and is no part of it.
            Applies::Part if number > 0 => (high - &low).max(Ratio::zero()),
            Applies::Part => high - &low,
            Applies::Whole => total.clone(),
        };
        let worth = match &bracket.pays {
            BracketPays::Rate(rate) | BracketPays::PerUnit(rate) => &length * rate,
            // Nothing earns nothing: an amount is for what is there.
            BracketPays::Amount { .. } if !total.is_positive() => Ratio::zero(),
            BracketPays::Amount { amount, pro_rata: false } => amount.clone(),
            BracketPays::Amount { amount, pro_rata: true } => amount * filled(bracket, total, &low),
        };
        parts.push(Part { bracket, length, worth });
    }
    parts
}

/// Which part of a bracket's width lies below `total`; the document's check gave it two bounds.
fn filled(bracket: &Bracket, total: &Ratio, low: &Ratio) -> Ratio {
    let width = edge(&bracket.range.upper).unwrap_or_default() - low;
    if !width.is_positive() {
        return Ratio::zero();
    }
    ((total - low) / width).min(Ratio::from_integer(1.into()))
}

fn edge(bound: &Option<Bound>) -> Option<Ratio> {
    bound.as_ref().map(|bound| bound.quantity().value.clone())
}
