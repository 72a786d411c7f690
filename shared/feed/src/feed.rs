//! The producer's side: positions after the commit, the newest changes in memory, and the bell
//! that wakes every stream.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use store::{Engine, Store, StoreError};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use values::Instant;

use crate::change::Change;
use crate::cursor::Cursor;
use crate::error::FeedError;
use crate::outbox_sql::{self, HeadRow, Select};
use crate::tail::{TAIL_CHANGES, Tail};

/// How the time is told.
pub type Clock = Arc<dyn Fn() -> Instant + Send + Sync>;

/// Changes sequenced in one transaction.
const SEQUENCE_LIMIT: i64 = 1_000;
/// How far ahead of the clock an instant may be sealed: the difference between two machines'.
const SEAL_AHEAD_MICROS: i64 = 60_000_000;
/// The pause before another look at a head that someone else has locked.
const LOCKED_PAUSE: Duration = Duration::from_millis(3);

/// How a feed is served.
#[derive(Clone)]
pub struct FeedConfig {
    /// The feed's id, which is the service's name: `registry`.
    pub name: String,
    /// The sequencer's clock. None means the database's on PostgreSQL, so that replicas agree, and
    /// the `now` of the operations on SQLite.
    pub clock: Option<Clock>,
    /// How often the database is asked for what other processes wrote.
    pub tick: Duration,
    /// How often an idle feed with readers seals the present. Below ten seconds.
    pub heartbeat: Duration,
    /// How long a reader of a stream may refuse a message.
    pub patience: Duration,
}

impl FeedConfig {
    /// The usual configuration of the feed of a service.
    pub fn new(name: impl Into<String>) -> FeedConfig {
        FeedConfig {
            name: name.into(),
            clock: None,
            tick: Duration::from_millis(40),
            heartbeat: Duration::from_secs(5),
            patience: Duration::from_secs(30),
        }
    }

    /// With a clock of its own: the demo's, or a test's.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> FeedConfig {
        self.clock = Some(clock);
        self
    }
}

/// A service's own feed. Clones share it.
#[derive(Clone)]
pub struct Feed {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) config: FeedConfig,
    head: watch::Sender<Head>,
    tail: Mutex<Tail>,
}

/// The newest end of the feed, as this process knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) cursor: Cursor,
    pub(crate) sealed: i64,
    /// Changes when the database turns out to be another one than before.
    pub(crate) generation: u64,
    /// The service is shutting down.
    pub(crate) closing: bool,
}

/// Why the task of a feed looks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    Commit,
    Tick,
    Heartbeat,
}

impl Feed {
    /// Opens the feed of a service's database, whose schema must be up to date, and gives it its
    /// name and epoch the first time.
    ///
    /// # Errors
    /// [`StoreError::Misconfigured`] when the database holds the feed of another service.
    pub async fn open(store: &Store, config: FeedConfig) -> Result<Feed, StoreError> {
        let row = outbox_sql::head(store.read()).await?;
        let row = if row.epoch.is_empty() { name_feed(store, &config.name).await? } else { row };
        if row.feed != config.name {
            let text = format!("the database holds the feed of `{}`, not of `{}`", row.feed, config.name);
            return Err(StoreError::Misconfigured(text));
        }
        let event_id = outbox_sql::event_id_at(store.read(), row.position).await?.unwrap_or_default();
        let head = Head { sealed: row.sealed, cursor: cursor(&row, event_id), generation: 0, closing: false };
        let tail = Tail::behind(row.position);
        Ok(Feed {
            inner: Arc::new(Inner {
                store: store.clone(),
                config,
                head: watch::Sender::new(head),
                tail: Mutex::new(tail),
            }),
        })
    }

    /// The feed's id: `registry`.
    pub fn name(&self) -> &str {
        &self.inner.config.name
    }

    /// The sealed instant: everything recorded up to it is known, and nothing more will be.
    pub fn sealed(&self) -> Instant {
        // Values of this column are written by this crate alone, and outside the range by nobody.
        Instant::from_micros(self.inner.head.borrow().sealed).unwrap_or(Instant::MIN)
    }

    /// The position of the newest change that this process knows.
    pub fn position(&self) -> i64 {
        self.inner.head.borrow().cursor.position
    }

