//! CreateSeatCount.

use sea_orm::DatabaseTransaction;
use values::{Id, Instant};

use crate::domain::names::{SeatCountName, SubscriptionName, derived_id};
use crate::domain::seats::{SeatContent, SeatCount};
use crate::ops::{Made, OpError, lock_subscription};
use crate::{publish, store};

/// A seat count to record.
#[derive(Clone, Debug)]
pub struct CreateSeatCount {
    /// Of which subscription.
    pub subscription: SubscriptionName,
    /// Its id; absent for one made from its business key.
    pub id: Option<Id>,
    /// What is said.
    pub content: SeatContent,
}

/// Records a seat count once.
///
/// # Errors
/// [`OpError::NotFound`] without the subscription; [`OpError::Exists`] when the source said something
/// else under the same id.
pub async fn create_seat_count(
    tx: &DatabaseTransaction,
    now: Instant,
    command: &CreateSeatCount,
) -> Result<Made<SeatCount>, OpError> {
    lock_subscription(tx, &command.subscription).await?;
    let key = command.content.business_key(&command.subscription);
    let id = command.id.clone().unwrap_or_else(|| derived_id("s", &key));
    let name = SeatCountName { subscription: command.subscription.clone(), id };
    let same = match store::seats::find_by_business_key(tx, &key).await? {
        Some(found) => Some(found),
        None => store::seats::find(tx, &name).await?,
    };
    if let Some(found) = same {
        let identical = found.name.subscription == command.subscription && found.content == command.content;
        return if identical { Ok(Made::Identical(found)) } else { Err(OpError::exists("SeatCount", &found.name)) };
    }
    let seats = SeatCount { name, content: command.content.clone(), created: now };
    store::seats::insert(tx, &seats).await.map_err(|error| match error {
        error if error.is_unique_in("seat_count") => OpError::exists("SeatCount", &seats.name),
        error => error.into(),
    })?;
    publish::seat_count(tx, now, &seats).await?;
    Ok(Made::New(seats))
}
