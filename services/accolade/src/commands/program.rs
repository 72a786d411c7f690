//! `accolade program`: what authors do with program documents, and the facts of a suite for them.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};
use boot::Clock;
use cli::connect::connect;
use cli::facts::{FactsError, Wanted, write_facts};

use crate::args::{Program, ProgramCommand, ProgramFacts};

/// Runs the command and prints its result.
///
/// # Errors
/// When the question could not be asked, or the suite cannot be reached.
pub async fn run(program: Program) -> Result<ExitCode> {
    match program.command {
        ProgramCommand::Documents(command) => {
            let (text, code) = authoring::run(authoring::Program { command })?;
            print!("{text}");
            Ok(ExitCode::from(code))
        }
        ProgramCommand::Facts(arguments) => facts(arguments).await,
    }
}

async fn facts(arguments: ProgramFacts) -> Result<ExitCode> {
    let mut out: Box<dyn Write> = match &arguments.output {
        Some(path) => {
            let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
            Box::new(BufWriter::new(file))
        }
        None => Box::new(BufWriter::new(std::io::stdout())),
    };
    let wire = connect(&arguments.gateway, &arguments.token)?;
    let wanted = Wanted { usage: arguments.usage, now: Clock::system().now(), by_the_hour: arguments.hours };
    let mut sink = |facts: program::Facts| {
        let refused = |error: &dyn std::fmt::Display| FactsError::Write(error.to_string());
        let text = authoring::facts::write(&facts).map_err(|error| refused(&error))?;
        out.write_all(text.as_bytes()).map_err(|error| refused(&error))
    };
    let count = write_facts(&wire, &wanted, &mut sink).await?;
    out.flush()?;
    // Standard output may be a pipe of facts.
    eprintln!("{count} facts");
    Ok(ExitCode::SUCCESS)
}
