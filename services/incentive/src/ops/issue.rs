//! Puts rated lines into statements, posts them, and issues them in one transaction.

use std::collections::BTreeMap;

use sea_orm::DatabaseTransaction;
use values::{Currency, Instant, Month};

use super::OpError;
use super::chain::Chain;
use crate::domain::control::{self, Stages};
use crate::domain::ledger::{self, Posting};
use crate::domain::result::{RatedUnit, result_hash};
use crate::domain::run::{Outcome, Pins, Run, RunState};
use crate::domain::statement::{self, Issue, Payment, Statement};
use crate::publish;
use crate::store::statement_lines::Owner;
use crate::store::statements::StatementHead;
use crate::store::{books, control as totals, corrections, postings, runs, statement_lines, statements};

/// What a close comes to, before or without recording it.
#[derive(Clone, Debug)]
pub struct Computed {
    /// Statements and the lines that nobody is paid for.
    pub issue: Issue<Vec<u8>>,
    /// The ledger's entries.
    pub postings: Vec<Posting>,
    /// The sums that agree.
    pub control: BTreeMap<Currency, Stages>,
    /// What came out.
    pub outcome: Outcome,
}

/// Computes statements, postings, totals and the result hash from what was rated.
///
/// # Errors
/// [`OpError::Control`] or [`OpError::Ledger`] when totals differ: nothing is issued then.
pub fn compute(period: Month, pins: &Pins, chain: Chain) -> Result<Computed, OpError> {
    let own: Vec<Payment> = chain
        .units
        .iter()
        .filter(|unit| unit.period == period)
        .flat_map(|unit| unit.payments.iter().cloned())
        .collect();
    let rated: Vec<_> = chain.units.iter().map(|unit| unit.rated).collect();
    let units: Vec<RatedUnit> = chain
        .units
        .iter()
        .map(|unit| RatedUnit { period: unit.period, plan: unit.plan.clone(), hash: *unit.hash.bytes() })
        .collect();
    let issue = statement::issue(period, chain.lines, &own)?;
    let mut posted = Vec::new();
    for statement in &issue.statements {
        posted.extend(ledger::postings(period, statement)?);
    }
    let control = control::stages(&rated, &issue.statements, &posted)?;
    let lines: usize = issue.statements.iter().map(|statement| statement.lines.len()).sum();
    let outcome = Outcome {
        result: result_hash(period, pins, units, &issue),
        statements: i32::try_from(issue.statements.len()).unwrap_or(i32::MAX),
        lines: i64::try_from(lines).unwrap_or(i64::MAX),
    };
    Ok(Computed { issue, postings: posted, control, outcome })
}

/// A statement without its lines.
pub fn head(period: Month, statement: &Statement<Vec<u8>>) -> StatementHead {
    StatementHead {
        partner: statement.partner.clone(),
        period,
        run: None,
        issued: None,
        line_count: i32::try_from(statement.lines.len()).unwrap_or(i32::MAX),
        plan_totals: statement.plan_totals.clone(),
        content: statement.content,
    }
}

/// Issues: statements, lines, postings, changes for followers, the closed period and the run's end, all in
/// the caller's transaction. False when the run no longer stands where it did: then somebody else issued it or
/// ended it, and nothing is written.
///
/// # Errors
/// The database's.
pub async fn issue(tx: &DatabaseTransaction, now: Instant, run: &Run, computed: &Computed) -> Result<bool, OpError> {
    books::lock(tx).await?;
    if !runs::advance(tx, run.number, RunState::Issuing, RunState::Succeeded).await? {
        return Ok(false);
    }
    statement_lines::remove_rated(tx, run.number).await?;
    for statement in &computed.issue.statements {
        let head = StatementHead { run: Some(run.number), issued: Some(now), ..head(run.period, statement) };
        statements::insert(tx, run.number, now, &head).await?;
        let owner = Owner::Statement { partner: statement.partner.clone() };
        statement_lines::insert(tx, &owner, run.period, &statement.lines).await?;
        publish::statement(tx, now, &head).await?;
    }
    let unpaid = Owner::Unpaid { run: run.number };
    statement_lines::insert(tx, &unpaid, run.period, &computed.issue.unpaid).await?;
    postings::insert(tx, now, &computed.postings).await?;
    totals::insert(tx, run.number, &computed.control).await?;
    runs::succeed(tx, run.number, computed.outcome, now).await?;
    books::close(tx, run.period, run.number).await?;
    corrections::settle(tx, run.number).await?;
    Ok(true)
}
