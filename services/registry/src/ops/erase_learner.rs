//! EraseLearner.

use sea_orm::DatabaseTransaction;
use values::Instant;

use super::update_learner::lock_learner;
use super::{OpError, Target, check_etag};
use crate::domain::ids::LearnerId;
use crate::domain::people::{Learner, Person};
use crate::store;

/// Empties a person's name and address for good. The id, the links and the certifications stay, so
/// that no number changes. Rule: `registry.erasure`.
///
/// # Errors
/// [`OpError`] when the learner is not there or has changed.
pub async fn erase_learner(
    tx: &DatabaseTransaction,
    now: Instant,
    target: &Target<LearnerId>,
) -> Result<Learner, OpError> {
    let mut learner = lock_learner(tx, &target.key).await?;
    check_etag(&target.etag, &learner.id.to_string(), learner.stamp)?;
    if learner.erased {
        return Ok(learner);
    }
    store::learners::put_person(tx, &learner.id, &Person::default()).await?;
    learner.erased = true;
    learner.stamp = learner.stamp.changed(now);
    store::update(tx, &learner).await?;
    Ok(learner)
}
