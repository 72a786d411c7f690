//! Incentive's tables. Rows never leave this folder: functions take and give the domain's types.
//!
//! Nothing that a result depended on is updated in place. What neighbours said is kept by revision and
//! recorded time ([`received`], [`cells`]); what a run pinned, fetched and rated is kept with the run
//! ([`runs`], [`records`], [`units`]); what was issued is only ever added ([`statements`], [`postings`]).

pub mod adjusted;
pub mod books;
pub mod bundles;
pub mod cells;
mod cells_sql;
mod columns;
pub mod control;
pub mod corrections;
pub mod earning;
mod migrations;
pub mod parts;
pub mod postings;
pub mod received;
pub mod records;
pub mod runs;
pub mod simulations;
pub mod statement_lines;
pub mod statements;
pub mod units;

pub use migrations::Migrator;

#[cfg(test)]
mod tests;
