//! Usage as differences of hourly cells, in the order in which association recorded them. What was used up to a recorded
//! time is their sum, so a batch never changes what an earlier one said.
//!
//! Batches bring a little about each of many subscriptions, and questions ask for everything about a few. So
//! subscriptions that came together share a bucket, [`SHARE`] to each, and a batch is kept as one part for each bucket
//! that it touches: few rows to write, few to read. What they say is packed: only this file looks into it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use ::store::StoreError;
use ::store::bulk::{Rows, insert, look_up, query};
use ::store::packing::{Packer, Unpacker};
use program::facts::{Costs, Grain, Recorded, Usage};
use program::population::UsageRow;
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction};
use values::{Currency, Decimal, Digest, Instant};

use super::instant;
use crate::domain::usage::{CellChange, SeriesChange, SeriesLabel, UsageEntry};

/// How many subscriptions share a bucket.
const SHARE: usize = 16;
/// Bits of a bucket's place among those that one batch begins.
const PLACE_BITS: u32 = 16;
/// Parts read in one go.
const BUCKETS: usize = 200;

/// The most buckets that are remembered. At the bound all are forgotten, which costs one question for each.
const REMEMBERED: usize = 200_000;

/// The buckets of subscriptions that were met before. Only committed ones are remembered: what a transaction writes may
/// be rolled back.
#[derive(Debug)]
pub struct Buckets {
    committed: DatabaseConnection,
    known: Mutex<HashMap<i64, i64>>,
}

impl Buckets {
    /// Over a connection that sees committed rows only.
    pub fn new(committed: DatabaseConnection) -> Buckets {
        Buckets { committed, known: Mutex::default() }
    }

    /// The buckets of those of these marks that have one.
    async fn of(&self, tx: &DatabaseTransaction, marks: &[i64]) -> Result<HashMap<i64, i64>, StoreError> {
        let mut found = HashMap::with_capacity(marks.len());
        let missing = self.recall(marks, &mut found);
        if missing.is_empty() {
            return Ok(found);
        }
        let committed = find_buckets(&self.committed, &missing).await?;
        self.remember(&committed);
        found.extend(committed);
        let missing: Vec<i64> = missing.into_iter().filter(|mark| !found.contains_key(mark)).collect();
        found.extend(find_buckets(tx, &missing).await?);
        Ok(found)
    }

    /// Adds what is remembered and says what is not.
    fn recall(&self, marks: &[i64], found: &mut HashMap<i64, i64>) -> Vec<i64> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut missing = Vec::new();
        for mark in marks {
            match known.get(mark) {
                Some(bucket) => _ = found.insert(*mark, *bucket),
                None => missing.push(*mark),
            }
        }
        missing
    }

    fn remember(&self, committed: &HashMap<i64, i64>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() + committed.len() > REMEMBERED {
            known.clear();
        }
        known.extend(committed);
    }
}

/// Keeps the cells of one entry; false when it is here already.
///
/// # Errors
/// As the database's.
pub async fn keep(tx: &DatabaseTransaction, known: &Buckets, entry: &UsageEntry) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM usage_batches WHERE batch = $1";
    if !query(tx, sql.to_owned(), vec![entry.batch.as_str().into()]).await?.is_empty() {
        return Ok(false);
    }
    let buckets = buckets(tx, known, entry).await?;
    let mut parts: BTreeMap<i64, Packer> = BTreeMap::new();
    for (series, bucket) in entry.series.iter().zip(buckets) {
        pack(parts.entry(bucket).or_default(), series);
    }
    let mut touched = Packer::default();
    for bucket in parts.keys() {
        touched.integer(*bucket);
    }
    let sql = "INSERT INTO usage_batches (batch, position, buckets) VALUES ($1, $2, $3)";
    let values = vec![entry.batch.as_str().into(), entry.position.into(), touched.finish().into()];
    ::store::bulk::execute(tx, sql.to_owned(), values).await?;
    let rows = Rows::default()
        .integers(parts.keys().copied())
        .integers(parts.keys().map(|_| entry.position))
        .integers(parts.keys().map(|_| entry.recorded.micros()))
        .bytes(parts.into_values().map(Packer::finish));
    insert(tx, "INSERT INTO usage_parts (bucket, position, recorded, content)", rows, "").await?;
    Ok(true)
}

/// The bucket of each series, which a subscription keeps from its first usage on.
async fn buckets(tx: &DatabaseTransaction, known: &Buckets, entry: &UsageEntry) -> Result<Vec<i64>, StoreError> {
    let marks: Vec<i64> = entry.series.iter().map(|series| mark(&series.subscription)).collect();
    let mut known = known.of(tx, &marks).await?;
    let (mut new, mut begun) = (HashSet::new(), Vec::new());
    for mark in marks.iter().filter(|mark| !known.contains_key(mark)) {
        if new.insert(*mark) {
            let place = i64::try_from(begun.len() / SHARE).ok().filter(|place| *place < 1 << PLACE_BITS);
            let place = place.ok_or_else(|| StoreError::bug("a usage batch has too many subscriptions"))?;
            begun.push((*mark, entry.position << PLACE_BITS | place));
        }
    }
    let rows =
        Rows::default().integers(begun.iter().map(|(mark, _)| *mark)).integers(begun.iter().map(|(_, bucket)| *bucket));
    insert(tx, "INSERT INTO usage_places (mark, bucket)", rows, "").await?;
    known.extend(begun);
    let bucket = |mark: &i64| known.get(mark).copied().ok_or_else(|| StoreError::bug("a subscription has no bucket"));
    marks.iter().map(bucket).collect()
}

