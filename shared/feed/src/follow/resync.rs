//! Resync: after a restore from backup, or when the cursor has expired.
//!
//! Three steps, each resumed where it was when the follower dies: note everything that the producer
//! lists; forget what we applied and it no longer has; apply what it has and we do not.

use proto::feed::v1 as wire;

use super::batch::{FollowError, Lease};
use super::follower::{Follower, after};
use super::follower_sql::{self, FollowerRow, Move, Phase};
use super::listed_sql::{self, Seen};
use crate::change::Change;

/// Changes per page.
const PAGE: i32 = 1_000;
/// Aggregates forgotten between two looks at the rest.
const FORGET: usize = 100;

impl Follower {
    /// Runs the rest of a resync and returns the follower's row behind it.
    pub(super) async fn resync(&self, lease: Lease, mut row: FollowerRow) -> Result<FollowerRow, FollowError> {
        let feed = self.feed();
        tracing::info!(feed, step = row.phase.name(), "resyncing");
        while row.phase != Phase::Follow {
            let step = match row.phase {
                Phase::Index => self.index(lease, &row.page_token).await,
                Phase::Forget => self.forget(lease).await,
                _ => self.fill(lease, &row.page_token).await,
            };
            match step {
                Err(FollowError::Source(status)) if is_stale(&status) => {
                    // The feed was restored once more: from the start.
                    self.move_to(lease, page(Phase::Index, "")).await?;
                }
                step => step?,
            }
            row = self.expect_row().await?;
        }
        tracing::info!(feed, position = row.position, "resynced");
        Ok(row)
    }

    /// Notes one page of what the producer lists.
    async fn index(&self, lease: Lease, token: &str) -> Result<(), FollowError> {
        let (changes, reply) = self.list(token, true).await?;
        let ignored = self.inner.apply.ignored();
        let kept: Vec<&Change> = changes.iter().filter(|change| !ignored.contains(&change.kind.as_str())).collect();
        let (feed, kept) = (self.feed(), kept.as_slice());
        let first = token.is_empty();
        let next = reply.next_page_token.as_str();
        let to = if next.is_empty() { page(Phase::Forget, "") } else { page(Phase::Index, next) };
        let to = &to;
        let noted = self.inner.store.transact_quietly(|tx| {
            Box::pin(async move {
                if !follower_sql::advance(&tx, feed, lease.fence, to, lease.micros).await? {
                    return Err(FollowError::Fenced);
                }
                if first {
                    listed_sql::clear_listed(&tx, feed).await?;
                }
                Ok(listed_sql::insert(&tx, Seen::Listed, feed, kept).await?)
            })
        });
        noted.await
    }

    /// Forgets some aggregates that the producer no longer has as we applied them.
    async fn forget(&self, lease: Lease) -> Result<(), FollowError> {
        let feed = self.feed();
        let diverged = listed_sql::diverged(self.inner.store.read(), feed, FORGET).await?;
        let last = diverged.len() < FORGET;
        for (aggregate, kind) in &diverged {
            let to = page(Phase::Forget, "");
            let (to, apply) = (&to, &*self.inner.apply);
            let forgotten = self.inner.store.transact(|tx| {
                Box::pin(async move {
                    if !follower_sql::advance(&tx, feed, lease.fence, to, lease.micros).await? {
                        return Err(FollowError::Fenced);
                    }
                    let forgotten = apply.forget(&tx, kind, aggregate).await;
                    forgotten.map_err(|source| FollowError::Forget {
                        aggregate: aggregate.clone(),
                        source: Box::new(source),
                    })?;
                    Ok(listed_sql::forget(&tx, feed, aggregate).await?)
                })
            });
            forgotten.await?;
        }
        if !last {
            return Ok(());
        }
        let to = page(Phase::Fill, "");
        let to = &to;
        let ended = self.inner.store.transact_quietly(|tx| {
            Box::pin(async move {
                if !follower_sql::advance(&tx, feed, lease.fence, to, lease.micros).await? {
                    return Err(FollowError::Fenced);
                }
                Ok(listed_sql::drop_unlisted_parked(&tx, feed).await?)
            })
        });
        ended.await
    }

    /// Applies what is missing of one page; behind the last one the follower watches again.
    async fn fill(&self, lease: Lease, token: &str) -> Result<(), FollowError> {
        let (changes, reply) = self.list(token, false).await?;
        if !reply.next_page_token.is_empty() {
            return self.apply_changes(lease, &changes, &page(Phase::Fill, &reply.next_page_token)).await;
        }
        let head = reply.head.ok_or_else(|| FollowError::Nonsense("a list has no head".to_owned()))?;
        // The page comes first, and only then the place behind all of it.
        self.apply_changes(lease, &changes, &page(Phase::Fill, token)).await?;
        self.move_to(lease, after(&head)?).await?;
        let feed = self.feed();
        let cleared =
            self.inner.store.transact_quietly(|tx| Box::pin(async move { listed_sql::clear_listed(&tx, feed).await }));
        Ok(cleared.await?)
    }

    async fn list(&self, token: &str, bare: bool) -> Result<(Vec<Change>, wire::ScanChangesResponse), FollowError> {
        let request = wire::ScanChangesRequest {
            feed: format!("feeds/{}", self.feed()),
            page_size: PAGE,
            page_token: token.to_owned(),
            kinds: Vec::new(),
            extent: wire::scan_changes_request::Extent::History.into(),
            payload_omitted: bare,
        };
        let mut reply = self.inner.source.list(request).await?;
        let changes: Result<Vec<Change>, String> =
            std::mem::take(&mut reply.changes).into_iter().map(Change::from_wire).collect();
        Ok((changes.map_err(FollowError::Nonsense)?, reply))
    }

    async fn expect_row(&self) -> Result<FollowerRow, FollowError> {
        let row = follower_sql::find(self.inner.store.read(), self.feed()).await?;
        row.ok_or(FollowError::Fenced)
    }
}

fn page(phase: Phase, token: &str) -> Move {
    Move::Page { phase, page_token: token.to_owned() }
}

fn is_stale(status: &tonic::Status) -> bool {
    rpc::fault::reason_of(status).as_deref() == Some("PAGE_TOKEN_INVALID")
}
