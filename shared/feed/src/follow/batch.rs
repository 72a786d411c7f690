//! Applying: effects and place in one transaction.

use std::collections::HashSet;

use sea_orm::DatabaseTransaction;
use store::{Store, StoreError};
use tracing::Instrument as _;

use super::apply::{Apply, ApplyError};
use super::follower::{Follower, FollowerConfig};
use super::follower_sql::{self, Move};
use super::listed_sql::{self, Seen};
use super::parked_sql::{self, Cause, Parked};
use crate::change::Change;
use crate::cursor::Cursor;
use crate::feed::chain;

/// Why a follower stopped for a moment.
#[derive(Debug, thiserror::Error)]
pub(super) enum FollowError {
    /// Our own database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A change that could not be applied.
    #[error("the change {event_id} of `{aggregate}` ({kind}) cannot be applied")]
    Change {
        event_id: String,
        aggregate: String,
        kind: String,
        #[source]
        source: Box<ApplyError>,
    },
    /// An aggregate that could not be forgotten.
    #[error("`{aggregate}` cannot be forgotten")]
    Forget {
        aggregate: String,
        #[source]
        source: Box<ApplyError>,
    },
    /// Someone else has the lease.
    #[error("another replica follows now")]
    Fenced,
    /// The followed service.
    #[error("the feed answered: {0}")]
    Source(Box<tonic::Status>),
    /// What the followed service sent makes no sense.
    #[error("the feed sent nonsense: {0}")]
    Nonsense(String),
    /// The feed can only be resumed by a resync.
    #[error("the feed is no longer the one that was followed")]
    Diverged,
}

impl From<tonic::Status> for FollowError {
    fn from(status: tonic::Status) -> FollowError {
        FollowError::Source(Box::new(status))
    }
}

/// The follower as its lease sees it.
#[derive(Clone, Copy)]
pub(super) struct Lease {
    pub(super) fence: i64,
    pub(super) micros: i64,
}

/// What happens to one change.
enum Plan {
    Apply,
    Ignore,
    Park(Cause),
}

/// Everything a transaction of changes needs.
#[derive(Clone, Copy)]
struct Work<'a> {
    store: &'a Store,
    config: &'a FollowerConfig,
    apply: &'a dyn Apply,
    lease: Lease,
}

impl Follower {
    /// Applies changes and moves the follower. Changes that fail alone are tried again, and then
    /// parked; everything else that fails is the follower's own trouble.
    pub(super) async fn apply_changes(&self, lease: Lease, changes: &[Change], to: &Move) -> Result<(), FollowError> {
        let inner = &*self.inner;
        let work = Work { store: &inner.store, config: &inner.config, apply: &*inner.apply, lease };
        match work.apply_together(changes, to).await {
            Err(FollowError::Change { source, .. }) if !source.is_transient() => {}
            outcome => return outcome,
        }
        // One of them fails: each in a transaction of its own tells which.
        for (index, change) in changes.iter().enumerate() {
            let last = index + 1 == changes.len();
            let step = if last { to.clone() } else { up_to(change, to) };
            work.apply_alone(change, &step).await?;
        }
        if changes.is_empty() { work.apply_together(&[], to).await } else { Ok(()) }
    }
}

/// The move that ends behind one change on the way to a later place.
fn up_to(change: &Change, to: &Move) -> Move {
    match to {
        Move::Page { .. } => to.clone(),
        Move::Cursor { cursor, head_position, .. } => {
            let place = Cursor::decode(cursor).map(|end| {
                let here = Cursor { position: change.position, event_id: change.event_id.clone(), ..end };
                here.encode()
            });
            Move::Cursor {
                cursor: place.unwrap_or_else(|| cursor.clone()),
                position: change.position,
                applied: change.recorded.micros() - 1,
                head_position: *head_position,
            }
        }
    }
}