    /// Gives positions to what is committed, keeps the newest changes at hand and wakes the
    /// streams, until told to stop: the one task of a feed. Every replica runs it. A database that
    /// fails is asked again.
    pub async fn run(&self, stop: CancellationToken) {
        let mut commits = self.inner.store.commits();
        let mut tick = tokio::time::interval(self.tick());
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut heartbeat = tokio::time::interval(self.inner.config.heartbeat);
        heartbeat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut failing = false;
        loop {
            let why = tokio::select! {
                () = stop.cancelled() => break,
                changed = commits.changed() => match changed {
                    Ok(()) => Why::Commit,
                    Err(_) => break,
                },
                _ = tick.tick() => Why::Tick,
                _ = heartbeat.tick() => Why::Heartbeat,
            };
            let outcome = self.advance(why).await;
            match (&outcome, failing) {
                (Err(error), false) => {
                    tracing::error!(feed = self.name(), error = %chain(error), "the feed stands still");
                }
                (Ok(()), true) => tracing::info!(feed = self.name(), "the feed moves again"),
                _ => {}
            }
            failing = outcome.is_err();
        }
        self.inner.head.send_modify(|head| head.closing = true);
    }

    /// SQLite needs no sequencer, and hears of other processes less often.
    fn tick(&self) -> Duration {
        match self.inner.store.engine() {
            Engine::Postgres => self.inner.config.tick,
            Engine::Sqlite => self.inner.config.tick.saturating_mul(5),
        }
    }

    async fn advance(&self, why: Why) -> Result<(), FeedError> {
        if self.inner.store.engine() == Engine::Postgres {
            // Our own commit has most likely published something; the tick rarely finds anything.
            if why == Why::Commit || outbox_sql::is_pending(self.inner.store.read()).await? {
                self.sequence_pending().await?;
            }
        }
        if why == Why::Heartbeat && self.inner.head.receiver_count() > 0 {
            self.seal_if_idle().await?;
        }
        self.refresh().await?;
        Ok(())
    }

    /// A feed that moves seals itself; an idle one must be told that time passes.
    async fn seal_if_idle(&self) -> Result<(), StoreError> {
        let now = self.now().await?;
        let heartbeat = i64::try_from(self.inner.config.heartbeat.as_micros()).unwrap_or(i64::MAX);
        if now.saturating_sub(self.sealed().micros()) >= heartbeat {
            self.seal_at(now).await?;
        }
        Ok(())
    }

    /// Sequences until nothing is pending.
    async fn sequence_pending(&self) -> Result<(), StoreError> {
        let now = self.inner.config.clock.as_ref().map(|clock| clock().micros());
        loop {
            let done = self.inner.store.transact_quietly(|tx| {
                Box::pin(async move {
                    if !outbox_sql::lock_head(&tx, false).await? {
                        return Ok::<_, StoreError>(None);
                    }
                    outbox_sql::sequence(&tx, SEQUENCE_LIMIT, now).await.map(Some)
                })
            });
            match done.await? {
                Some(SEQUENCE_LIMIT) => {}
                Some(_) => return Ok(()),
                // Another replica is at it, and may have begun before our commit.
                None => tokio::time::sleep(LOCKED_PAUSE).await,
            }
        }
    }

    /// Makes sure that nothing will be recorded at or before an instant any more. Everything that
    /// was committed before this call gets its position first, and counts as known at the instant
    /// wherever its recorded time may still be chosen.
    ///
    /// # Errors
    /// [`FeedError::NotYetKnown`] when the instant is more than a minute ahead of the clock.
    pub async fn seal(&self, at: Instant) -> Result<(), FeedError> {
        if self.sealed() >= at {
            return Ok(());
        }
        let now = self.now().await?;
        if at.micros() > now.saturating_add(SEAL_AHEAD_MICROS) {
            return Err(FeedError::NotYetKnown { known: at, sealed: self.sealed() });
        }
        self.seal_at(at.micros()).await?;
        self.refresh().await?;
        Ok(())
    }

