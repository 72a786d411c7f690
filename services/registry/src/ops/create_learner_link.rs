//! CreateLearnerLink and BatchCreateLearnerLinks.

use sea_orm::DatabaseTransaction;
use values::{Instant, Interval};

use super::update_learner::lock_learner;
use super::{Actor, OpError, get_partner, insert_new};
use crate::domain::ids::{LearnerId, Owned, PartnerId};
use crate::domain::partner::State;
use crate::domain::people::{Learner, LearnerLink, start_link};
use crate::domain::stamp::Stamp;
use crate::{publish, store};

/// A link to start.
#[derive(Clone, Debug)]
pub struct CreateLearnerLink {
    /// The learner and the id the link gets.
    pub key: Owned<LearnerId>,
    /// The partner.
    pub partner: PartnerId,
    /// Since when; absent for now.
    pub start: Option<Instant>,
    /// Who asks.
    pub actor: Actor,
}

/// Links a learner to a partner and ends the link before.
///
/// # Errors
/// [`OpError`] when learner or partner is not there, the partner is refused or ended, a rule of
/// links is in the way, or a partner asks for a person of another.
pub async fn create_learner_link(
    tx: &DatabaseTransaction,
    now: Instant,
    command: &CreateLearnerLink,
) -> Result<LearnerLink, OpError> {
    let mut learner = lock_learner(tx, &command.key.owner).await?;
    let partner = get_partner(tx, &command.partner).await?;
    partner.require(State::LIVE)?;
    require_free(tx, &command.actor, &learner).await?;
    let start = command.start.unwrap_or(now);
    let links = store::links::of_learner(tx, &learner.id).await?;
    let ends =
        start_link(&links, &partner.id, start).map_err(|error| OpError::Link { learner: learner.id.clone(), error })?;

    if let Some(before) = ends {
        let mut before = before.clone();
        before.held = Interval::new(before.held.start(), Some(start))
            .map_err(|error| OpError::Invalid { field: "learner_link.start_time", description: error.to_string() })?;
        before.stamp = before.stamp.changed(now);
        store::update(tx, &before).await?;
        publish::state(tx, &before).await?;
    }
    let link = LearnerLink {
        key: command.key.clone(),
        partner: partner.id.clone(),
        held: Interval::since(start),
        stamp: Stamp::new(now),
    };
    insert_new(tx, &link, &link.key.name_in("links")).await?;
    publish::state(tx, &link).await?;
    learner.partner = Some(partner.id);
    learner.stamp = learner.stamp.changed(now);
    store::update(tx, &learner).await?;
    Ok(link)
}

/// Checks that the caller does not take a person away from a partner it does not act for.
/// Rule: `registry.no-poaching`.
async fn require_free(tx: &DatabaseTransaction, actor: &Actor, learner: &Learner) -> Result<(), OpError> {
    let (Actor::Partner(_), Some(current)) = (actor, &learner.partner) else { return Ok(()) };
    let current = get_partner(tx, current).await?;
    if actor.acts_for(&current) { Ok(()) } else { Err(OpError::LinkedElsewhere { learner: learner.id.clone() }) }
}
