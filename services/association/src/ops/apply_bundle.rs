//! Registry's Bundle: which staged bundle is used.

use sea_orm::DatabaseTransaction;
use store::StoreError;
use values::{Digest, Instant};

use crate::store::bundles;

/// A bundle as registry's register has it.
#[derive(Clone, Copy, Debug)]
pub struct RegisteredBundle {
    /// Its hash.
    pub hash: Digest,
    /// From when on it is current.
    pub effective: Instant,
    /// Its number in the register; the highest is current.
    pub revision: i64,
}

/// Notes that a bundle became current. One that was superseded is current no longer because a later
/// one has the higher number in the register.
///
/// # Errors
/// The database's.
pub async fn apply_bundle(tx: &DatabaseTransaction, bundle: &RegisteredBundle) -> Result<(), StoreError> {
    bundles::put_current(tx, bundle.revision, &bundle.hash, bundle.effective).await
}
