//! The registry's own database: one file per aggregate, rows never leave this folder.

pub mod agreements;
pub mod bundles;
pub mod certifications;
pub mod compliance;
pub mod contacts;
pub mod enrollments;
pub mod learners;
pub mod links;
pub mod listing;
mod migrations;
pub mod partners;
pub mod proposals;
pub mod record;
pub mod supply;

#[cfg(test)]
mod tests;

pub use listing::{ListQuery, Listed};
pub use migrations::Migrator;
pub use record::{Record, find, insert, lock, update};
