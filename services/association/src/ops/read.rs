//! Reading: one resource as it is or was known, and lists. What a caller may see of a single resource
//! was asked of [`crate::grpc::Owners`] before; a list takes the caller's scope.

use ::store::StoreError;
use feed::Feed;
use prost::Message;
use sea_orm::{ConnectionTrait, DatabaseConnection};
use values::Instant;

use crate::domain::association::Association;
use crate::domain::customer::Customer;
use crate::domain::names::{AssociationName, CustomerId, SeatCountName, SubscriptionName, TransactionName};
use crate::domain::seats::SeatCount;
use crate::domain::subscription::Subscription;
use crate::domain::transaction::Transaction;
use crate::ops::OpError;
use crate::store;
use crate::store::ListQuery;
use crate::store::listing::Listed;

/// A customer.
///
/// # Errors
/// [`OpError::NotFound`].
pub async fn get_customer(db: &DatabaseConnection, id: &CustomerId) -> Result<Customer, OpError> {
    store::customers::find(db, id).await?.ok_or_else(|| OpError::missing("Customer", id))
}

/// A subscription.
///
/// # Errors
/// [`OpError::NotFound`].
pub async fn get_subscription(db: &impl ConnectionTrait, name: &SubscriptionName) -> Result<Subscription, OpError> {
    store::subscriptions::find(db, name).await?.ok_or_else(|| OpError::missing("Subscription", name))
}

/// The seats of a subscription at an instant.
///
/// # Errors
/// The database's.
pub async fn seats_at(
    db: &impl ConnectionTrait,
    name: &SubscriptionName,
    at: Instant,
) -> Result<Option<values::Decimal>, OpError> {
    Ok(store::seats::seats_at(db, name, at).await?)
}

/// An association.
///
/// # Errors
/// [`OpError::NotFound`].
pub async fn get_association(db: &DatabaseConnection, name: &AssociationName) -> Result<Association, OpError> {
    store::associations::find(db, name).await?.ok_or_else(|| OpError::missing("Association", name))
}

/// A transaction.
///
/// # Errors
/// [`OpError::NotFound`].
pub async fn get_transaction(db: &DatabaseConnection, name: &TransactionName) -> Result<Transaction, OpError> {
    store::transactions::find(db, name).await?.ok_or_else(|| OpError::missing("Transaction", name))
}

/// A seat count.
///
/// # Errors
/// [`OpError::NotFound`].
pub async fn get_seat_count(db: &DatabaseConnection, name: &SeatCountName) -> Result<SeatCount, OpError> {
    store::seats::find(db, name).await?.ok_or_else(|| OpError::missing("SeatCount", name))
}

/// One page of resources, one more than fits if there is another page.
///
/// # Errors
/// The database's.
pub async fn list<R: Listed>(db: &DatabaseConnection, query: &ListQuery) -> Result<Vec<R>, OpError> {
    Ok(store::list::<R>(db, query).await?)
}

/// What was published of a resource, as it was known at an instant; `None` if it was not known then.
///
/// # Errors
/// [`OpError::History`] ahead of what is recorded; the database's.
pub async fn known<M: Message + Default>(
    db: &DatabaseConnection,
    feed: &Feed,
    name: &str,
    at: Instant,
) -> Result<Option<(M, Instant)>, OpError> {
    feed.seal(at).await?;
    let Some(change) = feed::known_at(db, name, at).await?.filter(|change| !change.is_tombstone()) else {
        return Ok(None);
    };
    let message = change.message::<M>().map_err(|error| StoreError::bug(format!("the history of {name}: {error}")))?;
    Ok(Some((message, change.recorded)))
}
