//! WithdrawAgreement.

use sea_orm::DatabaseTransaction;
use values::{Instant, Interval};

use super::{OpError, Target, check_etag};
use crate::domain::agreement::Agreement;
use crate::domain::ids::AgreementId;
use crate::store;

/// Stops offering a version now. Acceptances stay in force.
///
/// # Errors
/// [`OpError`] when it is not there, has changed, or is withdrawn.
pub async fn withdraw_agreement(
    tx: &DatabaseTransaction,
    now: Instant,
    target: &Target<AgreementId>,
) -> Result<Agreement, OpError> {
    let name = target.key.to_string();
    let found = store::lock::<Agreement>(tx, target.key.as_str().to_owned()).await?;
    let mut agreement = found.ok_or_else(|| OpError::missing("Agreement", &name))?;
    check_etag(&target.etag, &name, agreement.stamp)?;
    if let Some(at) = agreement.offered.end().filter(|end| *end <= now) {
        return Err(OpError::Ended { name, at });
    }
    // An offer that was to start later is empty.
    let start = agreement.offered.start();
    agreement.offered = Interval::new(start, Some(now.max(start)))
        .map_err(|error| OpError::Invalid { field: "name", description: error.to_string() })?;
    agreement.stamp = agreement.stamp.changed(now);
    store::update(tx, &agreement).await?;
    Ok(agreement)
}
