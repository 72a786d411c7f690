//! One file for each thing this service does: load, decide, record. An op takes the transaction and
//! the time, and neither begins nor commits.

pub mod acknowledge_notice;
pub mod decide;
pub mod decide_tiers;
pub mod evaluate;
pub mod evaluate_tiers;
pub mod filters;
pub mod forget;
pub mod gather;
pub mod keep;
mod missed;
pub mod record;
pub mod rules;
pub mod show_scorecard;
pub mod show_standing;
pub mod simulate_bundle;
pub mod stage_bundle;

use program::Problem;
use store::StoreError;
use values::Instant;

use crate::domain::evaluation::Failure;

/// Why an op does not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum OpError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The documents do not make a bundle.
    #[error("the documents have {} problems", .0.len())]
    BundleInvalid(Vec<Problem>),
    /// The bundle is not held here.
    #[error("the bundle {0} is not staged here")]
    BundleNotStaged(String),
    /// Registry's register names no bundle yet.
    #[error("no bundle is current")]
    NoCurrentBundle,
    /// No such resource.
    #[error("{name} does not exist")]
    NotFound {
        /// Its type, as its annotation says.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// The etag is not that of the current revision.
    #[error("{0} has changed since it was read")]
    EtagMismatch(String),
    /// A time ahead of what was followed.
    #[error("what was recorded up to {known_at} is not known here yet")]
    NotYetKnown {
        /// The time that was asked for.
        known_at: Instant,
        /// Up to when everything is known.
        applied: Option<Instant>,
    },
    /// The program does not rule on the day.
    #[error("{program} is not in force at {as_of}")]
    ProgramNotEffective {
        /// The document.
        program: String,
        /// The instant that was asked for.
        as_of: Instant,
    },
    /// A program is judged partner by partner only.
    #[error("{program} cannot be decided for everybody at once: {why}")]
    JudgedOneByOne {
        /// The document.
        program: String,
        /// Which rule, and what of it.
        why: String,
    },
    /// The facts cannot be evaluated.
    #[error("{} cannot be evaluated under {}: {}", .failure.partner, .failure.program, .failure.message)]
    NotEvaluable {
        /// Which rule, and why.
        failure: Failure,
    },
}

impl From<sea_orm::DbErr> for OpError {
    fn from(error: sea_orm::DbErr) -> OpError {
        OpError::Store(error.into())
    }
}
