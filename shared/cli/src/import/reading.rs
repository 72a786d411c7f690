//! Reads bills and makes batches of usage records of them.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use proto::association::v1::{IngestUsageRequest, MeterKind, UsageRecord};

use super::ImportError;
use super::checkpoint::Place;
use crate::progress::Progress;

/// Records in a batch: what the usage stream takes best.
const BATCH: usize = 1_000;
/// Who sends. Ids of records are unique within it for ever, so it must never change.
const SOURCE: &str = "focus";

/// Which workload a provider's service is, where somebody knows: `(provider, service) -> workload`.
pub type Workloads<'a> = &'a (dyn Fn(&str, &str) -> Option<String> + Send + Sync);

/// One bill to import.
#[derive(Clone, Debug)]
pub enum Bill {
    /// A file.
    File(PathBuf),
    /// A bill that is in the binary, with a name for messages.
    Text(&'static str, &'static [u8]),
}

impl Bill {
    pub(super) fn name(&self) -> String {
        match self {
            Bill::File(path) => path.display().to_string(),
            Bill::Text(name, _) => (*name).to_owned(),
        }
    }

    pub(super) fn path(&self) -> PathBuf {
        PathBuf::from(self.name())
    }

    /// The bytes and how many there are.
    pub(super) fn open(&self) -> Result<(Box<dyn Read + Send>, u64), ImportError> {
        match self {
            Bill::Text(_, text) => Ok((Box::new(*text), text.len() as u64)),
            Bill::File(path) => {
                let wrong = |source| ImportError::File { path: path.clone(), source };
                let file = File::open(path).map_err(wrong)?;
                let length = file.metadata().map_err(wrong)?.len();
                Ok((Box::new(file), length))
            }
        }
    }
}

/// A record on its way, and where it came from.
pub(super) struct Sent {
    pub file: usize,
    pub line: u64,
}

/// A batch on its way.
pub(super) struct Batch {
    pub request: IngestUsageRequest,
    pub rows: Vec<Sent>,
    /// The place in the bills behind this batch.
    pub place: Place,
}

/// What the reader found beside batches.
pub(super) enum Found {
    Batch(Batch),
    Refused { file: usize, line: u64, reasons: Vec<String> },
}

pub(super) fn open_bill<R: Read>(bill: &Bill, bytes: R) -> Result<focus::Reader<R>, ImportError> {
    focus::Reader::open(bytes).map_err(|source| ImportError::Bill { path: bill.path(), source })
}

/// Reads rows of several bills and makes batches of them.
pub(super) struct Reading<'a> {
    bills: &'a [Bill],
    workloads: Workloads<'a>,
    dry_run: bool,
    counter: focus::OccurrenceCounter,
    open: Option<focus::Reader<Box<dyn Read + Send>>>,
    next_file: usize,
    /// The place behind the last row that was read.
    place: Place,
    /// The place from which rows are sent.
    resume: Place,
    /// Rows that were read but not sent again.
    pub skipped: u64,
    /// True when the rows before `resume` are not those that were sent then.
    pub differs: bool,
    records: Vec<UsageRecord>,
    rows: Vec<Sent>,
}

