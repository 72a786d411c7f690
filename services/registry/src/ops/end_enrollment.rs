//! EndEnrollment.

use sea_orm::DatabaseTransaction;
use values::Instant;

use super::{End, OpError, check_etag, end_interval};
use crate::domain::enrollment::Enrollment;
use crate::domain::ids::{Owned, PartnerId};
use crate::domain::text::Reason;
use crate::{publish, store};

/// Ends an enrollment.
///
/// # Errors
/// [`OpError`] when it is not there, has changed, has ended, or would end before it starts.
pub async fn end_enrollment(
    tx: &DatabaseTransaction,
    now: Instant,
    command: &End<Owned<PartnerId>>,
    reason: &Reason,
) -> Result<Enrollment, OpError> {
    let target = &command.target;
    let name = target.key.name_in("enrollments");
    let key = (target.key.owner.as_str().to_owned(), target.key.id.to_string());
    let found = store::lock::<Enrollment>(tx, key).await?;
    let mut enrollment = found.ok_or_else(|| OpError::missing("Enrollment", &name))?;
    check_etag(&target.etag, &name, enrollment.stamp)?;
    enrollment.held = end_interval(&name, enrollment.held, command.at, now)?;
    enrollment.end_reason = Some(reason.clone());
    enrollment.stamp = enrollment.stamp.changed(now);
    store::update(tx, &enrollment).await?;
    publish::state(tx, &enrollment).await?;
    Ok(enrollment)
}
