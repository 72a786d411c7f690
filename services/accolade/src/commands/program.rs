//! `accolade program`: what authors do with program documents, the facts of a suite for them, and how documents come
//! into effect.

use std::fs::File;
use std::io::{BufWriter, ErrorKind, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};
use boot::Clock;
use cli::connect::{Wire, connect};
use cli::facts::{FactsError, Wanted, write_facts};
use cli::output::tell;
use cli::proposals::{self, Proposal};
use serde::Serialize;
use tempfile::{Builder, NamedTempFile};

use crate::args::{AtSuite, Program, ProgramCommand, ProgramFacts, ProgramPropose, ProgramPublish, ProgramReview};

/// Runs the command and prints its result.
///
/// # Errors
/// When the question could not be asked, or the suite cannot be reached.
pub async fn run(program: Program) -> Result<ExitCode> {
    match program.command {
        ProgramCommand::Documents(command) => {
            // The facts of a suite live as long as the command.
            let (command, _facts) = with_population(command).await?;
            let (text, code) = authoring::run(authoring::Program { command })?;
            tell(&text)?;
            Ok(ExitCode::from(code))
        }
        ProgramCommand::Facts(arguments) => facts(arguments).await,
        ProgramCommand::Propose(arguments) => propose(&arguments).await,
        ProgramCommand::Proposals(suite) => {
            let found = proposals::list(&wire(&suite)?).await?;
            let text = found.iter().map(Proposal::to_text).collect::<String>();
            told(&suite, &found, &text)
        }
        ProgramCommand::Approve(ProgramReview { proposal, comment, suite }) => {
            let approved = proposals::approve(&wire(&suite)?, &proposal, &comment).await?;
            told(&suite, &approved, &approved.to_text())
        }
        ProgramCommand::Refuse(ProgramReview { proposal, comment, suite }) => {
            let refused = proposals::refuse(&wire(&suite)?, &proposal, &comment).await?;
            told(&suite, &refused, &refused.to_text())
        }
        ProgramCommand::Publish(ProgramPublish { proposal, suite }) => {
            let published = proposals::put_into_effect(&wire(&suite)?, &proposal).await?;
            told(&suite, &published, &published.to_text())
        }
    }
}

async fn propose(arguments: &ProgramPropose) -> Result<ExitCode> {
    let ProgramPropose { documents, comment, suite } = arguments;
    let documents = authoring::documents::read(documents)?;
    match proposals::propose(&wire(suite)?, &documents, comment).await? {
        Some(proposal) => told(suite, &proposal, &proposal.to_text()),
        None => told(suite, &serde_json::Value::Null, "these documents are in effect already\n"),
    }
}

fn wire(suite: &AtSuite) -> Result<Wire> {
    Ok(connect(&suite.gateway, &suite.token)?)
}

fn told(suite: &AtSuite, data: &impl Serialize, text: &str) -> Result<ExitCode> {
    if suite.json {
        tell(&format!("{}\n", serde_json::to_string_pretty(data)?))?;
    } else {
        tell(text)?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn facts(arguments: ProgramFacts) -> Result<ExitCode> {
    let out: Box<dyn Write> = match &arguments.output {
        Some(path) => {
            let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
            Box::new(BufWriter::new(file))
        }
        None => Box::new(BufWriter::new(std::io::stdout())),
    };
    let wanted = Wanted { usage: arguments.usage, now: Clock::system().now(), by_the_hour: arguments.hours };
    // Standard output may be a pipe of facts, whose reader may have read enough.
    if let Some(count) = gathered(&arguments.gateway, &arguments.token, &wanted, out).await? {
        eprintln!("{count} facts");
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes the facts of a suite, and says how many there are; nothing where whoever reads them closed the pipe.
async fn gathered(gateway: &str, token: &str, wanted: &Wanted, mut out: impl Write) -> Result<Option<u64>> {
    let wire = connect(gateway, token)?;
    let mut closed = false;
    let mut sink = |facts: program::Facts| {
        let refused = |error: &dyn std::fmt::Display| FactsError::Write(error.to_string());
        let text = authoring::facts::write(&facts).map_err(|error| refused(&error))?;
        out.write_all(text.as_bytes()).map_err(|error| {
            closed |= error.kind() == ErrorKind::BrokenPipe;
            refused(&error)
        })
    };
    let written = write_facts(&wire, wanted, &mut sink).await;
    if closed {
        return Ok(None);
    }
    match out.flush() {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(None),
        flushed => flushed.map_err(Into::into).and(Ok(Some(written?))),
    }
}

/// A simulation over a running suite reads its facts first, into a file that goes with the command.
async fn with_population(command: authoring::Command) -> Result<(authoring::Command, Option<NamedTempFile>)> {
    let authoring::Command::Simulate(mut simulate) = command else { return Ok((command, None)) };
    let Some(gateway) = simulate.gateway.take() else { return Ok((authoring::Command::Simulate(simulate), None)) };
    let token = simulate.token.take().context("a suite is asked with --token")?;
    let file = Builder::new().suffix(".ndjson").tempfile().context("cannot make a file for the facts")?;
    let wanted = Wanted { usage: None, now: Clock::system().now(), by_the_hour: false };
    let count = gathered(&gateway, &token, &wanted, BufWriter::new(file.reopen()?)).await?;
    if let Some(count) = count {
        eprintln!("{count} facts from {gateway}");
    }
    simulate.population.push(file.path().to_owned());
    Ok((authoring::Command::Simulate(simulate), Some(file)))
}
