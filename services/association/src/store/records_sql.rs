//! Reading single records, by the cells they add up in or by their keys.

use sea_orm::ConnectionTrait;
use store::StoreError;
use values::Instant;

use crate::domain::usage::RecordKey;
use crate::store::cells_sql::{Cell, cells};
use crate::store::chunks_sql::{SeriesNumber, StoredRecord, chunks};
use crate::store::keys_sql::{StoredKey, find_keys};

/// Where a page of records starts: behind this record.
pub type After = (i64, SeriesNumber, [u8; 16]);

/// Hours looked at in one go: with one record an hour about a page of a day-long meter.
const HOURS: usize = 240;
/// Cells whose records are read in one go.
const CELLS: usize = 200;

/// The records of these series whose usage starts within these hours, in the order of hour, series
/// and key, behind a place, at most `limit`.
///
/// # Errors
/// The database's.
pub async fn records<C: ConnectionTrait>(
    connection: &C,
    hours: &[Instant],
    series: &[SeriesNumber],
    after: Option<After>,
    limit: usize,
) -> Result<Vec<StoredRecord>, StoreError> {
    let from = after.map_or(i64::MIN, |(hour, ..)| hour);
    let hours: Vec<Instant> = hours.iter().copied().filter(|hour| hour.micros() >= from).collect();
    let mut found = Vec::new();
    for hours in hours.chunks(HOURS) {
        for some in cells(connection, hours, series).await?.chunks(CELLS) {
            for record in records_of(connection, some).await? {
                if after.is_none_or(|after| (record.hour.micros(), record.series, record.key.0) > after) {
                    found.push(record);
                }
            }
            if found.len() >= limit {
                found.truncate(limit);
                return Ok(found);
            }
        }
    }
    Ok(found)
}

/// All records of some cells, in the order of hour, series and key.
///
/// # Errors
/// The database's; [`StoreError::Bug`] when a chunk is gone.
pub async fn records_of<C: ConnectionTrait>(connection: &C, cells: &[Cell]) -> Result<Vec<StoredRecord>, StoreError> {
    let stored = chunks(connection, cells.iter().flat_map(|cell| cell.chunks.iter().copied()).collect()).await?;
    let mut found = Vec::new();
    for cell in cells {
        for chunk in &cell.chunks {
            let records = stored.get(chunk).ok_or_else(|| StoreError::bug(format!("chunk {chunk} is gone")))?;
            found.extend(records.iter().filter(|record| (record.hour, record.series) == cell.key).cloned());
        }
    }
    found.sort_unstable_by_key(|record| (record.hour, record.series, record.key));
    Ok(found)
}

/// The record with a key, if it has arrived.
///
/// # Errors
/// The database's.
pub async fn find<C: ConnectionTrait>(connection: &C, key: RecordKey) -> Result<Option<StoredRecord>, StoreError> {
    let keys = find_keys(connection, &[(key, None)]).await?;
    let Some(stored) = keys.known.get(&key) else { return Ok(None) };
    Ok(known_records(connection, &[(key, *stored)]).await?.pop())
}

/// The records with these keys, in their order.
///
/// # Errors
/// [`StoreError::Bug`] when one does not stand where its key says; the database's.
pub async fn known_records<C: ConnectionTrait>(
    connection: &C,
    keys: &[(RecordKey, StoredKey)],
) -> Result<Vec<StoredRecord>, StoreError> {
    let stored = chunks(connection, keys.iter().map(|(_, stored)| stored.chunk).collect()).await?;
    let record_of = |(key, place): &(RecordKey, StoredKey)| {
        let record = stored.get(&place.chunk)?.iter().find(|record| record.key == *key)?;
        Some(record.clone())
    };
    let missing = |key: &RecordKey| StoreError::bug(format!("the known record {key} is not in its chunk"));
    keys.iter().map(|key| record_of(key).ok_or_else(|| missing(&key.0))).collect()
}
