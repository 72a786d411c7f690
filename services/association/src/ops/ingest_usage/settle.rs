//! Writing the records, and what becomes of the cells.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use feed::NewChange;
use foldhash::HashMap;
use sea_orm::DatabaseTransaction;
use store::StoreError;
use values::Instant;

use crate::domain::rollup::{CellChange, Measurement};
use crate::domain::usage::Meter;
use crate::ops::ingest_usage::Group;
use crate::ops::ingest_usage::replace::Replacing;
use crate::ops::ingest_usage::resolve::SeriesRef;
use crate::publish::{self, ChangedCell, ChangedSeries};
use crate::store::cells_sql::{self, Cell, CellKey};
use crate::store::chunks_sql::{self, ChunkNumber, NewRecord, SeriesNumber};
use crate::store::keys_sql::{self, Keys};
use crate::store::series_sql::{self, Waiting};
use crate::store::{ingest_sql, records_sql};

/// The series that an ingest touches.
type Touched = HashMap<SeriesNumber, SeriesRef>;

/// A cell that changes: what changes, and the chunks of its new records.
struct Change {
    key: CellKey,
    change: CellChange,
    chunks: Vec<ChunkNumber>,
}

/// Writes the accepted records and adds them to their cells.
///
/// Returns what to publish of the attached cells that changed.
pub(super) async fn settle(
    tx: &DatabaseTransaction,
    batch: Batch<'_>,
    keys: &Keys,
    accepted: &[(usize, SeriesRef)],
    replacing: &Replacing,
) -> Result<Vec<NewChange>, StoreError> {
    let group = batch.group;
    let mut rows: Vec<NewRecord<'_>> = accepted
        .iter()
        .map(|(place, series)| {
            let row = &group.rows()[*place];
            NewRecord { key: row.key, content: row.content, series: series.number, record: &row.record, chunk: 0 }
        })
        .collect();
    let chunks = chunks_sql::place_records(batch.number, &mut rows)?;
    let mut touched: Touched = accepted.iter().map(|(_, series)| (series.number, series.clone())).collect();
    meet_taken(tx, replacing, &mut touched).await?;
    keys_sql::insert_keys(tx, keys, &rows).await?;
    chunks_sql::insert_chunks(tx, chunks).await?;
    ingest_sql::add_replacements(tx, batch.number, &replacing.replacements).await?;
    ingest_sql::replacements_met(tx, &replacing.met).await?;
    let changes = fold(&rows, replacing, &touched)?;
    let cells: Vec<Cell> =
        changes.iter().map(|change| change.apply_to(Cell::empty(change.key))).collect::<Result<_, StoreError>>()?;
    let cells = if cells_sql::add_cells(tx, &cells).await? { cells } else { add_to_cells(tx, &changes, cells).await? };
    note_waiting(tx, &changes, &touched).await?;
    Ok(batch.entries(&changed(&changes, &cells, &touched)))
}

/// The batch that is settled.
#[derive(Clone, Copy)]
pub(super) struct Batch<'a> {
    /// Its number.
    pub number: i64,
    /// Its records.
    pub group: &'a Group,
    /// When it is taken in.
    pub now: Instant,
}

impl Batch<'_> {
    fn entries(self, changed: &[ChangedSeries]) -> Vec<NewChange> {
        publish::usage_entries(self.now, self.number, self.group.source(), changed)
    }
}

/// The series of records that are taken out, which may be others than those of the new records.
async fn meet_taken(tx: &DatabaseTransaction, replacing: &Replacing, touched: &mut Touched) -> Result<(), StoreError> {
    let missing: BTreeSet<SeriesNumber> =
        replacing.taken.iter().map(|taken| taken.series).filter(|number| !touched.contains_key(number)).collect();
    let missing: Vec<SeriesNumber> = missing.into_iter().collect();
    let found = series_sql::series_by_number(tx, &missing).await?;
    let mut subjects: Vec<i64> = found.iter().map(|series| series.subject).collect();
    subjects.sort_unstable();
    subjects.dedup();
    // Locked like every subject that may be attached at this moment.
    let subjects = series_sql::lock_subjects(tx, &subjects).await?;
    for series in found {
        let subject = subjects.iter().find(|subject| subject.number == series.subject);
        let attached = series.attached || subject.is_some_and(|it| series_sql::counts_for(it, &series.label));
        let subscription = subject.filter(|_| attached).and_then(|it| it.subscription.clone());
        let subscription = subscription.map(|name| Arc::from(name.to_string()));
        let (number, label) = (series.number, Arc::new(series.label));
        touched.insert(number, SeriesRef { number, subscription, label });
    }
    Ok(())
}

