//! EndPartner.

use sea_orm::DatabaseTransaction;
use values::Instant;

use super::{OpError, Target, lock_partner, take_step};
use crate::domain::ids::PartnerId;
use crate::domain::partner::{Partner, Step};
use crate::domain::text::Reason;
use crate::store;

/// Ends a membership, after those of its locations: nothing may roll up to an account that is no
/// member. Rule: `registry.locations-first`.
///
/// # Errors
/// [`OpError`] when the account is not there, has changed, has locations, or is no member.
pub async fn end_partner(
    tx: &DatabaseTransaction,
    now: Instant,
    target: &Target<PartnerId>,
    reason: &Reason,
) -> Result<Partner, OpError> {
    let partner = lock_partner(tx, &target.key).await?;
    let locations = store::partners::count_locations(tx, &partner.id).await?;
    if locations > 0 {
        return Err(OpError::HasLocations { partner: partner.id, locations });
    }
    take_step(tx, partner, &target.etag, Step::End(reason.clone()), now).await
}
