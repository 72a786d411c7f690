//! Single records, some tens to a row. They are written once and seldom read: to explain a sum, to split an hour, to
//! take a replaced record out. So they stand packed, in the order of hour, series and key, and the cells and keys know
//! in which chunk a record is.

use foldhash::{HashMap, HashMapExt as _};

use sea_orm::{ConnectionTrait, DatabaseTransaction};
use store::StoreError;
use values::{Decimal, Instant};

use crate::domain::usage::{ContentHash, Costs, RecordKey, UsageRecord};
use store::bulk::{Rows, insert, look_up};
use store::packing::{Packer, Unpacker};

/// The number of a series in this database.
pub type SeriesNumber = i64;

/// The number of a chunk: its batch, and its place there in the lowest [`PLACE_BITS`].
pub type ChunkNumber = i64;

/// Records of one chunk: with the usual lengths it fits into a page.
const RECORDS: usize = 32;

/// Bits of a chunk's place within its batch: more than a group of 10,000 records makes.
const PLACE_BITS: u32 = 16;

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
    /// Where it will stand; set by [`place_records`].
    pub chunk: ChunkNumber,
}

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

/// Chunks about to be written.
#[derive(Debug)]
pub struct NewChunks(Rows);

/// Brings new records into the order in which they are kept, cuts them into chunks, and notes in each where it will
/// stand.
///
/// # Errors
/// [`StoreError::Bug`] for a batch of more than two million records.
pub fn place_records(batch: i64, rows: &mut [NewRecord<'_>]) -> Result<NewChunks, StoreError> {
    rows.sort_unstable_by_key(|row| (row.record.start.hour(), row.series, row.key));
    let mut numbers = Vec::with_capacity(rows.len() / RECORDS + 1);
    let mut packed = Vec::with_capacity(rows.len() / RECORDS + 1);
    for (chunk, place) in rows.chunks_mut(RECORDS).zip(0_i64..) {
        let number = chunk_number(batch, place)?;
        numbers.push(number);
        packed.push(pack(chunk));
        for row in chunk {
            row.chunk = number;
        }
    }
    Ok(NewChunks(Rows::default().integers(numbers).bytes(packed)))
}

/// Writes chunks.
///
/// # Errors
/// The database's.
pub async fn insert_chunks(tx: &DatabaseTransaction, chunks: NewChunks) -> Result<(), StoreError> {
    insert(tx, "INSERT INTO usage_chunk (id, records)", chunks.0, "").await?;
    Ok(())
}

fn chunk_number(batch: i64, place: i64) -> Result<ChunkNumber, StoreError> {
    let fits = place < 1 << PLACE_BITS && batch < 1 << (63 - PLACE_BITS);
    if fits { Ok(batch << PLACE_BITS | place) } else { Err(StoreError::bug("a batch has too many records")) }
}

fn pack(rows: &[NewRecord<'_>]) -> Vec<u8> {
    let mut packer = Packer::with_room(rows.len() * 80);
    for row in rows {
        let record = row.record;
        let start = record.start.micros();
        packer.integer(row.series);
        packer.hash(&row.key.0);
        packer.text(&record.record_id);
        // An id has at least one character.
        packer.text(record.replaces.as_deref().unwrap_or(""));
        packer.integer(start);
        // The end is not before the start: its distance from one before that is never zero.
        packer.integer(record.end.map_or(0, |end| i128::from(end.micros()) - i128::from(start) + 1));
        packer.amounts(record.quantity, &record.costs);
    }
    packer.finish()
}

fn unpack(chunk: ChunkNumber, bytes: &[u8]) -> Result<Vec<StoredRecord>, StoreError> {
    let mut unpacker = Unpacker::new(bytes);
    let mut records = Vec::with_capacity(RECORDS);
    while !unpacker.is_empty() {
        let series = unpacker.integer()?;
        let key = RecordKey(unpacker.hash()?);
        let record_id = unpacker.text()?.to_owned();
        let replaces = Some(unpacker.text()?).filter(|id| !id.is_empty()).map(str::to_owned);
        let start = unpacker.instant()?;
        let length = unpacker.integer()?;
        let (quantity, costs) = unpacker.amounts()?;
        let end = (length > 0).then(|| start.saturating_add(length - 1));
        let (hour, batch) = (start.hour(), chunk >> PLACE_BITS);
        records.push(StoredRecord { hour, series, key, batch, record_id, replaces, start, end, quantity, costs });
    }
    Ok(records)
}

/// The records of these chunks, each chunk once.
///
/// # Errors
/// The database's.
pub async fn chunks<C: ConnectionTrait>(
    connection: &C,
    mut numbers: Vec<ChunkNumber>,
) -> Result<HashMap<ChunkNumber, Vec<StoredRecord>>, StoreError> {
    numbers.sort_unstable();
    numbers.dedup();
    let wanted = Rows::default().integers(numbers);
    let select = "SELECT kept.id, kept.records FROM {wanted} usage_chunk AS kept";
    let mut found = HashMap::new();
    for row in look_up(connection, select, wanted, "kept.id = wanted.column1").await? {
        let (number, bytes): (ChunkNumber, Vec<u8>) = (row.try_get("", "id")?, row.try_get("", "records")?);
        found.insert(number, unpack(number, &bytes)?);
    }
    Ok(found)
}
