//! Writing the rows, and what becomes of the cells.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use sea_orm::DatabaseTransaction;
use store::StoreError;
use values::{DecimalError, Instant};

use crate::domain::names::SubscriptionName;
use crate::domain::rollup::CellChange;
use crate::domain::usage::Meter;
use crate::ops::ingest_usage::Group;
use crate::ops::ingest_usage::replace::Replacing;
use crate::ops::ingest_usage::resolve::SeriesRef;
use crate::publish::{ChangedCell, ChangedSeries};
use crate::store::ingest_sql;
use crate::store::keys_sql::{self, Keys};
use crate::store::series_sql::{self, SeriesLabel, Waiting};
use crate::store::usage_sql::{self, CellKey, NewRecord, SeriesNumber};

/// What is known of a touched series.
struct Touched {
    subscription: Option<Arc<SubscriptionName>>,
    label: SeriesLabel,
}

/// Writes the accepted rows and adds them to their cells.
///
/// Returns the attached cells that changed, for the feed.
pub(super) async fn settle(
    tx: &DatabaseTransaction,
    batch: i64,
    group: &Group,
    keys: &Keys,
    accepted: &[(usize, SeriesRef)],
    replacing: &Replacing,
) -> Result<Vec<ChangedSeries>, StoreError> {
    let rows: Vec<NewRecord<'_>> = accepted
        .iter()
        .map(|(place, series)| {
            let row = &group.rows()[*place];
            NewRecord { key: row.key, content: row.content, series: series.number, record: &row.record }
        })
        .collect();
    keys_sql::insert_keys(tx, keys, &rows).await?;
    usage_sql::insert_records(tx, batch, &rows).await?;
    ingest_sql::add_replacements(tx, batch, &replacing.replacements).await?;
    ingest_sql::replacements_met(tx, &replacing.met).await?;

    let mut touched: HashMap<SeriesNumber, Touched> = HashMap::new();
    for ((_, series), row) in accepted.iter().zip(&rows) {
        touched.entry(series.number).or_insert_with(|| {
            let record = row.record;
            let label = SeriesLabel {
                workload: record.workload.clone(),
                meter: record.meter.clone(),
                kind: record.kind,
                unit: record.unit.clone(),
                currency: record.currency,
            };
            Touched { subscription: series.subscription.clone(), label }
        });
    }
    meet_taken(tx, replacing, &mut touched).await?;

    let changes = fold(&rows, replacing, &touched).map_err(|error| StoreError::bug(error.to_string()))?;
    usage_sql::add_to_cells(tx, &changes).await?;
    for (cell, _) in changes.iter().filter(|(_, change)| change.recount) {
        usage_sql::remeasure(tx, *cell).await?;
    }
    note_waiting(tx, &changes, &touched).await?;
    changed(tx, changes, &touched).await
}

/// The series of records that are taken out, which may be others than those of the new records.
async fn meet_taken(
    tx: &DatabaseTransaction,
    replacing: &Replacing,
    touched: &mut HashMap<SeriesNumber, Touched>,
) -> Result<(), StoreError> {
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
        touched.insert(series.number, Touched { subscription: subscription.map(Arc::new), label: series.label });
    }
    Ok(())
}

/// The changes of all cells, ordered by cell. The order and the cutting of records never matter:
/// sums commute, and of measurements the last by instant and key counts.
fn fold(
    rows: &[NewRecord<'_>],
    replacing: &Replacing,
    touched: &HashMap<SeriesNumber, Touched>,
) -> Result<Vec<(CellKey, CellChange)>, DecimalError> {
    let mut changes: HashMap<CellKey, CellChange> = HashMap::with_capacity(rows.len());
    for row in rows {
        let change = changes.entry((row.record.start.hour(), row.series)).or_default();
        if replacing.passed.contains(&row.key) {
            change.pass(&row.record.costs)?;
        } else {
            change.add(row.key, row.record)?;
        }
    }
    for taken in &replacing.taken {
        let kind = touched.get(&taken.series).map_or(Meter::Flow, |series| series.label.kind);
        changes.entry((taken.hour, taken.series)).or_default().take(kind, taken.quantity, &taken.costs)?;
    }
    let mut changes: Vec<(CellKey, CellChange)> = changes.into_iter().collect();
    changes.sort_unstable_by_key(|(cell, _)| *cell);
    Ok(changes)
}

/// Keeps, for series that wait for a subscription, how much waits and from when to when.
async fn note_waiting(
    tx: &DatabaseTransaction,
    changes: &[(CellKey, CellChange)],
    touched: &HashMap<SeriesNumber, Touched>,
) -> Result<(), StoreError> {
    let mut waiting: BTreeMap<SeriesNumber, Waiting> = BTreeMap::new();
    for ((hour, series), change) in changes {
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

/// The attached cells that changed. A level's cell is read back: whether the new measurement is the
/// last one is known only there.
async fn changed(
    tx: &DatabaseTransaction,
    changes: Vec<(CellKey, CellChange)>,
    touched: &HashMap<SeriesNumber, Touched>,
) -> Result<Vec<ChangedSeries>, StoreError> {
    let is_level = |series: &SeriesNumber| touched.get(series).is_some_and(|it| it.label.kind == Meter::Level);
    let hours: BTreeSet<Instant> =
        changes.iter().filter(|((_, series), _)| is_level(series)).map(|((hour, _), _)| *hour).collect();
    let levels: BTreeSet<SeriesNumber> =
        changes.iter().filter(|((_, series), _)| is_level(series)).map(|((_, series), _)| *series).collect();
    let hours: Vec<Instant> = hours.into_iter().collect();
    let levels: Vec<SeriesNumber> = levels.into_iter().collect();
    let stored = usage_sql::cells(tx, &hours, &levels).await?;
    let stored: HashMap<CellKey, usage_sql::Cell> = stored.into_iter().map(|cell| (cell.key, cell)).collect();

    let mut by_series: BTreeMap<SeriesNumber, Vec<ChangedCell>> = BTreeMap::new();
    for (key, change) in changes {
        let level = stored.get(&key);
        let (quantity, measured_at) = match level {
            Some(cell) => (cell.measured_at.map(|_| cell.quantity), cell.measured_at),
            None => (Some(change.quantity), None),
        };
        let cell = ChangedCell { hour: key.0, quantity, costs: change.costs, measured_at, records: change.count };
        by_series.entry(key.1).or_default().push(cell);
    }
    Ok(by_series
        .into_iter()
        .filter_map(|(number, cells)| {
            let series = touched.get(&number)?;
            let subscription = series.subscription.clone()?;
            Some(ChangedSeries { subscription, label: series.label.clone(), cells })
        })
        .collect())
}
