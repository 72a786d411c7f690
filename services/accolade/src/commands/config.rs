//! `accolade config`: what is in effect.

use std::process::ExitCode;

use anyhow::Result;
use cli::output::tell;

use crate::args::Common;

/// Prints the effective configuration as TOML, secrets hidden.
///
/// # Errors
/// When a source of configuration is wrong.
pub fn run(common: &Common) -> Result<ExitCode> {
    tell(&boot::render(&super::settings(common)?)?)?;
    Ok(ExitCode::SUCCESS)
}
