//! Starts the whole suite for tests: all roles in one process, on fresh databases of every engine that is
//! installed, on a clock that stands where the story needs it.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use accolade::compose::{Databases, Local, LocalSettings, ROLES, now_of};
use anyhow::Result;
use boot::Clock;
use rpc::Caller;
use rpc::client::{Channel, Identity};
use rpc::token::{Audience, Tokens};
use store::testing::{TestDatabase, postgres_database, sqlite_database};
use store::{Engine, Synchronous};
use values::Instant;

/// The key of test suites. Nothing outside a test process ever sees it.
pub const KEY: &[u8] = b"a key that only tests know, long enough";

/// How long a token of a test is good for; longer than any story.
const TOKEN_LIFETIME: Duration = Duration::from_secs(20 * 365 * 24 * 3600);

/// Fresh databases for every role, on one engine.
#[derive(Clone, Debug)]
pub struct SuiteDatabases {
    /// The engine they are on: put it into the messages of assertions.
    pub engine: Engine,
    urls: BTreeMap<String, String>,
}

/// Fresh databases on every engine that is installed, SQLite first. Where PostgreSQL is missing, the test's output
/// and its report say so.
pub async fn engines() -> Vec<SuiteDatabases> {
    let sqlite = SuiteDatabases::on(Engine::Sqlite, async || Some(sqlite_database())).await;
    let postgres = SuiteDatabases::on(Engine::Postgres, postgres_database).await;
    sqlite.into_iter().chain(postgres).collect()
}

impl SuiteDatabases {
    async fn on(engine: Engine, fresh: impl AsyncFn() -> Option<TestDatabase>) -> Option<SuiteDatabases> {
        let mut urls = BTreeMap::new();
        for entry in ROLES.iter().filter(|entry| entry.owns_database()) {
            urls.insert(entry.name.to_owned(), fresh().await?.url);
        }
        Some(SuiteDatabases { engine, urls })
    }

    /// The databases that [`Display`](fmt::Display) wrote, for another process of the same test.
    pub fn parse(text: &str) -> Option<SuiteDatabases> {
        let mut parts = text.split('|');
        let engine = match parts.next()? {
            "sqlite" => Engine::Sqlite,
            "postgres" => Engine::Postgres,
            _ => return None,
        };
        let pairs = parts.map(|part| part.split_once('=').map(|(role, url)| (role.to_owned(), url.to_owned())));
        Some(SuiteDatabases { engine, urls: pairs.collect::<Option<_>>()? })
    }

    /// The URL of a role's database.
    pub fn url(&self, role: &str) -> Option<&str> {
        self.urls.get(role).map(String::as_str)
    }

    /// Starts the suite on these databases. It may be stopped and started again on the same ones.
    ///
    /// # Errors
    /// When a role cannot be built.
    pub async fn start(&self, clock: Clock) -> Result<Suite> {
        // What the services log stands beside a failed test. Only the first suite of a process installs it.
        let level = tracing_subscriber::filter::LevelFilter::ERROR;
        let _ = tracing_subscriber::fmt().with_max_level(level).with_test_writer().try_init();
        let local = Local::start(LocalSettings {
            databases: Databases::Urls(self.urls.clone()),
            clock,
            key: KEY.into(),
            synchronous: Synchronous::Off,
            connections: 8,
        })
        .await?;
        Ok(Suite { engine: self.engine, local })
    }
}

impl fmt::Display for SuiteDatabases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.engine {
            Engine::Sqlite => "sqlite",
            Engine::Postgres => "postgres",
        })?;
        self.urls.iter().try_for_each(|(role, url)| write!(f, "|{role}={url}"))
    }
}

/// A suite that runs in this process.
pub struct Suite {
    /// The engine of its databases.
    pub engine: Engine,
    /// The suite itself.
    pub local: Local,
}

impl Suite {
    /// The way to the gateway as this caller.
    ///
    /// # Errors
    /// When no token can be issued.
    pub fn gateway(&self, caller: &Caller) -> Result<Channel> {
        let token = self.local.tokens().issue(caller, TOKEN_LIFETIME)?;
        Ok(self.local.gateway_as(Identity::bearer(&token)?))
    }

    /// The way to a service beside the gateway, as this caller: what another service could do.
    ///
    /// # Errors
    /// When there is no such service.
    pub fn service(&self, name: &str, caller: &Caller) -> Result<Channel> {
        let tokens = Tokens::new(KEY, Audience::Services, now_of(&self.local.clock));
        Ok(self.local.directory.get(name)?.acting_for(Identity::issued(tokens, caller.clone())))
    }

    /// Moves the suite's clock forward.
    pub fn advance_to(&self, now: Instant) {
        assert!(self.local.clock.advance_to(now), "a story's clock only goes forward");
    }

    /// Ends the suite in order.
    ///
    /// # Errors
    /// The first task that ended badly.
    pub async fn stop(self) -> Result<()> {
        self.local.stop().await
    }
}
