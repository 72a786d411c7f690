//! What an ingest keeps beside the rows: its batch, which record replaces which, and how far an
//! import has come.

use std::collections::HashMap;

use sea_orm::{ConnectionTrait, DatabaseTransaction, QueryResult, Value};
use store::StoreError;
use values::{Id, Instant};

use crate::domain::usage::RecordKey;
use crate::store::row::{damaged, instant};
use store::bulk::{execute, list, query, slices, tuples};

/// One record that takes the place of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// The record that is replaced.
    pub replaced: RecordKey,
    /// The one that replaces it.
    pub by: RecordKey,
    /// The id of the one that replaces it.
    pub by_id: String,
    /// Whether the replaced one has not arrived yet.
    pub waiting: bool,
}

/// How far an import has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The highest number of a batch that is kept.
    pub sequence: i64,
    /// Records accepted so far.
    pub accepted: i64,
    /// Records known already.
    pub known: i64,
    /// Records refused.
    pub refused: i64,
    /// When it began and when it last went on; ignored when adding.
    pub times: Option<(Instant, Instant)>,
}

/// Begins a batch and gives its number.
///
/// # Errors
/// The database's.
pub async fn add_batch(tx: &DatabaseTransaction, source: &str, now: Instant) -> Result<i64, StoreError> {
    let sql = "INSERT INTO usage_batch (source, created_at) VALUES ($1, $2) RETURNING id";
    let rows = query(tx, sql.to_owned(), vec![source.into(), now.micros().into()]).await?;
    let row = rows.first().ok_or_else(|| StoreError::bug("a new batch has no number"))?;
    Ok(row.try_get("", "id")?)
}

/// The sources of batches.
///
/// # Errors
/// The database's.
pub async fn batch_sources<C: ConnectionTrait>(
    connection: &C,
    batches: &[i64],
) -> Result<HashMap<i64, String>, StoreError> {
    let mut found = HashMap::new();
    for slice in slices(batches) {
        let places = list(connection.get_database_backend(), slice.len());
        let sql = format!("SELECT id, source FROM usage_batch WHERE id IN ({places})");
        for row in query(connection, sql, slice.iter().map(|batch| (*batch).into()).collect()).await? {
            found.insert(row.try_get("", "id")?, row.try_get("", "source")?);
        }
    }
    Ok(found)
}

/// Which of these records are replaced, and by which.
///
/// # Errors
/// The database's.
pub async fn replacements<C: ConnectionTrait>(
    connection: &C,
    replaced: &[RecordKey],
) -> Result<HashMap<RecordKey, (Replacement, i64)>, StoreError> {
    let mut found = HashMap::new();
    for slice in slices(replaced) {
        let places = list(connection.get_database_backend(), slice.len());
        let sql = format!(
            "SELECT replaced_key, record_key, record_id, waiting, batch FROM usage_replacement \
             WHERE replaced_key IN ({places})"
        );
        for row in query(connection, sql, slice.iter().map(|key| bytes(&key.0)).collect()).await? {
            let waiting: i64 = row.try_get("", "waiting")?;
            let replaced = RecordKey(short(&row, "replaced_key")?);
            let by = RecordKey(short(&row, "record_key")?);
            let by_id = row.try_get("", "record_id")?;
            found.insert(
                replaced,
                (Replacement { replaced, by, by_id, waiting: waiting == 1 }, row.try_get("", "batch")?),
            );
        }
    }
    Ok(found)
}

/// Whether any replacement waits for the record that it replaces: seldom, and only then must the
/// new records of a batch be looked for among them.
///
/// # Errors
/// The database's.
pub async fn any_replacement_waits(tx: &DatabaseTransaction) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM usage_replacement WHERE waiting = 1 LIMIT 1";
    Ok(!query(tx, sql.to_owned(), Vec::new()).await?.is_empty())
}

