//! PromoteBundle.

use sea_orm::DatabaseTransaction;
use values::{Digest, Instant};

use super::OpError;
use crate::domain::bundle::{Bundle, Publication, Switch, make_current};
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

/// Makes a bundle current in place of the one before. The register's lock keeps two switches apart.
///
/// # Errors
/// [`OpError::Bundle`] when another one is current than expected.
pub async fn promote_bundle(
    tx: &DatabaseTransaction,
    now: Instant,
    command: &PromoteBundle,
) -> Result<Bundle, OpError> {
    let current = store::bundles::lock_current(tx).await?;
    let known = store::find::<Bundle>(tx, command.hash.to_string()).await?;
    let is_known = known.is_some();
    let switch = make_current(command.hash, known, current, command.expected, command.publication.clone(), now)?;
    let (before, bundle) = match switch {
        Switch::Unchanged(bundle) => return Ok(bundle),
        Switch::Changed { before, current } => (before, current),
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
    store::bundles::set_current(tx, &bundle.hash).await?;
    Ok(bundle)
}
