//! One stream of one watcher: catches up from the database, then follows what is at hand.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::BoxStream;
use proto::feed::v1 as wire;
use rpc::wire::timestamp;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;
use values::Instant;

use crate::change::Change;
use crate::cursor::Cursor;
use crate::error::FeedError;
use crate::feed::{Feed, Head};
use crate::outbox_sql::{self, Select};

/// Changes of one message, and their payloads' bytes unless one alone has more.
pub(crate) const BATCH_CHANGES: usize = 1_000;
pub(crate) const BATCH_BYTES: usize = 1024 * 1024;
/// Changes read from the database at once; their payloads may be large.
const READ_CHANGES: usize = 250;
/// A message at least this often, even when the database fails.
const CHECKPOINT: Duration = Duration::from_secs(8);

/// The messages of one watch.
pub(crate) type WatchStream = BoxStream<'static, Result<wire::WatchChangesResponse, Status>>;

/// Why a stream ends.
enum End {
    /// The reader has gone.
    Gone,
    /// The service shuts down; the reader resumes elsewhere.
    Closing,
    Failed(FeedError),
}

impl From<FeedError> for End {
    fn from(error: FeedError) -> End {
        End::Failed(error)
    }
}

/// Checks a cursor against the present feed. Nothing stands for the start.
pub(crate) async fn resume(feed: &Feed, text: &str) -> Result<Cursor, FeedError> {
    let head = feed.refresh().await?;
    if text.is_empty() {
        return Ok(Cursor { position: 0, event_id: String::new(), ..head.cursor });
    }
    let invalid = || FeedError::CursorInvalid { feed: feed.name().to_owned() };
    let cursor = Cursor::decode(text).ok_or_else(invalid)?;
    if cursor.feed != feed.name() {
        return Err(invalid());
    }
    check(feed, &cursor).await?;
    Ok(cursor)
}

/// Whether the change of a cursor is still where it was.
async fn check(feed: &Feed, cursor: &Cursor) -> Result<(), FeedError> {
    let row = outbox_sql::head(feed.inner.store.read()).await?;
    let position = cursor.position;
    let diverged = FeedError::CursorDiverged { position, epoch: row.epoch.clone() };
    if cursor.epoch != row.epoch || position > row.position {
        return Err(diverged);
    }
    if position == 0 {
        return Ok(());
    }
    match outbox_sql::event_id_at(feed.inner.store.read(), position).await? {
        Some(event_id) if event_id == cursor.event_id => Ok(()),
        None if position <= row.horizon => Err(FeedError::CursorExpired { position, horizon: row.horizon }),
        _ => Err(diverged),
    }
}

/// Starts the stream behind a cursor.
pub(crate) async fn start(feed: Feed, text: &str, kinds: Vec<String>) -> Result<WatchStream, FeedError> {
    let heads = feed.watch_head();
    let generation = heads.borrow().generation;
    let cursor = resume(&feed, text).await?;
    let (sender, receiver) = mpsc::channel(2);
    let last_word = Arc::new(Mutex::new(None));
    let word = Arc::clone(&last_word);
    let mut watcher = Watcher { feed, heads, generation, cursor, kinds, told: None, sender };
    // Its owner is the stream: when the receiver goes, the next send ends the task.
    tokio::spawn(async move {
        let status = match watcher.run().await {
            End::Gone => None,
            End::Closing => Some(Status::unavailable("the service is shutting down; resume from the last cursor")),
            End::Failed(error) => Some(Status::from(error)),
        };
        *word.lock().unwrap_or_else(PoisonError::into_inner) = status;
    });
    let ending =
        futures::stream::once(async move { last_word.lock().unwrap_or_else(PoisonError::into_inner).take().map(Err) });
    Ok(ReceiverStream::new(receiver).map(Ok).chain(ending.filter_map(std::future::ready)).boxed())
}

struct Watcher {
    feed: Feed,
    heads: watch::Receiver<Head>,
    generation: u64,
    cursor: Cursor,
    kinds: Vec<String>,
    /// The last checkpoint told: position and sealed instant.
    told: Option<(i64, i64)>,
    sender: mpsc::Sender<wire::WatchChangesResponse>,
}

impl Watcher {
    async fn run(&mut self) -> End {
        loop {
            if let Err(end) = self.step().await {
                return end;
            }
        }
    }