impl Work<'_> {
    async fn apply_together(self, changes: &[Change], to: &Move) -> Result<(), FollowError> {
        let work = self;
        let done = self.store.transact(|tx| Box::pin(async move { work.write(&tx, changes, to, None).await }));
        done.await
    }

    /// Tries one change until it is applied or parked.
    async fn apply_alone(self, change: &Change, to: &Move) -> Result<(), FollowError> {
        let mut attempt = 1;
        let mut pause = self.config.retry_pause;
        loop {
            let error = match self.apply_together(std::slice::from_ref(change), to).await {
                Err(FollowError::Change { source, .. }) if !source.is_transient() => source,
                outcome => return outcome,
            };
            if attempt >= self.config.attempts {
                return self.park(change, to, attempt, &error).await;
            }
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2);
            attempt += 1;
        }
    }

    async fn park(self, change: &Change, to: &Move, attempts: u32, error: &ApplyError) -> Result<(), FollowError> {
        let text = chain(error);
        tracing::error!(
            feed = self.config.feed, position = change.position, kind = change.kind,
            aggregate = change.aggregate, error = %text, "a change is parked, with the later ones of its aggregate"
        );
        metrics::counter!("feed_parked_total", "feed" => self.config.feed.clone()).increment(1);
        let parked = Parked {
            change: change.clone(),
            cause: Cause::Failed,
            error: text,
            attempts: i64::from(attempts),
            parked: self.config.now().micros(),
        };
        let (work, parked) = (self, &parked);
        let changes = std::slice::from_ref(change);
        let done = self.store.transact(|tx| Box::pin(async move { work.write(&tx, changes, to, Some(parked)).await }));
        done.await
    }

    /// The body of the transaction. With `parked`, the one change is parked instead of applied.
    async fn write(
        self,
        tx: &DatabaseTransaction,
        changes: &[Change],
        to: &Move,
        parked: Option<&Parked>,
    ) -> Result<(), FollowError> {
        let feed = self.config.feed.as_str();
        if !follower_sql::advance(tx, feed, self.lease.fence, to, self.lease.micros).await? {
            return Err(FollowError::Fenced);
        }
        if changes.is_empty() {
            return Ok(());
        }
        let seen = listed_sql::find_seen(tx, feed, changes).await?;
        let mut blocked = parked_sql::blocked_aggregates(tx, feed).await?;
        let mut applied = Vec::new();
        for change in changes.iter().filter(|change| !seen.contains(&change.event_id)) {
            match self.plan(change, &blocked) {
                Plan::Ignore => {}
                Plan::Apply => match parked {
                    Some(parked) => parked_sql::insert(tx, feed, parked).await?,
                    None => {
                        apply_one(self.apply, tx, change).await?;
                        applied.push(change);
                    }
                },
                Plan::Park(cause) => {
                    blocked.insert(change.aggregate.clone());
                    parked_sql::insert(tx, feed, &self.kept(change, cause)).await?;
                }
            }
        }
        Ok(listed_sql::insert(tx, Seen::Applied, feed, &applied).await?)
    }

    fn plan(self, change: &Change, blocked: &HashSet<String>) -> Plan {
        let kind = change.kind.as_str();
        if self.apply.ignored().contains(&kind) {
            Plan::Ignore
        } else if blocked.contains(&change.aggregate) {
            Plan::Park(Cause::Blocked)
        } else if self.apply.kinds().contains(&kind) {
            Plan::Apply
        } else {
            Plan::Park(Cause::Unread)
        }
    }

    fn kept(self, change: &Change, cause: Cause) -> Parked {
        let parked = self.config.now().micros();
        Parked { change: change.clone(), cause, error: String::new(), attempts: 0, parked }
    }
}

/// Applies one change, as a part of the trace of the operation that made it.
pub(super) async fn apply_one(apply: &dyn Apply, tx: &DatabaseTransaction, change: &Change) -> Result<(), FollowError> {
    let applying = apply.apply(tx, change);
    let outcome = if change.trace_parent.is_empty() {
        applying.await
    } else {
        let span = tracing::info_span!("apply change", kind = change.kind, position = change.position);
        rpc::trace::adopt_parent(&span, &change.trace_parent);
        applying.instrument(span).await
    };
    outcome.map_err(|source| FollowError::Change {
        event_id: change.event_id.clone(),
        aggregate: change.aggregate.clone(),
        kind: change.kind.clone(),
        source: Box::new(source),
    })
}
