//! `import usage`: bills in FOCUS through the public usage stream.
//!
//! One thread of control reads rows, another sends batches, and answers are counted as they come;
//! between them stand short queues, so that a bill of any size takes little memory. The place up to
//! which everything is kept for good is written to a checkpoint after every answer.

use std::collections::BTreeMap;
use std::path::PathBuf;

use proto::association::v1::usage_record_result::{Outcome as Taken, Reason};
use proto::association::v1::usage_service_client::UsageServiceClient;
use proto::association::v1::{IngestUsageRequest, IngestUsageResponse, UsageRecordResult};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::checkpoint::Checkpoint;
use super::reading::{Batch, Bill, Found, Reading, Workloads, open_bill};
use super::{ImportError, Outcome, Report};
use crate::connect::Wire;
use crate::progress::Progress;

/// Batches between the reader and the wire.
const QUEUE: usize = 4;
/// How a usage import goes about it.
#[derive(Clone, Debug, Default)]
pub struct UsageOptions {
    /// Check everything and record nothing.
    pub dry_run: bool,
    /// Where the place is kept from which an interrupted import continues; none keeps none.
    pub checkpoint: Option<PathBuf>,
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

fn describe(result: &UsageRecordResult) -> Vec<String> {
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
