//! StageBundle.

use program::Bundle;
use sea_orm::DatabaseTransaction;
use values::Instant;

use crate::ops::OpError;
use crate::store::bundles::{self, StagedBundle};

/// Checks documents, runs the tests among them, and keeps them under the hash of what they mean, without effect.
///
/// # Errors
/// [`OpError::BundleInvalid`] with every problem.
pub async fn stage_bundle(
    tx: &DatabaseTransaction,
    now: Instant,
    documents: &[(String, String)],
) -> Result<(StagedBundle, Bundle), OpError> {
    let bundle = program::cases::tested(documents).map_err(OpError::BundleInvalid)?;
    let staged = StagedBundle { hash: bundle.hash(), staged: now };
    bundles::put(tx, &staged, documents).await?;
    let kept = bundles::find(tx, &staged.hash).await?;
    Ok((kept.unwrap_or(staged), bundle))
}
