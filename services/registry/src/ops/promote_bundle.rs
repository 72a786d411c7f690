//! PromoteBundle.

use sea_orm::DatabaseTransaction;
use values::{Digest, Instant};

use super::OpError;
use crate::domain::bundle::{Bundle, Publication, Register, Switch, Turn, make_current};
use crate::{publish, store};

/// A bundle to make current.
#[derive(Clone, Debug)]
pub struct PromoteBundle {
    /// The bundle's hash.
    pub hash: Digest,
    /// The bundle that must be current before; absent if it does not matter.
    pub expected: Option<Digest>,
    /// Who publishes it, and why.
    pub publication: Publication,
}

/// Makes a bundle current in place of the one before, through its approved proposal. The register's lock keeps two
/// switches, and a switch and a decision, apart.
///
/// # Errors
/// [`OpError::Switch`] when another one is current than expected, or nobody has approved it.
pub async fn promote_bundle(
    tx: &DatabaseTransaction,
    now: Instant,
    command: &PromoteBundle,
) -> Result<Bundle, OpError> {
    let current = store::bundles::lock_current(tx).await?;
    let known = store::find::<Bundle>(tx, command.hash.to_string()).await?;
    let is_known = known.is_some();
    let register = Register { known, current, proposal: store::proposals::latest_of(tx, &command.hash).await? };
    let switch = make_current(command.hash, register, command.expected, command.publication.clone(), now)?;
    let Turn { before, current: bundle, proposal } = match switch {
        Switch::Unchanged(bundle) => return Ok(bundle),
        Switch::Changed(turn) => *turn,
    };
    if let Some(before) = before {
        store::update(tx, &before).await?;
        publish::state(tx, &before).await?;
    }
    if is_known {
        store::update(tx, &bundle).await?;
    } else {
        store::insert(tx, &bundle).await?;
    }
    publish::state(tx, &bundle).await?;
    store::update(tx, &proposal).await?;
    publish::state(tx, &proposal).await?;
    store::bundles::set_current(tx, &bundle.hash).await?;
    Ok(bundle)
}
