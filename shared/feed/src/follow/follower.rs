//! The follower: one task per followed feed and process; one of the replicas is active.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use proto::feed::v1 as wire;
use rpc::wire::instant;
use store::{Engine, Store};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use values::Instant;

use super::apply::Apply;
use super::batch::{FollowError, Lease};
use super::follower_sql::{self, FollowerRow, Move, Phase};
use super::known_instant;
use super::progress::{Following, Progress, State};
use super::source::Source;
use crate::change::Change;
use crate::feed::{Clock, chain};

/// A producer sends something at least every ten seconds; one that does not is gone.
const SILENCE: Duration = Duration::from_secs(25);
/// How often a replica that waits looks at what the active one has done.
const STANDBY: Duration = Duration::from_millis(200);
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How a feed is followed.
#[derive(Clone)]
pub struct FollowerConfig {
    /// The followed feed's id: `registry`.
    pub feed: String,
    /// How often a change is tried before it is parked.
    pub attempts: u32,
    /// The pause before the second attempt; it doubles each time.
    pub retry_pause: Duration,
    /// How long another replica waits for one that has died (PostgreSQL).
    pub lease: Duration,
    /// The clock for what operators see. None means the machine's.
    pub clock: Option<Clock>,
}

impl FollowerConfig {
    /// The usual configuration for following a service's feed.
    pub fn new(feed: impl Into<String>) -> FollowerConfig {
        FollowerConfig {
            feed: feed.into(),
            attempts: 5,
            retry_pause: Duration::from_millis(50),
            lease: Duration::from_secs(5),
            clock: None,
        }
    }

    pub(super) fn now(&self) -> Instant {
        self.clock.as_ref().map_or_else(crate::clock::system, |clock| clock())
    }
}

/// A follower of one feed. Clones share it.
#[derive(Clone)]
pub struct Follower {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) store: Store,
    pub(super) source: Arc<dyn Source>,
    pub(super) config: FollowerConfig,
    pub(super) apply: Arc<dyn Apply>,
    pub(super) progress: watch::Sender<Progress>,
    /// This replica's name in the lease.
    holder: String,
}

impl Follower {
    /// A follower that has not begun; [`Follower::run`] is its task.
    pub fn new(store: &Store, source: Arc<dyn Source>, config: FollowerConfig, apply: Arc<dyn Apply>) -> Follower {
        let progress = Progress { position: 0, head_position: 0, applied: None, state: State::Disconnected };
        Follower {
            inner: Arc::new(Inner {
                store: store.clone(),
                source,
                config,
                apply,
                progress: watch::Sender::new(progress),
                holder: Uuid::new_v4().to_string(),
            }),
        }
    }

    /// The followed feed's id.
    pub fn feed(&self) -> &str {
        &self.inner.config.feed
    }

    /// A view to wait for the follower's progress.
    pub fn following(&self) -> Following {
        Following {
            feed: self.feed().to_owned(),
            progress: self.inner.progress.subscribe(),
            source: Arc::clone(&self.inner.source),
        }
    }

