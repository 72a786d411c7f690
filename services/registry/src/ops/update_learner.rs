//! UpdateLearner.

use sea_orm::DatabaseTransaction;
use values::Instant;

use super::{OpError, Target, check_etag};
use crate::domain::ids::LearnerId;
use crate::domain::people::Learner;
use crate::store;

/// What to change about a person. What is absent stays.
#[derive(Clone)]
pub struct UpdateLearner {
    /// The learner.
    pub target: Target<LearnerId>,
    /// The name.
    pub display_name: Option<String>,
    /// The mail address.
    pub email: Option<String>,
}

/// Changes a person's name or address.
///
/// # Errors
/// [`OpError`] when the learner is not there, has changed, or was erased.
pub async fn update_learner(
    tx: &DatabaseTransaction,
    now: Instant,
    command: &UpdateLearner,
) -> Result<Learner, OpError> {
    let mut learner = lock_learner(tx, &command.target.key).await?;
    check_etag(&command.target.etag, &learner.id.to_string(), learner.stamp)?;
    learner.require_present()?;
    let people = store::learners::find_people(tx, std::slice::from_ref(&learner.id)).await?;
    let mut person = people.into_values().next().unwrap_or_default();
    let before = person.clone();
    if let Some(display_name) = &command.display_name {
        person.display_name.clone_from(display_name);
    }
    if let Some(email) = &command.email {
        person.email.clone_from(email);
    }
    if person == before {
        return Ok(learner);
    }
    store::learners::put_person(tx, &learner.id, &person).await?;
    learner.stamp = learner.stamp.changed(now);
    store::update(tx, &learner).await?;
    Ok(learner)
}

/// The learner, locked: what happens to a person happens one after the other.
pub(super) async fn lock_learner(tx: &DatabaseTransaction, id: &LearnerId) -> Result<Learner, OpError> {
    let found = store::lock::<Learner>(tx, id.as_str().to_owned()).await?;
    found.ok_or_else(|| OpError::missing("Learner", id))
}
