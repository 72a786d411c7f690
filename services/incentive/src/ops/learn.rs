//! Keeps what neighbours say.

use sea_orm::DatabaseTransaction;
use store::StoreError;

use crate::store::cells::{Arrival, Cell};
use crate::store::received::Received;
use crate::store::{cells, received};

/// Keeps a revision of a neighbour's thing for ever.
///
/// # Errors
/// The database's.
pub async fn state(tx: &DatabaseTransaction, said: &Received) -> Result<(), StoreError> {
    received::insert(tx, said).await
}

/// Keeps how a batch changed hours of usage.
///
/// # Errors
/// The database's.
pub async fn usage(tx: &DatabaseTransaction, arrival: &Arrival, changed: &[Cell]) -> Result<(), StoreError> {
    cells::insert(tx, arrival, changed).await
}

/// Removes everything that came from an aggregate, because its owner was restored from a backup and no longer
/// knows it. Statements that stand on it stay: they are ours.
///
/// # Errors
/// The database's.
pub async fn forget(tx: &DatabaseTransaction, kind: &str, aggregate: &str) -> Result<(), StoreError> {
    received::remove(tx, kind, aggregate).await?;
    cells::remove(tx, aggregate).await
}
