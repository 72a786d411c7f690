//! What a database failure means, in words that hold for both engines.

use sea_orm::{DbErr, RuntimeErr};
use sqlx::error::ErrorKind;

/// A failure of the database, sorted by what the caller can do about it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A unique or primary key already has this value. On PostgreSQL the transaction is lost with
    /// it: where a duplicate is expected, insert with ON CONFLICT DO NOTHING and count the rows.
    #[error("a key of table `{table}` is taken")]
    Unique {
        /// The table whose key it is; the same word on both engines.
        table: String,
        /// What the engine says: a constraint's name on PostgreSQL, columns on SQLite.
        constraint: String,
        /// The engine's error.
        #[source]
        source: DbErr,
    },
    /// Another constraint does not hold: a foreign key, a check, a missing value.
    #[error("a constraint of table `{table}` does not hold")]
    Conflict {
        /// The table, where the engine names it, else empty.
        table: String,
        /// What the engine says.
        constraint: String,
        /// The engine's error.
        #[source]
        source: DbErr,
    },
    /// Others were in the way: a lock, a deadlock or a serialization failure, also after retries.
    /// Nothing was written; trying again later is right.
    #[error("the database is contended")]
    Contended(#[source] DbErr),
    /// The database cannot be reached, is shutting down or has no room.
    #[error("the database is unavailable")]
    Unavailable(#[source] DbErr),
    /// A request id was used before by the same caller and method, for another request.
    #[error("request id `{request_id}` was used for another request")]
    RequestReused {
        /// The id that was used twice.
        request_id: String,
    },
    /// The URL or an option cannot be used. The text names it without any password.
    #[error("{0}")]
    Misconfigured(String),
    /// Something that should not happen: wrong SQL, a row that cannot be read.
    #[error("an unexpected database failure")]
    Bug(#[source] DbErr),
}

impl StoreError {
    /// A bug with a sentence of its own, for rows that do not hold what was written to them.
    pub fn bug(text: impl Into<String>) -> StoreError {
        StoreError::Bug(DbErr::Custom(text.into()))
    }

    /// Whether a unique or primary key of this table is taken.
    pub fn is_unique_in(&self, name: &str) -> bool {
        matches!(self, StoreError::Unique { table, .. } if table == name)
    }
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> StoreError {
        let found = match driver_error(&error) {
            Some(found) => classify(found),
            None => match &error {
                DbErr::ConnectionAcquire(_) => Found::Unavailable,
                _ => Found::Bug,
            },
        };
        match found {
            Found::Unique { table, constraint } => StoreError::Unique { table, constraint, source: error },
            Found::Conflict { table, constraint } => StoreError::Conflict { table, constraint, source: error },
            Found::Contended => StoreError::Contended(error),
            Found::Unavailable => StoreError::Unavailable(error),
            Found::Bug => StoreError::Bug(error),
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> StoreError {
        StoreError::from(DbErr::Query(RuntimeErr::SqlxError(error.into())))
    }
}

/// Whether an error, or any error it was made from, means that others were in the way.
pub(crate) fn is_contended(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<StoreError>() {
            return matches!(error, StoreError::Contended(_));
        }
        if let Some(error) = error.downcast_ref::<DbErr>() {
            return driver_error(error).is_some_and(|found| matches!(classify(found), Found::Contended));
        }
        next = error.source();
    }
    false
}

enum Found {
    Unique { table: String, constraint: String },
    Conflict { table: String, constraint: String },
    Contended,
    Unavailable,
    Bug,
}

fn driver_error(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(found))
        | DbErr::Exec(RuntimeErr::SqlxError(found))
        | DbErr::Query(RuntimeErr::SqlxError(found)) => Some(found),
        _ => None,
    }
}

fn classify(error: &sqlx::Error) -> Found {
    let database = match error {
        sqlx::Error::Database(database) => database,
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => return Found::Unavailable,
        _ => return Found::Bug,
    };
    let constraint = || database.constraint().unwrap_or_else(|| after_colon(database.message())).to_owned();
    let table = || match database.table() {
        Some(table) => table.to_owned(),
        // SQLite says "UNIQUE constraint failed: table.column, table.column".
        None => after_colon(database.message()).split('.').next().unwrap_or_default().trim().to_owned(),
    };
    match database.kind() {
        ErrorKind::UniqueViolation => return Found::Unique { table: table(), constraint: constraint() },
        ErrorKind::ForeignKeyViolation | ErrorKind::NotNullViolation | ErrorKind::CheckViolation => {
            return Found::Conflict { table: table(), constraint: constraint() };
        }
        _ => {}
    }
    match database.code().as_deref() {
        Some(code) => classify_code(code),
        None => Found::Bug,
    }
}

/// Sorts an SQLSTATE (five characters) or an extended result code of SQLite (a number).
fn classify_code(code: &str) -> Found {
    if let Ok(number) = code.parse::<u32>()
        && code.len() != 5
    {
        // The low byte is the primary code: BUSY 5, LOCKED 6; IOERR 10, FULL 13, CANTOPEN 14.
        return match number & 0xff {
            5 | 6 => Found::Contended,
            10 | 13 | 14 => Found::Unavailable,
            _ => Found::Bug,
        };
    }
    match code {
        // Serialization failure, deadlock, lock not available.
        "40001" | "40P01" | "55P03" => Found::Contended,
        // Shutdown, crash, starting up; too many connections and the like; lost connections.
        "57P01" | "57P02" | "57P03" => Found::Unavailable,
        _ if code.starts_with("08") || code.starts_with("53") => Found::Unavailable,
        _ => Found::Bug,
    }
}

fn after_colon(message: &str) -> &str {
    message.split_once(": ").map_or("", |(_, rest)| rest)
}
