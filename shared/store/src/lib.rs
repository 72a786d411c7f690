//! One database of one service: opened from a URL, on SQLite or PostgreSQL, with the same meaning.
//!
//! - [`Store::open`] opens it, [`Store::migrate`] brings its schema up to date.
//! - [`Store::read`] is for questions, [`Store::transact`] for everything that writes, and
//!   [`Store::once`] for writes that a caller may repeat under a request id.
//! - [`StoreError`] says what a failure means, whatever the engine calls it.
//! - [`exact`] keeps decimals as integers, because neither engine's own type is exact on both.
//! - [`bulk`] writes and reads thousands of rows at once, and [`packing`] makes bytes of what no statement looks into.
//!
//! A service's tables, entities and migrations stay with the service; this crate owns exactly one
//! table, the one in which [`Store::once`] remembers replies ([`migrations`]).

pub mod bulk;
mod error;
pub mod exact;
mod migrate;
mod once;
mod open;
pub mod packing;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod transact;

#[cfg(test)]
mod tests;

pub use error::StoreError;
pub use migrate::{SchemaState, migrations};
pub use once::{ONCE_KEPT_MICROS, OnceKey};
pub use open::{Engine, Store, StoreOptions, Synchronous};
pub use transact::{Tx, TxFuture};
