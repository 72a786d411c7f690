//! Agreements that are offered, and their acceptance.

use values::{Id, Instant, Interval};

use super::ids::{AgreementId, Owned, PartnerId};
use super::stamp::Stamp;
use super::text::{Code, Reason, Title};

/// One version of an agreement. Only the end of its offer ever changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// Its identity.
    pub id: AgreementId,
    /// Which agreement it is a version of.
    pub code: Code,
    /// The version, unique within the code.
    pub version: String,
    /// Its title.
    pub display_name: Title,
    /// Where its text is; may be empty.
    pub document_uri: String,
    /// When it can be signed.
    pub offered: Interval,
    /// When it was recorded and changed.
    pub stamp: Stamp,
}

/// A partner signed a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// The partner and the acceptance's id.
    pub key: Owned<PartnerId>,
    /// What was signed.
    pub agreement: AgreementId,
    /// The agreement's code.
    pub code: Code,
    /// The agreement's version.
    pub version: String,
    /// For how long it is in force.
    pub in_force: Interval,
    /// Why it ended before its time.
    pub end_reason: Option<Reason>,
    /// When it was recorded and changed.
    pub stamp: Stamp,
}

/// Why an agreement cannot be accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AcceptError {
    /// The version was not offered then.
    #[error("{agreement} was not offered at {signed}")]
    NotOffered {
        /// The version.
        agreement: AgreementId,
        /// When it was to be signed.
        signed: Instant,
    },
    /// An acceptance of it is in force.
    #[error("{agreement} is accepted already, by {acceptance}")]
    Accepted {
        /// The version.
        agreement: AgreementId,
        /// The id of the acceptance in force.
        acceptance: Id,
    },
}

/// Decides whether a partner may accept a version for a time, given its acceptances of that version.
/// Rule: `registry.agreement-acceptance`.
///
/// # Errors
/// [`AcceptError`] names what is in the way.
pub fn check_acceptance(agreement: &Agreement, accepted: &[Acceptance], in_force: Interval) -> Result<(), AcceptError> {
    if !agreement.offered.contains(in_force.start()) {
        return Err(AcceptError::NotOffered { agreement: agreement.id.clone(), signed: in_force.start() });
    }
    match accepted.iter().find(|acceptance| acceptance.in_force.overlaps(&in_force)) {
        Some(acceptance) => {
            Err(AcceptError::Accepted { agreement: agreement.id.clone(), acceptance: acceptance.key.id.clone() })
        }
        None => Ok(()),
    }
}
