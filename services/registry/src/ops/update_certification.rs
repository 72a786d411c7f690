//! UpdateCertification.

use sea_orm::DatabaseTransaction;
use values::Instant;

use super::{OpError, Target, check_etag};
use crate::domain::certification::{Certification, check_life};
use crate::domain::ids::{LearnerId, Owned};
use crate::{publish, store};

/// What to change about a certification. What is absent stays; an inner `None` takes it away.
#[derive(Clone, Debug)]
pub struct UpdateCertification {
    /// The certification.
    pub target: Target<Owned<LearnerId>>,
    /// Until when it is valid.
    pub expires: Option<Option<Instant>>,
    /// When the exam was retired.
    pub retired: Option<Option<Instant>>,
    /// Since when it is withdrawn.
    pub revoked: Option<Option<Instant>>,
}

/// Changes how long a certification counts.
///
/// # Errors
/// [`OpError`] when it is not there, has changed, or would expire before it was earned.
pub async fn update_certification(
    tx: &DatabaseTransaction,
    now: Instant,
    command: &UpdateCertification,
) -> Result<Certification, OpError> {
    let key = &command.target.key;
    let name = key.name_in("certifications");
    let found = store::lock::<Certification>(tx, (key.owner.as_str().to_owned(), key.id.to_string())).await?;
    let mut certification = found.ok_or_else(|| OpError::missing("Certification", &name))?;
    check_etag(&command.target.etag, &name, certification.stamp)?;
    let mut life = certification.life;
    life.expires = command.expires.unwrap_or(life.expires);
    life.retired = command.retired.unwrap_or(life.retired);
    life.revoked = command.revoked.unwrap_or(life.revoked);
    if life == certification.life {
        return Ok(certification);
    }
    check_life(certification.earned, &life)?;
    certification.life = life;
    certification.stamp = certification.stamp.changed(now);
    store::update(tx, &certification).await?;
    publish::state(tx, &certification).await?;
    Ok(certification)
}
