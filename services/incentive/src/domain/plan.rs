//! How a plan's id becomes the last segment of a resource name, and whether a plan pays.

use values::{Date, Month};

/// The last segment of a plan's name: the slash of `vendor/name` becomes a hyphen.
pub fn plan_id(document: &str) -> String {
    document.replace('/', "-")
}

/// Whether a plan pays on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanState {
    /// Undecided, or dated ahead.
    Announced,
    /// In force.
    InForce,
    /// Past its last day.
    Ended,
}

/// Where a plan stands on a day of its own time zone.
///
/// Rule: `incentive.announced-pays-nothing`. A plan without a date, or with one ahead, is shown and simulated and
/// pays nothing.
pub fn state(effective: Option<Date>, until: Option<Date>, day: Date) -> PlanState {
    match (effective, until) {
        (None, _) => PlanState::Announced,
        (Some(first), _) if day < first => PlanState::Announced,
        (_, Some(end)) if day >= end => PlanState::Ended,
        _ => PlanState::InForce,
    }
}

/// Whether a plan can pay for some day of a month.
pub fn touches(effective: Option<Date>, until: Option<Date>, period: Month) -> bool {
    let begins = effective.is_some_and(|first| first <= period.last_day());
    begins && until.is_none_or(|end| end > period.first_day())
}
