//! CreateCustomer.

use sea_orm::DatabaseTransaction;
use values::Instant;

use crate::domain::customer::{Customer, CustomerContent};
use crate::domain::names::CustomerId;
use crate::domain::stamp::Stamp;
use crate::ops::{Made, OpError};
use crate::{publish, store};

/// A customer to record.
#[derive(Clone, Debug)]
pub struct CreateCustomer {
    /// Its identity.
    pub id: CustomerId,
    /// What is said of it.
    pub content: CustomerContent,
}

/// Records a customer.
///
/// # Errors
/// [`OpError::Exists`] unless what is there is the same.
pub async fn create_customer(
    tx: &DatabaseTransaction,
    now: Instant,
    command: &CreateCustomer,
) -> Result<Made<Customer>, OpError> {
    if let Some(found) = store::customers::find(tx, &command.id).await? {
        let identical = found.content == command.content;
        return if identical { Ok(Made::Identical(found)) } else { Err(OpError::exists("Customer", &command.id)) };
    }
    let customer = Customer { id: command.id.clone(), content: command.content.clone(), stamp: Stamp::new(now) };
    store::row::insert(tx, &customer).await.map_err(|error| match error {
        error if error.is_unique_in("customer") => OpError::exists("Customer", &command.id),
        error => error.into(),
    })?;
    publish::customer(tx, now, &customer).await?;
    Ok(Made::New(customer))
}
