//! EndLearnerLink.

use sea_orm::DatabaseTransaction;
use values::Instant;

use super::update_learner::lock_learner;
use super::{Actor, End, OpError, check_etag, end_interval, get_partner};
use crate::domain::ids::{LearnerId, Owned};
use crate::domain::people::LearnerLink;
use crate::{publish, store};

/// Ends a link.
///
/// # Errors
/// [`OpError`] when it is not there, has changed, has ended, would end before it starts, or belongs
/// to a partner that the caller does not act for.
pub async fn end_learner_link(
    tx: &DatabaseTransaction,
    now: Instant,
    command: &End<Owned<LearnerId>>,
    actor: &Actor,
) -> Result<LearnerLink, OpError> {
    let target = &command.target;
    let name = target.key.name_in("links");
    let mut learner = lock_learner(tx, &target.key.owner).await?;
    let key = (target.key.owner.as_str().to_owned(), target.key.id.to_string());
    let found = store::lock::<LearnerLink>(tx, key).await?;
    let mut link = found.ok_or_else(|| OpError::missing("LearnerLink", &name))?;
    if !actor.acts_for(&get_partner(tx, &link.partner).await?) {
        return Err(OpError::NotOwned { name });
    }
    check_etag(&target.etag, &name, link.stamp)?;
    link.held = end_interval(&name, link.held, command.at, now)?;
    link.stamp = link.stamp.changed(now);
    store::update(tx, &link).await?;
    publish::state(tx, &link).await?;
    learner.partner = None;
    learner.stamp = learner.stamp.changed(now);
    store::update(tx, &learner).await?;
    Ok(link)
}
