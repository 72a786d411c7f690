//! The sums: one row for each series and UTC hour, with the chunks in which its records stand.
//!
//! A sum is read, added to in exact integers of 128 bits, and written again. Its revision keeps two transactions from
//! writing over each other: the later one finds another revision than it read, and runs again.

use foldhash::{HashMap, HashMapExt as _};

use sea_orm::{ConnectionTrait, DatabaseTransaction, QueryResult};
use store::StoreError;
use values::Instant;

use crate::domain::rollup::{CellSums, Measurement};
use crate::domain::usage::RecordKey;
use crate::store::chunks_sql::{ChunkNumber, SeriesNumber};
use crate::store::row::instant;
use store::bulk::{Rows, insert, look_up};
use store::packing::{Packer, Unpacker};

/// A cell: one series in one UTC hour.
pub type CellKey = (Instant, SeriesNumber);

/// A cell as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Which cell it is.
    pub key: CellKey,
    /// How often it was written, this time included.
    pub revision: i64,
    /// What adds up in it.
    pub sums: CellSums,
    /// The chunks that hold its records, in the order of their arrival.
    pub chunks: Vec<ChunkNumber>,
}

impl Cell {
    /// A cell in which nothing is counted yet.
    pub fn empty(key: CellKey) -> Cell {
        Cell { key, revision: 0, sums: CellSums::default(), chunks: Vec::new() }
    }
}

/// The cells that exist among these.
///
/// # Errors
/// The database's.
pub async fn find_cells<C: ConnectionTrait>(
    connection: &C,
    keys: &[CellKey],
) -> Result<HashMap<CellKey, Cell>, StoreError> {
    let hours = keys.iter().map(|(hour, _)| hour.micros());
    let wanted = Rows::default().integers(hours).integers(keys.iter().map(|(_, series)| *series));
    let select = "SELECT kept.hour, kept.series, kept.revision, kept.content FROM {wanted} usage_cell AS kept";
    let on = "kept.hour = wanted.column1 AND kept.series = wanted.column2";
    let mut found = HashMap::new();
    for row in look_up(connection, select, wanted, on).await? {
        let cell = read(&row)?;
        found.insert(cell.key, cell);
    }
    Ok(found)
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
    let keys: Vec<CellKey> = hours.iter().flat_map(|hour| series.iter().map(|series| (*hour, *series))).collect();
    let mut found: Vec<Cell> = find_cells(connection, &keys).await?.into_values().collect();
    found.sort_unstable_by_key(|cell| cell.key);
    Ok(found)
}

const INSERT: &str = "INSERT INTO usage_cell (hour, series, revision, content)";

fn rows(cells: &[Cell]) -> Rows {
    Rows::default()
        .integers(cells.iter().map(|cell| cell.key.0.micros()))
        .integers(cells.iter().map(|cell| cell.key.1))
        .integers(cells.iter().map(|cell| cell.revision))
        .bytes(cells.iter().map(pack))
}

/// Writes those of these cells that do not exist yet; false when some did, which stay as they are.
///
/// # Errors
/// The database's.
pub async fn add_cells(tx: &DatabaseTransaction, cells: &[Cell]) -> Result<bool, StoreError> {
    let inserted = insert(tx, INSERT, rows(cells), "ON CONFLICT DO NOTHING").await?;
    Ok(inserted.given == inserted.written)
}

/// Writes cells that were read in this transaction and changed since.
///
/// # Errors
/// [`StoreError::Contended`] when another transaction wrote one of them meanwhile; the database's.
pub async fn write_cells(tx: &DatabaseTransaction, cells: &[Cell]) -> Result<(), StoreError> {
    let behind = "ON CONFLICT (hour, series) DO UPDATE SET revision = excluded.revision, content = excluded.content \
                  WHERE usage_cell.revision = excluded.revision - 1";
    let inserted = insert(tx, INSERT, rows(cells), behind).await?;
    inserted.all_or_contended("an hour was added to at the same time")
}

/// How many records count, the sums, the last measurement of a level, then the chunks, each as its distance from the
/// one before.
fn pack(cell: &Cell) -> Vec<u8> {
    let mut packer = Packer::with_room(48);
    packer.integer(cell.sums.records);
    packer.amounts(cell.sums.quantity, &cell.sums.costs);
    packer.integer(i64::from(cell.sums.measured.is_some()));
    if let Some(measured) = cell.sums.measured {
        packer.integer(measured.at.micros());
        packer.hash(&measured.key.0);
    }
    let mut last = 0;
    for chunk in &cell.chunks {
        packer.integer(chunk - last);
        last = *chunk;
    }
    packer.finish()
}

fn read(row: &QueryResult) -> Result<Cell, StoreError> {
    let content: Vec<u8> = row.try_get("", "content")?;
    let mut unpacker = Unpacker::new(&content);
    let records = unpacker.integer()?;
    let (quantity, costs) = unpacker.amounts()?;
    let measured = if unpacker.integer()? == 1 {
        Some(Measurement { at: unpacker.instant()?, key: RecordKey(unpacker.hash()?), quantity })
    } else {
        None
    };
    let (mut chunks, mut last) = (Vec::new(), 0_i64);
    while !unpacker.is_empty() {
        last = last.wrapping_add(unpacker.integer()?);
        chunks.push(last);
    }
    Ok(Cell {
        key: (instant(row.try_get("", "hour")?)?, row.try_get("", "series")?),
        revision: row.try_get("", "revision")?,
        sums: CellSums { records, quantity, costs, measured },
        chunks,
    })
}
