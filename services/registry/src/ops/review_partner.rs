//! ReviewPartner.

use sea_orm::DatabaseTransaction;
use values::Instant;

use super::{OpError, Target, lock_partner, take_step};
use crate::domain::duplicates::{self, Likeness};
use crate::domain::ids::PartnerId;
use crate::domain::partner::{Partner, Step};
use crate::store;

/// Takes up an application, and looks for duplicates once more: others may have applied since.
///
/// # Errors
/// [`OpError`] when the account is not there, has changed, or is no new application.
pub async fn review_partner(
    tx: &DatabaseTransaction,
    now: Instant,
    target: &Target<PartnerId>,
) -> Result<Partner, OpError> {
    let mut partner = lock_partner(tx, &target.key).await?;
    let likeness = Likeness::of(&partner.profile);
    let candidates = store::partners::find_candidates(tx, &likeness).await?;
    partner.possible_duplicates = duplicates::suspect(&partner.id, partner.top(), &likeness, &candidates);
    store::partners::put_duplicates(tx, &partner).await?;
    take_step(tx, partner, &target.etag, Step::Review, now).await
}
