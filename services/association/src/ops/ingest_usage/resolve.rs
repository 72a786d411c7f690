//! Which series each record belongs to, made where it is missing.

use std::collections::{BTreeSet, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::{HashMap, HashMapExt as _};
use sea_orm::DatabaseTransaction;
use store::StoreError;

use crate::domain::names::SubscriptionName;
use crate::domain::subscription::External;
use crate::domain::usage::{Target, UsageRecord};
use crate::ops::ingest_usage::{Group, Refusal};
use crate::store::chunks_sql::SeriesNumber;
use crate::store::series_sql::{self, SeriesLabel, Subject};

/// The most series that are remembered. At the bound everything is forgotten, which costs one query
/// per series and keeps memory within some tens of megabytes.
const REMEMBERED: usize = 100_000;

/// The series of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesRef {
    /// Its number.
    pub number: SeriesNumber,
    /// The name of the subscription for which it counts; none while it waits for one.
    pub subscription: Option<Arc<str>>,
    /// What it is.
    pub label: Arc<SeriesLabel>,
}

/// Attached series by what records add up in. Only attached ones, because these never change again.
#[derive(Debug, Default)]
pub struct SeriesCache {
    known: Mutex<HashMap<Box<[u8]>, SeriesRef>>,
    /// Whether the last group that asked met records that were sent before.
    repeats: AtomicBool,
}

/// Attached series that a transaction met: true once it is committed.
pub type Learned = Vec<(Box<[u8]>, SeriesRef)>;

/// The series of the asked rows.
pub(super) struct Resolved {
    /// In the order of the asked rows.
    pub of_rows: Vec<Result<SeriesRef, Refusal>>,
    /// What may be remembered after the commit.
    pub learned: Learned,
}

impl SeriesCache {
    /// Remembers series of a committed transaction.
    pub fn learn(&self, learned: Learned) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() + learned.len() > REMEMBERED {
            known.clear();
        }
        known.extend(learned);
    }

    /// The series of all rows of a group, where all are remembered and nothing says that its records were sent before.
    pub(super) fn recall_all(&self, group: &Group) -> Option<Vec<SeriesRef>> {
        if self.repeats.load(Ordering::Relaxed) {
            return None;
        }
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        group.rows().iter().map(|row| known.get(&row.series).cloned()).collect()
    }

    /// Notes whether a group met records that were sent before: the next one probably does so too.
    pub(super) fn note_repeats(&self, met: bool) {
        self.repeats.store(met, Ordering::Relaxed);
    }

    fn recall(&self, group: &Group, places: &[usize]) -> Vec<Option<SeriesRef>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        places.iter().map(|place| known.get(&group.rows()[*place].series).cloned()).collect()
    }
}

/// Finds or makes the series of rows.
pub(super) async fn resolve(
    tx: &DatabaseTransaction,
    cache: &SeriesCache,
    group: &Group,
    places: &[usize],
) -> Result<Resolved, StoreError> {
    let recalled = cache.recall(group, places);
    let missing = || places.iter().zip(&recalled).filter(|(_, known)| known.is_none()).map(|(place, _)| *place);
    let mut learned = Learned::new();
    let mut found: HashMap<&[u8], Result<SeriesRef, Refusal>> = HashMap::new();
    if missing().next().is_some() {
        let records: Vec<(&[u8], &UsageRecord)> =
            missing().map(|place| &group.rows()[place]).map(|row| (row.series.as_ref(), row.record.as_ref())).collect();
        found = find_or_add(tx, &records).await?;
        let attached = found.iter().filter_map(|(key, series)| Some((*key, series.as_ref().ok()?)));
        learned = attached
            .filter(|(_, series)| series.subscription.is_some())
            .map(|(key, series)| (key.into(), series.clone()))
            .collect();
    }
    let of_rows = places
        .iter()
        .zip(recalled)
        .map(|(place, known)| match known {
            Some(known) => Ok(known),
            None => {
                found.get(group.rows()[*place].series.as_ref()).cloned().unwrap_or(Err(Refusal::SubscriptionNotFound))
            }
        })
        .collect();
    Ok(Resolved { of_rows, learned })
}

async fn find_or_add<'a>(
    tx: &DatabaseTransaction,
    records: &[(&'a [u8], &UsageRecord)],
) -> Result<HashMap<&'a [u8], Result<SeriesRef, Refusal>>, StoreError> {
    let subjects = subjects(tx, records).await?;
    let mut wanted: HashMap<&[u8], Result<(i64, SeriesLabel), Refusal>> = HashMap::new();
    let mut by_number: HashMap<i64, &Subject> = HashMap::new();
    for (key, record) in records {
        let series = match subjects.get(&record.target) {
            None => Err(Refusal::SubscriptionNotFound),
            Some(subject) => {
                by_number.insert(subject.number, subject);
                billed_alike(subject, record).map(|()| (subject.number, label(record)))
            }
        };
        wanted.insert(key, series);
    }
    let numbers = series_numbers(tx, &by_number, wanted.values().filter_map(|series| series.as_ref().ok())).await?;
    let mut found = HashMap::with_capacity(wanted.len());
    for (key, series) in wanted {
        let series = match series {
            Err(refusal) => Err(refusal),
            Ok(series) => {
                let number = *numbers.get(&series).ok_or_else(|| StoreError::bug("a new series has no number"))?;
                let subscription = by_number.get(&series.0).and_then(|subject| subject.subscription.as_ref());
                let subscription = subscription.map(|name| Arc::from(name.to_string()));
                Ok(SeriesRef { number, subscription, label: Arc::new(series.1) })
            }
        };
        found.insert(key, series);
    }
    Ok(found)
}

