//! The register of current program bundles.

use values::{Digest, Instant};

use super::proposal::{Proposal, ProposalId, ProposalState};
use super::stamp::Stamp;

/// A bundle of program documents that is or was current. The register knows its hash, not the
/// documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// The bundle's hash, its identity.
    pub hash: Digest,
    /// How many bundles had become current when it last did, this one included.
    pub revision: i64,
    /// Since when it is current, or was when it last became so.
    pub effective: Instant,
    /// When another one took its place; absent while it is current.
    pub superseded: Option<Instant>,
    /// The subject of the caller who made it current.
    pub publisher: String,
    /// What changed, in the publisher's words; may be empty.
    pub comment: String,
    /// The approved proposal through which it last became current.
    pub proposal: Option<ProposalId>,
    /// When it was recorded and changed.
    pub stamp: Stamp,
}

/// What making a bundle current changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Switch {
    /// Nothing: it is the current one.
    Unchanged(Bundle),
    /// The register moves on.
    Changed(Box<Turn>),
}

/// A move of the register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The bundle that was current, no longer so.
    pub before: Option<Bundle>,
    /// The bundle that is.
    pub current: Bundle,
    /// The proposal through which it is, published.
    pub proposal: Proposal,
}

/// The words of a publisher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// The subject of the caller.
    pub publisher: String,
    /// What changed.
    pub comment: String,
}

/// What the register knows when a bundle is to be made current.
#[derive(Clone, Debug, Default)]
pub struct Register {
    /// The wanted bundle, if it was current before.
    pub known: Option<Bundle>,
    /// The current one.
    pub current: Option<Bundle>,
    /// The latest proposal of the wanted one.
    pub proposal: Option<Proposal>,
}

/// Why a bundle cannot be made current.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SwitchError {
    /// Another bundle is current than the caller expected, or than the approval was given against.
    #[error("the current bundle is another one than expected")]
    CurrentMismatch {
        /// The bundle that was expected, if one was.
        expected: Option<Digest>,
        /// The bundle that is current, if one is.
        current: Option<Digest>,
    },
    /// Nobody has approved it.
    #[error("bundles/{bundle} has no approved proposal")]
    NotApproved {
        /// The bundle.
        bundle: Digest,
        /// Its latest proposal, with where that stands.
        proposal: Option<(ProposalId, ProposalState)>,
    },
}

/// Decides what making a bundle current changes.
///
/// Rule: `registry.current-bundle`. At most one is current, and it became so through an approved proposal that was
/// made while the bundle before it was current: a reviewer agrees to a difference, not to a hash.
///
/// # Errors
/// [`SwitchError`].
pub fn make_current(
    hash: Digest,
    register: Register,
    expected: Option<Digest>,
    publication: Publication,
    now: Instant,
) -> Result<Switch, SwitchError> {
    let Register { known, current, proposal } = register;
    let current_hash = current.as_ref().map(|bundle| bundle.hash);
    if expected.is_some() && current_hash != expected {
        return Err(SwitchError::CurrentMismatch { expected, current: current_hash });
    }
    if let Some(bundle) = current.clone().filter(|bundle| bundle.hash == hash) {
        return Ok(Switch::Unchanged(bundle));
    }
    let proposal = match proposal {
        Some(proposal) if proposal.state == ProposalState::Approved => proposal,
        other => {
            let proposal = other.map(|proposal| (proposal.id, proposal.state));
            return Err(SwitchError::NotApproved { bundle: hash, proposal });
        }
    };
    if proposal.base != current_hash {
        return Err(SwitchError::CurrentMismatch { expected: proposal.base, current: current_hash });
    }
    let revision = current.as_ref().map_or(1, |bundle| bundle.revision + 1);
    let Publication { publisher, comment } = publication;
    let stamp = known.map_or(Stamp::new(now), |bundle| bundle.stamp.changed(now));
    let next = Bundle {
        hash,
        revision,
        effective: now,
        superseded: None,
        publisher,
        comment,
        proposal: Some(proposal.id.clone()),
        stamp,
    };
    let before = current.map(|bundle| Bundle { superseded: Some(now), stamp: bundle.stamp.changed(now), ..bundle });
    Ok(Switch::Changed(Box::new(Turn { before, current: next, proposal: proposal.publish(now) })))
}
