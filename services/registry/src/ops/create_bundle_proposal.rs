//! CreateBundleProposal.

use sea_orm::DatabaseTransaction;
use values::{Digest, Instant};

use super::{OpError, insert_new};
use crate::domain::proposal::{Proposal, ProposalId, ProposalState};
use crate::domain::stamp::Stamp;
use crate::{publish, store};

/// A bundle that somebody wants to make current.
#[derive(Clone, Debug)]
pub struct CreateBundleProposal {
    /// The identity the proposal gets.
    pub id: ProposalId,
    /// The bundle.
    pub bundle: Digest,
    /// What changes; may be empty.
    pub comment: String,
    /// The subject of the caller.
    pub proposer: String,
}

/// Proposes a bundle. The register's lock gives proposals their order.
///
/// # Errors
/// [`OpError::Proposed`] while another proposal of the bundle is open; [`OpError::Exists`] when the id is taken.
pub async fn create_bundle_proposal(
    tx: &DatabaseTransaction,
    now: Instant,
    command: &CreateBundleProposal,
) -> Result<Proposal, OpError> {
    let current = store::bundles::lock_current(tx).await?;
    let CreateBundleProposal { id, bundle, comment, proposer } = command.clone();
    if let Some(open) = store::proposals::latest_of(tx, &bundle).await?.filter(|latest| latest.state.is_open()) {
        return Err(OpError::Proposed { bundle, proposal: open.id });
    }
    let proposal = Proposal {
        id,
        bundle,
        revision: store::proposals::last_revision(tx).await? + 1,
        base: current.map(|current| current.hash),
        state: ProposalState::Proposed,
        proposer,
        comment,
        review: None,
        published: None,
        stamp: Stamp::new(now),
    };
    insert_new(tx, &proposal, &proposal.id.to_string()).await?;
    publish::state(tx, &proposal).await?;
    Ok(proposal)
}
