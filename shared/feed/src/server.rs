//! The service `accolade.feed.v1.ChangeFeedService` over a [`Feed`].

use proto::feed::v1 as wire;
use proto::feed::v1::change_feed_service_server::{ChangeFeedService, ChangeFeedServiceServer};
use rpc::wire::{instant, timestamp};
use tonic::{Request, Response, Status, async_trait};
use values::{Digest, Instant};

use crate::change::Change;
use crate::cursor::{Cursor, PageToken};
use crate::error::FeedError;
use crate::feed::{Feed, Head};
use crate::follow::{follower_sql, known_instant};
use crate::outbox_sql::{self, Select};
use crate::watch::{self, BATCH_BYTES, WatchStream};

/// Kinds in one request at most.
const MAX_KINDS: usize = 100;
/// Changes read from the database at once; their payloads may be large.
const READ_CHANGES: usize = 250;

/// The service; made by [`Feed::server`].
pub struct FeedServer {
    feed: Feed,
}

impl Feed {
    /// The feed as a service to put into a server's routes.
    pub fn server(&self) -> ChangeFeedServiceServer<FeedServer> {
        ChangeFeedServiceServer::new(FeedServer { feed: self.clone() })
    }

    pub(crate) fn expect_name(&self, name: &str) -> Result<(), FeedError> {
        if name.strip_prefix("feeds/") == Some(self.name()) {
            Ok(())
        } else {
            Err(FeedError::FeedNotFound(name.to_owned()))
        }
    }

    /// The head as others see it, with what this service follows.
    pub(crate) async fn wire_head(&self) -> Result<wire::Head, FeedError> {
        let head = self.refresh().await?;
        let mut followed_feeds = Vec::new();
        for row in follower_sql::all(self.inner.store.read()).await? {
            let parked = follower_sql::count_parked(self.inner.store.read(), &row.feed).await?;
            followed_feeds.push(wire::head::FollowedFeed {
                feed: format!("feeds/{}", row.feed),
                applied_time: known_instant(row.applied).map(timestamp),
                position: row.position,
                parked_change_count: parked,
            });
        }
        Ok(wire::Head {
            name: format!("feeds/{}/head", self.name()),
            cursor: head.cursor.encode(),
            position: head.cursor.position,
            sealed_time: Instant::from_micros(head.sealed).ok().map(timestamp),
            epoch: head.cursor.epoch,
            followed_feeds,
        })
    }

    pub(crate) async fn pull(&self, request: wire::PullChangesRequest) -> Result<wire::PullChangesResponse, FeedError> {
        self.expect_name(&request.feed)?;
        check_kinds(&request.kinds)?;
        let limit = page_size("max_change_count", request.max_change_count)?;
        let mut cursor = watch::resume(self, &request.cursor).await?;
        let head = self.refresh().await?;
        let select =
            Select { after: cursor.position, upto: head.cursor.position, kinds: &request.kinds, ..Select::default() };
        let (changes, complete) = self.read_page(select, limit).await?;
        let mut sealed = head.sealed;
        if complete {
            cursor = head.cursor.clone();
        } else if let Some(last) = changes.last() {
            cursor = Cursor { position: last.position, event_id: last.event_id.clone(), ..cursor };
            sealed = last.recorded.micros() - 1;
        }
        Ok(wire::PullChangesResponse {
            changes: changes.iter().map(Change::to_wire).collect(),
            checkpoint: Some(watch::checkpoint(&cursor, sealed, &head)),
        })
    }

    pub(crate) async fn list(&self, request: wire::ScanChangesRequest) -> Result<wire::ScanChangesResponse, FeedError> {
        self.expect_name(&request.feed)?;
        check_kinds(&request.kinds)?;
        let limit = page_size("page_size", request.page_size)?;
        let arguments = fingerprint(&request);
        let head = self.refresh().await?;
        let token = if request.page_token.is_empty() {
            PageToken { head: head.cursor.clone(), sealed: head.sealed, after: 0, arguments }
        } else {
            let token = PageToken::decode(&request.page_token).ok_or(FeedError::PageTokenInvalid)?;
            // The end of the list must still be where it was, else the pages would not fit together.
            let kept = watch::resume(self, &token.head.encode()).await.is_ok();
            if token.arguments != arguments || !kept {
                return Err(FeedError::PageTokenInvalid);
            }
            token
        };
        let select = Select {
            after: token.after,
            upto: token.head.position,
            kinds: &request.kinds,
            latest: request.extent() == wire::scan_changes_request::Extent::Latest,
            bare: request.payload_omitted,
            known: None,
        };
        let (changes, complete) = self.read_page(select, limit).await?;
        let next = match changes.last() {
            Some(last) if !complete => PageToken { after: last.position, ..token.clone() }.encode(),
            _ => String::new(),
        };
        let listed = Head { cursor: token.head.clone(), ..head };
        Ok(wire::ScanChangesResponse {
            changes: changes.iter().map(Change::to_wire).collect(),
            next_page_token: next,
            head: Some(watch::checkpoint(&token.head, token.sealed, &listed)),
        })
    }

