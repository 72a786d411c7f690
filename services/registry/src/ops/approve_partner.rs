//! ApprovePartner.

use sea_orm::DatabaseTransaction;
use values::Instant;

use super::{OpError, Target, lock_partner, take_step};
use crate::domain::ids::PartnerId;
use crate::domain::partner::{Partner, Step};

/// Makes an application a member.
///
/// # Errors
/// [`OpError`] when the account is not there, has changed, or its state does not allow it.
pub async fn approve_partner(
    tx: &DatabaseTransaction,
    now: Instant,
    target: &Target<PartnerId>,
) -> Result<Partner, OpError> {
    let partner = lock_partner(tx, &target.key).await?;
    take_step(tx, partner, &target.etag, Step::Approve, now).await
}
