//! `accolade bench`: what the suite does, measured against what the machine can do, in the same run.
//!
//! Every figure is of real processes that talk over TCP. Ratios are what counts: the absolute figures are of the machine
//! at hand.

mod ingest;
mod memory;
mod processes;
mod reference;
mod visible;

use std::process::ExitCode;

use anyhow::Result;

use crate::args::{Bench, BenchWhat};

/// Measures and prints.
///
/// # Errors
/// When a process cannot be started or a call fails.
pub async fn run(arguments: Bench) -> Result<ExitCode> {
    let Bench { what, database, records, designations } = arguments;
    let database = database.as_deref();
    if matches!(what, BenchWhat::Ingest | BenchWhat::All) {
        ingest::run(database, records).await?;
    }
    if matches!(what, BenchWhat::Visible | BenchWhat::All) {
        visible::run(database, designations, records).await?;
    }
    if matches!(what, BenchWhat::Memory | BenchWhat::All) {
        memory::run().await?;
    }
    Ok(ExitCode::SUCCESS)
}
