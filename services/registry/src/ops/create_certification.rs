//! CreateCertification and BatchCreateCertifications.

use sea_orm::DatabaseTransaction;
use values::Instant;

use super::{OpError, insert_new};
use crate::domain::certification::{Certification, Life, check_life};
use crate::domain::ids::{LearnerId, Owned};
use crate::domain::people::Learner;
use crate::domain::stamp::Stamp;
use crate::domain::text::Code;
use crate::{publish, store};

/// An exam passed, to record.
#[derive(Clone, Debug)]
pub struct CreateCertification {
    /// The learner and the id it gets.
    pub key: Owned<LearnerId>,
    /// The exam.
    pub exam: Code,
    /// When it was earned.
    pub earned: Instant,
    /// How long it counts.
    pub life: Life,
}

/// Records an exam passed. One learner passes one exam once at one instant: the providers' feeds
/// repeat themselves.
///
/// # Errors
/// [`OpError`] when the learner is not there, the fact is recorded, or it would expire before it was
/// earned.
pub async fn create_certification(
    tx: &DatabaseTransaction,
    now: Instant,
    command: &CreateCertification,
) -> Result<Certification, OpError> {
    let CreateCertification { key, exam, earned, life } = command;
    check_life(*earned, life)?;
    let learner = store::find::<Learner>(tx, key.owner.as_str().to_owned()).await?;
    let learner = learner.ok_or_else(|| OpError::missing("Learner", &key.owner))?;
    if let Some(other) = store::certifications::find_earned(tx, &learner.id, exam, *earned).await? {
        return Err(OpError::Exists { name: other.key.name_in("certifications") });
    }
    let certification =
        Certification { key: key.clone(), exam: exam.clone(), earned: *earned, life: *life, stamp: Stamp::new(now) };
    insert_new(tx, &certification, &certification.key.name_in("certifications")).await?;
    publish::state(tx, &certification).await?;
    Ok(certification)
}
