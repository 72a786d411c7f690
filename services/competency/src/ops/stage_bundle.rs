//! Checks a bundle and stores it under its hash, without effect.

use program::Bundle;
use sea_orm::DatabaseTransaction;
use values::Instant;

use super::OpError;
use crate::domain::bundle::Document;
use crate::store::bundles;

/// Checks documents and runs the tests among them.
///
/// # Errors
/// [`OpError::BundleInvalid`] with every problem.
pub fn check(documents: &[Document]) -> Result<Bundle, OpError> {
    let files: Vec<(&str, &str)> =
        documents.iter().map(|document| (document.path.as_str(), document.text.as_str())).collect();
    program::cases::tested(&files).map_err(OpError::BundleInvalid)
}

/// Stores documents that were checked under the hash of their bundle; once.
///
/// # Errors
/// As the database's.
pub async fn stage(
    tx: &DatabaseTransaction,
    now: Instant,
    bundle: &Bundle,
    documents: &[Document],
) -> Result<(), OpError> {
    bundles::stage(tx, &bundle.hash().to_string(), documents, now).await?;
    Ok(())
}
