//! What stands encoded in our own columns: neighbours' messages, staged documents, explanations.
//!
//! Neighbours' messages are kept as they came, so that a field we do not know today is there tomorrow; they
//! become facts when a run reads them. Nothing here decides anything.

pub mod affects;
pub mod awards;
pub mod documents;
pub mod grounds;
pub mod known;
pub mod register;
pub mod simulated;
pub mod usage;

/// An encoded column, or a neighbour's message, cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {problem}")]
pub struct WireFault {
    /// What was read.
    pub what: String,
    /// What is wrong with it.
    pub problem: String,
}

impl WireFault {
    /// A fault about `what`.
    pub fn new(what: impl Into<String>, problem: impl std::fmt::Display) -> WireFault {
        WireFault { what: what.into(), problem: problem.to_string() }
    }
}
