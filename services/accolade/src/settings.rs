//! The configuration of a process: which addresses, which database, which peers, which key.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use boot::{LogConfig, Secret};
use serde::{Deserialize, Serialize};

/// Variables that start like ours and configure something else.
pub const FOREIGN: &[&str] = &["TOKEN", "GATEWAY", "BINARY", "TEST_REPORT", "CI_TOOLS"];

/// Everything that can be configured. Defaults serve a newcomer: everything in one process, on SQLite files
/// under `./data`, reachable from this machine only.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Where callers reach the service (in one process: the gateway).
    pub listen: SocketAddr,
    /// The admin port: health, plaintext; metrics over HTTP on `/metrics`. Not for callers.
    pub admin: SocketAddr,
    /// The folder of SQLite files; used where no database is configured.
    pub data: PathBuf,
    /// How long running calls and feeds may take to finish when the process is asked to stop.
    pub drain_seconds: u64,
    /// The key under which services sign and verify who is calling: at least 32 bytes, the same for all.
    /// Where it is not configured, and the databases are SQLite files, one is made and kept beside them.
    pub caller_key: Option<Secret>,
    /// The database of the one role that is served.
    pub database: Database,
    /// Where the other roles are, by name: `http://registry:7400`.
    pub peers: BTreeMap<String, String>,
    /// Logs.
    pub log: LogConfig,
}

/// A database.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// `postgres://...` or `sqlite:FILE`. A role's own; no two roles share one.
    pub url: Option<Secret>,
    /// Connections to PostgreSQL at most.
    pub max_connections: u32,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            listen: SocketAddr::from(([127, 0, 0, 1], 7400)),
            admin: SocketAddr::from(([127, 0, 0, 1], 7401)),
            data: PathBuf::from("./data"),
            drain_seconds: 25,
            caller_key: None,
            database: Database::default(),
            peers: BTreeMap::new(),
            log: LogConfig::default(),
        }
    }
}

impl Default for Database {
    fn default() -> Database {
        Database { url: None, max_connections: 10 }
    }
}
