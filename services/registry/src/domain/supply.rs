//! Through whom a reseller buys.

use values::{Id, Instant, Interval};

use super::ids::{Owned, PartnerId};
use super::partner::{BusinessType, Partner};
use super::stamp::Stamp;

/// A partner buys through a supplier for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SupplyRelation {
    /// The buying partner and the relation's id.
    pub key: Owned<PartnerId>,
    /// The distributor or aggregator.
    pub supplier: PartnerId,
    /// For how long.
    pub held: Interval,
    /// When it was recorded and changed.
    pub stamp: Stamp,
}

/// Why a supply relation cannot start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SupplyError {
    /// The named supplier is none, or is the buyer itself.
    #[error("{supplier} is neither distributor nor aggregator for this partner")]
    NotASupplier {
        /// The named supplier.
        supplier: PartnerId,
    },
    /// The partner buys through it at that time.
    #[error("the partner buys through {supplier} by {relation}")]
    Overlaps {
        /// The named supplier.
        supplier: PartnerId,
        /// The id of the relation that holds.
        relation: Id,
    },
}

/// Decides whether a partner may buy through a supplier from an instant, given its relations with
/// that supplier. Rule: `registry.supply-relation`.
///
/// # Errors
/// [`SupplyError`] names what is in the way.
pub fn check_supply(
    buyer: &PartnerId,
    supplier: &Partner,
    existing: &[SupplyRelation],
    start: Instant,
) -> Result<(), SupplyError> {
    let supplies = |kind: &BusinessType| matches!(kind, BusinessType::Distributor | BusinessType::Aggregator);
    if supplier.id == *buyer || !supplier.profile.business_types.iter().any(supplies) {
        return Err(SupplyError::NotASupplier { supplier: supplier.id.clone() });
    }
    match existing.iter().find(|other| other.held.overlaps(&Interval::since(start))) {
        Some(other) => Err(SupplyError::Overlaps { supplier: supplier.id.clone(), relation: other.key.id.clone() }),
        None => Ok(()),
    }
}
