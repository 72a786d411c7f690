//! Registry's Partner: who may be named, and who stands below whom.

use sea_orm::DatabaseTransaction;
use store::StoreError;

use crate::domain::names::PartnerId;
use crate::store::partners;

pub use crate::store::partners::KnownPartner;

/// Keeps what a partner's state says. The state is the full state: it is written whatever was there.
///
/// # Errors
/// The database's.
pub async fn apply_partner(
    tx: &DatabaseTransaction,
    id: &PartnerId,
    known: &KnownPartner,
    revision: i64,
) -> Result<(), StoreError> {
    partners::put(tx, id, known, revision).await
}