/// The changes of all cells, ordered by cell. The order and the cutting of records never matter:
/// sums commute, and of measurements the last by instant and key counts.
///
/// The rows come in the order of their cells.
fn fold(rows: &[NewRecord<'_>], replacing: &Replacing, touched: &Touched) -> Result<Vec<Change>, StoreError> {
    let beyond = |error: values::DecimalError| StoreError::bug(error.to_string());
    let mut changes: Vec<Change> = Vec::with_capacity(rows.len());
    for row in rows {
        let key = (row.record.start.hour(), row.series);
        if changes.last().is_none_or(|last| last.key != key) {
            changes.push(Change { key, change: CellChange::default(), chunks: Vec::new() });
        }
        let Some(last) = changes.last_mut() else { continue };
        if last.chunks.last() != Some(&row.chunk) {
            last.chunks.push(row.chunk);
        }
        if replacing.passed.contains(&row.key) {
            last.change.pass(&row.record.costs).map_err(beyond)?;
        } else {
            last.change.add(row.key, row.record).map_err(beyond)?;
        }
    }
    for taken in &replacing.taken {
        let key = (taken.hour, taken.series);
        let kind = touched.get(&taken.series).map_or(Meter::Flow, |series| series.label.kind);
        let place = changes.binary_search_by_key(&key, |change| change.key).unwrap_or_else(|place| {
            changes.insert(place, Change { key, change: CellChange::default(), chunks: Vec::new() });
            place
        });
        changes[place].change.take(kind, taken.quantity, &taken.costs).map_err(beyond)?;
    }
    Ok(changes)
}

impl Change {
    fn apply_to(&self, mut cell: Cell) -> Result<Cell, StoreError> {
        cell.sums.apply(&self.change).map_err(|error| StoreError::bug(error.to_string()))?;
        cell.chunks.extend(&self.chunks);
        cell.revision += 1;
        Ok(cell)
    }
}

/// Adds changes to those cells that were there before, and gives all as they are now, in the order of the changes.
///
/// Usage comes in the order of time, so that most cells are new. All are written as if they were; only when some were
/// there already are these read and written again.
async fn add_to_cells(
    tx: &DatabaseTransaction,
    changes: &[Change],
    mut cells: Vec<Cell>,
) -> Result<Vec<Cell>, StoreError> {
    let keys: Vec<CellKey> = changes.iter().map(|change| change.key).collect();
    let mut stored = cells_sql::find_cells(tx, &keys).await?;
    let mut written = Vec::new();
    for (cell, change) in cells.iter_mut().zip(changes) {
        let before = stored.remove(&change.key).ok_or_else(|| StoreError::bug("a cell that was there is gone"))?;
        // Chunks are of one batch only: a cell with ours is the one that was just made.
        if before != *cell {
            *cell = change.apply_to(before)?;
            if change.change.recount {
                cell.sums.measure(last_measurement(tx, cell).await?);
            }
            written.push(cell.clone());
        }
    }
    cells_sql::write_cells(tx, &written).await?;
    Ok(cells)
}

/// The last measurement among the records of a level's cell that count. Looked for only when one was taken out.
async fn last_measurement(tx: &DatabaseTransaction, cell: &Cell) -> Result<Option<Measurement>, StoreError> {
    let records = records_sql::records_of(tx, std::slice::from_ref(cell)).await?;
    let keys: Vec<_> = records.iter().map(|record| record.key).collect();
    let replaced = ingest_sql::replacements(tx, &keys).await?;
    let counting = records.iter().filter(|record| !replaced.contains_key(&record.key));
    let measured = counting.map(|record| Measurement { at: record.start, key: record.key, quantity: record.quantity });
    Ok(measured.reduce(Measurement::later))
}

/// Keeps, for series that wait for a subscription, how much waits and from when to when.
async fn note_waiting(tx: &DatabaseTransaction, changes: &[Change], touched: &Touched) -> Result<(), StoreError> {
    let mut waiting: BTreeMap<SeriesNumber, Waiting> = BTreeMap::new();
    for Change { key: (hour, series), change, .. } in changes {
        if touched.get(series).is_some_and(|series| series.subscription.is_some()) {
            continue;
        }
        let entry = waiting.entry(*series).or_insert(Waiting { records: 0, first: *hour, last: *hour });
        entry.records += change.count;
        entry.first = entry.first.min(*hour);
        entry.last = entry.last.max(*hour);
    }
    let waiting: Vec<(SeriesNumber, Waiting)> = waiting.into_iter().collect();
    series_sql::add_waiting(tx, &waiting).await
}

/// The attached cells that changed: of flows the difference, of levels the last measurement.
fn changed(changes: &[Change], cells: &[Cell], touched: &Touched) -> Vec<ChangedSeries> {
    let mut order: Vec<usize> = (0..changes.len()).collect();
    // Stable, so that the hours of a series stay in order.
    order.sort_by_key(|place| changes[*place].key.1);
    let mut all: Vec<(SeriesNumber, ChangedSeries)> = Vec::new();
    for (change, cell) in order.into_iter().map(|place| (&changes[place], &cells[place])) {
        let (hour, number) = change.key;
        let Some(SeriesRef { subscription: Some(subscription), label, .. }) = touched.get(&number) else { continue };
        let quantity = match label.kind {
            Meter::Flow => Some(change.change.quantity),
            Meter::Level => cell.sums.quantity(Meter::Level),
        };
        let measured_at = cell.sums.measured.map(|last| last.at);
        let (costs, records) = (change.change.costs, change.change.count);
        if all.last().is_none_or(|(last, _)| *last != number) {
            let (subscription, label) = (Arc::clone(subscription), Arc::clone(label));
            all.push((number, ChangedSeries { subscription, label, cells: Vec::new() }));
        }
        if let Some((_, series)) = all.last_mut() {
            series.cells.push(ChangedCell { hour, quantity, costs, measured_at, records });
        }
    }
    all.into_iter().map(|(_, series)| series).collect()
}
