//! Opening a database from its URL.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, SqlxPostgresConnector, SqlxSqliteConnector, Statement};
use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use tokio::sync::watch;

use crate::StoreError;

/// Which database is behind a [`Store`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Engine {
    /// A file, or a private temporary file for `sqlite::memory:`.
    Sqlite,
    /// A server.
    Postgres,
}

impl Engine {
    /// The same choice in the data layer's words.
    pub fn backend(self) -> DbBackend {
        match self {
            Engine::Sqlite => DbBackend::Sqlite,
            Engine::Postgres => DbBackend::Postgres,
        }
    }
}

/// When SQLite waits for the disk. PostgreSQL is configured on the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Synchronous {
    /// At every commit: nothing committed is lost, also when the power fails.
    Full,
    /// At checkpoints: a power failure may take the last commits, a crash of the program cannot.
    Normal,
    /// Never. For tests.
    Off,
}

/// How a database is opened.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// When SQLite waits for the disk.
    pub synchronous: Synchronous,
    /// Connections that only read, beside the one that writes (SQLite).
    pub readers: u32,
    /// Connections at most (PostgreSQL).
    pub connections: u32,
    /// How long a statement waits for a lock of another program (SQLite), and how long anyone waits
    /// for a free connection.
    pub patience: Duration,
}

impl Default for StoreOptions {
    fn default() -> StoreOptions {
        StoreOptions { synchronous: Synchronous::Full, readers: 3, connections: 10, patience: Duration::from_secs(10) }
    }
}

/// One open database. Clones share it.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) engine: Engine,
    pub(crate) writer: DatabaseConnection,
    pub(crate) reader: DatabaseConnection,
    pub(crate) commits: watch::Sender<u64>,
    pub(crate) requests: AtomicU64,
    patience: Duration,
    /// The folder of a private temporary database, removed with the store.
    temporary: Option<PathBuf>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(folder) = &self.temporary {
            // A folder that is left behind is only untidy.
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("engine", &self.inner.engine).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the database of a URL:
    ///
    /// - `sqlite:data/registry.db` or `sqlite:///var/lib/registry.db`, made when it is missing,
    ///   with its folder;
    /// - `sqlite::memory:`, a private database that is gone with the store;
    /// - `postgres://user:password@host/database`, `...?host=/socket/folder`.
    ///
    /// # Errors
    /// [`StoreError::Misconfigured`] for any other URL, [`StoreError::Unavailable`] when nobody
    /// answers.
    pub async fn open(url: &str, options: StoreOptions) -> Result<Store, StoreError> {
        if let Some(rest) = url.strip_prefix("sqlite:") {
            open_sqlite(rest, &options).await
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            open_postgres(url, &options).await
        } else {
            let scheme = url.split(':').next().unwrap_or_default();
            Err(StoreError::Misconfigured(format!(
                "a database URL starts with `sqlite:` or `postgres:`, not with `{scheme}:`"
            )))
        }
    }

    /// Which database it is.
    pub fn engine(&self) -> Engine {
        self.inner.engine
    }

    /// The connection for questions. On SQLite it refuses to write.
    pub fn read(&self) -> &DatabaseConnection {
        &self.inner.reader
    }

    /// Changes whenever a transaction of this process has committed: the bell for whoever reads
    /// what others write here.
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.inner.commits.subscribe()
    }

    /// Asks the database for a sign of life, within its patience.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] and whatever the database says.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let asked = self.inner.reader.execute_unprepared("SELECT 1");
        match tokio::time::timeout(self.inner.patience, asked).await {
            Ok(answer) => Ok(answer.map(|_| ())?),
            Err(_) => Err(StoreError::from(sqlx::Error::PoolTimedOut)),
        }
    }

    /// Closes all connections after their current statement.
    ///
    /// # Errors
    /// Whatever the database says; it is closed all the same.
    pub async fn close(&self) -> Result<(), StoreError> {
        self.inner.writer.close_by_ref().await?;
        if self.inner.engine == Engine::Sqlite {
            self.inner.reader.close_by_ref().await?;
        }
        Ok(())
    }
}

