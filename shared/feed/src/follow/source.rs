//! Where a follower gets its changes from: another service, or a feed of this process.

use std::sync::Arc;

use futures::StreamExt as _;
use futures::stream::BoxStream;
use proto::feed::v1 as wire;
use proto::feed::v1::change_feed_service_client::ChangeFeedServiceClient;
use rpc::wire::instant;
use tonic::body::Body;
use tonic::client::GrpcService;
use tonic::{Status, async_trait};

use crate::feed::Feed;
use crate::watch;

/// Messages of a feed, with room for the largest change.
const MAX_MESSAGE: usize = 16 * 1024 * 1024;

/// A feed as its followers see it. The requests are those of `ChangeFeedService`.
#[async_trait]
pub trait Source: Send + Sync + 'static {
    /// Streams what comes behind a cursor.
    async fn watch(
        &self,
        request: wire::WatchChangesRequest,
    ) -> Result<BoxStream<'static, Result<wire::WatchChangesResponse, Status>>, Status>;

    /// Tells how far the feed has come.
    async fn head(&self, request: wire::GetHeadRequest) -> Result<wire::Head, Status>;

    /// Seals an instant.
    async fn seal(&self, request: wire::SealFeedRequest) -> Result<wire::Head, Status>;

    /// Lists what the feed keeps.
    async fn list(&self, request: wire::ScanChangesRequest) -> Result<wire::ScanChangesResponse, Status>;
}

/// The feed of another service, through a channel or any other client stack.
pub fn remote<S>(service: S) -> Arc<dyn Source>
where
    S: GrpcService<Body> + Clone + Send + Sync + 'static,
    S::Future: Send,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    S::ResponseBody: tonic::transport::Body<Data = tonic::codegen::Bytes> + Send + 'static,
    <S::ResponseBody as tonic::transport::Body>::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send,
{
    let client = ChangeFeedServiceClient::new(service).max_decoding_message_size(MAX_MESSAGE);
    Arc::new(Remote { client })
}

/// A feed of this process, without a wire in between: for tests.
pub fn direct(feed: Feed) -> Arc<dyn Source> {
    Arc::new(Direct { feed })
}

struct Remote<S> {
    client: ChangeFeedServiceClient<S>,
}

#[async_trait]
impl<S> Source for Remote<S>
where
    S: GrpcService<Body> + Clone + Send + Sync + 'static,
    S::Future: Send,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    S::ResponseBody: tonic::transport::Body<Data = tonic::codegen::Bytes> + Send + 'static,
    <S::ResponseBody as tonic::transport::Body>::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send,
{
    async fn watch(
        &self,
        request: wire::WatchChangesRequest,
    ) -> Result<BoxStream<'static, Result<wire::WatchChangesResponse, Status>>, Status> {
        Ok(self.client.clone().watch_changes(request).await?.into_inner().boxed())
    }

    async fn head(&self, request: wire::GetHeadRequest) -> Result<wire::Head, Status> {
        Ok(self.client.clone().get_head(request).await?.into_inner())
    }

    async fn seal(&self, request: wire::SealFeedRequest) -> Result<wire::Head, Status> {
        let reply = self.client.clone().seal_feed(request).await?.into_inner();
        reply.head.ok_or_else(|| Status::internal("a feed was sealed and does not tell its head"))
    }

    async fn list(&self, request: wire::ScanChangesRequest) -> Result<wire::ScanChangesResponse, Status> {
        Ok(self.client.clone().scan_changes(request).await?.into_inner())
    }
}

struct Direct {
    feed: Feed,
}

#[async_trait]
impl Source for Direct {
    async fn watch(
        &self,
        request: wire::WatchChangesRequest,
    ) -> Result<BoxStream<'static, Result<wire::WatchChangesResponse, Status>>, Status> {
        self.feed.expect_name(&request.feed)?;
        Ok(watch::start(self.feed.clone(), &request.cursor, request.kinds).await?)
    }

    async fn head(&self, request: wire::GetHeadRequest) -> Result<wire::Head, Status> {
        self.feed.expect_name(request.name.strip_suffix("/head").unwrap_or_default())?;
        Ok(self.feed.wire_head().await?)
    }

    async fn seal(&self, request: wire::SealFeedRequest) -> Result<wire::Head, Status> {
        self.feed.expect_name(&request.feed)?;
        match request.seal_time.as_ref().map(instant) {
            Some(Ok(time)) => self.feed.seal(time).await?,
            Some(Err(error)) => return Err(Status::invalid_argument(error.to_string())),
            None => {
                self.feed.seal_now().await?;
            }
        }
        Ok(self.feed.wire_head().await?)
    }

    async fn list(&self, request: wire::ScanChangesRequest) -> Result<wire::ScanChangesResponse, Status> {
        Ok(self.feed.list(request).await?)
    }
}
