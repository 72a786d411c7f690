//! What this service keeps, one file per aggregate. Rows never leave this folder: its functions
//! take and return the types of [`crate::domain`] and plain values.

pub mod accounts;
pub mod awards;
pub mod bundles;
pub mod due;
pub mod evaluations;
pub mod facts;
#[cfg(any(test, feature = "bench"))]
pub mod filling;
mod migrations;
pub mod notices;
pub mod scorecards;
pub mod simulations;
#[cfg(test)]
mod tests;
pub mod usage_sql;
pub mod waiting;

pub use migrations::Migrator;

use ::store::StoreError;
use values::Instant;

/// The most values bound to one statement at once; SQLite allows 32,766.
const BOUND: usize = 10_000;

/// An instant from a column of microseconds.
fn instant(micros: i64) -> Result<Instant, StoreError> {
    Instant::from_micros(micros).map_err(|error| StoreError::bug(error.to_string()))
}

/// An instant from a column that may be null.
fn optional_instant(micros: Option<i64>) -> Result<Option<Instant>, StoreError> {
    micros.map(instant).transpose()
}
