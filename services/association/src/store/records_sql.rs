//! Reading single records, by the keys of their cells.

use sea_orm::{ConnectionTrait, QueryResult};
use store::StoreError;
use values::{Decimal, Instant};

use crate::domain::usage::{Costs, RecordKey};
use crate::store::bulk_sql::{list, query, slices, tuples};
use crate::store::keys_sql::find_keys;
use crate::store::usage_sql::{SeriesNumber, bytes, instant, read_amounts, short};

/// A record as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRecord {
    /// The start of its hour.
    pub hour: Instant,
    /// Its series.
    pub series: SeriesNumber,
    /// Its key.
    pub key: RecordKey,
    /// The batch it came in.
    pub batch: i64,
    /// Its id.
    pub record_id: String,
    /// The id of the record that it replaces.
    pub replaces: Option<String>,
    /// When the usage started.
    pub start: Instant,
    /// The first instant after it.
    pub end: Option<Instant>,
    /// How much was used.
    pub quantity: Decimal,
    /// What it cost.
    pub costs: Costs,
}

/// Where a page of records starts: behind this record.
pub type After = (i64, SeriesNumber, [u8; 16]);

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
    let mut found = Vec::new();
    if series.is_empty() {
        return Ok(found);
    }
    // The numbers of series are ours: they stand in the text, the hours are bound.
    let numbers = series.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let from = after.map_or(i64::MIN, |(hour, ..)| hour);
    let hours: Vec<Instant> = hours.iter().copied().filter(|hour| hour.micros() >= from).collect();
    for slice in slices(&hours) {
        let sql = format!(
            "SELECT * FROM usage_record WHERE hour IN ({}) AND series IN ({numbers}) ORDER BY hour, series, record_key",
            list(connection.get_database_backend(), slice.len())
        );
        for row in query(connection, sql, slice.iter().map(|hour| hour.micros().into()).collect()).await? {
            let record = read(&row)?;
            if after.is_none_or(|after| (record.hour.micros(), record.series, record.key.0) > after) {
                found.push(record);
            }
            if found.len() == limit {
                return Ok(found);
            }
        }
    }
    Ok(found)
}

/// The record with a key, if it has arrived.
///
/// # Errors
/// The database's.
pub async fn find<C: ConnectionTrait>(connection: &C, key: RecordKey) -> Result<Option<StoredRecord>, StoreError> {
    // The key knows where the row is.
    let keys = find_keys(connection, &[(key, None)]).await?;
    let Some(stored) = keys.known.get(&key) else { return Ok(None) };
    let places = tuples(connection.get_database_backend(), 1, 3);
    let sql = format!("SELECT * FROM usage_record WHERE (hour, series, record_key) = {places}");
    let rows = query(connection, sql, vec![stored.hour.micros().into(), stored.series.into(), bytes(&key.0)]).await?;
    rows.first().map(read).transpose()
}

fn read(row: &QueryResult) -> Result<StoredRecord, StoreError> {
    let end: Option<i64> = row.try_get("", "end_at")?;
    let (quantity, costs) = read_amounts(row)?;
    Ok(StoredRecord {
        hour: instant(row.try_get("", "hour")?)?,
        series: row.try_get("", "series")?,
        key: RecordKey(short(row, "record_key")?),
        batch: row.try_get("", "batch")?,
        record_id: row.try_get("", "record_id")?,
        replaces: row.try_get("", "replaces")?,
        start: instant(row.try_get("", "start_at")?)?,
        end: end.map(instant).transpose()?,
        quantity,
        costs,
    })
}
