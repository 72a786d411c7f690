//! The service `accolade.feed.v1.FollowerService`: what operators see of followers and do about
//! parked changes.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use proto::feed::v1 as wire;
use proto::feed::v1::follower_service_server::{FollowerService, FollowerServiceServer};
use rpc::wire::timestamp;
use store::Store;
use tonic::{Request, Response, Status, async_trait};

use super::follower::Follower;
use super::parked_sql::{self, Cause, Parked};
use super::progress::State;
use super::{follower_sql, known_instant};
use crate::error::FeedError;
use crate::server::page_size;

/// The longest reason for giving a change up, in characters.
const MAX_REASON: usize = 1_000;

/// The service; made by [`follower_server`].
pub struct FollowerServer {
    store: Store,
    followers: Vec<Follower>,
}

/// The followers of a service as a service to put into a server's routes.
pub fn follower_server(store: &Store, followers: Vec<Follower>) -> FollowerServiceServer<FollowerServer> {
    FollowerServiceServer::new(operators(store, followers))
}

/// The same without its routes.
pub(crate) fn operators(store: &Store, followers: Vec<Follower>) -> FollowerServer {
    FollowerServer { store: store.clone(), followers }
}

impl FollowerServer {
    fn find(&self, name: &str) -> Result<&Follower, FeedError> {
        let feed = name.strip_prefix("followers/").unwrap_or_default();
        let found = self.followers.iter().find(|follower| follower.feed() == feed);
        found.ok_or_else(|| FeedError::FeedNotFound(name.to_owned()))
    }

    /// The follower and the event id in the name of a parked change.
    fn find_parked<'a>(&self, name: &'a str) -> Result<(&Follower, &'a str), FeedError> {
        match name.split_once("/parkedChanges/") {
            Some((follower, event_id)) => Ok((self.find(follower)?, event_id)),
            None => Err(FeedError::ParkedChangeNotFound(name.to_owned())),
        }
    }

    async fn describe(&self, follower: &Follower) -> Result<wire::Follower, FeedError> {
        let mut now = follower.following().progress();
        // The row is what holds for all replicas.
        if let Some(row) = follower_sql::find(self.store.read(), follower.feed()).await? {
            now.position = row.position;
            now.head_position = row.head_position.max(row.position).max(now.head_position);
            now.applied = known_instant(row.applied);
        }
        let parked = follower_sql::count_parked(self.store.read(), follower.feed()).await?;
        let state = match now.state {
            State::Following => wire::follower::State::Following,
            State::Resyncing => wire::follower::State::Resyncing,
            State::Disconnected | State::Stopped => wire::follower::State::Disconnected,
        };
        Ok(wire::Follower {
            name: format!("followers/{}", follower.feed()),
            feed: format!("feeds/{}", follower.feed()),
            state: state.into(),
            position: now.position,
            head_position: now.head_position,
            applied_time: now.applied.map(timestamp),
            lag_event_count: now.head_position - now.position,
            lag_duration: Some(prost_types::Duration { seconds: follower.lag_seconds(now), nanos: 0 }),
            parked_change_count: parked,
        })
    }
}

fn describe_parked(follower: &Follower, parked: &Parked) -> wire::ParkedChange {
    let cause = match parked.cause {
        Cause::Failed => wire::parked_change::Cause::Failed,
        Cause::Blocked => wire::parked_change::Cause::Blocked,
        Cause::Unread => wire::parked_change::Cause::Unread,
        Cause::Skipped => wire::parked_change::Cause::Unspecified,
    };
    wire::ParkedChange {
        name: follower.name_of(&parked.change.event_id),
        change: Some(parked.change.to_wire()),
        cause: cause.into(),
        error: parked.error.clone(),
        attempt_count: i32::try_from(parked.attempts).unwrap_or(i32::MAX),
        park_time: known_instant(parked.parked).map(timestamp),
    }
}

/// The position behind which a page goes on.
fn decode_token(token: &str) -> Result<i64, FeedError> {
    if token.is_empty() {
        return Ok(0);
    }
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).map_err(|_| FeedError::PageTokenInvalid)?;
    let text = String::from_utf8(bytes).map_err(|_| FeedError::PageTokenInvalid)?;
    text.strip_prefix("parked|").and_then(|text| text.parse().ok()).ok_or(FeedError::PageTokenInvalid)
}

#[async_trait]
impl FollowerService for FollowerServer {
    async fn get_follower(
        &self,
        request: Request<wire::GetFollowerRequest>,
    ) -> Result<Response<wire::Follower>, Status> {
        let follower = self.find(&request.get_ref().name)?;
        Ok(Response::new(self.describe(follower).await?))
    }

    async fn list_followers(
        &self,
        _request: Request<wire::ListFollowersRequest>,
    ) -> Result<Response<wire::ListFollowersResponse>, Status> {
        let mut followers = Vec::new();
        for follower in &self.followers {
            followers.push(self.describe(follower).await?);
        }
        followers.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Response::new(wire::ListFollowersResponse { followers, next_page_token: String::new() }))
    }

    async fn get_parked_change(
        &self,
        request: Request<wire::GetParkedChangeRequest>,
    ) -> Result<Response<wire::ParkedChange>, Status> {
        let name = &request.get_ref().name;
        let (follower, event_id) = self.find_parked(name)?;
        let found = parked_sql::find(self.store.read(), follower.feed(), event_id).await.map_err(FeedError::from)?;
        let parked = found.ok_or_else(|| FeedError::ParkedChangeNotFound(name.clone()))?;
        Ok(Response::new(describe_parked(follower, &parked)))
    }

    async fn list_parked_changes(
        &self,
        request: Request<wire::ListParkedChangesRequest>,
    ) -> Result<Response<wire::ListParkedChangesResponse>, Status> {
        let request = request.into_inner();
        let follower = self.find(&request.parent)?;
        let size = page_size("page_size", request.page_size)?;
        let after = decode_token(&request.page_token)?;
        let mut parked =
            parked_sql::list(self.store.read(), follower.feed(), after, size + 1).await.map_err(FeedError::from)?;
        let more = parked.len() > size;
        parked.truncate(size);
        let next_page_token = match parked.last() {
            Some(last) if more => BASE64_URL_SAFE_NO_PAD.encode(format!("parked|{}", last.change.position)),
            _ => String::new(),
        };
        let parked_changes = parked.iter().map(|parked| describe_parked(follower, parked)).collect();
        Ok(Response::new(wire::ListParkedChangesResponse { parked_changes, next_page_token }))
    }

    async fn retry_parked_change(
        &self,
        request: Request<wire::RetryParkedChangeRequest>,
    ) -> Result<Response<wire::RetryParkedChangeResponse>, Status> {
        let (follower, event_id) = self.find_parked(&request.get_ref().name)?;
        let applied_change_count = follower.retry(event_id).await?;
        Ok(Response::new(wire::RetryParkedChangeResponse { applied_change_count }))
    }

    async fn skip_parked_change(
        &self,
        request: Request<wire::SkipParkedChangeRequest>,
    ) -> Result<Response<wire::SkipParkedChangeResponse>, Status> {
        let request = request.get_ref();
        let (follower, event_id) = self.find_parked(&request.name)?;
        let length = request.reason.trim().chars().count();
        if length == 0 || length > MAX_REASON {
            let description = format!("must have 1 to {MAX_REASON} characters");
            return Err(FeedError::FieldInvalid { field: "reason", description }.into());
        }
        let applied_change_count = follower.skip(event_id, request.reason.trim()).await?;
        Ok(Response::new(wire::SkipParkedChangeResponse { applied_change_count }))
    }
}
