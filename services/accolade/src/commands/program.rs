//! `accolade program`: what authors do with program documents.

use std::process::ExitCode;

use anyhow::Result;

/// Runs the command and prints its result.
///
/// # Errors
/// When the question could not be asked.
pub fn run(program: authoring::Program) -> Result<ExitCode> {
    let (text, code) = authoring::run(program)?;
    print!("{text}");
    Ok(ExitCode::from(code))
}
