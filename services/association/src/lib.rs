//! The association service: who is involved with which subscription, since when and by whose word;
//! and what was used, counted once and summed exactly.
//!
//! - `domain` decides, purely; `ops` loads, decides and records, one file per action;
//! - `store` keeps, `publish` tells the other services, `follow` listens to registry, `grpc` is the
//!   wire.

mod domain;
mod follow;
mod grpc;
mod ops;
mod publish;
mod store;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use ::store::{Store, StoreError};
use boot::Clock;
use feed::{Feed, FeedConfig, Follower, FollowerConfig};
use rpc::directory::Directory;
use rpc::health::Readiness;
use rpc::role::{Role, Task};
use rpc::token::Audience;
use serde::{Deserialize, Serialize};

use crate::follow::FollowRegistry;
use crate::ops::Policies;
use crate::store::Migrator;

/// The service's name: of its feed, in the directory, as a workload.
pub const NAME: &str = "association";
/// The service whose feed is followed.
const REGISTRY: &str = "registry";

/// What can be configured about the service itself: nothing yet.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {}

/// What the service is given.
pub struct Deps {
    /// Its database, with its schema up to date.
    pub store: Store,
    /// The one clock.
    pub clock: Clock,
    /// Where registry is, whose feed is followed, called as `association`.
    pub directory: Directory,
}

/// Why the service cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The database does not answer, or holds the feed of another service.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The directory does not know registry.
    #[error(transparent)]
    Directory(#[from] rpc::Fault),
}

/// Brings the schema up to date.
///
/// # Errors
/// When the database does not answer or a migration fails.
pub async fn migrate(store: &Store) -> Result<(), StoreError> {
    store.migrate::<Migrator>().await
}

/// The service, ready to be served.
///
/// # Errors
/// [`BuildError`].
pub async fn build(_config: Config, deps: Deps) -> Result<Role, BuildError> {
    let Deps { store, clock, directory } = deps;
    let registry = directory.get(REGISTRY)?;
    let mut config = FeedConfig::new(NAME);
    let mut following = FollowerConfig::new(REGISTRY);
    if clock.is_manual() {
        // A story happens on dates of its own; what is known when is told by its clock, too.
        let told = clock.clone();
        config = config.with_clock(Arc::new(move || told.now()));
        let told = clock.clone();
        following.clock = Some(Arc::new(move || told.now()));
    }
    let feed = Feed::open(&store, config).await?;
    let follower = Follower::new(&store, feed::remote(registry), following, Arc::new(FollowRegistry));
    let policies = Policies::default();
    let ownership = Arc::new(grpc::Owners::new(store.clone(), clock.clone(), policies.clone()));
    let routes = grpc::routes(store.clone(), feed.clone(), clock, policies)
        .add_service(feed::follower_server(&store, vec![follower.clone()]));
    let readiness = Readiness::new().check("database", move || {
        let store = store.clone();
        async move {
            match store.schema::<Migrator>().await {
                Ok(state) if state.is_ready() => Ok(()),
                Ok(state) => Err(format!("the schema is {state:?}")),
                Err(error) => Err(error.to_string()),
            }
        }
    });
    let sequencer = Task::new("sequence-association", move |stop| async move {
        feed.run(stop).await;
        Ok::<(), StoreError>(())
    });
    let follow = Task::new("follow-registry", move |stop| async move {
        follower.run(stop).await;
        Ok::<(), StoreError>(())
    });
    let tasks = vec![sequencer, follow];
    Ok(Role { name: NAME, audience: Audience::Services, routes, ownership, readiness, tasks })
}
