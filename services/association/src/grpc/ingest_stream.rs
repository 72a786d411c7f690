//! The stream of usage: batches in, results out, in two tasks, so that the next records are read
//! and hashed while the database writes the last ones.
//!
//! What has arrived when the database becomes free is taken in as one group, up to [`GROUP`]
//! records: a slow sender gets its replies at once, a fast one gets large transactions.

use std::sync::Arc;

use proto::association::v1 as wire;
use rpc::fault::{Fault, Kind, SHARED_DOMAIN};
use rpc::validate::Violations;
use store::{Store, StoreError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Code, Status, Streaming};
use values::{Id, Instant};

use super::call::Association;
use super::fault::database;
use super::{usage_from_proto, usage_to_proto};
use crate::ops::ingest_usage::{Collecting, Group, ImportStep, Ingested, Outcome, SeriesCache, ingest as take_in};

/// The most records of one transaction.
const GROUP: usize = 10_000;
/// The most records of one message.
const BATCH: usize = 5_000;
/// Replies that wait to be sent.
const REPLIES: usize = 16;

type Reply = Result<wire::IngestUsageResponse, Status>;

/// What messages must have in common to be taken in together.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Manner {
    source: String,
    import: Option<Id>,
    validate_only: bool,
}

/// Messages that are taken in together.
struct Gathering {
    manner: Manner,
    collecting: Collecting,
    /// The number and the size of each message.
    messages: Vec<(i64, usize)>,
}

/// A group on its way to the database; the permit says that the database is busy with it.
struct Job {
    manner: Manner,
    group: Group,
    messages: Vec<(i64, usize)>,
    _busy: OwnedSemaphorePermit,
}

/// Answers a stream of batches.
pub fn ingest(service: Association, requests: Streaming<wire::IngestUsageRequest>) -> impl Stream<Item = Reply> {
    let (replies, stream) = mpsc::channel(REPLIES);
    let (jobs, work) = mpsc::channel(1);
    let refusals = replies.clone();
    tokio::spawn(async move {
        if let Err(status) = gather(requests, jobs).await {
            // The sender that is gone needs no reply.
            let _ = refusals.send(Err(status)).await;
        }
    });
    tokio::spawn(write(service, work, replies));
    ReceiverStream::new(stream)
}

/// Reads and hashes, and hands groups over whenever the database is free or a group is full.
async fn gather(mut requests: Streaming<wire::IngestUsageRequest>, jobs: mpsc::Sender<Job>) -> Result<(), Status> {
    let database = Arc::new(Semaphore::new(1));
    let mut gathering: Option<Gathering> = None;
    loop {
        let next = match &gathering {
            None => requests.next().await,
            Some(_) => tokio::select! {
                biased;
                next = requests.next() => next,
                permit = Arc::clone(&database).acquire_owned() => {
                    hand_over(&jobs, gathering.take(), permit).await?;
                    continue;
                }
            },
        };
        let Some(message) = next.transpose().map_err(unreadable)? else { break };
        let manner = manner(&message)?;
        let fits = gathering.as_ref().is_none_or(|gathering| {
            gathering.manner == manner && gathering.collecting.len() + message.usage_records.len() <= GROUP
        });
        if !fits {
            let permit = Arc::clone(&database).acquire_owned().await;
            hand_over(&jobs, gathering.take(), permit).await?;
        }
        let into = gathering.get_or_insert_with(|| Gathering {
            collecting: Collecting::new(manner.source.clone()),
            manner,
            messages: Vec::new(),
        });
        into.messages.push((message.sequence, message.usage_records.len()));
        let source = into.collecting.source().to_owned();
        into.collecting.extend(message.usage_records.into_iter().map(|it| usage_from_proto::record(&source, it)));
        // Reading ahead must not starve what else runs on this thread.
        tokio::task::yield_now().await;
    }
    if gathering.is_some() {
        let permit = Arc::clone(&database).acquire_owned().await;
        hand_over(&jobs, gathering, permit).await?;
    }
    Ok(())
}

/// A message that cannot be read is its sender's mistake. The stack around the handlers sees only what a call begins
/// with, so what comes later in a stream is told here.
fn unreadable(status: Status) -> Status {
    if status.code() != Code::Internal {
        return status;
    }
    Fault::new(Kind::InvalidArgument, SHARED_DOMAIN, "MALFORMED", status.message()).into()
}

