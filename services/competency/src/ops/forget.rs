//! Forgets what a publisher no longer has, because its database was restored from a backup.

use sea_orm::DatabaseTransaction;
use store::StoreError;

use crate::domain::kept::FactKind;
use crate::store::{accounts, bundles, due, facts, usage_sql};

/// Forgets a partner account.
///
/// # Errors
/// As the database's.
pub async fn forget_account(tx: &DatabaseTransaction, name: &str, partner: &str) -> Result<(), StoreError> {
    accounts::forget(tx, partner).await?;
    due::forget(tx, partner).await?;
    facts::forget(tx, FactKind::Partner, name).await
}

/// Forgets a fact.
///
/// # Errors
/// As the database's.
pub async fn forget_fact(tx: &DatabaseTransaction, kind: FactKind, name: &str) -> Result<(), StoreError> {
    facts::forget(tx, kind, name).await
}

/// Forgets a usage batch.
///
/// # Errors
/// As the database's.
pub async fn forget_usage(tx: &DatabaseTransaction, batch: &str) -> Result<(), StoreError> {
    usage_sql::forget(tx, batch).await
}

/// Forgets that a bundle was current.
///
/// # Errors
/// As the database's.
pub async fn forget_register(tx: &DatabaseTransaction, hash: &str) -> Result<(), StoreError> {
    bundles::forget_current(tx, hash).await
}