    /// Sends what there is, or waits for more.
    async fn step(&mut self) -> Result<(), End> {
        let head = self.heads.borrow_and_update().clone();
        if head.generation != self.generation {
            let position = self.cursor.position;
            return Err(FeedError::CursorDiverged { position, epoch: head.cursor.epoch }.into());
        }
        if self.cursor.position < head.cursor.position {
            return self.send_next(&head).await;
        }
        if self.told != Some((self.cursor.position, head.sealed)) {
            return self.send_checkpoint(&head).await;
        }
        if head.closing {
            return Err(End::Closing);
        }
        tokio::select! {
            changed = self.heads.changed() => changed.map_err(|_| End::Closing),
            () = tokio::time::sleep(CHECKPOINT) => self.send_checkpoint(&head).await,
            () = self.sender.closed() => Err(End::Gone),
        }
    }

    /// Sends the next changes of the wanted kinds, if there are any among the next ones.
    async fn send_next(&mut self, head: &Head) -> Result<(), End> {
        let next = match self.feed.at_hand(self.cursor.position, BATCH_CHANGES) {
            Some(next) => next,
            None => self.read_next(head).await?,
        };
        let next = cut(next);
        let Some(last) = next.last() else {
            // Only compacted positions were left up to the head.
            self.cursor = head.cursor.clone();
            return Ok(());
        };
        self.cursor.position = last.position;
        self.cursor.event_id.clone_from(&last.event_id);
        // More changes may have been recorded at the instant of the last one, unless it is the head.
        let sealed = if last.position == head.cursor.position { head.sealed } else { last.recorded.micros() - 1 };
        let changes: Vec<wire::Change> = next
            .iter()
            .filter(|change| self.kinds.is_empty() || self.kinds.contains(&change.kind))
            .map(|change| change.to_wire())
            .collect();
        if changes.is_empty() {
            return Ok(());
        }
        let checkpoint = checkpoint(&self.cursor, sealed, head);
        self.told = Some((self.cursor.position, sealed));
        let batch = wire::ChangeBatch { changes, checkpoint: Some(checkpoint) };
        self.send(wire::watch_changes_response::Item::Batch(batch)).await
    }

    /// Reads behind the cursor, together with the cursor's own change, which must be the same: the
    /// database may have been restored since the last look.
    async fn read_next(&self, head: &Head) -> Result<Vec<Arc<Change>>, End> {
        check(&self.feed, &self.cursor).await?;
        let select = Select { after: self.cursor.position, upto: head.cursor.position, ..Select::default() };
        let next = outbox_sql::read(self.feed.inner.store.read(), &select, READ_CHANGES).await;
        let next = next.map_err(FeedError::from)?;
        Ok(next.into_iter().map(Arc::new).collect())
    }

    async fn send_checkpoint(&mut self, head: &Head) -> Result<(), End> {
        self.told = Some((self.cursor.position, head.sealed));
        let checkpoint = checkpoint(&self.cursor, head.sealed, head);
        self.send(wire::watch_changes_response::Item::Checkpoint(checkpoint)).await
    }

    async fn send(&mut self, item: wire::watch_changes_response::Item) -> Result<(), End> {
        let message = wire::WatchChangesResponse { item: Some(item) };
        match tokio::time::timeout(self.feed.inner.config.patience, self.sender.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(FeedError::WatchTooSlow { position: self.cursor.position }.into()),
        }
    }
}

/// As many of the changes as fit one message.
fn cut(mut changes: Vec<Arc<Change>>) -> Vec<Arc<Change>> {
    let mut bytes = 0;
    let fits = changes.iter().take(BATCH_CHANGES).take_while(|change| {
        bytes += change.payload.len();
        bytes <= BATCH_BYTES
    });
    let fits = fits.count().max(1);
    changes.truncate(fits);
    changes
}

pub(crate) fn checkpoint(cursor: &Cursor, sealed: i64, head: &Head) -> wire::Checkpoint {
    wire::Checkpoint {
        cursor: cursor.encode(),
        position: cursor.position,
        sealed_time: Instant::from_micros(sealed).ok().map(timestamp),
        head_position: head.cursor.position.max(cursor.position),
    }
}
