//! Parked changes: tried again, given up, or applied after an upgrade.

use sea_orm::DatabaseTransaction;
use store::StoreError;

use super::batch::{FollowError, apply_one};
use super::follower::Follower;
use super::follower_sql;
use super::listed_sql::{self, Seen};
use super::parked_sql::{self, Cause, Parked};
use crate::error::FeedError;
use crate::feed::chain;

/// What became of the first parked change of an aggregate.
enum Outcome {
    Applied,
    /// Nothing of the aggregate is parked, or its kind is still unknown.
    Nothing,
}

impl Follower {
    /// Tries a parked change again, then those that wait behind it. Returns how many were applied.
    pub(super) async fn retry(&self, event_id: &str) -> Result<i32, FeedError> {
        let parked = self.expect_first(event_id).await?;
        match self.apply_first(&parked.change.aggregate).await {
            Ok(Outcome::Applied) => Ok(1 + self.apply_behind(&parked.change.aggregate).await?),
            Ok(Outcome::Nothing) => {
                let error = format!("this version does not know changes of kind `{}`", parked.change.kind);
                Err(FeedError::ParkedChangeFailed { name: self.name_of(event_id), error })
            }
            Err(FollowError::Store(error)) => Err(error.into()),
            Err(error) => {
                let error = chain(&error);
                self.note_failure(&parked, &error).await?;
                Err(FeedError::ParkedChangeFailed { name: self.name_of(event_id), error })
            }
        }
    }

    /// Gives a parked change up, and applies those that wait behind it. Returns how many were.
    pub(super) async fn skip(&self, event_id: &str, reason: &str) -> Result<i32, FeedError> {
        let parked = self.expect_first(event_id).await?;
        let (feed, change) = (self.feed(), &parked.change);
        let skipped = self.inner.store.transact(|tx| {
            Box::pin(async move {
                follower_sql::hold(&tx, feed).await?;
                parked_sql::update(&tx, feed, event_id, Cause::Skipped, reason).await?;
                listed_sql::insert(&tx, Seen::Applied, feed, &[change]).await
            })
        });
        skipped.await?;
        tracing::warn!(feed, position = change.position, aggregate = change.aggregate, reason, "a change was given up");
        self.apply_behind(&change.aggregate).await
    }

    /// Applies what was kept unread and is understood now.
    pub(super) async fn apply_unread(&self) -> Result<(), FollowError> {
        loop {
            let kinds = self.inner.apply.kinds();
            let unread = parked_sql::list_unread(self.inner.store.read(), self.feed(), kinds).await?;
            if unread.is_empty() {
                return Ok(());
            }
            for parked in unread {
                match self.apply_first(&parked.change.aggregate).await {
                    Ok(Outcome::Applied) => {
                        let behind = self.apply_behind(&parked.change.aggregate).await;
                        behind.map_err(|error| FollowError::Nonsense(error.to_string()))?;
                    }
                    Ok(Outcome::Nothing) => {}
                    Err(FollowError::Change { source, .. }) if !source.is_transient() => {
                        self.note_failure(&parked, &chain(&*source)).await?;
                    }
                    Err(error) => return Err(error),
                }
            }
        }
    }

    /// Applies what waits behind a change that waits no more. A failure stays for the next retry.
    async fn apply_behind(&self, aggregate: &str) -> Result<i32, FeedError> {
        let mut applied = 0;
        loop {
            match self.apply_first(aggregate).await {
                Ok(Outcome::Applied) => applied += 1,
                Ok(Outcome::Nothing) => return Ok(applied),
                Err(FollowError::Store(error)) => return Err(error.into()),
                Err(error) => {
                    if let Some(parked) = parked_sql::first_of(self.inner.store.read(), self.feed(), aggregate).await? {
                        self.note_failure(&parked, &chain(&error)).await?;
                    }
                    return Ok(applied);
                }
            }
        }
    }

    async fn apply_first(&self, aggregate: &str) -> Result<Outcome, FollowError> {
        let done = self.inner.store.transact(|tx| Box::pin(async move { self.write_first(&tx, aggregate).await }));
        done.await
    }

    async fn write_first(&self, tx: &DatabaseTransaction, aggregate: &str) -> Result<Outcome, FollowError> {
        let feed = self.feed();
        // Nobody parks more of the aggregate behind our back.
        follower_sql::hold(tx, feed).await?;
        let Some(parked) = parked_sql::first_of(tx, feed, aggregate).await? else {
            return Ok(Outcome::Nothing);
        };
        let change = &parked.change;
        if !self.inner.apply.kinds().contains(&change.kind.as_str()) {
            return Ok(Outcome::Nothing);
        }
        apply_one(&*self.inner.apply, tx, change).await?;
        parked_sql::delete(tx, feed, &change.event_id).await?;
        listed_sql::insert(tx, Seen::Applied, feed, &[change]).await?;
        Ok(Outcome::Applied)
    }

    async fn note_failure(&self, parked: &Parked, error: &str) -> Result<(), StoreError> {
        let (feed, event_id) = (self.feed(), parked.change.event_id.as_str());
        let noted = self.inner.store.transact_quietly(|tx| {
            Box::pin(async move { parked_sql::update(&tx, feed, event_id, Cause::Failed, error).await })
        });
        noted.await
    }

    /// The parked change, which must be the first of its aggregate.
    async fn expect_first(&self, event_id: &str) -> Result<Parked, FeedError> {
        let store = self.inner.store.read();
        let found = parked_sql::find(store, self.feed(), event_id).await?;
        let parked = found.ok_or_else(|| FeedError::ParkedChangeNotFound(self.name_of(event_id)))?;
        match parked_sql::first_of(store, self.feed(), &parked.change.aggregate).await? {
            Some(first) if first.change.event_id != event_id => Err(FeedError::ParkedChangeBlocked {
                name: self.name_of(event_id),
                blocking: self.name_of(&first.change.event_id),
            }),
            _ => Ok(parked),
        }
    }

    pub(super) fn name_of(&self, event_id: &str) -> String {
        format!("followers/{}/parkedChanges/{event_id}", self.feed())
    }
}
