//! ListUsageRecords, ListUsageRollups, ListUnattachedUsages, ListUsageImports: what is kept of usage.

use std::collections::{BTreeSet, HashMap};

use feed::Feed;
use sea_orm::DatabaseConnection;
use values::{Id, Instant, Interval};

use crate::domain::names::SubscriptionName;
use crate::domain::usage::{Meter, RecordKey};
use crate::ops::OpError;
use crate::ops::read::get_subscription;
use crate::publish::batch_name;
use crate::store::cells_sql::{self, Cell};
use crate::store::chunks_sql::{SeriesNumber, StoredRecord};
use crate::store::ingest_sql::{self, Progress};
use crate::store::records_sql::{self, After};
use crate::store::series_sql::{self, Series, Subject};

/// Microseconds in an hour.
const HOUR: i64 = 3_600_000_000;
/// Records read at a time while a page is filled.
const READ: usize = 2_000;

/// Which usage of a subscription is asked for.
#[derive(Clone, Debug)]
pub struct UsageQuery {
    /// The subscription.
    pub name: SubscriptionName,
    /// The stretch of time in which the usage starts.
    pub start: Instant,
    /// The first instant after it.
    pub end: Instant,
    /// Only this workload.
    pub workload: Option<String>,
    /// Only this meter.
    pub meter: Option<String>,
    /// Only meters of this kind.
    pub kind: Option<Meter>,
    /// How many entries at most.
    pub limit: usize,
}

/// A record as it is listed.
#[derive(Clone, Debug)]
pub struct ListedRecord {
    /// The record.
    pub record: StoredRecord,
    /// Its series.
    pub series: Series,
    /// Its source.
    pub source: String,
    /// The id of the record that replaces it, as known.
    pub replaced_by: Option<String>,
    /// When it was recorded; absent until the feed has dated it.
    pub recorded: Option<Instant>,
}

/// The single records of a subscription, as known at an instant if one is given, one more than the
/// limit if there are more.
///
/// # Errors
/// [`OpError::NotFound`]; [`OpError::History`] ahead of what is recorded.
pub async fn list_usage_records(
    db: &DatabaseConnection,
    feed: &Feed,
    query: &UsageQuery,
    known: Option<Instant>,
    after: Option<After>,
) -> Result<Vec<ListedRecord>, OpError> {
    if let Some(known) = known {
        feed.seal(known).await?;
    }
    let upto = known.unwrap_or_else(|| feed.sealed());
    let series = series_of(db, query).await?;
    let numbers: Vec<SeriesNumber> = series.keys().copied().collect();
    let hours = hours(query.start, query.end);
    let within = Interval::new(query.start, Some(query.end)).unwrap_or(Interval::since(query.start));
    let mut recorded: HashMap<i64, Option<Instant>> = HashMap::new();
    let mut place = after;
    let mut found: Vec<StoredRecord> = Vec::new();
    loop {
        let page = records_sql::records(db, &hours, &numbers, place, READ).await?;
        let last = page.len() < READ;
        place = page.last().map(|record| (record.hour.micros(), record.series, record.key.0)).or(place);
        for record in page {
            let at = recorded_at(db, &mut recorded, record.batch, upto).await?;
            let counts = within.contains(record.start) && (known.is_none() || at.is_some());
            if counts && found.len() <= query.limit {
                found.push(record);
            }
        }
        if last || found.len() > query.limit {
            break;
        }
    }
    dress(db, found, &series, known, upto, recorded).await
}

/// Adds to records what stands in other tables.
pub(super) async fn dress(
    db: &DatabaseConnection,
    records: Vec<StoredRecord>,
    series: &HashMap<SeriesNumber, Series>,
    known: Option<Instant>,
    upto: Instant,
    mut recorded: HashMap<i64, Option<Instant>>,
) -> Result<Vec<ListedRecord>, OpError> {
    let batches: BTreeSet<i64> = records.iter().map(|record| record.batch).collect();
    let sources = ingest_sql::batch_sources(db, &batches.into_iter().collect::<Vec<_>>()).await?;
    let keys: Vec<RecordKey> = records.iter().map(|record| record.key).collect();
    let replacements = ingest_sql::replacements(db, &keys).await?;
    let mut listed = Vec::with_capacity(records.len());
    for record in records {
        let Some(series) = series.get(&record.series).cloned() else { continue };
        let replaced_by = match replacements.get(&record.key) {
            Some((replacement, batch)) => {
                let at = recorded_at(db, &mut recorded, *batch, upto).await?;
                (known.is_none() || at.is_some()).then(|| replacement.by_id.clone())
            }
            None => None,
        };
        let source = sources.get(&record.batch).cloned().unwrap_or_default();
        let recorded = recorded.get(&record.batch).copied().flatten();
        listed.push(ListedRecord { record, series, source, replaced_by, recorded });
    }
    Ok(listed)
}

