//! What the service does: one file per RPC or followed change. An op takes the transaction, the time
//! and a command; it loads, lets the domain decide, records and publishes, and neither begins nor
//! commits.

pub mod apply_bundle;
pub mod apply_partner;
pub mod create_association;
pub mod create_customer;
pub mod create_seat_count;
pub mod create_subscription;
pub mod create_transaction;
pub mod designate_partner;
pub mod end_association;
mod error;
pub mod get_usage;
pub mod ingest_usage;
pub mod list_usage;
pub mod policies;
pub mod read;
pub mod recognize_subscription;
pub mod stage_bundle;
pub mod update_customer;
pub mod update_subscription;

pub use error::OpError;
pub use policies::Policies;
pub use sea_orm::ConnectionTrait as Connection;

use sea_orm::DatabaseTransaction;

use crate::domain::names::{CustomerId, PartnerId, SubscriptionName};
use crate::domain::subscription::Subscription;
use crate::store;

/// What a create did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Made<T> {
    /// It is new.
    New(T),
    /// It was there already, with the same content.
    Identical(T),
}

impl<T> Made<T> {
    /// The resource, new or not.
    pub fn into_inner(self) -> T {
        match self {
            Made::New(made) | Made::Identical(made) => made,
        }
    }

    /// Whether it was there already.
    pub fn is_identical(&self) -> bool {
        matches!(self, Made::Identical(_))
    }
}

/// The partner must be known and active for something new to be said of it.
async fn require_active(tx: &DatabaseTransaction, partner: &PartnerId) -> Result<(), OpError> {
    match store::partners::find(tx, partner).await? {
        None => Err(OpError::PartnerUnknown(partner.clone())),
        Some(known) if known.state == store::partners::ACTIVE => Ok(()),
        Some(known) => Err(OpError::PartnerNotActive { partner: partner.clone(), state: known.state }),
    }
}

async fn require_customer(tx: &DatabaseTransaction, id: &CustomerId) -> Result<(), OpError> {
    let found = store::customers::find(tx, id).await?;
    found.map(|_| ()).ok_or_else(|| OpError::missing("Customer", id))
}

async fn lock_subscription(tx: &DatabaseTransaction, name: &SubscriptionName) -> Result<Subscription, OpError> {
    let found = store::subscriptions::lock(tx, name).await?;
    found.ok_or_else(|| OpError::missing("Subscription", name))
}

/// Refuses a change of a resource that is not as the caller read it. An empty etag asks for nothing.
fn check_etag(given: &str, name: &str, revision: i64) -> Result<(), OpError> {
    if given.is_empty() || given == rpc::etag::of(name, revision) {
        return Ok(());
    }
    Err(OpError::EtagMismatch { name: name.to_owned() })
}
