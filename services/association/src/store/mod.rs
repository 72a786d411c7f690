//! The association service's own database: one file per aggregate, rows never leave this folder.

pub mod associations;
pub mod bundles;
pub mod cells_sql;
pub mod chunks_sql;
pub mod customers;
pub mod ingest_sql;
pub mod keys_sql;
pub mod listing;
mod migrations;
pub mod partners;
pub mod records_sql;
pub mod row;
pub mod seats;
pub mod series_sql;
pub mod subscriptions;
pub mod transactions;

#[cfg(test)]
mod tests;

pub use listing::{ListQuery, list};
pub use migrations::Migrator;
