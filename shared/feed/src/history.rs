//! Questions about the past: the outbox keeps every revision, and is the history.

use sea_orm::ConnectionTrait;
use store::{Store, StoreError};
use uuid::Uuid;
use values::Instant;

use crate::change::Change;
use crate::error::FeedError;
use crate::outbox_sql::{self, Select};

/// The change that made an aggregate what it was, as known at an instant. None when nothing was
/// known of it; a tombstone when it was known to be gone.
///
/// # Errors
/// [`FeedError::NotYetKnown`] when the instant is not sealed: seal it first.
pub async fn known_at<C: ConnectionTrait>(
    connection: &C,
    aggregate: &str,
    known: Instant,
) -> Result<Option<Change>, FeedError> {
    expect_sealed(connection, known).await?;
    Ok(outbox_sql::read_aggregate(connection, aggregate, known.micros()).await?)
}

/// All aggregates of a kind as known at an instant, without those that were gone, in feed order
/// behind a position: pass the last one's position for the next page, 0 for the first.
///
/// # Errors
/// As of [`known_at`].
pub async fn list_known_at<C: ConnectionTrait>(
    connection: &C,
    kind: &str,
    known: Instant,
    after: i64,
    limit: usize,
) -> Result<Vec<Change>, FeedError> {
    expect_sealed(connection, known).await?;
    let kinds = [kind.to_owned()];
    let select =
        Select { after, upto: i64::MAX, kinds: &kinds, known: Some(known.micros()), latest: true, bare: false };
    Ok(outbox_sql::read(connection, &select, limit).await?)
}

/// Every change of some kinds behind a position, in feed order; no kinds means all.
///
/// # Errors
/// Whatever the database says.
pub async fn history<C: ConnectionTrait>(
    connection: &C,
    kinds: &[String],
    after: i64,
    limit: usize,
) -> Result<Vec<Change>, FeedError> {
    let select = Select { after, upto: i64::MAX, kinds, ..Select::default() };
    Ok(outbox_sql::read(connection, &select, limit).await?)
}

async fn expect_sealed<C: ConnectionTrait>(connection: &C, known: Instant) -> Result<(), FeedError> {
    let sealed = outbox_sql::to_instant(outbox_sql::head(connection).await?.sealed)?;
    if known > sealed { Err(FeedError::NotYetKnown { known, sealed }) } else { Ok(()) }
}

/// Removes superseded states of kinds that are declared latest-only (progress, display texts), up to a
/// position. Nothing that a result may depend on is ever named here. Returns how many are gone.
/// Cursors on a removed change expire.
///
/// # Errors
/// Whatever the database says.
pub async fn compact(store: &Store, kinds: &[String], upto: i64) -> Result<u64, StoreError> {
    if kinds.is_empty() {
        return Ok(0);
    }
    store.transact(|tx| Box::pin(async move { outbox_sql::compact(&tx, kinds, upto).await })).await
}

/// Gives the feed another epoch, so that every follower resyncs: the last step of a restore from
/// backup. A restore is also noticed without it as soon as another change takes a lost one's place.
///
/// # Errors
/// Whatever the database says.
pub async fn begin_epoch(store: &Store) -> Result<String, StoreError> {
    let epoch = Uuid::new_v4().to_string();
    let fresh = epoch.as_str();
    let begun = store.transact(|tx| {
        Box::pin(async move {
            let head = outbox_sql::head(&*tx).await?;
            outbox_sql::name_feed(&tx, &head.feed, fresh).await
        })
    });
    begun.await?;
    Ok(epoch)
}
