//! The registry: who the partners are, what they signed, whom they employ, and which program
//! documents are current.
//!
//! - `domain` decides, purely; `ops` loads, decides and records, one file per action;
//! - `store` keeps, `publish` tells the other services, `grpc` is the wire.
//!
//! The registry follows nobody.

mod domain;
mod grpc;
mod ops;
mod publish;
mod store;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use ::store::{Store, StoreError};
use boot::Clock;
use feed::{Feed, FeedConfig};
use rpc::health::Readiness;
use rpc::role::{Role, Task};
use rpc::token::Audience;
use serde::{Deserialize, Serialize};

use crate::store::Migrator;

/// The service's name: of its feed, in the directory, as a workload.
pub const NAME: &str = "registry";

/// What can be configured about the registry itself: nothing yet.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {}

/// What the registry is given.
#[derive(Clone)]
pub struct Deps {
    /// Its database, with its schema up to date.
    pub store: Store,
    /// The one clock.
    pub clock: Clock,
}

/// Brings the schema up to date.
///
/// # Errors
/// When the database does not answer or a migration fails.
pub async fn migrate(store: &Store) -> Result<(), StoreError> {
    store.migrate::<Migrator>().await
}

/// The registry, ready to be served.
///
/// # Errors
/// When the database does not answer, or holds the feed of another service.
pub async fn build(_config: Config, deps: Deps) -> Result<Role, StoreError> {
    let Deps { store, clock } = deps;
    let mut config = FeedConfig::new(NAME);
    if clock.is_manual() {
        // A story happens on dates of its own; what is known when is told by its clock, too.
        let clock = clock.clone();
        config = config.with_clock(Arc::new(move || clock.now()));
    }
    let feed = Feed::open(&store, config).await?;
    let routes = grpc::routes(store.clone(), feed.clone(), clock);
    let ownership = Arc::new(grpc::Owners::new(store.clone()));
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
    let sequencer = Task::new("sequence-registry", move |stop| async move {
        feed.run(stop).await;
        Ok::<(), StoreError>(())
    });
    let audience = Audience::Services;
    Ok(Role { name: NAME, audience, routes, ownership, readiness, tasks: vec![sequencer] })
}