/// The subject of every target. One that is not attached is read again under its lock: the
/// subscription may be arriving in another transaction.
async fn subjects(
    tx: &DatabaseTransaction,
    records: &[(&[u8], &UsageRecord)],
) -> Result<HashMap<Target, Subject>, StoreError> {
    let targets: HashSet<&Target> = records.iter().map(|(_, record)| &record.target).collect();
    let mut externals = BTreeSet::new();
    let mut names = BTreeSet::new();
    for target in &targets {
        match target {
            Target::External { source, id } => {
                externals.insert((source.as_str(), id.as_str()));
            }
            Target::Subscription(name) => {
                names.insert(name.clone());
            }
        }
    }
    let external = |(source, id): (&str, &str)| External { source: source.to_owned(), id: id.to_owned() };
    let externals: Vec<External> = externals.into_iter().map(external).collect();
    let mut all = series_sql::subjects_of_externals(tx, &externals).await?;
    let loose: Vec<i64> = all.iter().filter(|it| it.subscription.is_none()).map(|it| it.number).collect();
    if !loose.is_empty() {
        all.retain(|subject| subject.subscription.is_some());
        all.extend(series_sql::lock_subjects(tx, &loose).await?);
    }
    let by_external: HashMap<External, Subject> = all.into_iter().map(|it| (it.external.clone(), it)).collect();
    let names: Vec<SubscriptionName> = names.into_iter().collect();
    let by_name: HashMap<SubscriptionName, Subject> = series_sql::subjects_of_subscriptions(tx, &names)
        .await?
        .into_iter()
        .filter_map(|subject| Some((subject.subscription.clone()?, subject)))
        .collect();
    let subject_of = |target: &Target| match target {
        Target::Subscription(name) => by_name.get(name).cloned(),
        Target::External { source, id } => by_external.get(&external((source, id))).cloned(),
    };
    Ok(targets.into_iter().filter_map(|target| Some((target.clone(), subject_of(target)?))).collect())
}

/// Whether the record's currency is the subscription's, where both say one.
fn billed_alike(subject: &Subject, record: &UsageRecord) -> Result<(), Refusal> {
    match (subject.currency, record.currency) {
        (Some(own), Some(other)) if own != other => {
            Err(Refusal::CurrencyMismatch { record: other.code().to_owned(), subscription: own.code().to_owned() })
        }
        _ => Ok(()),
    }
}

fn label(record: &UsageRecord) -> SeriesLabel {
    SeriesLabel {
        workload: record.workload.clone(),
        meter: record.meter.clone(),
        kind: record.kind,
        unit: record.unit.clone(),
        currency: record.currency,
    }
}

async fn series_numbers(
    tx: &DatabaseTransaction,
    subjects: &HashMap<i64, &Subject>,
    wanted: impl Iterator<Item = &(i64, SeriesLabel)>,
) -> Result<HashMap<(i64, SeriesLabel), SeriesNumber>, StoreError> {
    let wanted: BTreeSet<&(i64, SeriesLabel)> = wanted.collect();
    let of_subjects: Vec<i64> =
        wanted.iter().map(|(subject, _)| *subject).collect::<BTreeSet<_>>().into_iter().collect();
    let mut numbers = by_label(series_sql::series_of(tx, &of_subjects).await?);
    let missing: Vec<(i64, SeriesLabel, bool)> = wanted
        .into_iter()
        .filter(|series| !numbers.contains_key(*series))
        .map(|(subject, label)| {
            let attached = subjects.get(subject).is_some_and(|subject| subject.subscription.is_some());
            (*subject, label.clone(), attached)
        })
        .collect();
    if !missing.is_empty() {
        series_sql::add_series(tx, &missing).await?;
        let of_missing: BTreeSet<i64> = missing.iter().map(|(subject, ..)| *subject).collect();
        let of_missing: Vec<i64> = of_missing.into_iter().collect();
        numbers.extend(by_label(series_sql::series_of(tx, &of_missing).await?));
    }
    Ok(numbers)
}

fn by_label(series: Vec<series_sql::Series>) -> HashMap<(i64, SeriesLabel), SeriesNumber> {
    series.into_iter().map(|series| ((series.subject, series.label), series.number)).collect()
}
