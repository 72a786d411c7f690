//! The keys that make a record known for ever: half of its key's hash as the slot, half a hash of
//! what it says, and where its row is.
//!
//! Keys come in no order, so that every byte of them is paid for in pages. Half a hash is enough,
//! because a slot that is met with other content is checked against the row itself: when the row is
//! another record's, which among a hundred million happens once in some thousand installations, the
//! new record takes the other half of its hash as its slot.

use std::collections::{HashMap, HashSet};

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr};
use store::StoreError;
use values::Instant;

use crate::domain::usage::{ContentHash, RecordKey};
use crate::store::bulk_sql::{execute, list, query, slices, tuples};
use crate::store::usage_sql::{NewRecord, SeriesNumber, bytes, instant, short};

/// What is kept of a record for ever, beside its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredKey {
    content: i64,
    /// The start of its hour.
    pub hour: Instant,
    /// Its series.
    pub series: SeriesNumber,
}

/// What is known of the keys that were asked for.
#[derive(Debug, Default)]
pub struct Keys {
    /// The records that have arrived.
    pub known: HashMap<RecordKey, StoredKey>,
    /// Records that have not, and whose first slot is another's.
    moved: HashSet<RecordKey>,
}

/// The two slots of a record.
fn slots(key: RecordKey) -> [i64; 2] {
    let (first, second) = key.0.split_at(8);
    [first, second].map(|half| half.iter().fold(0, |slot, byte| (slot << 8) | i64::from(*byte)))
}

fn content_number(content: ContentHash) -> i64 {
    content.0[..8].iter().fold(0, |number, byte| (number << 8) | i64::from(*byte))
}

impl StoredKey {
    /// Whether the record said this.
    pub fn says(&self, content: ContentHash) -> bool {
        self.content == content_number(content)
    }
}

impl Keys {
    fn slot(&self, key: RecordKey) -> i64 {
        let [first, second] = slots(key);
        if self.moved.contains(&key) { second } else { first }
    }
}

/// Which of these records have arrived. With the content that is expected, only those that differ
/// from it are checked against their rows.
///
/// # Errors
/// The database's.
pub async fn find_keys<C: ConnectionTrait>(
    connection: &C,
    asked: &[(RecordKey, Option<ContentHash>)],
) -> Result<Keys, StoreError> {
    let first: Vec<i64> = asked.iter().map(|(key, _)| slots(*key)[0]).collect();
    let stored = in_slots(connection, &first).await?;
    let mut keys = Keys::default();
    let mut doubtful: Vec<(RecordKey, StoredKey)> = Vec::new();
    for (key, content) in asked {
        match stored.get(&slots(*key)[0]) {
            None => {}
            Some(found) if content.is_some_and(|content| found.says(content)) => {
                keys.known.insert(*key, *found);
            }
            Some(found) => doubtful.push((*key, *found)),
        }
    }
    if doubtful.is_empty() {
        return Ok(keys);
    }
    let true_rows = with_rows(connection, &doubtful).await?;
    let (known, moved): (Vec<_>, Vec<_>) = doubtful.into_iter().partition(|(key, _)| true_rows.contains(key));
    keys.known.extend(known);
    keys.moved = moved.into_iter().map(|(key, _)| key).collect();
    let second: Vec<i64> = keys.moved.iter().map(|key| slots(*key)[1]).collect();
    let stored = in_slots(connection, &second).await?;
    let moved = keys.moved.iter().filter_map(|key| Some((*key, *stored.get(&slots(*key)[1])?)));
    keys.known.extend(moved);
    Ok(keys)
}

async fn in_slots<C: ConnectionTrait>(connection: &C, asked: &[i64]) -> Result<HashMap<i64, StoredKey>, StoreError> {
    let mut found = HashMap::new();
    for slice in slices(asked) {
        let places = list(connection.get_database_backend(), slice.len());
        let sql = format!("SELECT slot, content, hour, series FROM usage_key WHERE slot IN ({places})");
        for row in query(connection, sql, slice.iter().map(|slot| (*slot).into()).collect()).await? {
            let stored = StoredKey {
                content: row.try_get("", "content")?,
                hour: instant(row.try_get("", "hour")?)?,
                series: row.try_get("", "series")?,
            };
            found.insert(row.try_get("", "slot")?, stored);
        }
    }
    Ok(found)
}

/// The records whose rows are where their slots say.
async fn with_rows<C: ConnectionTrait>(
    connection: &C,
    asked: &[(RecordKey, StoredKey)],
) -> Result<HashSet<RecordKey>, StoreError> {
    let mut found = HashSet::new();
    for slice in slices(asked) {
        let sql = format!(
            "SELECT record_key FROM usage_record WHERE (hour, series, record_key) IN (VALUES {})",
            tuples(connection.get_database_backend(), slice.len(), 3)
        );
        let mut values = Vec::with_capacity(slice.len() * 3);
        for (key, stored) in slice {
            values.extend([stored.hour.micros().into(), stored.series.into(), bytes(&key.0)]);
        }
        for row in query(connection, sql, values).await? {
            found.insert(RecordKey(short(&row, "record_key")?));
        }
    }
    Ok(found)
}

/// Writes the keys of new records. Where another transaction was faster with one, this one is
/// contended and runs again, and then finds the record known.
///
/// # Errors
/// [`StoreError::Contended`]; the database's.
pub async fn insert_keys(tx: &DatabaseTransaction, keys: &Keys, rows: &[NewRecord<'_>]) -> Result<(), StoreError> {
    // In the order of the slots: neighbours are written together, and two transactions meet in one order.
    let mut ordered: Vec<(i64, &NewRecord<'_>)> = rows.iter().map(|row| (keys.slot(row.key), row)).collect();
    ordered.sort_unstable_by_key(|(slot, _)| *slot);
    for slice in slices(&ordered) {
        let sql = format!(
            "INSERT INTO usage_key (slot, content, hour, series) VALUES {} ON CONFLICT DO NOTHING",
            tuples(tx.get_database_backend(), slice.len(), 4)
        );
        let mut values = Vec::with_capacity(slice.len() * 4);
        for (slot, row) in slice {
            let hour = row.record.start.hour().micros();
            values.extend([(*slot).into(), content_number(row.content).into(), hour.into(), row.series.into()]);
        }
        if execute(tx, sql, values).await?.rows_affected() != slice.len() as u64 {
            return Err(StoreError::Contended(DbErr::Custom("a record arrived twice at the same time".to_owned())));
        }
    }
    Ok(())
}
