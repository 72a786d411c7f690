//! The association service's own database: one file per aggregate, rows never leave this folder.

pub mod amounts;
pub mod associations;
pub mod bulk_sql;
pub mod bundles;
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
pub mod usage_sql;

#[cfg(test)]
mod tests;

pub use listing::{ListQuery, list};
pub use migrations::Migrator;
