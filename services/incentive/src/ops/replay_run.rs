//! Computes a run again from what it pinned, and compares.

use std::sync::Arc;

use values::Digest;

use super::chain::{self, Task};
use super::gather::{self, Asking, SplitHours};
use super::issue::{self, Computed};
use super::{Office, OpError, read, rules};
use crate::domain::line::GroundedLine;
use crate::domain::parts::PartCount;
use crate::domain::run::Run;
use crate::store::statement_lines::{self, LineFilter, Owner};
use crate::store::{records, statements};

/// How a run is computed again.
#[derive(Clone, Copy, Debug)]
pub struct ReplayRun {
    /// The run's number.
    pub number: i64,
    /// How many parts are read at once.
    pub workers: usize,
    /// Into how many parts the customers are split; as many as the run had when none.
    pub parts: Option<PartCount>,
}

/// What computing again gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replay {
    /// The hash of the computation just done.
    pub result: Digest,
    /// The hash the run had.
    pub recorded: Digest,
    /// Whether hash, statements and lines are the same to the last byte.
    pub identical: bool,
}

/// Computes a run again. Records nothing and asks nobody.
///
/// # Errors
/// [`OpError::NotFound`], [`OpError::NotFinished`], the engine's.
pub async fn replay(office: &Office, asked: ReplayRun) -> Result<Replay, OpError> {
    let run = read::run(office, asked.number).await?;
    let recorded = run.recorded()?;
    let task = Task::of(&run, false);
    let rules = rules::of(office, &task).await?;
    let todo = rules::units_to_rate(office, &task, &rules).await?;
    let first = todo.first().map_or(run.period, |(month, _)| *month);
    let asking = Asking::months(&rules, run.pins.clone(), first, run.period)?;
    let parts = asked.parts.unwrap_or(run.parts);
    let mut facts = gather::facts(office, &asking, parts, asked.workers).await?;
    let split: SplitHours = records::load(office.store().read(), run.number).await?.into_iter().collect();
    gather::split(&mut facts, &split, run.pins.known)?;
    let chain = chain::rate_all(office, &task, &rules, &Arc::new(facts), &todo).await?;
    let computed = issue::compute(run.period, &run.pins, chain)?;
    let same = same_bytes(office, &run, &computed).await?;
    let result = computed.outcome.result;
    Ok(Replay { result, recorded, identical: same && result == recorded })
}

/// Whether every statement and line, with what explains it, is what was issued.
async fn same_bytes(office: &Office, run: &Run, computed: &Computed) -> Result<bool, OpError> {
    for statement in &computed.issue.statements {
        let there = statements::find(office.store().read(), &statement.partner, run.period).await?;
        let same =
            there.is_some_and(|there| there.content == statement.content && there.plan_totals == statement.plan_totals);
        let owner = Owner::Statement { partner: statement.partner.clone() };
        if !same || !same_lines(office, run, &owner, &statement.lines).await? {
            return Ok(false);
        }
    }
    same_lines(office, run, &Owner::Unpaid { run: run.number }, &computed.issue.unpaid).await
}

async fn same_lines(
    office: &Office,
    run: &Run,
    owner: &Owner,
    lines: &[GroundedLine<Vec<u8>>],
) -> Result<bool, OpError> {
    let everything = LineFilter::default();
    let connection = office.store().read();
    let there = statement_lines::list(connection, owner, run.period, &everything, 0, u64::from(u32::MAX)).await?;
    Ok(there.len() == lines.len() && there.iter().zip(lines).all(|((_, there), line)| there == line))
}
