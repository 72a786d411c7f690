//! The hot path of usage: rows and cells, thousands at a time. The keys stand in [`super::keys_sql`].
//!
//! Everything here runs inside the ingest's transaction. The statements are set-based and the same
//! on both engines; the store suite runs each on both.

use sea_orm::{ConnectionTrait, DatabaseTransaction, QueryResult, Value};
use store::StoreError;
use values::{Decimal, Instant};

use crate::domain::rollup::{CellChange, Measurement};
use crate::domain::usage::{ContentHash, Costs, RecordKey, UsageRecord};
use crate::store::amounts;
use crate::store::bulk_sql::{execute, list, query, slices, tuples};
use crate::store::keys_sql::StoredKey;

/// The number of a series in this database.
pub type SeriesNumber = i64;

/// A record about to be written.
#[derive(Clone, Debug)]
pub struct NewRecord<'a> {
    /// Its key.
    pub key: RecordKey,
    /// The hash of what it says.
    pub content: ContentHash,
    /// Its series.
    pub series: SeriesNumber,
    /// What it says.
    pub record: &'a UsageRecord,
}

/// What a stored record contributes to its cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contribution {
    /// The start of its hour.
    pub hour: Instant,
    /// Its series.
    pub series: SeriesNumber,
    /// How much was used.
    pub quantity: Decimal,
    /// What it cost.
    pub costs: Costs,
}

/// A cell: one series in one UTC hour.
pub type CellKey = (Instant, SeriesNumber);

/// The columns of the four costs, in the order of [`Costs`].
const COSTS: [&str; 4] = ["billed", "effective", "list", "contracted"];

