//! UpdateEnrollment.

use sea_orm::DatabaseTransaction;
use values::{Date, Id, Instant};

use super::create_enrollment::require_in_force;
use super::{OpError, Target, check_etag};
use crate::domain::enrollment::Enrollment;
use crate::domain::ids::{Owned, PartnerId};
use crate::{publish, store};

/// What to change about an enrollment. What is absent stays.
#[derive(Clone, Debug)]
pub struct UpdateEnrollment {
    /// The enrollment.
    pub target: Target<Owned<PartnerId>>,
    /// The next anniversary.
    pub anniversary: Option<Date>,
    /// Until when the fee is paid, or that it is not.
    pub fee_paid: Option<Option<Instant>>,
    /// The acceptance behind it, or none.
    pub acceptance: Option<Option<Id>>,
}

/// Changes an enrollment's anniversary, fee or agreement.
///
/// # Errors
/// [`OpError`] when it is not there, has changed, has ended, or the acceptance does not hold.
pub async fn update_enrollment(
    tx: &DatabaseTransaction,
    now: Instant,
    command: &UpdateEnrollment,
) -> Result<Enrollment, OpError> {
    let key = &command.target.key;
    let name = key.name_in("enrollments");
    let found = store::lock::<Enrollment>(tx, (key.owner.as_str().to_owned(), key.id.to_string())).await?;
    let before = found.ok_or_else(|| OpError::missing("Enrollment", &name))?;
    check_etag(&command.target.etag, &name, before.stamp)?;
    if let Some(at) = before.held.end() {
        return Err(OpError::Ended { name, at });
    }
    let mut enrollment = before.clone();
    if let Some(anniversary) = command.anniversary {
        enrollment.anniversary = anniversary;
    }
    if let Some(fee_paid) = command.fee_paid {
        enrollment.fee_paid = fee_paid;
    }
    if let Some(acceptance) = &command.acceptance {
        enrollment.acceptance = acceptance.clone();
    }
    if enrollment == before {
        return Ok(before);
    }
    if let Some(acceptance) = enrollment.acceptance.as_ref().filter(|it| before.acceptance.as_ref() != Some(it)) {
        require_in_force(tx, &key.owner, acceptance, enrollment.held.start()).await?;
    }
    enrollment.stamp = enrollment.stamp.changed(now);
    store::update(tx, &enrollment).await?;
    publish::state(tx, &enrollment).await?;
    Ok(enrollment)
}