async fn hand_over(
    jobs: &mpsc::Sender<Job>,
    gathering: Option<Gathering>,
    permit: Result<OwnedSemaphorePermit, tokio::sync::AcquireError>,
) -> Result<(), Status> {
    let (Some(gathering), Ok(busy)) = (gathering, permit) else { return Ok(()) };
    let Gathering { manner, collecting, messages } = gathering;
    let sequence = messages.iter().map(|(sequence, _)| *sequence).max().unwrap_or_default();
    let import = manner.import.clone().map(|import| ImportStep { import, sequence });
    let job = Job { manner, group: collecting.finish(import), messages, _busy: busy };
    // Nobody takes jobs once a transaction has failed: its status was sent.
    jobs.send(job).await.map_err(|_| Status::cancelled("the stream has failed"))
}

fn manner(message: &wire::IngestUsageRequest) -> Result<Manner, Fault> {
    let mut wrong = Violations::new();
    let source = wrong.text("source", &message.source, 1..=64);
    let import = wrong.optional_id("usage_import", &message.usage_import);
    wrong.count("usage_records", &message.usage_records, 0..=BATCH);
    if message.sequence < 0 {
        wrong.add("sequence", "must not be negative");
    }
    wrong.check()?;
    Ok(Manner { source: source.unwrap_or_default(), import, validate_only: message.validate_only })
}

/// Takes groups in, one transaction each, and replies to their messages after the commit.
async fn write(service: Association, mut work: mpsc::Receiver<Job>, replies: mpsc::Sender<Reply>) {
    while let Some(job) = work.recv().await {
        let now = service.clock.now();
        let done = match job.manner.validate_only {
            false => commit(&service.store, now, &service.series, &job.group).await,
            true => try_only(&service.store, now, &service.series, &job.group).await,
        };
        let outcomes = match done {
            Ok(outcomes) => outcomes,
            Err(error) => {
                let _ = replies.send(Err(database(error).into())).await;
                return;
            }
        };
        metrics::counter!("accolade_usage_records_total").increment(outcomes.len() as u64);
        let mut outcomes = outcomes.as_slice();
        for (sequence, size) in &job.messages {
            let (own, rest) = outcomes.split_at((*size).min(outcomes.len()));
            outcomes = rest;
            if replies.send(Ok(reply(*sequence, own))).await.is_err() {
                return;
            }
        }
    }
}

async fn commit(store: &Store, now: Instant, series: &SeriesCache, group: &Group) -> Result<Vec<Outcome>, StoreError> {
    let done: Result<Ingested, StoreError> =
        store.transact(|tx| Box::pin(async move { take_in(&tx, now, series, group).await })).await;
    let done = done?;
    series.learn(done.learned);
    Ok(done.outcomes)
}

/// Why a trial was rolled back.
#[derive(Debug, thiserror::Error)]
enum Tried {
    /// It was only tried.
    #[error("only tried")]
    Done(Vec<Outcome>),
    /// The database failed.
    #[error(transparent)]
    Failed(#[from] StoreError),
}

async fn try_only(
    store: &Store,
    now: Instant,
    series: &SeriesCache,
    group: &Group,
) -> Result<Vec<Outcome>, StoreError> {
    let tried: Result<(), Tried> = store
        .transact(|tx| Box::pin(async move { Err(Tried::Done(take_in(&tx, now, series, group).await?.outcomes)) }))
        .await;
    match tried {
        Err(Tried::Done(outcomes)) => Ok(outcomes),
        Err(Tried::Failed(error)) => Err(error),
        Ok(()) => Err(StoreError::bug("a trial was committed")),
    }
}

fn reply(sequence: i64, outcomes: &[Outcome]) -> wire::IngestUsageResponse {
    let mut reply = wire::IngestUsageResponse {
        sequence,
        results: outcomes.iter().map(usage_to_proto::result).collect(),
        ..Default::default()
    };
    for outcome in outcomes {
        match outcome {
            Outcome::Accepted => reply.accepted_count += 1,
            Outcome::Unattached => {
                reply.accepted_count += 1;
                reply.unattached_count += 1;
            }
            Outcome::Known => reply.known_count += 1,
            Outcome::Refused(_) => reply.refused_count += 1,
        }
    }
    reply
}