/// A number for a subscription. Two with one number share a bucket, which is all.
fn mark(subscription: &str) -> i64 {
    let digest = Digest::of(subscription.as_bytes());
    digest.bytes()[..8].iter().fold(0, |mark, byte| (mark << 8) | i64::from(*byte))
}

async fn find_buckets(db: &impl ConnectionTrait, marks: &[i64]) -> Result<HashMap<i64, i64>, StoreError> {
    let mut wanted = marks.to_vec();
    wanted.sort_unstable();
    wanted.dedup();
    let select = "SELECT kept.mark, kept.bucket FROM {wanted} usage_places AS kept";
    let mut found = HashMap::with_capacity(wanted.len());
    for row in look_up(db, select, Rows::default().integers(wanted), "kept.mark = wanted.column1").await? {
        found.insert(row.try_get("", "mark")?, row.try_get("", "bucket")?);
    }
    Ok(found)
}

/// Removes an entry that its publisher no longer has.
///
/// # Errors
/// As the database's.
pub async fn forget(tx: &DatabaseTransaction, batch: &str) -> Result<(), StoreError> {
    let sql = "SELECT position, buckets FROM usage_batches WHERE batch = $1";
    for row in query(tx, sql.to_owned(), vec![batch.into()]).await? {
        let (position, touched): (i64, Vec<u8>) = (row.try_get("", "position")?, row.try_get("", "buckets")?);
        let mut touched = Unpacker::new(&touched);
        while !touched.is_empty() {
            let sql = "DELETE FROM usage_parts WHERE bucket = $1 AND position = $2";
            ::store::bulk::execute(tx, sql.to_owned(), vec![touched.integer()?.into(), position.into()]).await?;
        }
    }
    let sql = "DELETE FROM usage_batches WHERE batch = $1";
    ::store::bulk::execute(tx, sql.to_owned(), vec![batch.into()]).await?;
    Ok(())
}

fn pack(packer: &mut Packer, series: &SeriesChange) {
    packer.text(&series.subscription);
    packer.text(&series.label.workload);
    packer.text(&series.label.meter);
    packer.text(&series.label.unit);
    packer.text(series.label.currency.as_ref().map_or("", Currency::code));
    packer.integer(i64::from(series.label.level));
    packer.integer(series.cells.len() as i64);
    for cell in &series.cells {
        let costs = [cell.costs.billed, cell.costs.effective, cell.costs.list, cell.costs.contracted];
        packer.integer(cell.hour.micros());
        packer.integer(i64::from(cell.quantity.is_some()));
        packer.amounts(cell.quantity.unwrap_or_default(), &costs);
    }
}

fn unpack(content: &[u8]) -> Result<Vec<SeriesChange>, StoreError> {
    let mut unpacker = Unpacker::new(content);
    let mut all = Vec::new();
    while !unpacker.is_empty() {
        let subscription = unpacker.text()?.to_owned();
        let [workload, meter, unit] = [unpacker.text()?, unpacker.text()?, unpacker.text()?].map(str::to_owned);
        let currency = currency(unpacker.text()?)?;
        let label = SeriesLabel { workload, meter, unit, currency, level: unpacker.integer()? == 1 };
        let mut cells = Vec::new();
        for _ in 0..unpacker.integer()? {
            let hour = unpacker.instant()?;
            let said = unpacker.integer()? == 1;
            let (quantity, [billed, effective, list, contracted]) = unpacker.amounts()?;
            let costs = Costs { billed, effective, list, contracted };
            cells.push(CellChange { hour, quantity: said.then_some(quantity), costs });
        }
        all.push(SeriesChange { customer: String::new(), subscription, label, cells });
    }
    Ok(all)
}

/// The hours of every series, in the order in which usage is listed.
type Hours = BTreeMap<(String, SeriesLabel), BTreeMap<Instant, Known>>;

/// What is known of an hour: of a level the last measurement, of everything else the sum.
struct Known {
    recorded: Instant,
    quantity: Option<Decimal>,
    costs: Costs,
}

impl Known {
    fn add(&mut self, level: bool, cell: &CellChange, recorded: Instant) -> Result<(), StoreError> {
        let beyond = |error: values::DecimalError| StoreError::bug(error.to_string());
        self.recorded = recorded;
        self.quantity = match (level, self.quantity, cell.quantity) {
            (true, _, last) => last,
            (false, sum, None) => sum,
            (false, sum, Some(more)) => Some(sum.unwrap_or_default().checked_add(more).map_err(beyond)?),
        };
        let (sums, more) = (&mut self.costs, &cell.costs);
        for (sum, more) in [
            (&mut sums.billed, more.billed),
            (&mut sums.effective, more.effective),
            (&mut sums.list, more.list),
            (&mut sums.contracted, more.contracted),
        ] {
            if let Some(more) = more {
                *sum = Some(sum.unwrap_or_default().checked_add(more).map_err(beyond)?);
            }
        }
        Ok(())
    }
}

