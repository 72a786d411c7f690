//! How far a follower is, and waiting for it.

use std::sync::Arc;
use std::time::Duration;

use proto::feed::v1 as wire;
use rpc::wire::timestamp;
use tokio::sync::watch;
use values::Instant;

use super::source::Source;
use crate::error::FeedError;

/// The pause before a feed that does not answer is asked again.
const ASK_AGAIN: Duration = Duration::from_millis(100);
/// How long a checkpoint is waited for before the feed is asked again.
const WAIT: Duration = Duration::from_secs(1);

/// What a follower is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It cannot reach the feed, or has not begun; it tries again.
    Disconnected,
    /// It applies changes as they come, here or in another replica.
    Following,
    /// It compares its data with the whole feed and reads what is missing.
    Resyncing,
    /// It was told to stop.
    Stopped,
}

/// How far a follower is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The position up to which changes are applied.
    pub position: i64,
    /// The newest position that the producer has told.
    pub head_position: i64,
    /// Everything recorded up to here is applied; none while nothing is known.
    pub applied: Option<Instant>,
    /// What it is doing.
    pub state: State,
}

/// A view of a follower, to read its progress and wait for it. Clones share it.
#[derive(Clone)]
pub struct Following {
    pub(super) feed: String,
    pub(super) progress: watch::Receiver<Progress>,
    pub(super) source: Arc<dyn Source>,
}

impl Following {
    /// The followed feed's id: `registry`.
    pub fn feed(&self) -> &str {
        &self.feed
    }

    /// How far the follower is.
    pub fn progress(&self) -> Progress {
        *self.progress.borrow()
    }

    /// The instant up to which everything recorded is applied; the earliest one while nothing is.
    pub fn sealed(&self) -> Instant {
        self.progress().applied.unwrap_or(Instant::MIN)
    }

    /// Waits until everything that the feed recorded up to an instant is applied here. The feed is
    /// asked to seal the instant, so that an idle one answers at once. Waits while the feed
    /// cannot be reached: bound it with a timeout.
    ///
    /// # Errors
    /// [`FeedError::Followed`] with reason NOT_YET_KNOWN when the instant is more than a minute ahead
    /// of the feed's clock; [`FeedError::Stopped`].
    pub async fn passed(&self, known: Instant) -> Result<Progress, FeedError> {
        let mut progress = self.progress.clone();
        loop {
            let now = *progress.borrow_and_update();
            if now.applied.is_some_and(|applied| applied >= known) {
                return Ok(now);
            }
            self.expect_running(now)?;
            let request =
                wire::SealFeedRequest { feed: format!("feeds/{}", self.feed), seal_time: Some(timestamp(known)) };
            match self.source.seal(request).await {
                Ok(_) => {}
                Err(status) if rpc::fault::reason_of(&status).as_deref() == Some("NOT_YET_KNOWN") => {
                    return Err(FeedError::Followed { feed: self.feed.clone(), status: Box::new(status) });
                }
                Err(_) => tokio::time::sleep(ASK_AGAIN).await,
            }
            let applied = progress
                .wait_for(|now| now.state == State::Stopped || now.applied.is_some_and(|applied| applied >= known));
            // Asking again after a while costs little, and a message may have been lost with a stream.
            let _ = tokio::time::timeout(WAIT, applied).await;
        }
    }

    /// Waits until a position is applied.
    ///
    /// # Errors
    /// [`FeedError::Stopped`].
    pub async fn reached(&self, position: i64) -> Result<Progress, FeedError> {
        let mut progress = self.progress.clone();
        let reached = progress.wait_for(|now| now.state == State::Stopped || now.position >= position).await;
        let now = reached.map(|now| *now).map_err(|_| FeedError::Stopped(self.feed.clone()))?;
        if now.position < position {
            self.expect_running(now)?;
        }
        Ok(now)
    }

    /// An instant by which everything was recorded that the feed holds at the time of the call, whether it is
    /// applied here or not. No earlier than the feed's clock.
    ///
    /// # Errors
    /// [`FeedError::Followed`] when the feed does not answer.
    pub async fn newest(&self) -> Result<Instant, FeedError> {
        let request = wire::SealFeedRequest { feed: format!("feeds/{}", self.feed), seal_time: None };
        let head = self.source.seal(request).await;
        let head = head.map_err(|status| FeedError::Followed { feed: self.feed.clone(), status: Box::new(status) })?;
        let sealed = head.sealed_time.as_ref().and_then(|time| rpc::wire::instant(time).ok());
        Ok(sealed.unwrap_or(Instant::MIN))
    }

    /// Waits until everything is applied that the feed holds at the time of the call.
    ///
    /// # Errors
    /// [`FeedError::Followed`] when the feed does not answer, [`FeedError::Stopped`].
    pub async fn caught_up(&self) -> Result<Progress, FeedError> {
        self.passed(self.newest().await?).await
    }

    /// How far the followed service has itself applied a feed that it follows: the instant up to
    /// which its own changes may depend on that feed's. None when it does not follow it.
    ///
    /// # Errors
    /// [`FeedError::Followed`] when the service does not answer.
    pub async fn upstream(&self, feed: &str) -> Result<Option<Instant>, FeedError> {
        let request = wire::GetHeadRequest { name: format!("feeds/{}/head", self.feed) };
        let head = self.source.head(request).await;
        let head = head.map_err(|status| FeedError::Followed { feed: self.feed.clone(), status: Box::new(status) })?;
        let name = format!("feeds/{feed}");
        let followed = head.followed_feeds.iter().find(|followed| followed.feed == name);
        Ok(followed.and_then(|followed| followed.applied_time.as_ref()).and_then(|time| rpc::wire::instant(time).ok()))
    }

    fn expect_running(&self, now: Progress) -> Result<(), FeedError> {
        if now.state == State::Stopped { Err(FeedError::Stopped(self.feed.clone())) } else { Ok(()) }
    }
}
