//! Fresh databases of both engines, for the suites of everyone who stores something.
//!
//! SQLite is always there. PostgreSQL is there when its binaries are installed: then a private
//! cluster is started for this process, and stopped when the process ends, however it ends. Where
//! PostgreSQL is missing, a line past the capture of the test runner says so, and the report file.
//! These clusters never wait for a disk; [`LastingCluster`] is one that does, for measuring.

#![expect(clippy::panic, reason = "a test without its database can only fail")]

mod cluster;
mod lasting;

pub use lasting::LastingCluster;

use std::io::Write;
use std::path::PathBuf;
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Engine, Store, StoreError, StoreOptions, Synchronous};

/// A database that nobody else has. It stays until the process ends.
#[derive(Clone, Debug)]
pub struct TestDatabase {
    /// Which engine it runs on: put it into the messages of assertions.
    pub engine: Engine,
    /// How to open it. For SQLite a file, so that it can be opened again and copied.
    pub url: String,
}

impl TestDatabase {
    /// Opens it, without waiting for any disk.
    ///
    /// # Errors
    /// As of [`Store::open`].
    pub async fn open(&self) -> Result<Store, StoreError> {
        Store::open(&self.url, StoreOptions { synchronous: Synchronous::Off, ..StoreOptions::default() }).await
    }

    /// A copy, as a backup would be. Every store on it must be closed.
    ///
    /// # Panics
    /// When it cannot be copied.
    pub async fn copy(&self) -> TestDatabase {
        match self.engine {
            Engine::Sqlite => {
                let copy = sqlite_database();
                let (from, to) = (self.url.trim_start_matches("sqlite:"), copy.url.trim_start_matches("sqlite:"));
                std::fs::copy(from, to).unwrap_or_else(|error| panic!("{from} cannot be copied: {error}"));
                copy
            }
            Engine::Postgres => {
                // postgres://user@host/name?options
                let from = self.url.split('/').nth(3).and_then(|rest| rest.split('?').next()).unwrap_or_default();
                let cluster = cluster::cluster().unwrap_or_else(|| panic!("the cluster of `{from}` is gone"));
                let name = next_name();
                let copied = cluster.copy_database(&name, from).await;
                copied.unwrap_or_else(|error| panic!("`{from}` cannot be copied: {error}"));
                TestDatabase { engine: Engine::Postgres, url: cluster.url(&name) }
            }
        }
    }
}

/// One fresh, empty database per engine that is installed, SQLite first.
pub async fn test_databases() -> Vec<TestDatabase> {
    let mut databases = vec![sqlite_database()];
    databases.extend(postgres_database().await);
    databases
}

/// A fresh, empty SQLite file.
pub fn sqlite_database() -> TestDatabase {
    let file = cluster::run_folder().join(format!("{}.db", next_name()));
    TestDatabase { engine: Engine::Sqlite, url: format!("sqlite:{}", file.display()) }
}

/// A fresh, empty PostgreSQL database, where PostgreSQL is installed.
///
/// # Panics
/// When PostgreSQL is installed and its cluster cannot be started: a suite that silently ran on
/// one engine would be worth little.
pub async fn postgres_database() -> Option<TestDatabase> {
    postgres_database_named(&next_name()).await
}

/// The same under a name that the caller chooses, of lower-case letters, digits and `_`, and once per process.
///
/// # Panics
/// As of [`postgres_database`].
pub async fn postgres_database_named(name: &str) -> Option<TestDatabase> {
    static TOLD: Once = Once::new();
    let Some(cluster) = cluster::cluster() else {
        TOLD.call_once(|| report("PostgreSQL is not installed: this suite ran on SQLite only"));
        return None;
    };
    if let Err(error) = cluster.create_database(name).await {
        panic!("the test database `{name}` cannot be made: {error}");
    }
    Some(TestDatabase { engine: Engine::Postgres, url: cluster.url(name) })
}

/// Says what was left out: on the process's own error stream, which the test runner does not
/// capture, and as a line of the report file (`ACCOLADE_TEST_REPORT`, else `test-report.txt` in
/// cargo's target folder).
pub fn report(text: &str) {
    let program = std::env::current_exe().unwrap_or_default();
    let program = program.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let line = format!("{program}: {text}\n");
    // A report that cannot be written must not fail a test.
    let _ = std::io::stderr().write_all(line.as_bytes());
    if let Ok(mut file) = std::fs::OpenOptions::new().create(true).append(true).open(report_file()) {
        let _ = file.write_all(line.as_bytes());
    }
}

fn report_file() -> PathBuf {
    if let Some(file) = std::env::var_os("ACCOLADE_TEST_REPORT") {
        return PathBuf::from(file);
    }
    // Test programs stand in `target/<profile>/deps`.
    let program = std::env::current_exe().unwrap_or_default();
    let target = program.ancestors().nth(3).map(PathBuf::from).unwrap_or_default();
    target.join("test-report.txt")
}

fn next_name() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("t{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The seed of a randomized test: `ACCOLADE_TEST_SEED`, or another one every time. It is printed, so
/// that a failure can be repeated.
///
/// # Panics
/// When the variable is not a number.
pub fn seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    #[expect(clippy::disallowed_methods, reason = "a test has no configuration")]
    let given = std::env::var("ACCOLADE_TEST_SEED");
    let seed = match given {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("ACCOLADE_TEST_SEED is not a number: `{text}`")),
        Err(_) => RandomState::new().hash_one(0),
    };
    println!("repeat with ACCOLADE_TEST_SEED={seed}");
    seed
}
