//! `IngestUsage`: records in, each counted once, for ever.
//!
//! One group of records is one transaction: the keys that make a record known, its row, the sums of
//! its hour, the progress of its import, and the entry that tells followers. New records of known series take a short
//! way, [`take_as_new`]. In reading order:
//! [`prepare`] (before the transaction), [`resolve`] (which series), [`replace`] (which record takes
//! the place of which), [`settle`] (what becomes of the cells), and [`ingest`] which runs them.

mod prepare;
mod replace;
mod resolve;
mod settle;

use sea_orm::{DatabaseTransaction, TransactionTrait as _};
use store::StoreError;
use values::{Id, Instant};

use crate::domain::usage::UsageRecord;
use crate::store::ingest_sql;
use crate::store::keys_sql::{self, Keys};

#[cfg(test)]
pub use prepare::prepare;
pub use prepare::{Collecting, Group};
pub use resolve::SeriesCache;

/// What became of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is new and counts.
    Accepted,
    /// It is new and waits for its subscription.
    Unattached,
    /// It was sent before with the same content.
    Known,
    /// It was not taken in.
    Refused(Refusal),
}

/// Why a record was not taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The id was used with other content.
    ContentDiffers,
    /// The currency is not one of ISO 4217.
    CurrencyUnknown(Vec<String>),
    /// The subscription is billed in another currency.
    CurrencyMismatch {
        /// The currency of the record.
        record: String,
        /// The currency of the subscription.
        subscription: String,
    },
    /// Fields are missing or wrong: a sentence for each.
    Malformed(Vec<String>),
    /// What it replaces is replaced by another record.
    ReplacedAlready,
    /// It names a subscription that does not exist.
    SubscriptionNotFound,
}

/// A record as it came, or why it cannot be taken in.
pub type Given = Result<UsageRecord, Refusal>;

/// Which import a group belongs to, and the number of its last batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportStep {
    /// The import.
    pub import: Id,
    /// The number of the batch.
    pub sequence: i64,
}

/// What an ingest did.
#[derive(Debug)]
pub struct Ingested {
    /// For every record of the group, in its order.
    pub outcomes: Vec<Outcome>,
    /// What may be remembered about series once the transaction is committed.
    pub learned: resolve::Learned,
}

/// Takes a prepared group in.
///
/// # Errors
/// The database's; what is wrong with single records stands in their outcomes.
pub async fn ingest(
    tx: &DatabaseTransaction,
    now: Instant,
    cache: &SeriesCache,
    group: &Group,
) -> Result<Ingested, StoreError> {
    replace::order_with_others(tx, group.replaces()).await?;
    if let Some(outcomes) = take_as_new(tx, now, cache, group).await? {
        let outcomes = finish(tx, now, group, outcomes).await?;
        return Ok(Ingested { outcomes, learned: resolve::Learned::new() });
    }
    let asked: Vec<_> = group.rows().iter().map(|row| (row.key, Some(row.content))).collect();
    let keys = keys_sql::find_keys(tx, &asked).await?;
    cache.note_repeats(!keys.known.is_empty());
    let mut outcomes = vec![None; group.rows().len()];
    let mut fresh = Vec::new();
    for (place, row) in group.rows().iter().enumerate() {
        match keys.known.get(&row.key) {
            // Rule `association.same_id_counts_once`.
            Some(stored) if stored.says(row.content) => outcomes[place] = Some(Outcome::Known),
            // Rule `association.same_id_other_content_is_refused`.
            Some(_) => outcomes[place] = Some(Outcome::Refused(Refusal::ContentDiffers)),
            None => fresh.push(place),
        }
    }
    let resolved = resolve::resolve(tx, cache, group, &fresh).await?;
    let mut accepted = Vec::with_capacity(fresh.len());
    for (place, series) in fresh.into_iter().zip(resolved.of_rows) {
        match series {
            Ok(series) => accepted.push((place, series)),
            Err(refusal) => outcomes[place] = Some(Outcome::Refused(refusal)),
        }
    }
    let replacing = replace::decide(tx, group, &mut accepted, &mut outcomes).await?;
    if !accepted.is_empty() {
        let batch = ingest_sql::add_batch(tx, group.source(), now).await?;
        let batch = settle::Batch { number: batch, group, now };
        let entries = settle::settle(tx, batch, &keys, &accepted, &replacing).await?;
        feed::append_all(tx, entries).await?;
    }
    for (place, series) in &accepted {
        outcomes[*place] = Some(if series.subscription.is_some() { Outcome::Accepted } else { Outcome::Unattached });
    }
    let outcomes = finish(tx, now, group, outcomes).await?;
    Ok(Ingested { outcomes, learned: resolved.learned })
}

/// The way of nearly every group: records that nobody sent before, of series that are known and attached, none of which
/// replaces another. They are written without a question, behind a savepoint; where a key turns out to be taken, all is
/// undone, nothing is said, and the group goes the long way.
async fn take_as_new(
    tx: &DatabaseTransaction,
    now: Instant,
    cache: &SeriesCache,
    group: &Group,
) -> Result<Option<Vec<Option<Outcome>>>, StoreError> {
    if group.rows().is_empty() || group.replaces() {
        return Ok(None);
    }
    let Some(series) = cache.recall_all(group) else { return Ok(None) };
    if ingest_sql::any_replacement_waits(tx).await? {
        return Ok(None);
    }
    let accepted: Vec<(usize, resolve::SeriesRef)> = series.into_iter().enumerate().collect();
    let savepoint = tx.begin().await?;
    let number = ingest_sql::add_batch(&savepoint, group.source(), now).await?;
    let batch = settle::Batch { number, group, now };
    let settled = settle::settle(&savepoint, batch, &Keys::default(), &accepted, &replace::Replacing::default()).await;
    match settled {
        Ok(entries) => {
            savepoint.commit().await?;
            feed::append_all(tx, entries).await?;
            // Only attached series are remembered.
            Ok(Some(vec![Some(Outcome::Accepted); group.rows().len()]))
        }
        Err(StoreError::Contended(_)) => {
            savepoint.rollback().await?;
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The outcomes of the records as they were sent, and the progress of their import.
async fn finish(
    tx: &DatabaseTransaction,
    now: Instant,
    group: &Group,
    outcomes: Vec<Option<Outcome>>,
) -> Result<Vec<Outcome>, StoreError> {
    let outcomes = group.spread(outcomes);
    if let Some(step) = group.import() {
        ingest_sql::add_progress(tx, step.import.as_str(), &progress(step, &outcomes), now).await?;
    }
    Ok(outcomes)
}

fn progress(step: &ImportStep, outcomes: &[Outcome]) -> ingest_sql::Progress {
    let mut progress = ingest_sql::Progress { sequence: step.sequence, ..ingest_sql::Progress::default() };
    for outcome in outcomes {
        match outcome {
            Outcome::Accepted | Outcome::Unattached => progress.accepted += 1,
            Outcome::Known => progress.known += 1,
            Outcome::Refused(_) => progress.refused += 1,
        }
    }
    progress
}
