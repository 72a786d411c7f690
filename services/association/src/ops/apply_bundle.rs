//! Registry's Bundle: which staged bundle is used.

use proto::registry::v1 as registry;
use sea_orm::DatabaseTransaction;
use store::StoreError;
use values::{Digest, Instant};

use crate::store::bundles;

/// Notes that a bundle became current. One that was superseded is current no longer because a later
/// one has the higher number in the register.
///
/// # Errors
/// [`StoreError::Bug`] for a record that names no hash; the database's.
pub async fn apply_bundle(tx: &DatabaseTransaction, bundle: &registry::Bundle) -> Result<(), StoreError> {
    let hash = bundle.name.strip_prefix("bundles/").unwrap_or_default();
    let hash: Digest = hash.parse().map_err(|error| StoreError::bug(format!("{}: {error}", bundle.name)))?;
    let effective = bundle.effective_time.as_ref().map(rpc::wire::instant);
    let effective = effective.transpose().map_err(|error| StoreError::bug(error.to_string()))?;
    bundles::put_current(tx, bundle.revision, &hash, effective.unwrap_or(Instant::MIN)).await
}