    /// As many changes as fit a page, and whether there are no more.
    async fn read_page(&self, mut select: Select<'_>, limit: usize) -> Result<(Vec<Change>, bool), FeedError> {
        let mut page: Vec<Change> = Vec::new();
        let mut bytes = 0;
        while page.len() < limit {
            let wanted = READ_CHANGES.min(limit - page.len());
            let read = outbox_sql::read(self.inner.store.read(), &select, wanted).await?;
            let last_read = read.len() < wanted;
            for change in read {
                bytes += change.payload.len();
                if bytes > BATCH_BYTES && !page.is_empty() {
                    return Ok((page, false));
                }
                select.after = change.position;
                page.push(change);
            }
            if last_read {
                return Ok((page, true));
            }
        }
        Ok((page, false))
    }
}

#[async_trait]
impl ChangeFeedService for FeedServer {
    type WatchChangesStream = WatchStream;

    async fn watch_changes(
        &self,
        request: Request<wire::WatchChangesRequest>,
    ) -> Result<Response<WatchStream>, Status> {
        let request = request.into_inner();
        self.feed.expect_name(&request.feed)?;
        check_kinds(&request.kinds)?;
        let stream = watch::start(self.feed.clone(), &request.cursor, request.kinds).await?;
        Ok(Response::new(stream))
    }

    async fn pull_changes(
        &self,
        request: Request<wire::PullChangesRequest>,
    ) -> Result<Response<wire::PullChangesResponse>, Status> {
        Ok(Response::new(self.feed.pull(request.into_inner()).await?))
    }

    async fn get_head(&self, request: Request<wire::GetHeadRequest>) -> Result<Response<wire::Head>, Status> {
        let name = request.into_inner().name;
        self.feed.expect_name(name.strip_suffix("/head").unwrap_or_default())?;
        Ok(Response::new(self.feed.wire_head().await?))
    }

    async fn seal_feed(
        &self,
        request: Request<wire::SealFeedRequest>,
    ) -> Result<Response<wire::SealFeedResponse>, Status> {
        let request = request.into_inner();
        self.feed.expect_name(&request.feed)?;
        match request.seal_time {
            Some(time) => {
                let time = instant(&time)
                    .map_err(|error| FeedError::FieldInvalid { field: "seal_time", description: error.to_string() })?;
                self.feed.seal(time).await?;
            }
            None => {
                self.feed.seal_now().await?;
            }
        }
        Ok(Response::new(wire::SealFeedResponse { head: Some(self.feed.wire_head().await?) }))
    }

    async fn scan_changes(
        &self,
        request: Request<wire::ScanChangesRequest>,
    ) -> Result<Response<wire::ScanChangesResponse>, Status> {
        Ok(Response::new(self.feed.list(request.into_inner()).await?))
    }
}

fn check_kinds(kinds: &[String]) -> Result<(), FeedError> {
    if kinds.len() > MAX_KINDS {
        let description = format!("must name at most {MAX_KINDS} kinds");
        return Err(FeedError::FieldInvalid { field: "kinds", description });
    }
    Ok(())
}

/// 0 means 100, and more than 1,000 means 1,000.
pub(crate) fn page_size(field: &'static str, asked: i32) -> Result<usize, FeedError> {
    match usize::try_from(asked) {
        Ok(0) => Ok(100),
        Ok(size) => Ok(size.min(1_000)),
        Err(_) => Err(FeedError::FieldInvalid { field, description: "must not be negative".to_owned() }),
    }
}

/// The arguments of a list that must stay the same from page to page.
fn fingerprint(request: &wire::ScanChangesRequest) -> String {
    let mut kinds = request.kinds.clone();
    kinds.sort_unstable();
    let text = format!("{}\n{}\n{}", kinds.join("\n"), request.extent, request.payload_omitted);
    Digest::of(text.as_bytes()).to_string()
}
