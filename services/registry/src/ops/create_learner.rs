//! CreateLearner and BatchCreateLearners.

use sea_orm::DatabaseTransaction;
use values::Instant;

use super::{OpError, insert_new};
use crate::domain::ids::LearnerId;
use crate::domain::people::{Learner, Person};
use crate::domain::stamp::Stamp;
use crate::store;

/// A person to register.
#[derive(Clone, Debug)]
pub struct CreateLearner {
    /// The identity it gets.
    pub id: LearnerId,
    /// What only the registry knows.
    pub person: Person,
}

/// Registers a person.
///
/// # Errors
/// [`OpError::Exists`] when the id is taken.
pub async fn create_learner(
    tx: &DatabaseTransaction,
    now: Instant,
    command: &CreateLearner,
) -> Result<Learner, OpError> {
    let learner = Learner { id: command.id.clone(), erased: false, partner: None, stamp: Stamp::new(now) };
    insert_new(tx, &learner, &learner.id.to_string()).await?;
    store::learners::put_person(tx, &learner.id, &command.person).await?;
    Ok(learner)
}
