//! What a partner has to have done before it may transact.

use values::{Instant, Interval};

use super::ids::{Owned, PartnerId};
use super::stamp::Stamp;
use super::text::{Code, Reason};

/// A training passed, a questionnaire answered or a fee paid. Never edited: a wrong one is revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComplianceFact {
    /// The partner and the fact's id.
    pub key: Owned<PartnerId>,
    /// What was done.
    pub kind: ComplianceKind,
    /// Which training, questionnaire or fee.
    pub code: Code,
    /// For how long it counts.
    pub counts: Interval,
    /// When and why it was found wrong.
    pub revoked: Option<Revocation>,
    /// When it was recorded and changed.
    pub stamp: Stamp,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComplianceKind {
    /// A training was passed.
    Training,
    /// A questionnaire was answered.
    Questionnaire,
    /// A fee was paid.
    Fee,
}

impl ComplianceKind {
    /// Every kind.
    pub const ALL: [ComplianceKind; 3] = [ComplianceKind::Training, ComplianceKind::Questionnaire, ComplianceKind::Fee];

    /// The kind's name, as it is stored and as filters spell it.
    pub fn name(self) -> &'static str {
        match self {
            ComplianceKind::Training => "TRAINING",
            ComplianceKind::Questionnaire => "QUESTIONNAIRE",
            ComplianceKind::Fee => "FEE",
        }
    }
}

/// When and why a fact was found wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// When.
    pub at: Instant,
    /// Why.
    pub reason: Reason,
}