    /// Follows until told to stop. Every replica runs it; the one with the lease is active. A feed or
    /// a database that fails is asked again.
    pub async fn run(&self, stop: CancellationToken) {
        let mut pause = FIRST_PAUSE;
        let mut failing = false;
        loop {
            let outcome = tokio::select! {
                () = stop.cancelled() => break,
                outcome = self.lead() => outcome,
            };
            match outcome {
                Ok(()) => (failing, pause) = (false, STANDBY),
                // The next attempt starts with what is to be done now.
                Err(FollowError::Diverged | FollowError::Fenced) => pause = FIRST_PAUSE,
                Err(error) => {
                    if self.inner.progress.borrow().state == State::Following {
                        (failing, pause) = (false, FIRST_PAUSE);
                    }
                    self.tell(|progress| progress.state = State::Disconnected);
                    if !failing && !is_end_of_stream(&error) {
                        tracing::warn!(feed = self.feed(), error = %chain(&error), "following is interrupted");
                    }
                    (failing, pause) = (true, pause.saturating_mul(2).min(LONGEST_PAUSE));
                }
            }
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(pause) => {}
            }
        }
        self.release().await;
        self.tell(|progress| progress.state = State::Stopped);
    }

    async fn release(&self) {
        let (feed, holder) = (self.feed(), self.inner.holder.as_str());
        let released = self
            .inner
            .store
            .transact_quietly(|tx| Box::pin(async move { follower_sql::release(&tx, feed, holder).await }));
        if let Err(error) = released.await {
            // Others take over when it runs out.
            tracing::debug!(feed, %error, "the lease was not given back");
        }
    }

    /// Takes the lease and follows; returns when someone else has it, and fails when anything
    /// interrupts.
    async fn lead(&self) -> Result<(), FollowError> {
        let micros = i64::try_from(self.inner.config.lease.as_micros()).unwrap_or(i64::MAX);
        let (feed, holder) = (self.feed(), self.inner.holder.as_str());
        let acquired = self
            .inner
            .store
            .transact_quietly(|tx| Box::pin(async move { follower_sql::acquire(&tx, feed, holder, micros).await }));
        let Some(row) = acquired.await? else {
            return self.observe().await;
        };
        let lease = Lease { fence: row.fence, micros };
        let mut row = self.adopt_kinds(lease, row).await?;
        self.note(&row, State::Disconnected);
        self.apply_unread().await?;
        if row.phase != Phase::Follow {
            row = self.resync(lease, row).await?;
            self.note(&row, State::Disconnected);
        }
        match self.follow(lease, &row.cursor).await {
            Err(FollowError::Source(status)) if needs_resync(&status) => {
                tracing::warn!(feed, status = status.message(), "the feed must be read again from the start");
                self.move_to(lease, Move::Page { phase: Phase::Index, page_token: String::new() }).await?;
                Err(FollowError::Diverged)
            }
            outcome => outcome,
        }
    }

    /// Notes what the active replica has done.
    async fn observe(&self) -> Result<(), FollowError> {
        if let Some(row) = follower_sql::find(self.inner.store.read(), self.feed()).await? {
            self.note(&row, State::Following);
        }
        Ok(())
    }

    /// A kind that was ignored before and is applied now must be read from the past.
    async fn adopt_kinds(&self, lease: Lease, row: FollowerRow) -> Result<FollowerRow, FollowError> {
        let list = |kinds: &[&str]| {
            let mut kinds = kinds.to_vec();
            kinds.sort_unstable();
            kinds.join(",")
        };
        let present = format!("{}!{}", list(self.inner.apply.kinds()), list(self.inner.apply.ignored()));
        if row.kinds == present {
            return Ok(row);
        }
        let ignored_before = row.kinds.split_once('!').map_or("", |(_, ignored)| ignored);
        let wanted_now = |kind: &str| !kind.is_empty() && !self.inner.apply.ignored().contains(&kind);
        let missed = ignored_before.split(',').any(wanted_now);
        let (feed, kinds) = (self.feed(), present.as_str());
        let noted = self.inner.store.transact_quietly(|tx| {
            Box::pin(async move {
                if missed {
                    let to = Move::Page { phase: Phase::Index, page_token: String::new() };
                    if !follower_sql::advance(&tx, feed, lease.fence, &to, lease.micros).await? {
                        return Err(FollowError::Fenced);
                    }
                }
                Ok(follower_sql::set_kinds(&tx, feed, kinds).await?)
            })
        });
        noted.await?;
        let phase = if missed { Phase::Index } else { row.phase };
        let page_token = if missed { String::new() } else { row.page_token };
        Ok(FollowerRow { kinds: present, phase, page_token, ..row })
    }

    async fn follow(&self, lease: Lease, cursor: &str) -> Result<(), FollowError> {
        let feed = format!("feeds/{}", self.feed());
        let request = wire::WatchChangesRequest { feed, cursor: cursor.to_owned(), kinds: Vec::new() };
        let mut stream = self.inner.source.watch(request).await?;
        let renewal = match self.inner.store.engine() {
            Engine::Postgres => self.inner.config.lease / 3,
            Engine::Sqlite => SILENCE,
        };
        let mut heard = tokio::time::Instant::now();
        loop {
            let Ok(message) = tokio::time::timeout(renewal, stream.next()).await else {
                if heard.elapsed() >= SILENCE {
                    return Err(tonic::Status::unavailable("the feed has gone silent").into());
                }
                self.renew(lease).await?;
                continue;
            };
            heard = tokio::time::Instant::now();
            let Some(message) = message else {
                return Err(tonic::Status::unavailable(END_OF_STREAM).into());
            };
            self.take(lease, message?).await?;
        }
    }

    async fn take(&self, lease: Lease, message: wire::WatchChangesResponse) -> Result<(), FollowError> {
        let (changes, checkpoint) = match message.item {
            Some(wire::watch_changes_response::Item::Batch(batch)) => (batch.changes, batch.checkpoint),
            Some(wire::watch_changes_response::Item::Checkpoint(checkpoint)) => (Vec::new(), Some(checkpoint)),
            // A newer producer may say more than we understand.
            None => return Ok(()),
        };
        let checkpoint = checkpoint.ok_or_else(|| FollowError::Nonsense("a batch has no checkpoint".to_owned()))?;
        let changes: Result<Vec<Change>, String> = changes.into_iter().map(Change::from_wire).collect();
        let changes = changes.map_err(FollowError::Nonsense)?;
        let to = after(&checkpoint)?;
        let known = *self.inner.progress.borrow();
        let told = (checkpoint.position, checkpoint.sealed_time.as_ref().and_then(|time| instant(time).ok()));
        if changes.is_empty() && (known.position, known.applied) == told && known.state == State::Following {
            return Ok(());
        }
        self.apply_changes(lease, &changes, &to).await?;
        self.tell(|progress| {
            progress.position = checkpoint.position;
            progress.head_position = checkpoint.head_position;
            progress.applied = told.1.or(progress.applied);
            progress.state = State::Following;
        });
        Ok(())
    }

    async fn renew(&self, lease: Lease) -> Result<(), FollowError> {
        if self.inner.store.engine() == Engine::Sqlite {
            return Ok(());
        }
        let feed = self.feed();
        let renewed = self.inner.store.transact_quietly(|tx| {
            Box::pin(async move { follower_sql::renew(&tx, feed, lease.fence, lease.micros).await })
        });
        if renewed.await? { Ok(()) } else { Err(FollowError::Fenced) }
    }

    pub(super) async fn move_to(&self, lease: Lease, to: Move) -> Result<(), FollowError> {
        self.apply_changes(lease, &[], &to).await
    }

    /// Tells the progress that a row shows.
    pub(super) fn note(&self, row: &FollowerRow, state: State) {
        self.tell(|progress| {
            progress.position = row.position;
            progress.head_position = row.head_position.max(row.position);
            progress.applied = known_instant(row.applied);
            progress.state = if row.phase == Phase::Follow { state } else { State::Resyncing };
        });
    }

    fn tell(&self, change: impl FnOnce(&mut Progress)) {
        self.inner.progress.send_modify(change);
        let now = *self.inner.progress.borrow();
        let lag = now.head_position.saturating_sub(now.position).max(0);
        // The gauge is a float by its library's choice; nothing is decided by it.
        metrics::gauge!("feed_follower_lag_events", "feed" => self.feed().to_owned()).set(lag as f64);
        metrics::gauge!("feed_follower_lag_seconds", "feed" => self.feed().to_owned())
            .set(self.lag_seconds(now) as f64);
    }

    /// Whole seconds between the present and what is applied, 0 when nothing is missing.
    pub(super) fn lag_seconds(&self, now: Progress) -> i64 {
        match now.applied {
            Some(applied) if now.head_position > now.position => {
                (self.inner.config.now().micros() - applied.micros()).max(0) / 1_000_000
            }
            _ => 0,
        }
    }
}

const END_OF_STREAM: &str = "the stream has ended";

fn is_end_of_stream(error: &FollowError) -> bool {
    matches!(error, FollowError::Source(status) if status.message() == END_OF_STREAM)
}

/// The place behind a checkpoint.
pub(super) fn after(checkpoint: &wire::Checkpoint) -> Result<Move, FollowError> {
    let applied = match &checkpoint.sealed_time {
        Some(time) => instant(time).map_err(|error| FollowError::Nonsense(error.to_string()))?.micros(),
        None => 0,
    };
    Ok(Move::Cursor {
        cursor: checkpoint.cursor.clone(),
        position: checkpoint.position,
        applied,
        head_position: checkpoint.head_position,
    })
}

fn needs_resync(status: &tonic::Status) -> bool {
    let reason = rpc::fault::reason_of(status);
    matches!(reason.as_deref(), Some("CURSOR_EXPIRED" | "CURSOR_DIVERGED" | "CURSOR_INVALID"))
}