/// Writes the rows of new records, in the order in which they are kept.
///
/// # Errors
/// The database's.
pub async fn insert_records(tx: &DatabaseTransaction, batch: i64, rows: &[NewRecord<'_>]) -> Result<(), StoreError> {
    let mut ordered: Vec<&NewRecord<'_>> = rows.iter().collect();
    ordered.sort_unstable_by_key(|row| (row.record.start.hour(), row.series, row.key));
    for slice in slices(&ordered) {
        let sql = format!(
            "INSERT INTO usage_record \
             (hour, series, record_key, batch, record_id, replaces, start_at, end_at, amounts) VALUES {}",
            tuples(tx.get_database_backend(), slice.len(), 9)
        );
        let mut values = Vec::with_capacity(slice.len() * 9);
        for row in slice {
            let record = row.record;
            values.extend([
                record.start.hour().micros().into(),
                row.series.into(),
                bytes(&row.key.0),
                batch.into(),
                record.record_id.as_str().into(),
                record.replaces.as_deref().into(),
                record.start.micros().into(),
                record.end.map(Instant::micros).into(),
                amounts::pack(record.quantity, &record.costs).into(),
            ]);
        }
        execute(tx, sql, values).await?;
    }
    Ok(())
}

fn push_decimal(values: &mut Vec<Value>, decimal: Decimal) -> Result<(), StoreError> {
    values.extend(store::exact::bind(decimal)?);
    Ok(())
}

/// Adds changes to cells, which are made where they are missing. The changes must be ordered by
/// cell, so that two transactions take the rows in one order.
///
/// # Errors
/// The database's.
pub async fn add_to_cells(tx: &DatabaseTransaction, changes: &[(CellKey, CellChange)]) -> Result<(), StoreError> {
    let (levels, flows): (Vec<_>, Vec<_>) = changes.iter().partition(|(_, change)| change.measured.is_some());
    add(tx, &flows, false).await?;
    add(tx, &levels, true).await
}

async fn add(tx: &DatabaseTransaction, changes: &[&(CellKey, CellChange)], measured: bool) -> Result<(), StoreError> {
    for slice in slices(changes) {
        let sql = format!(
            "INSERT INTO usage_cell (hour, series, records, present, \
             quantity_units, quantity_nanos, quantity_attos, billed_units, billed_nanos, billed_attos, \
             effective_units, effective_nanos, effective_attos, list_units, list_nanos, list_attos, \
             contracted_units, contracted_nanos, contracted_attos, measured_at, measured_key) VALUES {} \
             ON CONFLICT (hour, series) DO UPDATE SET {}",
            tuples(tx.get_database_backend(), slice.len(), 21),
            updates(measured)
        );
        let mut values = Vec::with_capacity(slice.len() * 21);
        for (cell, change) in slice.iter().copied() {
            push_change(&mut values, *cell, change)?;
        }
        execute(tx, sql, values).await?;
    }
    Ok(())
}

/// What happens to a cell that is there. A measurement takes the place of an earlier one; in SQL a
/// row of values is compared from left to right, as the domain compares instant and key.
fn updates(measured: bool) -> String {
    let added = |column: &str| format!("{column} = usage_cell.{column} + excluded.{column}");
    let mut all = vec![added("records"), "present = usage_cell.present | excluded.present".to_owned()];
    for cost in COSTS {
        all.extend(store::exact::columns(cost).iter().map(|column| added(column)));
    }
    let quantity = store::exact::columns("quantity");
    if measured {
        let later = "usage_cell.measured_at IS NULL OR \
                     (excluded.measured_at, excluded.measured_key) > (usage_cell.measured_at, usage_cell.measured_key)";
        let columns = quantity.iter().map(String::as_str).chain(["measured_at", "measured_key"]);
        all.extend(
            columns.map(|column| {
                format!("{column} = CASE WHEN {later} THEN excluded.{column} ELSE usage_cell.{column} END")
            }),
        );
    } else {
        all.extend(quantity.iter().map(|column| added(column)));
    }
    all.join(", ")
}

fn push_change(values: &mut Vec<Value>, (hour, series): CellKey, change: &CellChange) -> Result<(), StoreError> {
    values.extend([hour.micros().into(), series.into(), change.count.into(), present(&change.costs).into()]);
    push_decimal(values, change.measured.map_or(change.quantity, |measured| measured.quantity))?;
    for cost in change.costs {
        push_decimal(values, cost.unwrap_or(Decimal::ZERO))?;
    }
    values.push(change.measured.map(|measured| measured.at.micros()).into());
    values.push(Value::Bytes(change.measured.map(|measured| measured.key.0.to_vec())));
    Ok(())
}

/// Which costs somebody ever said, one bit each.
fn present(costs: &Costs) -> i64 {
    costs.iter().enumerate().map(|(place, cost)| i64::from(cost.is_some()) << place).sum()
}

/// A cell as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Which cell it is.
    pub key: CellKey,
    /// How many records count in it.
    pub records: i64,
    /// The sum of a flow, or the last measurement of a level.
    pub quantity: Decimal,
    /// The sums of the costs.
    pub costs: Costs,
    /// When a level was last measured; none for a flow, and where no measurement is left.
    pub measured_at: Option<Instant>,
}

/// The cells that exist of these series in these hours, in the order of their keys.
///
/// # Errors
/// The database's.
pub async fn cells<C: ConnectionTrait>(
    connection: &C,
    hours: &[Instant],
    series: &[SeriesNumber],
) -> Result<Vec<Cell>, StoreError> {
    let mut found = Vec::new();
    if series.is_empty() {
        return Ok(found);
    }
    let backend = connection.get_database_backend();
    for slice in slices(hours) {
        // The numbers of series are ours: they stand in the text, the hours are bound.
        let numbers = series.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let sql = format!(
            "SELECT * FROM usage_cell WHERE hour IN ({}) AND series IN ({numbers}) ORDER BY hour, series",
            list(backend, slice.len())
        );
        let values = slice.iter().map(|hour| hour.micros().into()).collect();
        for row in query(connection, sql, values).await? {
            found.push(read_cell(&row)?);
        }
    }
    found.sort_by_key(|cell| cell.key);
    Ok(found)
}

