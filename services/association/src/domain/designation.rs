//! The partner of record of one scope over time: at most one at every instant.
//!
//! - `association.one_holder_at_every_instant`: an exclusive scope has at most one holder at every
//!   instant.
//! - `association.correction_takes_the_place`: a correction of the past takes the place of what held
//!   at its instant, for as long as that held.

use values::{Instant, Interval};

use crate::domain::association::Association;
use crate::domain::names::PartnerId;

/// What a designation changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Designation<'a> {
    /// The partner holds the scope at that instant already: nothing changes.
    Unchanged(&'a Association),
    /// The partner holds the scope during `interval`, and what held it ends at its start.
    Takes {
        /// What held the scope at the start, if anything did.
        replaced: Option<&'a Association>,
        /// While the new partner holds it.
        interval: Interval,
    },
}

/// Decides what becomes of a scope when a partner is designated from `at` on.
///
/// `history` is everything that ever held the scope. The new association lasts as long as what it
/// takes the place of would have; where nothing holds the scope at that instant, until the next
/// that does, or for ever. No instant is ever held by two (rule `association.one_holder_at_every_instant`), and nothing that
/// began later is touched (rule `association.correction_takes_the_place`).
pub fn designate<'a>(history: &'a [Association], partner: &PartnerId, at: Instant) -> Designation<'a> {
    let replaced = holder(history, at);
    if let Some(holder) = replaced.filter(|holder| holder.statement.partner == *partner) {
        return Designation::Unchanged(holder);
    }
    let end = match replaced {
        Some(holder) => holder.statement.effective.end(),
        None => next_start(history, at),
    };
    // The end lies behind `at`: it is the end of an interval that holds `at`, or a later start.
    let interval = Interval::new(at, end).unwrap_or(Interval::since(at));
    Designation::Takes { replaced, interval }
}

/// What holds the scope at an instant.
pub fn holder(history: &[Association], at: Instant) -> Option<&Association> {
    history.iter().find(|association| association.statement.effective.contains(at))
}

/// Whether a stretch of time is free, or what is in the way.
pub fn in_the_way<'a>(history: &'a [Association], interval: &Interval) -> Option<&'a Association> {
    history.iter().find(|association| association.statement.effective.overlaps(interval))
}

fn next_start(history: &[Association], at: Instant) -> Option<Instant> {
    let later = history.iter().map(|association| association.statement.effective);
    later.filter(|interval| !interval.is_empty() && interval.start() > at).map(|interval| interval.start()).min()
}

#[cfg(test)]
mod tests;
