//! Why something was not done.

use program::Problem;
use program::incentives::RateError;
use store::StoreError;
use values::{Instant, MoneyError};

use crate::domain::control::ControlError;
use crate::domain::correction::CorrectionRefusal;
use crate::domain::ledger::LedgerError;
use crate::domain::period::CloseRefusal;
use crate::domain::run::NotFinished;
use crate::wire::WireFault;

/// Why something was not done. Turned into a fault in one place, `grpc/fault.rs`.
#[derive(Debug, thiserror::Error)]
pub enum OpError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The period cannot be closed.
    #[error(transparent)]
    Close(#[from] CloseRefusal),
    /// No such thing.
    #[error("there is no {kind} {name}")]
    NotFound {
        /// Its resource type: `incentive.accolade.dev/Statement`.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// The bundle is not held here.
    #[error("the bundle {0} is not staged")]
    BundleNotStaged(String),
    /// No bundle is current.
    #[error("no bundle is current")]
    BundleNotCurrent,
    /// The documents have problems.
    #[error("the documents have {} problems", .0.len())]
    BundleInvalid(Vec<Problem>),
    /// The run has no result.
    #[error(transparent)]
    NotFinished(#[from] NotFinished),
    /// The rules could not be applied to the facts.
    #[error(transparent)]
    Rate(#[from] RateError),
    /// Totals differ that must agree.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// The ledger does not balance.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// An amount left its range.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// Facts contradict themselves.
    #[error("{0}")]
    Inconsistent(String),
    /// Something that was kept, or that a neighbour said, cannot be read.
    #[error(transparent)]
    Wire(#[from] WireFault),
    /// A feed has not passed the instant.
    #[error("the feed of {feed} has not passed {known}")]
    NotYetKnown {
        /// Whose feed.
        feed: &'static str,
        /// The instant.
        known: Instant,
    },
    /// A neighbour does not answer.
    #[error("{service} does not answer: {problem}")]
    Unreachable {
        /// The neighbour.
        service: &'static str,
        /// What it, or the connection, said.
        problem: String,
    },
    /// A preview has too many lines for one reply.
    #[error("the preview has {lines} lines, more than {limit}")]
    PreviewTooLarge {
        /// How many lines.
        lines: usize,
        /// How many fit.
        limit: usize,
    },
    /// The correction cannot be proposed or decided.
    #[error(transparent)]
    Correction(#[from] CorrectionRefusal),
    /// The resource has changed since the caller read it.
    #[error("{name} has changed since it was read")]
    EtagMismatch {
        /// Its name.
        name: String,
        /// The etag it has now.
        current: String,
    },
    /// Somebody asked to stop it.
    #[error("it was cancelled")]
    Cancelled,
    /// The service is being stopped.
    #[error("the service is stopping")]
    Stopping,
}

impl OpError {
    /// Whether trying again later may help: nothing is wrong with the facts or the rules.
    pub fn is_transient(&self) -> bool {
        match self {
            OpError::Store(error) => matches!(error, StoreError::Contended(_) | StoreError::Unavailable(_)),
            OpError::Unreachable { .. } | OpError::Stopping | OpError::NotYetKnown { .. } => true,
            _ => false,
        }
    }
}

impl From<sea_orm::DbErr> for OpError {
    fn from(error: sea_orm::DbErr) -> OpError {
        OpError::Store(error.into())
    }
}