    /// Seals the present of the feed's clock and returns what is sealed.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn seal_now(&self) -> Result<Instant, FeedError> {
        let now = self.now().await?;
        self.seal_at(now).await?;
        self.refresh().await?;
        Ok(self.sealed())
    }

    async fn seal_at(&self, at: i64) -> Result<(), StoreError> {
        let engine = self.inner.store.engine();
        let sealed = self.inner.store.transact_quietly(|tx| {
            Box::pin(async move {
                if engine == Engine::Postgres {
                    outbox_sql::lock_head(&tx, true).await?;
                    while outbox_sql::sequence(&tx, SEQUENCE_LIMIT, Some(at)).await? > 0 {}
                }
                outbox_sql::seal(&tx, at).await
            })
        });
        sealed.await
    }

    async fn now(&self) -> Result<i64, StoreError> {
        match &self.inner.config.clock {
            Some(clock) => Ok(clock().micros()),
            None => outbox_sql::database_clock(self.inner.store.read()).await,
        }
    }

    /// Reads what is new, keeps it, and wakes the streams.
    pub(crate) async fn refresh(&self) -> Result<Head, FeedError> {
        // What we know is taken first: another call may learn more while we read.
        let known = self.inner.head.borrow().clone();
        let row = outbox_sql::head(self.inner.store.read()).await?;
        if row.epoch == known.cursor.epoch && row.position == known.cursor.position {
            self.publish(Head { sealed: row.sealed, ..known.clone() });
            return Ok(Head { sealed: row.sealed, ..known });
        }
        let old = &known.cursor;
        let from = old.position.max(row.position - TAIL_CHANGES as i64);
        let select = Select { after: from - 1, upto: row.position, ..Select::default() };
        let mut fresh = outbox_sql::read(self.inner.store.read(), &select, TAIL_CHANGES + 1).await?;
        let event_id = fresh.last().map(|last| last.event_id.clone()).unwrap_or_default();
        // The newest change we knew must still be where it was; else this is a restored database.
        let diverged = row.epoch != old.epoch
            || row.position < old.position
            || (from == old.position
                && from > row.horizon
                && fresh.first().is_none_or(|first| first.event_id != old.event_id || first.position != from));
        fresh.retain(|change| change.position > from);
        let generation = if diverged { known.generation + 1 } else { known.generation };
        if diverged {
            tracing::warn!(feed = self.name(), position = old.position, "the feed's database was restored");
        }
        if diverged {
            *self.tail() = Tail::behind(row.position);
        } else {
            self.tail().add(fresh, from);
        }
        let head = Head { cursor: cursor(&row, event_id), sealed: row.sealed, generation, closing: known.closing };
        self.publish(head.clone());
        Ok(head)
    }

    /// Tells a newer head. Two callers may have read in either order.
    fn publish(&self, fresh: Head) {
        // The gauge is a float by its library's choice; nothing is decided by it.
        metrics::gauge!("feed_head_position", "feed" => self.name().to_owned()).set(fresh.cursor.position as f64);
        self.inner.head.send_if_modified(|head| {
            let newer = fresh.generation > head.generation
                || (fresh.generation == head.generation
                    && (fresh.cursor.position, fresh.sealed) > (head.cursor.position, head.sealed));
            if newer {
                *head = Head { closing: head.closing, ..fresh };
            }
            newer
        });
    }

    /// The changes at hand behind a position; none when it lies before them.
    pub(crate) fn at_hand(&self, after: i64, limit: usize) -> Option<Vec<Arc<Change>>> {
        self.tail().after(after, limit)
    }

    fn tail(&self) -> MutexGuard<'_, Tail> {
        self.inner.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn watch_head(&self) -> watch::Receiver<Head> {
        self.inner.head.subscribe()
    }
}

fn cursor(row: &HeadRow, event_id: String) -> Cursor {
    Cursor { feed: row.feed.clone(), epoch: row.epoch.clone(), position: row.position, event_id }
}

/// Gives a feed its name and epoch, unless another process was faster.
async fn name_feed(store: &Store, name: &str) -> Result<HeadRow, StoreError> {
    let named = store.transact_quietly(|tx| {
        Box::pin(async move {
            if store.engine() == Engine::Postgres {
                outbox_sql::lock_head(&tx, true).await?;
            }
            let head = outbox_sql::head(&*tx).await?;
            if !head.epoch.is_empty() {
                return Ok(head);
            }
            let epoch = Uuid::new_v4().to_string();
            outbox_sql::name_feed(&tx, name, &epoch).await?;
            Ok::<_, StoreError>(HeadRow { feed: name.to_owned(), epoch, ..head })
        })
    });
    named.await
}

/// An error with everything it was made from, on one line.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        let more = source.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        next = source.source();
    }
    text
}
