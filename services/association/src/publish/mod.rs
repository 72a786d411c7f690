//! What others learn: changes appended in the transaction that makes them.
//!
//! Customer, Subscription and Association are states under their resource names; UsageBatch,
//! Transaction and SeatCount are entries. The messages are those of the API, without what only a
//! reader of the moment wants (a subscription's seats, which are entries of their own).

pub mod to_proto;

pub use proto::association::v1::{Association as PublishedAssociation, Subscription as PublishedSubscription};
use std::sync::Arc;

use feed::NewChange;
use prost::Message;
use proto::association::v1 as wire;
use sea_orm::DatabaseTransaction;
use store::StoreError;
use values::{Decimal, Instant};

use crate::domain::association::Association;
use crate::domain::customer::Customer;
use crate::domain::seats::SeatCount;
use crate::domain::subscription::Subscription;
use crate::domain::transaction::Transaction;
use crate::domain::usage::Costs;
use crate::store::series_sql::SeriesLabel;

/// The most bytes of one entry of usage. A group of up to 10,000 records stays far below it unless
/// every one names a meter of its own at full length.
const ENTRY_BYTES: usize = 3 * 1024 * 1024;

/// The cells of one attached series that changed.
#[derive(Clone, Debug)]
pub struct ChangedSeries {
    /// The name of the subscription for which it counts.
    pub subscription: Arc<str>,
    /// What the series is.
    pub label: Arc<SeriesLabel>,
    /// Its changed cells, in the order of the hours.
    pub cells: Vec<ChangedCell>,
}

/// How one hour changed.
#[derive(Clone, Debug)]
pub struct ChangedCell {
    /// The start of the hour.
    pub hour: Instant,
    /// A flow's difference, or a level's last measurement; none where no measurement is left.
    pub quantity: Option<Decimal>,
    /// The differences of the costs.
    pub costs: Costs,
    /// When a level was last measured.
    pub measured_at: Option<Instant>,
    /// The difference in the number of records that count.
    pub records: i64,
}

/// Publishes a customer's state.
///
/// # Errors
/// The database's.
pub async fn customer(tx: &DatabaseTransaction, now: Instant, customer: &Customer) -> Result<(), StoreError> {
    let message = to_proto::customer(customer);
    feed::append(tx, NewChange::state(customer.id.to_string(), customer.stamp.revision, now, &message)).await
}

/// Publishes a subscription's state.
///
/// # Errors
/// The database's.
pub async fn subscription(
    tx: &DatabaseTransaction,
    now: Instant,
    subscription: &Subscription,
) -> Result<(), StoreError> {
    let message = to_proto::subscription(subscription, None);
    feed::append(tx, NewChange::state(subscription.name.to_string(), subscription.stamp.revision, now, &message)).await
}

/// Publishes an association's state.
///
/// # Errors
/// The database's.
pub async fn association(tx: &DatabaseTransaction, now: Instant, association: &Association) -> Result<(), StoreError> {
    let message = to_proto::association(association);
    feed::append(tx, NewChange::state(association.name.to_string(), association.stamp.revision, now, &message)).await
}

/// Publishes a transaction.
///
/// # Errors
/// The database's.
pub async fn transaction(tx: &DatabaseTransaction, now: Instant, transaction: &Transaction) -> Result<(), StoreError> {
    let message = to_proto::transaction(transaction);
    feed::append(tx, NewChange::entry(transaction.name.to_string(), now, &message)).await
}

/// Publishes a seat count.
///
/// # Errors
/// The database's.
pub async fn seat_count(tx: &DatabaseTransaction, now: Instant, seats: &SeatCount) -> Result<(), StoreError> {
    let message = to_proto::seat_count(seats);
    feed::append(tx, NewChange::entry(seats.name.to_string(), now, &message)).await
}

/// The name of a batch in the feed.
pub fn batch_name(batch: i64) -> String {
    format!("usageBatches/{batch}")
}

/// Publishes what a batch of usage changed: one entry, also where nothing that changed is attached,
/// because the entry gives the batch its recorded time. Only a batch that is too large for one
/// entry makes more, named after the first.
///
/// # Errors
/// The database's.
pub async fn usage_batch(
    tx: &DatabaseTransaction,
    now: Instant,
    batch: i64,
    source: &str,
    changed: &[ChangedSeries],
) -> Result<(), StoreError> {
    feed::append_all(tx, usage_entries(now, batch, source, changed)).await
}

/// What [`usage_batch`] appends.
pub fn usage_entries(now: Instant, batch: i64, source: &str, changed: &[ChangedSeries]) -> Vec<NewChange> {
    let mut entries =
        vec![wire::UsageBatch { name: batch_name(batch), source: source.to_owned(), ..Default::default() }];
    let mut bytes = 0;
    for series in changed {
        let mut about = Some(to_proto::usage_series(series));
        for cell in &series.cells {
            let cell = to_proto::usage_cell(cell);
            bytes += cell.encoded_len() + 8 + about.as_ref().map_or(0, Message::encoded_len);
            if bytes > ENTRY_BYTES {
                let name = format!("{}-{}", batch_name(batch), entries.len() + 1);
                entries.push(wire::UsageBatch { name, source: source.to_owned(), ..Default::default() });
                bytes = cell.encoded_len();
                about = Some(to_proto::usage_series(series));
            }
            push_cell(&mut entries, about.take(), cell);
        }
    }
    entries.iter().map(|entry| NewChange::entry(entry.name.clone(), now, entry)).collect()
}

/// Adds a cell to the last entry, after its series where that is new there.
fn push_cell(entries: &mut [wire::UsageBatch], about: Option<wire::UsageSeries>, mut cell: wire::UsageCell) {
    let Some(entry) = entries.last_mut() else { return };
    entry.series.extend(about);
    // An entry holds far fewer series than an i32 counts.
    cell.series_index = i32::try_from(entry.series.len()).unwrap_or(i32::MAX) - 1;
    entry.cells.push(cell);
}
