//! ApproveBundleProposal and RefuseBundleProposal.

use sea_orm::DatabaseTransaction;
use values::Instant;

use super::{OpError, Target, check_etag};
use crate::domain::proposal::{Proposal, ProposalId, Review};
use crate::{publish, store};

/// What a reviewer decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The bundle may become current.
    Approve,
    /// It may not.
    Refuse,
}

/// A decision about a proposal.
#[derive(Clone, Debug)]
pub struct ReviewBundleProposal {
    /// The proposal.
    pub target: Target<ProposalId>,
    /// What is decided.
    pub verdict: Verdict,
    /// The subject of the caller.
    pub reviewer: String,
    /// The reviewer's words; may be empty.
    pub comment: String,
}

/// Decides a proposal. The register's lock keeps a decision and a switch apart.
///
/// # Errors
/// [`OpError`] when it is not there, has changed, was decided before, or its proposer would approve it.
pub async fn review_bundle_proposal(
    tx: &DatabaseTransaction,
    now: Instant,
    command: &ReviewBundleProposal,
) -> Result<Proposal, OpError> {
    store::bundles::lock_current(tx).await?;
    let id = &command.target.key;
    let found = store::lock::<Proposal>(tx, id.as_str().to_owned()).await?;
    let proposal = found.ok_or_else(|| OpError::missing("BundleProposal", id))?;
    check_etag(&command.target.etag, &id.to_string(), proposal.stamp)?;
    let review = Review { reviewer: command.reviewer.clone(), comment: command.comment.clone(), at: now };
    let proposal = match command.verdict {
        Verdict::Approve => proposal.approve(review)?,
        Verdict::Refuse => proposal.refuse(review)?,
    };
    store::update(tx, &proposal).await?;
    publish::state(tx, &proposal).await?;
    Ok(proposal)
}
