//! The keys that make a record known for ever: half of its key as the slot, half a hash of what it says, and in which
//! chunk it stands.
//!
//! Every byte of a key is paid for in pages. Half a key is enough, because a slot that is met with other content is
//! checked against the record itself: when that is another record, which among a hundred million numbered ids happens
//! less than once, the new record takes the other half of its key as its slot. Of new records that meet in one slot the
//! one with the smallest key holds it.

use std::collections::HashSet;

use foldhash::{HashMap, HashMapExt as _};

use sea_orm::{ConnectionTrait, DatabaseTransaction};
use store::StoreError;

use crate::domain::usage::{ContentHash, RecordKey};
use crate::store::chunks_sql::{ChunkNumber, NewRecord, chunks};
use store::bulk::{Rows, insert, look_up};

/// What is kept of a record for ever, beside its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredKey {
    content: i64,
    /// The chunk in which it stands.
    pub chunk: ChunkNumber,
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
    /// The new records with their slots, in the order of these: neighbours are written together, and two transactions
    /// meet in one order.
    fn placed<'a, 'r>(&self, rows: &'a [NewRecord<'r>]) -> Vec<(i64, &'a NewRecord<'r>)> {
        let mut placed: Vec<(i64, &NewRecord<'_>)> = rows.iter().map(|row| (slots(row.key)[0], row)).collect();
        placed.sort_unstable_by_key(|(slot, row)| (*slot, row.key));
        let mut held = None;
        let mut moved = false;
        for (slot, row) in &mut placed {
            if self.moved.contains(&row.key) || held == Some(*slot) {
                *slot = slots(row.key)[1];
                moved = true;
            } else {
                held = Some(*slot);
            }
        }
        if moved {
            placed.sort_unstable_by_key(|(slot, _)| *slot);
        }
        placed
    }
}

/// Which of these records have arrived. With the content that is expected, only those that differ
/// from it are checked against the records.
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
    let standing = with_records(connection, &doubtful).await?;
    let (known, moved): (Vec<_>, Vec<_>) = doubtful.into_iter().partition(|(key, _)| standing.contains(key));
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
    let wanted = Rows::default().integers(asked.iter().copied());
    let select = "SELECT kept.slot, kept.content, kept.chunk FROM {wanted} usage_key AS kept";
    for row in look_up(connection, select, wanted, "kept.slot = wanted.column1").await? {
        let stored = StoredKey { content: row.try_get("", "content")?, chunk: row.try_get("", "chunk")? };
        found.insert(row.try_get("", "slot")?, stored);
    }
    Ok(found)
}

/// The records whose slots are their own: of those in the chunk that meet in the slot, the one with the smallest key.
async fn with_records<C: ConnectionTrait>(
    connection: &C,
    asked: &[(RecordKey, StoredKey)],
) -> Result<HashSet<RecordKey>, StoreError> {
    let stored = chunks(connection, asked.iter().map(|(_, stored)| stored.chunk).collect()).await?;
    let holder = |(key, place): &(RecordKey, StoredKey)| {
        let slot = slots(*key)[0];
        let records = stored.get(&place.chunk)?;
        records.iter().map(|record| record.key).filter(|key| slots(*key)[0] == slot).min()
    };
    Ok(asked.iter().filter(|asked| holder(asked) == Some(asked.0)).map(|(key, _)| *key).collect())
}

/// Writes the keys of new records. Where another transaction was faster with one, this one is
/// contended and runs again, and then finds the record known.
///
/// # Errors
/// [`StoreError::Contended`]; the database's.
pub async fn insert_keys(tx: &DatabaseTransaction, keys: &Keys, rows: &[NewRecord<'_>]) -> Result<(), StoreError> {
    let placed = keys.placed(rows);
    let rows = Rows::default()
        .integers(placed.iter().map(|(slot, _)| *slot))
        .integers(placed.iter().map(|(_, row)| content_number(row.content)))
        .integers(placed.iter().map(|(_, row)| row.chunk));
    let inserted = insert(tx, "INSERT INTO usage_key (slot, content, chunk)", rows, "ON CONFLICT DO NOTHING").await?;
    inserted.all_or_contended("a record arrived twice at the same time")
}
