//! `import usage`: bills in FOCUS through the public usage stream.
//!
//! One thread of control reads rows, another sends batches, and answers are counted as they come;
//! between them stand short queues, so that a bill of any size takes little memory. The place up to
//! which everything is kept for good is written to a checkpoint after every answer.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use proto::association::v1::usage_service_client::UsageServiceClient;
use proto::association::v1::{
    self as association, IngestUsageRequest, IngestUsageResponse, MeterKind, UsageRecord,
    usage_record_result::{Outcome as Taken, Reason},
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::checkpoint::{Checkpoint, Place};
use super::{ImportError, Outcome, Report};
use crate::connect::Wire;
use crate::progress::Progress;

/// Records in a batch: what the usage stream takes best.
const BATCH: usize = 1_000;
/// Batches between the reader and the wire.
const QUEUE: usize = 4;
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
    fn name(&self) -> String {
        match self {
            Bill::File(path) => path.display().to_string(),
            Bill::Text(name, _) => (*name).to_owned(),
        }
    }

    fn path(&self) -> PathBuf {
        PathBuf::from(self.name())
    }

    /// The bytes and how many there are.
    fn open(&self) -> Result<(Box<dyn Read + Send>, u64), ImportError> {
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

/// How a usage import goes about it.
#[derive(Clone, Debug, Default)]
pub struct UsageOptions {
    /// Check everything and record nothing.
    pub dry_run: bool,
    /// Where the place is kept from which an interrupted import continues; none keeps none.
    pub checkpoint: Option<PathBuf>,
}

/// A record on its way, and where it came from.
struct Sent {
    file: usize,
    line: u64,
}

/// A batch on its way.
struct Batch {
    request: IngestUsageRequest,
    rows: Vec<Sent>,
    /// The place in the bills behind this batch.
    place: Place,
}

/// What the reader found beside batches.
enum Found {
    Batch(Batch),
    Refused { file: usize, line: u64, reasons: Vec<String> },
}

/// Imports bills. Files named together are one bill: equal rows over all of them count as often as
/// they occur.
///
/// # Errors
/// [`ImportError`]. Headers of all files are checked before anything is sent. After any error the
/// import may simply be repeated.
pub async fn import_usage(
    wire: &Wire,
    bills: &[Bill],
    workloads: Workloads<'_>,
    options: &UsageOptions,
) -> Result<Report, ImportError> {
    let mut report = Report::new("usage", options.dry_run);
    let mut total = 0;
    for bill in bills {
        let (bytes, length) = bill.open()?;
        let reader = open_bill(bill, bytes)?;
        for column in reader.ignored_columns() {
            if !report.ignored_columns.contains(column) {
                report.ignored_columns.push(column.clone());
            }
        }
        total += length;
    }
    let names: Vec<String> = bills.iter().map(Bill::name).collect();
    let checkpoint = Checkpoint::open(options.checkpoint.clone().filter(|_| !options.dry_run), &names);
    if !continue_behind(wire, bills, workloads, options, &checkpoint, total, &mut report).await? {
        // The bills are not those that the checkpoint was written for: from the beginning. Rows that
        // were sent before are known, so nothing counts twice.
        let fresh = checkpoint.forgotten();
        report = Report { ignored_columns: report.ignored_columns, ..Report::new("usage", options.dry_run) };
        continue_behind(wire, bills, workloads, options, &fresh, total, &mut report).await?;
    }
    checkpoint.remove()?;
    report.sort();
    Ok(report)
}

fn open_bill<R: Read>(bill: &Bill, bytes: R) -> Result<focus::Reader<R>, ImportError> {
    focus::Reader::open(bytes).map_err(|source| ImportError::Bill { path: bill.path(), source })
}

/// Sends everything behind the checkpoint. False when the bills differ before that place.
async fn continue_behind(
    wire: &Wire,
    bills: &[Bill],
    workloads: Workloads<'_>,
    options: &UsageOptions,
    checkpoint: &Checkpoint,
    total: u64,
    report: &mut Report,
) -> Result<bool, ImportError> {
    let names: Vec<String> = bills.iter().map(Bill::name).collect();
    let progress = Progress::bytes("usage", total);
    let (to_wire, from_reader) = mpsc::channel::<IngestUsageRequest>(QUEUE);
    let mut client = UsageServiceClient::new(wire.clone());
    let mut reading = Reading::new(bills, workloads, options.dry_run, checkpoint.place());
    let mut waiting: BTreeMap<i64, Batch> = BTreeMap::new();
    let mut to_wire = Some(to_wire);
    let call = client.ingest_usage(ReceiverStream::new(from_reader));
    tokio::pin!(call);
    let mut answers = None;
    let mut next: Option<IngestUsageRequest> = None;
    let mut read_to_end = false;
    loop {
        // Read ahead until there is something to send; a bill is read from disk, which is quick.
        while next.is_none() && !read_to_end && waiting.len() < 2 * QUEUE {
            match reading.next(&progress)? {
                Some(Found::Batch(batch)) => {
                    next = Some(batch.request.clone());
                    waiting.insert(batch.request.sequence, Batch { request: IngestUsageRequest::default(), ..batch });
                }
                Some(Found::Refused { file, line, reasons }) => {
                    report.count(&names[file], line, Outcome::Refused(reasons));
                }
                None if reading.differs => return Ok(false),
                None => read_to_end = true,
            }
        }
        if read_to_end && next.is_none() {
            to_wire = None;
        }
        if to_wire.is_none() && waiting.is_empty() {
            break;
        }
        tokio::select! {
            permit = reserve(&to_wire), if next.is_some() => {
                // A closed channel means that the call has ended: its answer says why.
                if let (Some(permit), Some(request)) = (permit, next.take()) {
                    permit.send(request);
                }
            }
            opened = &mut call, if answers.is_none() => answers = Some(opened?.into_inner()),
            answer = answer_of(&mut answers), if answers.is_some() => {
                let Some(answer) = answer? else {
                    return Err(tonic::Status::unavailable("the stream ended before everything was answered").into());
                };
                let batch = waiting.remove(&answer.sequence).ok_or(ImportError::Answer(answer.sequence))?;
                count(report, &names, &batch, answer)?;
                if waiting.keys().next().is_none_or(|first| *first > batch.place.sequence) {
                    checkpoint.keep(&batch.place)?;
                }
            }
        }
    }
    report.resumed = reading.skipped;
    progress.finish();
    Ok(true)
}

async fn reserve(sender: &Option<mpsc::Sender<IngestUsageRequest>>) -> Option<mpsc::Permit<'_, IngestUsageRequest>> {
    match sender {
        Some(sender) => sender.reserve().await.ok(),
        None => None,
    }
}

async fn answer_of(
    answers: &mut Option<tonic::Streaming<IngestUsageResponse>>,
) -> Result<Option<IngestUsageResponse>, tonic::Status> {
    match answers {
        Some(stream) => stream.message().await,
        None => Ok(None),
    }
}

/// Counts the results of one batch.
fn count(report: &mut Report, names: &[String], batch: &Batch, answer: IngestUsageResponse) -> Result<(), ImportError> {
    if answer.results.len() != batch.rows.len() {
        return Err(ImportError::Answer(answer.sequence));
    }
    for (row, result) in batch.rows.iter().zip(answer.results) {
        let outcome = match result.outcome() {
            Taken::Accepted => Outcome::Taken,
            Taken::Unattached => Outcome::Kept,
            Taken::Known => Outcome::Known,
            Taken::Refused | Taken::Unspecified => Outcome::Refused(describe(&result)),
        };
        report.count(&names[row.file], row.line, outcome);
    }
    Ok(())
}

fn describe(result: &association::UsageRecordResult) -> Vec<String> {
    let reason = match result.reason() {
        Reason::ContentDiffers => "the id was used before with other content",
        Reason::CurrencyUnknown => "the currency is not a code of ISO 4217",
        Reason::CurrencyMismatch => "the currency is not the one the subscription is billed in",
        Reason::Malformed => "a value is missing or wrong",
        Reason::ReplacedAlready => "the record it replaces is replaced already",
        Reason::SubscriptionNotFound => "there is no such subscription",
        Reason::Unspecified => "the suite did not say why",
    };
    let mut reasons = result.violations.clone();
    if reasons.is_empty() {
        reasons.push(reason.to_owned());
    }
    reasons
}

/// Reads rows of several bills and makes batches of them.
struct Reading<'a> {
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
    skipped: u64,
    /// True when the rows before `resume` are not those that were sent then.
    differs: bool,
    records: Vec<UsageRecord>,
    rows: Vec<Sent>,
}

impl<'a> Reading<'a> {
    fn new(bills: &'a [Bill], workloads: Workloads<'a>, dry_run: bool, resume: Place) -> Self {
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
    fn next(&mut self, progress: &Progress) -> Result<Option<Found>, ImportError> {
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
