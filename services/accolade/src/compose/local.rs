//! The whole suite in one process: the same servers as in many, over in-memory connections.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use boot::Clock;
use rpc::client::{self, Channel, Identity};
use rpc::directory::Directory;
use rpc::memory::Address;
use rpc::server::{self, Listener};
use rpc::token::{Audience, Tokens};
use store::{Store, StoreOptions, Synchronous};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::parts::{Parts, ROLES, RoleEntry};
use super::running::Running;

/// Where the databases of the suite are.
#[derive(Clone, Debug)]
pub enum Databases {
    /// A SQLite file for each role in this folder.
    Folder(PathBuf),
    /// A URL for each role, by its name.
    Urls(BTreeMap<String, String>),
    /// One URL for all roles, with `{role}` where a role's name belongs.
    Template(String),
}

/// How a local suite is composed.
#[derive(Clone)]
pub struct LocalSettings {
    /// Its databases.
    pub databases: Databases,
    /// The one clock.
    pub clock: Clock,
    /// The key that callers are signed with.
    pub key: Arc<[u8]>,
    /// When SQLite waits for the disk.
    pub synchronous: Synchronous,
    /// Connections to each PostgreSQL database at most.
    pub connections: u32,
}

/// A suite that runs in this process.
pub struct Local {
    /// The ways to all roles, called as nobody.
    pub directory: Directory,
    /// The one clock.
    pub clock: Clock,
    key: Arc<[u8]>,
    running: Option<Running>,
    gateway: Channel,
}

impl Local {
    /// Opens and migrates the databases, builds every role and serves it in memory.
    ///
    /// # Errors
    /// When a database cannot be opened or brought up to date, or a role cannot be built.
    pub async fn start(settings: LocalSettings) -> Result<Local> {
        let addresses: BTreeMap<&'static str, Address> =
            ROLES.iter().map(|entry| (entry.name, Address::new())).collect();
        let mut directory = Directory::new();
        for (name, address) in &addresses {
            let channel = Channel::memory(address, client::Settings::default(), Identity::nobody())?;
            directory = directory.with(*name, channel);
        }
        let mut running = Running::new();
        for entry in ROLES {
            let store = match &settings.databases {
                _ if !entry.owns_database() => None,
                databases => Some(opened(&entry, databases, &settings).await?),
            };
            let parts =
                Parts { clock: settings.clock.clone(), key: settings.key.clone(), directory: directory.clone(), store };
            let role = (entry.build)(parts.clone()).await.with_context(|| format!("cannot build {}", entry.name))?;
            let tokens = parts.tokens(role.audience);
            let listener = Listener::Memory(addresses[entry.name].listen());
            running.serve(role, tokens, listener, server::Settings::default());
        }
        let gateway = directory.get("gateway")?;
        Ok(Local { directory, clock: settings.clock, key: settings.key, running: Some(running), gateway })
    }

    /// Tokens that the gateway accepts.
    pub fn tokens(&self) -> Tokens {
        Tokens::new(&self.key, Audience::Gateway, super::now_of(&self.clock))
    }

    /// The way to the gateway, called as this identity.
    pub fn gateway_as(&self, identity: Identity) -> Channel {
        self.gateway.acting_for(identity)
    }

    /// The parts that run, to be served further and waited for.
    ///
    /// # Errors
    /// When they were taken before.
    pub fn take_running(&mut self) -> Result<Running> {
        self.running.take().context("the suite's parts were taken before")
    }

    /// Another gateway of the same suite, on a socket, for callers from outside.
    ///
    /// # Errors
    /// When the gateway cannot be built.
    pub async fn serve_gateway(&self, running: &mut Running, listener: TcpListener) -> Result<()> {
        let entry = RoleEntry::of(crate::args::RoleName::Gateway);
        let directory = self.directory.clone();
        let parts = Parts { clock: self.clock.clone(), key: self.key.clone(), directory, store: None };
        let role = (entry.build)(parts.clone()).await.context("cannot build gateway")?;
        let tokens = parts.tokens(role.audience);
        running.serve(role, tokens, Listener::Tcp(listener), server::Settings::default());
        Ok(())
    }

    /// Ends the suite in order.
    ///
    /// # Errors
    /// The first task that ended badly.
    pub async fn stop(mut self) -> Result<()> {
        let Some(running) = self.running.take() else { return Ok(()) };
        let asked = CancellationToken::new();
        asked.cancel();
        running.until(asked, Duration::from_secs(10)).await
    }
}

async fn opened(entry: &RoleEntry, databases: &Databases, settings: &LocalSettings) -> Result<Store> {
    let url = match databases {
        Databases::Folder(folder) => {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("cannot create the folder {}", folder.display()))?;
            entry.sqlite_url(folder)
        }
        Databases::Template(template) => {
            ensure!(
                template.contains("{role}"),
                "the database URL needs `{{role}}`: every role has a database of its own"
            );
            template.replace("{role}", entry.name)
        }
        Databases::Urls(urls) => {
            urls.get(entry.name).cloned().with_context(|| format!("no database for {}", entry.name))?
        }
    };
    let options = StoreOptions {
        synchronous: settings.synchronous,
        connections: settings.connections,
        ..StoreOptions::default()
    };
    let store = entry.open(&url, options).await?;
    if let Some(migrate) = entry.migrate {
        migrate(store.clone())
            .await
            .with_context(|| format!("cannot bring the schema of {} up to date", entry.name))?;
    }
    Ok(store)
}
