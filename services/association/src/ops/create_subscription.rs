//! CreateSubscription: also attaches the usage that came before its subscription.

use std::sync::Arc;

use ::store::StoreError;
use sea_orm::DatabaseTransaction;
use values::Instant;

use crate::domain::names::SubscriptionName;
use crate::domain::stamp::Stamp;
use crate::domain::subscription::{External, Subscription, SubscriptionContent};
use crate::ops::{Made, OpError, require_customer};
use crate::publish::{self, ChangedCell, ChangedSeries};
use crate::store;
use crate::store::series_sql::{self, Series};
use crate::store::{cells_sql, ingest_sql};

/// Microseconds in an hour.
const HOUR: i64 = 3_600_000_000;
/// The most cells of one batch of attached usage.
const CELLS: usize = 5_000;

/// A subscription to record.
#[derive(Clone, Debug)]
pub struct CreateSubscription {
    /// Its identity.
    pub name: SubscriptionName,
    /// What is said of it.
    pub content: SubscriptionContent,
}

/// Records a subscription, and attaches the usage that waits for it (rule
/// `association.usage_waits_for_its_subscription`).
///
/// # Errors
/// [`OpError::NotFound`] without the customer; [`OpError::Exists`] unless what is there is the same;
/// [`OpError::ExternalIdTaken`].
pub async fn create_subscription(
    tx: &DatabaseTransaction,
    now: Instant,
    command: &CreateSubscription,
) -> Result<Made<Subscription>, OpError> {
    require_customer(tx, &command.name.customer).await?;
    if let Some(found) = store::subscriptions::find_by_id(tx, command.name.id.as_str()).await? {
        let identical = found.name == command.name && found.content == command.content;
        return if identical { Ok(Made::Identical(found)) } else { Err(OpError::exists("Subscription", &found.name)) };
    }
    if let Some(external) = &command.content.external
        && let Some(other) = store::subscriptions::find_by_external(tx, external).await?
    {
        return Err(taken(external, other.name.to_string()));
    }
    let subscription = Subscription {
        name: command.name.clone(),
        content: command.content.clone(),
        designated: None,
        stamp: Stamp::new(now),
    };
    store::row::insert(tx, &subscription).await.map_err(|error| match (error, &command.content.external) {
        (StoreError::Unique { constraint, .. }, Some(external)) if constraint.contains("external") => {
            taken(external, "another subscription".to_owned())
        }
        (error, _) if error.is_unique_in("subscription") => OpError::exists("Subscription", &command.name),
        (error, _) => error.into(),
    })?;
    publish::subscription(tx, now, &subscription).await?;
    attach(tx, now, &subscription).await?;
    Ok(Made::New(subscription))
}

fn taken(external: &External, name: String) -> OpError {
    OpError::ExternalIdTaken { name, source_name: external.source.clone(), id: external.id.clone() }
}

/// Attaches what waits under the subscription's external id. A subscription without one gets a place
/// of its own, so that usage finds it by name.
async fn attach(tx: &DatabaseTransaction, now: Instant, subscription: &Subscription) -> Result<(), StoreError> {
    let external = subscription.content.external.clone();
    let external = external.unwrap_or_else(|| External { source: String::new(), id: subscription.name.to_string() });
    let found = series_sql::subjects_of_externals(tx, &[external]).await?;
    let number = found.first().map(|subject| subject.number).unwrap_or_default();
    // Whoever adds usage to a subject that is not attached holds the same lock.
    series_sql::lock_subjects(tx, &[number]).await?;
    series_sql::attach_subject(tx, number, &subscription.name, subscription.content.currency).await?;
    let subject = series_sql::lock_subjects(tx, &[number]).await?;
    let subject = subject.first().ok_or_else(|| StoreError::bug("a new subject is gone"))?;
    let mut series = series_sql::series_of(tx, &[number]).await?;
    series.retain(|series| !series.attached && series_sql::counts_for(subject, &series.label));
    if series.is_empty() {
        return Ok(());
    }
    let numbers: Vec<i64> = series.iter().map(|series| series.number).collect();
    series_sql::attach_series(tx, &numbers).await?;
    publish_waiting(tx, now, subscription, &series).await
}

/// Publishes the cells of newly attached series, whole: followers have seen nothing of them.
async fn publish_waiting(
    tx: &DatabaseTransaction,
    now: Instant,
    subscription: &Subscription,
    all: &[Series],
) -> Result<(), StoreError> {
    let name: Arc<str> = Arc::from(subscription.name.to_string());
    let mut changed: Vec<ChangedSeries> = Vec::new();
    let mut cells = 0;
    for series in all {
        let Some(waiting) = series.waiting else { continue };
        let first = waiting.first.micros();
        let hours = (first..=waiting.last.micros()).step_by(HOUR as usize);
        let hours: Vec<Instant> = hours.filter_map(|hour| Instant::from_micros(hour).ok()).collect();
        let stored = cells_sql::cells(tx, &hours, &[series.number]).await?;
        for part in stored.chunks(CELLS) {
            let part: Vec<ChangedCell> = part
                .iter()
                .map(|cell| ChangedCell {
                    hour: cell.key.0,
                    quantity: cell.sums.quantity(series.label.kind),
                    costs: cell.sums.costs,
                    measured_at: cell.sums.measured.map(|last| last.at),
                    records: cell.sums.records,
                })
                .collect();
            cells += part.len();
            changed.push(ChangedSeries {
                subscription: Arc::clone(&name),
                label: Arc::new(series.label.clone()),
                cells: part,
            });
            if cells >= CELLS {
                publish_batch(tx, now, std::mem::take(&mut changed)).await?;
                cells = 0;
            }
        }
    }
    publish_batch(tx, now, changed).await
}

async fn publish_batch(tx: &DatabaseTransaction, now: Instant, changed: Vec<ChangedSeries>) -> Result<(), StoreError> {
    if changed.is_empty() {
        return Ok(());
    }
    let batch = ingest_sql::add_batch(tx, "", now).await?;
    publish::usage_batch(tx, now, batch, "", &changed).await
}