/// What was kept about the usage of some subscriptions, packed as it was read.
#[derive(Debug, Default)]
pub struct Parts {
    asked: HashSet<String>,
    /// When each was recorded, in microseconds, in the order in which they were.
    content: Vec<(i64, Vec<u8>)>,
}

/// Reads the usage of these subscriptions as it was recorded up to `known_at`.
///
/// # Errors
/// As the database's.
pub async fn read(
    db: &impl ConnectionTrait,
    subscriptions: Vec<String>,
    known_at: Instant,
) -> Result<Parts, StoreError> {
    let asked: HashSet<String> = subscriptions.into_iter().collect();
    let marks: Vec<i64> = asked.iter().map(|subscription| mark(subscription)).collect();
    let mut buckets: Vec<i64> = find_buckets(db, &marks).await?.into_values().collect();
    buckets.sort_unstable();
    buckets.dedup();
    let mut parts: Vec<(i64, i64, Vec<u8>)> = Vec::new();
    for buckets in buckets.chunks(BUCKETS) {
        let wanted = Rows::default().integers(buckets.iter().copied());
        let select = "SELECT kept.position, kept.recorded, kept.content FROM {wanted} usage_parts AS kept";
        let on = format!("kept.bucket = wanted.column1 AND kept.recorded <= {}", known_at.micros());
        for row in look_up(db, select, wanted, &on).await? {
            parts.push((row.try_get("", "position")?, row.try_get("", "recorded")?, row.try_get("", "content")?));
        }
    }
    parts.sort_by_key(|(position, ..)| *position);
    Ok(Parts { asked, content: parts.into_iter().map(|(_, recorded, content)| (recorded, content)).collect() })
}

impl Parts {
    fn hours(&self) -> Result<Hours, StoreError> {
        let mut all = Hours::new();
        for (recorded, content) in &self.content {
            let recorded = instant(*recorded)?;
            for series in unpack(content)?.into_iter().filter(|series| self.asked.contains(&series.subscription)) {
                let level = series.label.level;
                let hours = all.entry((series.subscription, series.label)).or_default();
                for cell in &series.cells {
                    let nothing = || Known { recorded, quantity: None, costs: Costs::default() };
                    hours.entry(cell.hour).or_insert_with(nothing).add(level, cell, recorded)?;
                }
            }
        }
        Ok(all)
    }

    /// The usage by the hour, by subscription and series.
    ///
    /// # Errors
    /// A defect when what was stored cannot be read, or a sum leaves the range of exact decimals.
    pub fn facts(&self) -> Result<Vec<Usage>, StoreError> {
        let mut listed = Vec::new();
        for ((subscription, label), hours) in self.hours()? {
            listed.extend(hours.into_iter().filter_map(|(start, known)| usage(&subscription, &label, start, known)));
        }
        Ok(listed)
    }

    /// Tells the same to somebody who looks at each and keeps none.
    ///
    /// # Errors
    /// As of [`Parts::facts`].
    pub fn tell(&self, mut told: impl FnMut(UsageRow<'_>)) -> Result<(), StoreError> {
        for ((subscription, label), hours) in self.hours()? {
            for (start, known) in hours {
                let Some(quantity) = known.quantity else { continue };
                told(UsageRow {
                    subscription: &subscription,
                    workload: &label.workload,
                    meter: &label.meter,
                    start,
                    flow: label.flow(),
                    quantity,
                    costs: &known.costs,
                    currency: currency_of(&label),
                    recorded: known.recorded,
                });
            }
        }
        Ok(())
    }
}

/// A level whose every measurement was taken back is no measurement.
fn usage(subscription: &str, label: &SeriesLabel, start: Instant, known: Known) -> Option<Usage> {
    Some(Usage {
        subscription: subscription.to_owned(),
        workload: label.workload.clone(),
        meter: label.meter.clone(),
        start,
        grain: Grain::Hour,
        flow: label.flow(),
        quantity: known.quantity?,
        unit: label.unit.clone(),
        costs: known.costs,
        currency: currency_of(label),
        recorded: Recorded::new(known.recorded, crate::ASSOCIATION),
    })
}

/// A series without costs has no currency. The engine's fact has one all the same and never looks at it, so any serves.
fn currency_of(label: &SeriesLabel) -> Currency {
    label.currency.unwrap_or(Currency::USD)
}

fn currency(code: &str) -> Result<Option<Currency>, StoreError> {
    let parse = |code: &str| code.parse().map_err(|_| StoreError::bug(format!("`{code}` is not a currency")));
    Some(code).filter(|code| !code.is_empty()).map(parse).transpose()
}