/// Writes replacements. Where another transaction replaced the same record first, this one is
/// contended and runs again.
///
/// # Errors
/// [`StoreError::Contended`]; the database's.
pub async fn add_replacements(
    tx: &DatabaseTransaction,
    batch: i64,
    replacements: &[Replacement],
) -> Result<(), StoreError> {
    for slice in slices(replacements) {
        let sql = format!(
            "INSERT INTO usage_replacement (replaced_key, record_key, record_id, batch, waiting) VALUES {} \
             ON CONFLICT DO NOTHING",
            tuples(tx.get_database_backend(), slice.len(), 5)
        );
        let mut values = Vec::with_capacity(slice.len() * 5);
        for new in slice {
            values.extend([
                bytes(&new.replaced.0),
                bytes(&new.by.0),
                new.by_id.as_str().into(),
                batch.into(),
                i64::from(new.waiting).into(),
            ]);
        }
        if execute(tx, sql, values).await?.rows_affected() != slice.len() as u64 {
            let error = sea_orm::DbErr::Custom("a record was replaced twice at the same time".to_owned());
            return Err(StoreError::Contended(error));
        }
    }
    Ok(())
}

/// Notes that replaced records have arrived.
///
/// # Errors
/// The database's.
pub async fn replacements_met(tx: &DatabaseTransaction, replaced: &[RecordKey]) -> Result<(), StoreError> {
    for slice in slices(replaced) {
        let places = list(tx.get_database_backend(), slice.len());
        let sql = format!("UPDATE usage_replacement SET waiting = 0 WHERE replaced_key IN ({places})");
        execute(tx, sql, slice.iter().map(|key| bytes(&key.0)).collect()).await?;
    }
    Ok(())
}

/// Moves an import on.
///
/// # Errors
/// The database's.
pub async fn add_progress(
    tx: &DatabaseTransaction,
    import: &str,
    more: &Progress,
    now: Instant,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO usage_import (id, sequence, accepted, known, refused, created_at, updated_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT (id) DO UPDATE SET \
               sequence = CASE WHEN usage_import.sequence >= excluded.sequence \
                               THEN usage_import.sequence ELSE excluded.sequence END, \
               accepted = usage_import.accepted + excluded.accepted, known = usage_import.known + excluded.known, \
               refused = usage_import.refused + excluded.refused, updated_at = excluded.updated_at";
    let values = vec![
        import.into(),
        more.sequence.into(),
        more.accepted.into(),
        more.known.into(),
        more.refused.into(),
        now.micros().into(),
    ];
    execute(tx, sql.to_owned(), values).await?;
    Ok(())
}

/// How far an import has come, if it has begun.
///
/// # Errors
/// The database's.
pub async fn find_progress<C: ConnectionTrait>(connection: &C, import: &str) -> Result<Option<Progress>, StoreError> {
    let sql = "SELECT sequence, accepted, known, refused, created_at, updated_at FROM usage_import WHERE id = $1";
    let rows = query(connection, sql.to_owned(), vec![import.into()]).await?;
    rows.first().map(read_progress).transpose()
}

/// A page of imports behind one of them, by id.
///
/// # Errors
/// The database's.
pub async fn progress_page<C: ConnectionTrait>(
    connection: &C,
    after: &str,
    limit: u64,
) -> Result<Vec<(Id, Progress)>, StoreError> {
    let sql = format!(
        "SELECT id, sequence, accepted, known, refused, created_at, updated_at FROM usage_import \
         WHERE id > $1 ORDER BY id LIMIT {limit}"
    );
    let rows = query(connection, sql, vec![after.into()]).await?;
    let read = |row: &QueryResult| {
        let id: String = row.try_get("", "id")?;
        Ok((id.parse().map_err(damaged)?, read_progress(row)?))
    };
    rows.iter().map(read).collect()
}

fn read_progress(row: &QueryResult) -> Result<Progress, StoreError> {
    let created = instant(row.try_get("", "created_at")?)?;
    let updated = instant(row.try_get("", "updated_at")?)?;
    Ok(Progress {
        sequence: row.try_get("", "sequence")?,
        accepted: row.try_get("", "accepted")?,
        known: row.try_get("", "known")?,
        refused: row.try_get("", "refused")?,
        times: Some((created, updated)),
    })
}

fn bytes(hash: &[u8; 16]) -> Value {
    Value::Bytes(Some(hash.to_vec()))
}

fn short(row: &QueryResult, column: &str) -> Result<[u8; 16], StoreError> {
    let bytes: Vec<u8> = row.try_get("", column)?;
    bytes.try_into().map_err(|_| StoreError::bug(format!("a hash in `{column}` does not have 16 bytes")))
}
