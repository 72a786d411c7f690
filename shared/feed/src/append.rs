//! Publishing: the change is written in the transaction that makes it.

use sea_orm::{ConnectionTrait, DatabaseTransaction};
use store::StoreError;
use uuid::Uuid;

use crate::change::{MAX_PAYLOAD, NewChange};
use crate::outbox_sql::{self, Row};

/// Publishes a change with the transaction: it is delivered once to every follower if the
/// transaction commits, and never otherwise.
///
/// Call it **after** the aggregate's row is locked (updated, inserted or selected for update):
/// the order of the feed is the order of these calls, and only the lock makes it the order of the
/// revisions.
///
/// # Errors
/// [`StoreError::Unique`] in `feed_event` when the aggregate already has this revision, which means
/// that the lock was missing; [`StoreError::Bug`] for a payload above [`MAX_PAYLOAD`].
pub async fn append(tx: &DatabaseTransaction, change: NewChange) -> Result<(), StoreError> {
    append_all(tx, vec![change]).await
}

/// Publishes several changes in this order; the same as [`append`] for each, with fewer statements.
///
/// # Errors
/// As of [`append`].
pub async fn append_all(tx: &DatabaseTransaction, changes: Vec<NewChange>) -> Result<(), StoreError> {
    if let Some(large) = changes.iter().find(|change| change.payload.len() > MAX_PAYLOAD) {
        let text =
            format!("the change of `{}` has {} bytes, more than a feed carries", large.aggregate, large.payload.len());
        return Err(StoreError::bug(text));
    }
    let Some(operation) = changes.iter().map(|change| change.operation).max() else {
        return Ok(());
    };
    let trace_parent = rpc::trace::current_parent().unwrap_or_default();
    let count = i64::try_from(changes.len()).unwrap_or(i64::MAX);
    // SQLite lets one transaction write at a time, so that the order of execution is the order of
    // commit, and the position can be given here. PostgreSQL does not: see `sequence`.
    let place = match tx.get_database_backend() {
        sea_orm::DbBackend::Sqlite => Some(outbox_sql::take_positions(tx, count, operation.micros()).await?),
        _ => None,
    };
    let rows: Vec<Row> = changes
        .into_iter()
        .zip(0..)
        .map(|(change, index)| Row {
            event_id: Uuid::now_v7().to_string(),
            place: place.map(|(first, recorded)| (first + index, recorded)),
            change,
            trace_parent: trace_parent.clone(),
        })
        .collect();
    outbox_sql::insert(tx, rows).await
}
