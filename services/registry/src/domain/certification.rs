//! Exams passed.

use values::Instant;

use super::ids::{LearnerId, Owned};
use super::stamp::Stamp;
use super::text::Code;

/// An exam passed by a learner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certification {
    /// The learner and the certification's id.
    pub key: Owned<LearnerId>,
    /// The exam, as the catalog calls it.
    pub exam: Code,
    /// When it was earned.
    pub earned: Instant,
    /// What may become of it later.
    pub life: Life,
    /// When it was recorded and changed.
    pub stamp: Stamp,
}

/// How long a certification counts. What retirement means is a program document's choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Life {
    /// Until when it is valid; absent if it does not expire.
    pub expires: Option<Instant>,
    /// When the vendor retired the exam.
    pub retired: Option<Instant>,
    /// Since when it does not count, because it was withdrawn from this person.
    pub revoked: Option<Instant>,
}

/// A certification cannot end before it was earned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it expires at {expires}, but was earned at {earned}")]
pub struct ExpiresTooEarly {
    /// When it was earned.
    pub earned: Instant,
    /// When it would expire.
    pub expires: Instant,
}

/// Checks that a certification expires after it was earned.
///
/// # Errors
/// [`ExpiresTooEarly`] if not.
pub fn check_life(earned: Instant, life: &Life) -> Result<(), ExpiresTooEarly> {
    match life.expires {
        Some(expires) if expires <= earned => Err(ExpiresTooEarly { earned, expires }),
        _ => Ok(()),
    }
}