impl<'a> Reading<'a> {
    pub fn new(bills: &'a [Bill], workloads: Workloads<'a>, dry_run: bool, resume: Place) -> Self {
        Reading {
            bills,
            workloads,
            dry_run,
            counter: focus::OccurrenceCounter::default(),
            open: None,
            next_file: 0,
            place: Place { sequence: resume.sequence, ..Place::start() },
            resume,
            skipped: 0,
            differs: false,
            records: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// The next batch or refused row; none at the end, and when the bills are not those of the
    /// checkpoint.
    pub fn next(&mut self, progress: &Progress) -> Result<Option<Found>, ImportError> {
        loop {
            if self.records.len() >= BATCH {
                return Ok(Some(Found::Batch(self.batch())));
            }
            if self.open.is_none() {
                let Some(bill) = self.bills.get(self.next_file) else {
                    if self.place.rows < self.resume.rows {
                        self.differs = true;
                        return Ok(None);
                    }
                    let rest = !self.records.is_empty();
                    return Ok(rest.then(|| Found::Batch(self.batch())));
                };
                let (bytes, _) = bill.open()?;
                let counted: Box<dyn Read + Send> = Box::new(Counted { inner: bytes, progress: progress.clone() });
                self.open = Some(open_bill(bill, counted)?);
                self.next_file += 1;
            }
            let file = self.next_file - 1;
            match self.open.as_mut().and_then(Iterator::next) {
                None => self.open = None,
                Some(Ok(row)) => {
                    self.take(file, row)?;
                    if self.differs {
                        return Ok(None);
                    }
                }
                Some(Err(focus::ReadError::Row(bad))) => {
                    let reasons = bad.problems.iter().map(ToString::to_string).collect();
                    return Ok(Some(Found::Refused { file, line: bad.line, reasons }));
                }
                Some(Err(focus::ReadError::Input { source, .. })) => {
                    return Err(ImportError::File { path: self.bills[file].path(), source });
                }
            }
        }
    }

    fn take(&mut self, file: usize, row: focus::Row) -> Result<(), ImportError> {
        let occurrence = self.counter.count(&row.content)?;
        self.place.pass(&row.content);
        if self.place.rows <= self.resume.rows {
            self.skipped += 1;
            self.differs = self.place.rows == self.resume.rows && self.place.chain != self.resume.chain;
            return Ok(());
        }
        self.rows.push(Sent { file, line: row.line });
        let workload = (self.workloads)(&row.provider, &row.service).unwrap_or_default();
        self.records.push(record(&row, occurrence, workload));
        Ok(())
    }

    fn batch(&mut self) -> Batch {
        self.place.sequence += 1;
        let request = IngestUsageRequest {
            source: SOURCE.to_owned(),
            sequence: self.place.sequence,
            usage_import: String::new(),
            usage_records: std::mem::take(&mut self.records),
            validate_only: self.dry_run,
        };
        Batch { request, rows: std::mem::take(&mut self.rows), place: self.place.clone() }
    }
}

/// A row of a bill as a usage record: the sub-account is the subscription's id at its provider, the
/// service is the meter, and every cost keeps its column and its sign.
fn record(row: &focus::Row, occurrence: u32, workload: String) -> UsageRecord {
    let quantity = row.quantity();
    UsageRecord {
        record_id: row.content.row_id(occurrence),
        external_source: row.provider.to_ascii_lowercase(),
        external_id: row.sub_account.clone(),
        workload,
        meter: row.service.clone(),
        meter_kind: MeterKind::Flow.into(),
        start_time: Some(rpc::wire::timestamp(row.start)),
        end_time: Some(rpc::wire::timestamp(row.end)),
        quantity: Some(rpc::wire::decimal(quantity.map(|it| it.value).unwrap_or_default())),
        unit: quantity.map(|it| it.unit.clone()).unwrap_or_default(),
        currency_code: row.currency.to_string(),
        billed_cost: Some(rpc::wire::decimal(row.billed)),
        effective_cost: Some(rpc::wire::decimal(row.effective)),
        list_cost: row.list.map(rpc::wire::decimal),
        contracted_cost: row.contracted.map(rpc::wire::decimal),
        ..Default::default()
    }
}

/// Tells how many bytes were read.
struct Counted<R> {
    inner: R,
    progress: Progress,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.progress.add(length as u64);
        Ok(length)
    }
}

/// All batches of some bills behind a place; none when the bills before it are others.
#[cfg(test)]
pub(crate) fn batches_of(
    bills: &[Bill],
    workloads: Workloads<'_>,
    resume: Option<&Place>,
) -> Option<Vec<(IngestUsageRequest, Place)>> {
    let mut reading = Reading::new(bills, workloads, false, resume.cloned().unwrap_or_else(Place::start));
    let mut batches = Vec::new();
    while let Some(found) = reading.next(&Progress::hidden()).expect("bills in memory can be read") {
        if let Found::Batch(batch) = found {
            batches.push((batch.request, batch.place));
        }
    }
    (!reading.differs).then_some(batches)
}