async fn open_sqlite(rest: &str, options: &StoreOptions) -> Result<Store, StoreError> {
    let (path, temporary) = if rest == ":memory:" {
        // A database in memory belongs to one connection; a private file gives the same journal
        // mode, the same readers beside one writer, and therefore the same tests.
        let folder = temporary_folder()?;
        (folder.join("store.db"), Some(folder))
    } else {
        let text = rest.strip_prefix("//").unwrap_or(rest);
        let text = text.split('?').next().unwrap_or_default();
        if text.is_empty() {
            return Err(StoreError::Misconfigured("the URL `sqlite:` names no file".to_owned()));
        }
        (PathBuf::from(text), None)
    };
    if let Some(folder) = path.parent()
        && !folder.as_os_str().is_empty()
    {
        std::fs::create_dir_all(folder).map_err(|error| {
            StoreError::Misconfigured(format!("the folder `{}` cannot be made: {error}", folder.display()))
        })?;
    }
    let synchronous = match options.synchronous {
        _ if temporary.is_some() => SqliteSynchronous::Off,
        Synchronous::Full => SqliteSynchronous::Full,
        Synchronous::Normal => SqliteSynchronous::Normal,
        Synchronous::Off => SqliteSynchronous::Off,
    };
    let connect = sqlite_options(&path, options).synchronous(synchronous);
    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(options.patience.saturating_mul(3))
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(connect.clone())
        .await?;
    let reader = SqlitePoolOptions::new()
        .max_connections(options.readers.max(1))
        .acquire_timeout(options.patience.saturating_mul(3))
        .connect_with(connect.pragma("query_only", "ON"))
        .await?;
    Ok(Store::new(
        Engine::Sqlite,
        SqlxSqliteConnector::from_sqlx_sqlite_pool(writer),
        SqlxSqliteConnector::from_sqlx_sqlite_pool(reader),
        options.patience,
        temporary,
    ))
}

fn sqlite_options(path: &Path, options: &StoreOptions) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .busy_timeout(options.patience)
        .foreign_keys(true)
        .pragma("journal_size_limit", "67108864")
        // 32 MiB of journal before it is moved into the file: pages that many transactions touch are
        // moved once, which large ingests feel. And room for the pages of one such transaction.
        .pragma("wal_autocheckpoint", "8192")
        .pragma("cache_size", "-32768")
        // A statement over thousands of rows is no line of a log.
        .disable_statement_logging()
}

async fn open_postgres(url: &str, options: &StoreOptions) -> Result<Store, StoreError> {
    // The driver's own message may repeat the URL, and with it the password.
    let connect = PgConnectOptions::from_str(url)
        .map_err(|_| StoreError::Misconfigured("the PostgreSQL URL cannot be read".to_owned()))?
        .application_name("accolade")
        .disable_statement_logging();
    let pool = PgPoolOptions::new()
        .max_connections(options.connections.max(2))
        .acquire_timeout(options.patience)
        .connect_with(connect)
        .await?;
    let connection = SqlxPostgresConnector::from_sqlx_postgres_pool(pool);
    expect_settings(&connection).await?;
    Ok(Store::new(Engine::Postgres, connection.clone(), connection, options.patience, None))
}

/// Everything here that locks a row and then reads expects each statement to see what was committed
/// before it. A server or role may have been given another default.
async fn expect_settings(connection: &DatabaseConnection) -> Result<(), StoreError> {
    let isolation = setting(connection, "default_transaction_isolation").await?;
    if isolation != "read committed" {
        let text = format!("default_transaction_isolation must be `read committed`, not `{isolation}`");
        return Err(StoreError::Misconfigured(text));
    }
    // Somebody may want that for a trial; nobody should have it without knowing.
    if setting(connection, "synchronous_commit").await? == "off" {
        tracing::warn!("synchronous_commit is off: what was answered may be lost when the database server crashes");
    }
    Ok(())
}

async fn setting(connection: &DatabaseConnection, name: &str) -> Result<String, StoreError> {
    let row = connection.query_one_raw(Statement::from_string(DbBackend::Postgres, format!("SHOW {name}"))).await?;
    row.map_or(Ok(String::new()), |row| Ok(row.try_get("", name)?))
}

impl Store {
    fn new(
        engine: Engine,
        writer: DatabaseConnection,
        reader: DatabaseConnection,
        patience: Duration,
        temporary: Option<PathBuf>,
    ) -> Store {
        let inner = Inner {
            engine,
            writer,
            reader,
            commits: watch::Sender::new(0),
            requests: AtomicU64::new(0),
            patience,
            temporary,
        };
        Store { inner: Arc::new(inner) }
    }
}

/// A folder that no other process and no other call has.
fn temporary_folder() -> Result<PathBuf, StoreError> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let base = std::env::temp_dir();
    loop {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = base.join(format!("accolade-{}-{number}", std::process::id()));
        match std::fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            // Left behind by a dead process of the same number.
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => {
                return Err(StoreError::Misconfigured(format!("no temporary folder for a database: {error}")));
            }
        }
    }
}
