//! Roles as processes of their own, for the time of a measurement.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use boot::Clock;
use rpc::Caller;
use rpc::client::{self, Channel, Identity};
use rpc::token::{Audience, Tokens};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

use crate::compose::{ROLES, RoleEntry, now_of};

const KEY: &str = "a key for the time of one measurement";

/// How long a role may take to become ready.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// Some roles of a suite, each in a process of its own, on databases of their own.
pub struct Processes {
    addresses: BTreeMap<&'static str, SocketAddr>,
    // Killed when dropped; before the folder with their files goes.
    children: Vec<Child>,
    folder: TempDir,
    database: Option<String>,
}

impl Processes {
    /// Migrates and starts these roles and waits until they are ready.
    ///
    /// # Errors
    /// When one cannot be started or does not become ready.
    pub async fn start(names: &[&'static str], database: Option<&str>) -> Result<Processes> {
        let mut addresses = BTreeMap::new();
        for entry in &ROLES {
            addresses.insert(entry.name, free_address().await?);
        }
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        let mut suite = Processes { addresses, children: Vec::new(), folder, database: database.map(str::to_owned) };
        let mut admins = Vec::new();
        for entry in ROLES.iter().filter(|entry| names.contains(&entry.name)) {
            if entry.owns_database() {
                let status = suite.command("migrate", entry).status().await?;
                ensure!(status.success(), "the schema of {} cannot be brought up to date", entry.name);
            }
            let admin = free_address().await?;
            let mut command = suite.command("serve", entry);
            command.arg("--set").arg(format!("listen={}", suite.addresses[entry.name]));
            command.arg("--set").arg(format!("admin={admin}"));
            for (peer, address) in suite.addresses.iter().filter(|(peer, _)| **peer != entry.name) {
                command.arg("--set").arg(format!("peers.{peer}=http://{address}"));
            }
            suite.children.push(command.spawn().with_context(|| format!("cannot start {}", entry.name))?);
            admins.push((entry.name, admin));
        }
        for (name, admin) in admins {
            until_listening(name, admin).await?;
        }
        Ok(suite)
    }

    fn command(&self, what: &str, entry: &RoleEntry) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap_or_else(|_| "accolade".into()));
        command.args([what, entry.name]).stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
        command.arg("--set").arg("log.filter=error").arg("--data").arg(self.folder.path());
        command.arg("--set").arg(format!("caller_key={KEY}"));
        if entry.owns_database() {
            command.arg("--set").arg(format!("database.url={}", self.url(entry.name)));
        }
        command
    }

    /// The URL of a database by its name.
    pub fn url(&self, name: &str) -> String {
        match &self.database {
            Some(template) => template.replace("{role}", name),
            None => format!("sqlite:{}", self.folder.path().join(format!("{name}.db")).display()),
        }
    }

    /// The engine in a word.
    pub fn engine(&self) -> &'static str {
        if self.database.is_some() { "PostgreSQL" } else { "SQLite" }
    }

    /// The way to a role, as this caller.
    ///
    /// # Errors
    /// When the role has no address.
    pub fn channel(&self, name: &str, caller: Caller) -> Result<Channel> {
        let audience = if name == "gateway" { Audience::Gateway } else { Audience::Services };
        let tokens = Tokens::new(KEY.as_bytes(), audience, now_of(&Clock::system()));
        let address = self.addresses.get(name).with_context(|| format!("{name} was not started"))?;
        let settings = client::Settings { deadline_seconds: 60, ..client::Settings::default() };
        Ok(Channel::tcp(&format!("http://{address}"), settings, Identity::issued(tokens, caller))?)
    }
}

async fn free_address() -> Result<SocketAddr> {
    // The port is free again when this is dropped; nobody else on the machine is expected to take it at once.
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.context("no free port")?;
    Ok(listener.local_addr()?)
}

async fn until_listening(name: &str, admin: SocketAddr) -> Result<()> {
    let asked = async {
        while rpc::health::ask(&format!("http://{admin}"), "liveness").await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(READY_WITHIN, asked).await.with_context(|| format!("{name} did not start"))
}
