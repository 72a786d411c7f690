//! CreateTransaction.

use sea_orm::DatabaseTransaction;
use values::{Id, Instant};

use crate::domain::names::{CustomerId, SubscriptionName, TransactionName, derived_id};
use crate::domain::transaction::{Transaction, TransactionContent, reversal_fits};
use crate::ops::{Made, OpError, require_customer};
use crate::{publish, store};

/// A transaction to record.
#[derive(Clone, Debug)]
pub struct CreateTransaction {
    /// The buying customer.
    pub customer: CustomerId,
    /// Its id; absent for one made from its business key.
    pub id: Option<Id>,
    /// What is said.
    pub content: TransactionContent,
}

/// Records a transaction once. The same content under the same source and id is there already.
///
/// # Errors
/// The reasons that the method names.
pub async fn create_transaction(
    tx: &DatabaseTransaction,
    now: Instant,
    command: &CreateTransaction,
) -> Result<Made<Transaction>, OpError> {
    let CreateTransaction { customer, content, .. } = command;
    require_customer(tx, customer).await?;
    let key = content.business_key();
    let id = command.id.clone().unwrap_or_else(|| derived_id("t", &key));
    let name = TransactionName { customer: customer.clone(), id };
    if let Some(found) = find_same(tx, &name, &key).await? {
        let identical = found.name.customer == *customer && found.content == *content;
        return if identical { Ok(Made::Identical(found)) } else { Err(OpError::exists("Transaction", &found.name)) };
    }
    if let Some(id) = &content.subscription {
        let subscription = SubscriptionName { customer: customer.clone(), id: id.clone() };
        let found = store::subscriptions::find(tx, &subscription).await?;
        found.ok_or_else(|| OpError::missing("Subscription", &subscription))?;
    }
    if let Some(partner) = &content.partner {
        // A past deal of a partner that is no longer active is still a deal.
        let known = store::partners::find(tx, partner).await?;
        known.ok_or_else(|| OpError::PartnerUnknown(partner.clone()))?;
    }
    if let Some(reversed) = &content.reverses {
        check_reversal(tx, command, reversed).await?;
    }
    let transaction = Transaction { name, content: content.clone(), created: now };
    store::row::insert(tx, &transaction).await.map_err(|error| match error {
        error if error.is_unique_in("business_transaction") => OpError::exists("Transaction", &transaction.name),
        error => error.into(),
    })?;
    publish::transaction(tx, now, &transaction).await?;
    Ok(Made::New(transaction))
}

/// Holds the lock of the reversed transaction while looking at its reversals (rule
/// `association.reversals_fit_the_reversed`).
async fn check_reversal(tx: &DatabaseTransaction, command: &CreateTransaction, reversed: &Id) -> Result<(), OpError> {
    let name = TransactionName { customer: command.customer.clone(), id: reversed.clone() };
    let found = store::transactions::lock(tx, &name).await?;
    let original = found.ok_or_else(|| OpError::missing("Transaction", &name))?;
    let earlier = store::transactions::reversals(tx, &command.customer, reversed).await?;
    let earlier: Vec<TransactionContent> = earlier.into_iter().map(|reversal| reversal.content).collect();
    if reversal_fits(&original.content, &earlier, &command.content) {
        return Ok(());
    }
    tracing::debug!(rule = "a reversal takes back too much");
    Err(OpError::ReversalExceeds(name.to_string()))
}

async fn find_same(
    tx: &DatabaseTransaction,
    name: &TransactionName,
    key: &values::Digest,
) -> Result<Option<Transaction>, OpError> {
    match store::transactions::find_by_business_key(tx, key).await? {
        Some(found) => Ok(Some(found)),
        None => Ok(store::transactions::find(tx, name).await?),
    }
}
