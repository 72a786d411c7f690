//! SuspendPartner.

use sea_orm::DatabaseTransaction;
use values::Instant;

use super::{OpError, Target, lock_partner, take_step};
use crate::domain::ids::PartnerId;
use crate::domain::partner::{Partner, Step};
use crate::domain::text::Reason;

/// Lets a member's rights rest.
///
/// # Errors
/// [`OpError`] when the account is not there, has changed, or its state does not allow it.
pub async fn suspend_partner(
    tx: &DatabaseTransaction,
    now: Instant,
    target: &Target<PartnerId>,
    reason: &Reason,
) -> Result<Partner, OpError> {
    let partner = lock_partner(tx, &target.key).await?;
    take_step(tx, partner, &target.etag, Step::Suspend(reason.clone()), now).await
}
