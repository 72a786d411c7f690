//! competency: what standing each partner has reached, why, and what is missing.
//!
//! - [`domain`]: awards and what keeps them, timelines of facts. Pure.
//! - `ops`: keep a followed change, evaluate one partner or all, record and publish.
//! - `store`: facts by recorded time, scorecards and awards with their history.
//! - `grpc`: the services of `accolade.competency.v1`.
//! - `facts_read`: what kept changes of other services mean to the engine.
//! - `follow`: which changes of registry and association mean what here.
//! - `bench`: a database filled as following would fill it, for measuring; only with the feature of that name.
//! - `run`: the task that evaluates who waits, and the operations over all partners.

#[cfg(any(test, feature = "bench"))]
pub mod bench;
mod deciding;
pub mod domain;
mod facts_read;
mod follow;
mod grpc;
mod names;
mod ops;
mod publish;
mod run;
mod simulating;
mod store;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use ::store::{Store, StoreError};
use boot::Clock;
use feed::{Feed, FeedConfig, Follower, FollowerConfig, State};
use rpc::health::Readiness;
use rpc::operations::Changes;
use rpc::token::Audience;
use rpc::{Directory, Fault, Role, Task};

use crate::follow::{Arrivals, Followed};
use crate::ops::rules::Rules;
use crate::store::Migrator;

/// The service's name.
pub const NAME: &str = "competency";
/// The feed of partners, agreements, people and bundles.
const REGISTRY: &str = "registry";
/// The feed of customers, subscriptions, associations and usage.
const ASSOCIATION: &str = "association";

/// What can be set.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Partners that are evaluated together after changes. 1 to 1,000.
    pub batch: u64,
    /// How much of its time the service spends on partners that wait because of changes, in
    /// percent: a partner whose facts change all the time does not keep everybody else from working.
    /// 1 to 100.
    pub effort_percent: u32,
    /// Partners that are decided at once where all of them are: more need more memory, some ten kilobytes each.
    /// 1 to 10,000.
    pub decided_together: u64,
    /// How long a question about a time waits for what was recorded up to it, in milliseconds.
    pub patience_millis: u64,
}

impl Default for Config {
    fn default() -> Config {
        Config { batch: 50, effort_percent: 50, decided_together: 4_000, patience_millis: 2_000 }
    }
}

/// What it is given.
pub struct Deps {
    /// Its own database, with its schema up to date.
    pub store: Store,
    /// The one clock.
    pub clock: Clock,
    /// The ways to the services it follows, called as this one.
    pub directory: Directory,
}

/// Why it cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A service it follows is not in the directory.
    #[error("{0}")]
    Directory(#[from] Fault),
}

/// What the parts of the service share.
pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) config: Config,
    pub(crate) rules: Rules,
    pub(crate) arrivals: Arrivals,
    pub(crate) changes: Changes,
}

impl Shared {
    /// How many partners are decided at once.
    pub(crate) fn decided_together(&self) -> u64 {
        self.config.decided_together.clamp(1, 10_000)
    }
}

/// Brings the schema up to date.
///
/// # Errors
/// As the database's.
pub async fn migrate(store: &Store) -> Result<(), StoreError> {
    store.migrate::<Migrator>().await
}

/// Builds the service over a database whose schema is up to date.
///
/// # Errors
/// [`BuildError`].
pub async fn build(config: Config, deps: Deps) -> Result<Role, BuildError> {
    let Deps { store, clock, directory } = deps;
    // A real clock is the feed's own business: replicas agree on their database's. A story's clock
    // rules everything.
    let told = clock.clone();
    let story_clock: Option<feed::Clock> = clock.is_manual().then(|| Arc::new(move || told.now()) as feed::Clock);
    let mut settings = FeedConfig::new(NAME);
    settings.clock.clone_from(&story_clock);
    let feed = Feed::open(&store, settings).await?;
    let mut followers = Vec::new();
    for followed in Followed::all(store.read()) {
        let source = feed::remote(directory.get(followed.feed)?);
        let mut settings = FollowerConfig::new(followed.feed);
        settings.clock.clone_from(&story_clock);
        followers.push(Follower::new(&store, source, settings, Arc::new(followed)));
    }
    let shared = Arc::new(Shared {
        arrivals: Arrivals::new(followers.iter().map(Follower::following).collect()),
        store: store.clone(),
        clock,
        config,
        rules: Rules::default(),
        changes: Changes::new(),
    });
    let routes =
        grpc::routes(&shared).add_service(feed.server()).add_service(feed::follower_server(&store, followers.clone()));
    Ok(Role {
        name: NAME,
        routes,
        audience: Audience::Services,
        ownership: Arc::new(grpc::ownership::Owners::new(shared.clone())),
        readiness: readiness(&store, &followers),
        tasks: tasks(shared, feed, followers),
    })
}

/// Ready when the database answers with a schema we know, and every feed was reached once.
fn readiness(store: &Store, followers: &[Follower]) -> Readiness {
    let asked = store.clone();
    let mut readiness = Readiness::new().check("database", move || {
        let store = asked.clone();
        async move {
            let schema = store.schema::<Migrator>().await.map_err(|error| error.to_string())?;
            if schema.is_ready() { Ok(()) } else { Err("the schema is not up to date".to_owned()) }
        }
    });
    for follower in followers {
        let following = follower.following();
        let name = if follower.feed() == REGISTRY { REGISTRY } else { ASSOCIATION };
        readiness = readiness.check(name, move || {
            let progress = following.progress();
            async move {
                let reached = progress.applied.is_some() || progress.state == State::Following;
                if reached { Ok(()) } else { Err("the feed was not reached yet".to_owned()) }
            }
        });
    }
    readiness
}

fn tasks(shared: Arc<Shared>, feed: Feed, followers: Vec<Follower>) -> Vec<Task> {
    let mut tasks = vec![Task::new("competency-feed", move |stop| async move {
        feed.run(stop).await;
        Ok::<_, StoreError>(())
    })];
    for follower in followers {
        let name =
            if follower.feed() == REGISTRY { "competency-follow-registry" } else { "competency-follow-association" };
        tasks.push(Task::new(name, move |stop| async move {
            follower.run(stop).await;
            Ok::<_, StoreError>(())
        }));
    }
    let shown = shared.clone();
    tasks.push(Task::new("competency-simulate", move |stop| async move {
        simulating::simulate(&shown, stop).await;
        Ok::<_, StoreError>(())
    }));
    let decided = shared.clone();
    tasks.push(Task::new("competency-decide", move |stop| async move {
        deciding::decide(&decided, stop).await;
        Ok::<_, StoreError>(())
    }));
    tasks.push(Task::new("competency-evaluate", move |stop| async move {
        run::evaluate(&shared, stop).await;
        Ok::<_, StoreError>(())
    }));
    tasks
}
