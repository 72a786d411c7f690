//! EndSupplyRelation.

use sea_orm::DatabaseTransaction;
use values::Instant;

use super::{End, OpError, check_etag, end_interval};
use crate::domain::ids::{Owned, PartnerId};
use crate::domain::supply::SupplyRelation;
use crate::{publish, store};

/// Ends a supply relation.
///
/// # Errors
/// [`OpError`] when it is not there, has changed, has ended, or would end before it starts.
pub async fn end_supply_relation(
    tx: &DatabaseTransaction,
    now: Instant,
    command: &End<Owned<PartnerId>>,
) -> Result<SupplyRelation, OpError> {
    let target = &command.target;
    let name = target.key.name_in("supplyRelations");
    let key = (target.key.owner.as_str().to_owned(), target.key.id.to_string());
    let found = store::lock::<SupplyRelation>(tx, key).await?;
    let mut relation = found.ok_or_else(|| OpError::missing("SupplyRelation", &name))?;
    check_etag(&target.etag, &name, relation.stamp)?;
    relation.held = end_interval(&name, relation.held, command.at, now)?;
    relation.stamp = relation.stamp.changed(now);
    store::update(tx, &relation).await?;
    publish::state(tx, &relation).await?;
    Ok(relation)
}
