//! UpdateCustomer.

use sea_orm::DatabaseTransaction;
use values::Instant;

use crate::domain::customer::{Customer, CustomerContent};
use crate::domain::names::CustomerId;
use crate::ops::{OpError, check_etag};
use crate::{publish, store};

/// A change of a customer. What is absent stays.
#[derive(Clone, Debug)]
pub struct UpdateCustomer {
    /// Which.
    pub id: CustomerId,
    /// The etag it was read with, or empty.
    pub etag: String,
    /// The new values of the fields in `mask`.
    pub content: CustomerContent,
    /// The fields to change.
    pub mask: rpc::mask::Update,
}

/// Changes a customer. A change that changes nothing makes no revision.
///
/// # Errors
/// [`OpError::NotFound`], [`OpError::EtagMismatch`].
pub async fn update_customer(
    tx: &DatabaseTransaction,
    now: Instant,
    command: &UpdateCustomer,
) -> Result<Customer, OpError> {
    let found = store::customers::lock(tx, &command.id).await?;
    let before = found.ok_or_else(|| OpError::missing("Customer", &command.id))?;
    check_etag(&command.etag, &command.id.to_string(), before.stamp.revision)?;
    let mut content = before.content.clone();
    if command.mask.has("display_name") {
        content.display_name.clone_from(&command.content.display_name);
    }
    if command.mask.has("region_code") {
        content.region_code.clone_from(&command.content.region_code);
    }
    if command.mask.has("fields") {
        content.fields = command.content.fields.clone();
    }
    if content == before.content {
        return Ok(before);
    }
    let customer = Customer { content, stamp: before.stamp.changed(now), ..before };
    store::row::update(tx, &customer).await?;
    publish::customer(tx, now, &customer).await?;
    Ok(customer)
}
