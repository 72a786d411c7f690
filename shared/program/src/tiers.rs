//! Evaluates a tier program over the facts of one partner.

mod scorecard;

use values::Instant;

use crate::bundle::Bundle;
use crate::facts::Facts;

pub use scorecard::{
    DivisionScore, LevelResult, LineResult, RequirementResult, Scorecard, Standing, Way, WayStep,
};

/// Why an evaluation is refused. Missing facts never are: they make requirements unmet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvaluateError {
    /// The bundle has no tier program of this id.
    #[error("the bundle has no tier program `{0}`")]
    UnknownProgram(String),
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
        /// The rule's currency.
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

/// Evaluates the tier program `program` of `bundle` for `partner` as of `as_of`, as known at
/// `known_at`.
///
/// `facts` may hold more than the partner's own: other partners' facts are ignored. For a program at
/// the level of global accounts they must hold the facts of all accounts below it. Pure: equal
/// arguments give equal results to the last byte.
///
/// # Errors
///
/// When the program is unknown, or numbers cannot be represented exactly.
pub fn evaluate(
    bundle: &Bundle,
    program: &str,
    facts: &Facts,
    partner: &str,
    as_of: Instant,
    known_at: Instant,
) -> Result<Scorecard, EvaluateError> {
    let _ = (bundle, facts, partner, as_of, known_at);
    Err(EvaluateError::UnknownProgram(program.to_owned()))
}
