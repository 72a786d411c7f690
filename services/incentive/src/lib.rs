//! Incentive: what partners earn for the work they did, period by period, once and explained.
//!
//! - `domain` decides, purely; `ops` loads, decides and records; `store` keeps;
//! - `grpc` is the wire, `publish` tells others, `follow` learns from them, `neighbors` asks them;
//! - `wire` reads what stands encoded in our own columns.
//!
//! The rules themselves are documents, evaluated by `program`; nothing here knows a rate.

pub mod domain;
mod follow;
mod grpc;
mod neighbors;
mod ops;
mod publish;
mod store;
mod wire;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use ::store::{Store, StoreError};
use boot::Clock;
use feed::{Feed, FeedConfig, Follower, FollowerConfig, remote};
use rpc::health::Readiness;
use rpc::operations::Changes;
use rpc::role::{BoxError, Role, Task};
use rpc::token::Audience;
use rpc::{Channel, Directory};
use serde::{Deserialize, Serialize};

use crate::domain::run::Source;
use crate::follow::Follow;
use crate::neighbors::Neighbors;
use crate::ops::Office;
use crate::store::Migrator;

/// The service's name: of its feed, in the directory, as a workload.
pub const NAME: &str = "incentive";

/// What can be configured about incentive itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Into how many parts a run splits the customers while it collects facts: 1 to 4,096. Never changes a
    /// result.
    pub parts: u32,
}

impl Default for Config {
    fn default() -> Config {
        Config { parts: 8 }
    }
}

/// What incentive is given.
#[derive(Clone)]
pub struct Deps {
    /// Its database, with its schema up to date.
    pub store: Store,
    /// The one clock.
    pub clock: Clock,
    /// Where registry, association and competency are, called as `incentive`.
    pub directory: Directory,
}

/// Brings the schema up to date.
///
/// # Errors
/// When the database does not answer or a migration fails.
pub async fn migrate(store: &Store) -> Result<(), StoreError> {
    store.migrate::<Migrator>().await
}

/// Incentive, ready to be served. Runs that had not ended go on as soon as its tasks run.
///
/// # Errors
/// When the database does not answer or holds the feed of another service, or the directory does not know a
/// neighbour.
pub async fn build(config: Config, deps: Deps) -> Result<Role, BoxError> {
    let Deps { store, clock, directory } = deps;
    let channel = |source: Source| directory.get(source.name()).map_err(|fault| fault.message().to_owned());
    let feed = Feed::open(&store, feed_config(&clock)).await?;
    let mut followers = Vec::new();
    let mut followed = BTreeMap::new();
    for source in Source::ALL {
        let follower = follower(&store, source, channel(source)?, &clock);
        followed.insert(source, follower.following());
        followers.push(follower);
    }
    let neighbors =
        Neighbors::new(channel(Source::Registry)?, channel(Source::Association)?, channel(Source::Competency)?);
    let office = Office::new(store.clone(), clock, followed, neighbors, Changes::new());
    let routes = grpc::routes(&office, &feed, followers.clone(), config.parts);
    Ok(Role {
        name: NAME,
        audience: Audience::Services,
        routes,
        ownership: Arc::new(grpc::Owners::new(office.clone())),
        readiness: readiness(store),
        tasks: tasks(feed, followers, office),
    })
}

fn feed_config(clock: &Clock) -> FeedConfig {
    let config = FeedConfig::new(NAME);
    if !clock.is_manual() {
        return config;
    }
    // A story happens on dates of its own; what is known when is told by its clock, too.
    let clock = clock.clone();
    config.with_clock(Arc::new(move || clock.now()))
}

fn follower(store: &Store, source: Source, channel: Channel, clock: &Clock) -> Follower {
    let mut config = FollowerConfig::new(source.name());
    let clock = clock.clone();
    config.clock = Some(Arc::new(move || clock.now()));
    Follower::new(store, remote(channel), config, Arc::new(Follow::new(source)))
}

fn readiness(store: Store) -> Readiness {
    Readiness::new().check("database", move || {
        let store = store.clone();
        async move {
            match store.schema::<Migrator>().await {
                Ok(state) if state.is_ready() => Ok(()),
                Ok(state) => Err(format!("the schema is {state:?}")),
                Err(error) => Err(error.to_string()),
            }
        }
    })
}

fn tasks(feed: Feed, followers: Vec<Follower>, office: Office) -> Vec<Task> {
    let correcting = office.clone();
    let mut tasks = vec![
        Task::new("sequence-incentive", move |stop| async move {
            feed.run(stop).await;
            Ok::<(), StoreError>(())
        }),
        Task::new("drive-corrections", move |stop| ops::corrections::drive(correcting, stop)),
        Task::new("drive-runs", move |stop| ops::drive::drive(office, stop)),
    ];
    for follower in followers {
        let name = match follower.feed() {
            "registry" => "follow-registry",
            "association" => "follow-association",
            _ => "follow-competency",
        };
        tasks.push(Task::new(name, move |stop| async move {
            follower.run(stop).await;
            Ok::<(), StoreError>(())
        }));
    }
    tasks
}