/// When a batch was recorded, if that was up to an instant.
pub(super) async fn recorded_at(
    db: &DatabaseConnection,
    met: &mut HashMap<i64, Option<Instant>>,
    batch: i64,
    upto: Instant,
) -> Result<Option<Instant>, OpError> {
    if let Some(at) = met.get(&batch) {
        return Ok(*at);
    }
    let at = feed::known_at(db, &batch_name(batch), upto).await?.map(|change| change.recorded);
    met.insert(batch, at);
    Ok(at)
}

/// The hours of a subscription that have usage, with the series of each, one more than the limit if
/// there are more.
///
/// # Errors
/// [`OpError::NotFound`]; the database's.
pub async fn list_usage_rollups(
    db: &DatabaseConnection,
    query: &UsageQuery,
    after: Option<(i64, SeriesNumber)>,
) -> Result<Vec<(Cell, Series)>, OpError> {
    let series = series_of(db, query).await?;
    let numbers: Vec<SeriesNumber> = series.keys().copied().collect();
    let mut listed = Vec::new();
    // A month of hours at a time, so that a page over a long time does not read all of it.
    for hours in hours(query.start, query.end).chunks(744) {
        let passed = |hour: &Instant| after.is_some_and(|(last, _)| hour.micros() < last);
        let hours: Vec<Instant> = hours.iter().copied().filter(|hour| !passed(hour)).collect();
        for cell in cells_sql::cells(db, &hours, &numbers).await? {
            let place = (cell.key.0.micros(), cell.key.1);
            if after.is_none_or(|after| place > after)
                && let Some(series) = series.get(&cell.key.1)
            {
                listed.push((cell, series.clone()));
            }
        }
        if listed.len() > query.limit {
            listed.truncate(query.limit + 1);
            break;
        }
    }
    Ok(listed)
}

/// The series that count for a subscription.
///
/// # Errors
/// [`OpError::NotFound`] without the subscription; the database's.
pub(super) async fn attached_series(db: &DatabaseConnection, name: &SubscriptionName) -> Result<Vec<Series>, OpError> {
    get_subscription(db, name).await?;
    let subjects = series_sql::subjects_of_subscriptions(db, std::slice::from_ref(name)).await?;
    let subjects: Vec<i64> = subjects.into_iter().map(|subject| subject.number).collect();
    let mut series = series_sql::series_of(db, &subjects).await?;
    series.retain(|series| series.attached);
    Ok(series)
}

/// The attached series of a subscription that a query is about.
async fn series_of(db: &DatabaseConnection, query: &UsageQuery) -> Result<HashMap<SeriesNumber, Series>, OpError> {
    let series = attached_series(db, &query.name).await?;
    let wanted = |series: &Series| {
        query.workload.as_ref().is_none_or(|workload| *workload == series.label.workload)
            && query.meter.as_ref().is_none_or(|meter| *meter == series.label.meter)
            && query.kind.is_none_or(|kind| kind == series.label.kind)
    };
    Ok(series.into_iter().filter(wanted).map(|series| (series.number, series)).collect())
}

/// The hours that a stretch of time touches.
fn hours(start: Instant, end: Instant) -> Vec<Instant> {
    let first = start.hour().micros();
    let hours = (first..end.micros()).step_by(HOUR as usize);
    hours.filter_map(|hour| Instant::from_micros(hour).ok()).collect()
}

/// A page of what waits for subscriptions, behind a series.
///
/// # Errors
/// The database's.
pub async fn list_unattached_usages(
    db: &DatabaseConnection,
    after: i64,
    limit: u64,
) -> Result<Vec<(Subject, Series)>, OpError> {
    Ok(series_sql::waiting_page(db, after, limit).await?)
}

/// A page of imports behind an id, by id.
///
/// # Errors
/// The database's.
pub async fn list_usage_imports(
    db: &DatabaseConnection,
    after: &str,
    limit: u64,
) -> Result<Vec<(Id, Progress)>, OpError> {
    Ok(ingest_sql::progress_page(db, after, limit).await?)
}
