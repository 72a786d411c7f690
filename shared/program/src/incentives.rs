//! Rates an incentive plan over the facts of one period.

mod rating;

use values::{Instant, Month};

use crate::bundle::Bundle;
use crate::facts::{Facts, UsageKey};

pub use rating::{
    Carried, ControlTotals, Counter, InputRef, Line, Piece, Prior, Rating, StatementTotal,
};

/// Why a period cannot be rated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RateError {
    /// The bundle has no incentive plan of this id.
    #[error("the bundle has no incentive plan `{0}`")]
    UnknownPlan(String),
    /// The payee or a rule changes inside these hours, so that their single records must decide:
    /// hand over [`crate::facts::Grain::Record`] facts in their place and rate again.
    #[error("{} hours hold a change and need their single records", .0.len())]
    HoursMustSplit(Vec<UsageKey>),
    /// A sum left the range of exact decimals.
    #[error("{rule}: {what} is out of range")]
    OutOfRange {
        /// The rule that summed.
        rule: String,
        /// What was summed.
        what: String,
    },
    /// Amounts in two currencies meet without a rate of exchange.
    #[error("{rule}: {found} cannot be added to {expected} without a rate of exchange")]
    MixedCurrencies {
        /// The rule that summed.
        rule: String,
        /// The plan's currency.
        expected: String,
        /// The fact's currency.
        found: String,
    },
    /// A value is needed on a day on which the document has none.
    #[error("{rule} has no value on {day}")]
    NoValue {
        /// The path of the dated value.
        rule: String,
        /// The day.
        day: String,
    },
}

/// The hours of `period` whose rollup cells cannot be attributed as a whole, because the payee or a
/// rule changes strictly inside them. Ask for their single records and hand those to [`rate`] in
/// place of the cells.
///
/// # Errors
///
/// When the plan is unknown.
pub fn hours_to_split(
    bundle: &Bundle,
    plan: &str,
    period: Month,
    facts: &Facts,
    known_at: Instant,
) -> Result<Vec<UsageKey>, RateError> {
    let _ = (bundle, period, facts, known_at);
    Err(RateError::UnknownPlan(plan.to_owned()))
}

/// Rates the incentive plan `plan` of `bundle` for the month `period`, as known at `known_at`.
///
/// `facts` may hold more than the period needs. `prior` holds what earlier periods of the same plan
/// left: running totals and balances carried forward. Pure: equal arguments give equal results to
/// the last byte, and the order of facts never matters.
///
/// # Errors
///
/// When the plan is unknown, an hour must be split, or numbers cannot be represented exactly.
pub fn rate(
    bundle: &Bundle,
    plan: &str,
    period: Month,
    facts: &Facts,
    known_at: Instant,
    prior: &Prior,
) -> Result<Rating, RateError> {
    let _ = (bundle, period, facts, known_at, prior);
    Err(RateError::UnknownPlan(plan.to_owned()))
}
