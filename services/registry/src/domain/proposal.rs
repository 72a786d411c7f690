//! Proposals: a bundle becomes current only after a second person has agreed.

use std::fmt;

use values::{Digest, Id, Instant};

use super::stamp::Stamp;

/// The identity of a proposal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProposalId(pub Id);

impl ProposalId {
    /// The id as text, without the collection.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for ProposalId {
    /// The resource name: `bundleProposals/2025-commerce`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bundleProposals/{}", self.0)
    }
}

/// Where a proposal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProposalState {
    /// It waits for a second person.
    Proposed,
    /// A second person agreed.
    Approved,
    /// It was refused, or taken back.
    Refused,
    /// Its bundle became current through it.
    Published,
}

impl ProposalState {
    /// All states.
    pub const ALL: [ProposalState; 4] =
        [ProposalState::Proposed, ProposalState::Approved, ProposalState::Refused, ProposalState::Published];

    /// The name under which it is stored, and on the wire after its prefix.
    pub fn name(self) -> &'static str {
        match self {
            ProposalState::Proposed => "PROPOSED",
            ProposalState::Approved => "APPROVED",
            ProposalState::Refused => "REFUSED",
            ProposalState::Published => "PUBLISHED",
        }
    }

    /// Whether its bundle may still become current through it.
    pub fn is_open(self) -> bool {
        matches!(self, ProposalState::Proposed | ProposalState::Approved)
    }
}

/// What a second person said about a proposal, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// The subject of the caller.
    pub reviewer: String,
    /// The reviewer's words; may be empty.
    pub comment: String,
    /// When.
    pub at: Instant,
}

/// One revision of the vendor's rules: the bundle, who proposed it, who reviewed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Its identity.
    pub id: ProposalId,
    /// The bundle that shall become current.
    pub bundle: Digest,
    /// How many proposals the register had seen with this one.
    pub revision: i64,
    /// The bundle that was current when it was proposed: what the reviewer compares with.
    pub base: Option<Digest>,
    /// Where it stands.
    pub state: ProposalState,
    /// The subject of the caller who proposed it.
    pub proposer: String,
    /// What changes, in the proposer's words; may be empty.
    pub comment: String,
    /// What a second person said; absent while nobody has.
    pub review: Option<Review>,
    /// When its bundle became current through it.
    pub published: Option<Instant>,
    /// When it was recorded and changed.
    pub stamp: Stamp,
}

/// Why a proposal cannot be decided this way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReviewError {
    /// The person who proposed it may not approve it.
    #[error("{proposal} was proposed by {proposer}; another person must approve it")]
    ApproverIsProposer {
        /// The proposal.
        proposal: ProposalId,
        /// Who proposed it.
        proposer: String,
    },
    /// It was decided before.
    #[error("{proposal} is {} and cannot be decided again", .state.name().to_ascii_lowercase())]
    Decided {
        /// The proposal.
        proposal: ProposalId,
        /// Where it stands.
        state: ProposalState,
    },
}

impl Proposal {
    /// The proposal, approved.
    ///
    /// Rule: `registry.second-person-approves`. Nobody approves a change of the rules that is their own.
    ///
    /// # Errors
    /// [`ReviewError`] for its proposer, or when it was decided before.
    pub fn approve(self, review: Review) -> Result<Proposal, ReviewError> {
        if self.state != ProposalState::Proposed {
            return Err(self.decided());
        }
        if self.proposer == review.reviewer {
            return Err(ReviewError::ApproverIsProposer { proposal: self.id, proposer: self.proposer });
        }
        Ok(self.reviewed(ProposalState::Approved, review))
    }

    /// The proposal, refused. Its proposer may take it back this way, and an approval may be taken back until the
    /// bundle is current.
    ///
    /// # Errors
    /// [`ReviewError::Decided`] when it was refused or published before.
    pub fn refuse(self, review: Review) -> Result<Proposal, ReviewError> {
        if !self.state.is_open() {
            return Err(self.decided());
        }
        Ok(self.reviewed(ProposalState::Refused, review))
    }

    /// The approved proposal after its bundle became current.
    #[must_use]
    pub fn publish(self, now: Instant) -> Proposal {
        let stamp = self.stamp.changed(now);
        Proposal { state: ProposalState::Published, published: Some(now), stamp, ..self }
    }

    fn reviewed(self, state: ProposalState, review: Review) -> Proposal {
        let stamp = self.stamp.changed(review.at);
        Proposal { state, review: Some(review), stamp, ..self }
    }

    fn decided(self) -> ReviewError {
        ReviewError::Decided { proposal: self.id, state: self.state }
    }
}
