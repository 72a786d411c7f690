//! The roles as a table: a service describes itself, the binary loops.

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use anyhow::{Context, Result};
use boot::Clock;
use rpc::Caller;
use rpc::client::Identity;
use rpc::directory::Directory;
use rpc::role::Role;
use rpc::token::{Audience, Now, Tokens};
use store::{Store, StoreOptions};

use crate::args::RoleName;

/// What every role is built from.
#[derive(Clone)]
pub struct Parts {
    /// The one clock.
    pub clock: Clock,
    /// The key that callers are signed with.
    pub key: Arc<[u8]>,
    /// The ways to all roles, called as nobody; each role gets them under its own identity.
    pub directory: Directory,
    /// The role's database; none for a role that owns nothing.
    pub store: Option<Store>,
}

impl Parts {
    /// Tokens of an audience, by the one clock.
    pub fn tokens(&self, audience: Audience) -> Tokens {
        Tokens::new(&self.key, audience, now_of(&self.clock))
    }

    /// The ways to all roles, called as this one.
    fn directory_as(&self, name: &str) -> Directory {
        self.directory.acting_for(&Identity::issued(self.tokens(Audience::Services), Caller::service(name)))
    }

    fn store(&self) -> Result<Store> {
        self.store.clone().context("this role needs a database")
    }
}

type Building = Pin<Box<dyn Future<Output = Result<Role>> + Send>>;
type Migrating = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

/// One role of the suite.
#[derive(Clone, Copy)]
pub struct RoleEntry {
    /// Its name on the command line.
    pub role: RoleName,
    /// Its name everywhere else.
    pub name: &'static str,
    /// Brings its schema up to date; nothing for a role that owns nothing.
    pub migrate: Option<fn(Store) -> Migrating>,
    /// Builds it.
    pub build: fn(Parts) -> Building,
}

/// All roles, in the order in which they are started.
pub const ROLES: [RoleEntry; 5] = [
    RoleEntry {
        role: RoleName::Registry,
        name: "registry",
        migrate: Some(|store| Box::pin(async move { Ok(registry::migrate(&store).await?) })),
        build: |parts| {
            Box::pin(async move {
                let deps = registry::Deps { store: parts.store()?, clock: parts.clock.clone() };
                Ok(registry::build(registry::Config::default(), deps).await?)
            })
        },
    },
    RoleEntry {
        role: RoleName::Association,
        name: "association",
        migrate: Some(|store| Box::pin(async move { Ok(association::migrate(&store).await?) })),
        build: |parts| {
            Box::pin(async move {
                let directory = parts.directory_as("association");
                let deps = association::Deps { store: parts.store()?, clock: parts.clock.clone(), directory };
                Ok(association::build(association::Config::default(), deps).await?)
            })
        },
    },
    RoleEntry {
        role: RoleName::Competency,
        name: "competency",
        migrate: Some(|store| Box::pin(async move { Ok(competency::migrate(&store).await?) })),
        build: |parts| {
            Box::pin(async move {
                let directory = parts.directory_as("competency");
                let deps = competency::Deps { store: parts.store()?, clock: parts.clock.clone(), directory };
                Ok(competency::build(competency::Config::default(), deps).await?)
            })
        },
    },
    RoleEntry {
        role: RoleName::Incentive,
        name: "incentive",
        migrate: Some(|store| Box::pin(async move { Ok(incentive::migrate(&store).await?) })),
        build: |parts| {
            Box::pin(async move {
                let directory = parts.directory_as("incentive");
                let deps = incentive::Deps { store: parts.store()?, clock: parts.clock.clone(), directory };
                incentive::build(incentive::Config::default(), deps).await.map_err(|error| anyhow::anyhow!(error))
            })
        },
    },
    RoleEntry {
        role: RoleName::Gateway,
        name: "gateway",
        migrate: None,
        build: |parts| {
            Box::pin(async move {
                let deps = gateway::Deps {
                    clock: parts.clock.clone(),
                    directory: parts.directory.clone(),
                    tokens: parts.tokens(Audience::Services),
                };
                Ok(gateway::build(gateway::Config::default(), deps).await?)
            })
        },
    },
];

impl RoleEntry {
    /// The entry of a role.
    pub fn of(role: RoleName) -> RoleEntry {
        // The table has a row for every role.
        ROLES.into_iter().find(|entry| entry.role == role).unwrap_or(ROLES[0])
    }

    /// Whether it owns a database.
    pub fn owns_database(&self) -> bool {
        self.migrate.is_some()
    }

    /// Opens its database.
    ///
    /// # Errors
    /// When the URL is wrong or nobody answers.
    pub async fn open(&self, url: &str, options: StoreOptions) -> Result<Store> {
        Store::open(url, options).await.with_context(|| format!("cannot open the database of {}", self.name))
    }

    /// The URL of its SQLite file in a data folder.
    pub fn sqlite_url(&self, data: &Path) -> String {
        format!("sqlite:{}", data.join(format!("{}.db", self.name)).display())
    }
}

/// The one clock as the wire needs it.
pub fn now_of(clock: &Clock) -> Now {
    let clock = clock.clone();
    Arc::new(move || clock.now())
}
