//! CreateSupplyRelation.

use sea_orm::DatabaseTransaction;
use values::{Instant, Interval};

use super::{OpError, get_partner, insert_new, lock_partner};
use crate::domain::ids::{Owned, PartnerId};
use crate::domain::partner::State;
use crate::domain::stamp::Stamp;
use crate::domain::supply::{SupplyRelation, check_supply};
use crate::{publish, store};

/// A relation to start.
#[derive(Clone, Debug)]
pub struct CreateSupplyRelation {
    /// The buying partner and the id it gets.
    pub key: Owned<PartnerId>,
    /// The distributor or aggregator.
    pub supplier: PartnerId,
    /// Since when; absent for now.
    pub start: Option<Instant>,
}

/// Starts a supply relation. The buyer's lock keeps two relations with one supplier apart.
///
/// # Errors
/// [`OpError`] when buyer or supplier is not there, refused or ended, the supplier is none, or the
/// buyer buys through it then.
pub async fn create_supply_relation(
    tx: &DatabaseTransaction,
    now: Instant,
    command: &CreateSupplyRelation,
) -> Result<SupplyRelation, OpError> {
    let buyer = lock_partner(tx, &command.key.owner).await?;
    buyer.require(State::LIVE)?;
    let supplier = get_partner(tx, &command.supplier).await?;
    supplier.require(State::LIVE)?;
    let start = command.start.unwrap_or(now);
    let existing = store::supply::with_supplier(tx, &buyer.id, &supplier.id).await?;
    check_supply(&buyer.id, &supplier, &existing, start)
        .map_err(|error| OpError::Supply { partner: buyer.id.clone(), error })?;

    let relation = SupplyRelation {
        key: command.key.clone(),
        supplier: supplier.id,
        held: Interval::since(start),
        stamp: Stamp::new(now),
    };
    insert_new(tx, &relation, &relation.key.name_in("supplyRelations")).await?;
    publish::state(tx, &relation).await?;
    Ok(relation)
}