fn read_cell(row: &QueryResult) -> Result<Cell, StoreError> {
    let present: i64 = row.try_get("", "present")?;
    let mut costs = Costs::default();
    for (place, (cost, name)) in costs.iter_mut().zip(COSTS).enumerate() {
        if present & (1 << place) != 0 {
            *cost = Some(store::exact::read(row, name)?);
        }
    }
    let measured: Option<i64> = row.try_get("", "measured_at")?;
    Ok(Cell {
        key: (instant(row.try_get("", "hour")?)?, row.try_get("", "series")?),
        records: row.try_get("", "records")?,
        quantity: store::exact::read(row, "quantity")?,
        costs,
        measured_at: measured.map(instant).transpose()?,
    })
}

/// What a stored record contributed, to take it out.
///
/// # Errors
/// [`StoreError::Bug`] when there is no such record; the database's.
pub async fn contribution(
    tx: &DatabaseTransaction,
    key: RecordKey,
    stored: StoredKey,
) -> Result<Contribution, StoreError> {
    let places = tuples(tx.get_database_backend(), 1, 3);
    let sql = format!("SELECT * FROM usage_record WHERE (hour, series, record_key) = {places}");
    let values = vec![stored.hour.micros().into(), stored.series.into(), bytes(&key.0)];
    let rows = query(tx, sql, values).await?;
    let row = rows.first().ok_or_else(|| StoreError::bug(format!("the known record {key} has no row")))?;
    let (quantity, costs) = read_amounts(row)?;
    Ok(Contribution { hour: stored.hour, series: stored.series, quantity, costs })
}

/// The amounts in a row of `usage_record`.
pub(super) fn read_amounts(row: &QueryResult) -> Result<(Decimal, Costs), StoreError> {
    let bytes: Vec<u8> = row.try_get("", "amounts")?;
    amounts::unpack(&bytes)
}

/// Looks the last measurement of a level's cell up among the records that count, and writes it
/// there. Needed only when a measurement was taken out.
///
/// # Errors
/// The database's.
pub async fn remeasure(tx: &DatabaseTransaction, (hour, series): CellKey) -> Result<(), StoreError> {
    let places = tuples(tx.get_database_backend(), 1, 2);
    let sql = format!(
        "SELECT * FROM usage_record WHERE (hour, series) = {places} \
         AND NOT EXISTS (SELECT 1 FROM usage_replacement WHERE replaced_key = usage_record.record_key) \
         ORDER BY start_at DESC, record_key DESC LIMIT 1"
    );
    let rows = query(tx, sql, vec![hour.micros().into(), series.into()]).await?;
    let last = match rows.first() {
        None => None,
        Some(row) => Some(Measurement {
            at: instant(row.try_get("", "start_at")?)?,
            key: RecordKey(short(row, "record_key")?),
            quantity: read_amounts(row)?.0,
        }),
    };
    let quantity = last.map_or(Decimal::ZERO, |last| last.quantity);
    let mut values = Vec::from(store::exact::bind(quantity)?);
    values.push(last.map(|last| last.at.micros()).into());
    values.push(Value::Bytes(last.map(|last| last.key.0.to_vec())));
    values.extend([hour.micros().into(), series.into()]);
    execute(tx, REMEASURE.to_owned(), values).await?;
    Ok(())
}

const REMEASURE: &str = "UPDATE usage_cell SET quantity_units = $1, quantity_nanos = $2, quantity_attos = $3, \
     measured_at = $4, measured_key = $5 WHERE hour = $6 AND series = $7";

/// The 16 bytes of a hash.
pub(super) fn bytes(hash: &[u8; 16]) -> Value {
    Value::Bytes(Some(hash.to_vec()))
}

pub(super) fn short(row: &QueryResult, column: &str) -> Result<[u8; 16], StoreError> {
    let bytes: Vec<u8> = row.try_get("", column)?;
    bytes.try_into().map_err(|_| StoreError::bug(format!("a hash in `{column}` does not have 16 bytes")))
}

pub(super) fn instant(micros: i64) -> Result<Instant, StoreError> {
    Instant::from_micros(micros).map_err(|error| StoreError::bug(error.to_string()))
}
