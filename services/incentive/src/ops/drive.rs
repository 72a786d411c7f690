//! Drives runs to their end: the task that picks up every run that has not ended, also after a crash.
//!
//! Every step is kept before the next begins, and each can be done twice without effect. What a run has not
//! kept it computes again from the same pinned facts, to the same numbers.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::chain::{self, Task};
use super::gather::{self, Asking, SplitHours};
use super::{Office, OpError, issue, pin, rules};
use crate::domain::run::{Run, RunState};
use crate::store::{books, corrections, parts, records, runs, statement_lines};

/// How long the task waits for the bell before it looks again: another replica may have taken the call.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// The first pause after a failure that may pass; doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// So many parts are read at once.
pub const WORKERS: usize = 4;
/// So often the engine may ask for further records before something is wrong.
const SPLITS_AT_MOST: usize = 3;

/// Drives runs until it is told to stop.
///
/// # Errors
/// None of its own: a run that fails is ended, a database that is away is waited for.
pub async fn drive(office: Office, stop: CancellationToken) -> Result<(), OpError> {
    let mut pause = FIRST_PAUSE;
    loop {
        let done = tokio::select! {
            () = stop.cancelled() => return Ok(()),
            done = drive_all(&office) => done,
        };
        let wait = match done {
            Ok(()) => {
                pause = FIRST_PAUSE;
                LOOK_EVERY
            }
            Err(error) => {
                warn!(%error, "a run cannot go on now and is tried again");
                pause = (pause * 2).min(LONGEST_PAUSE);
                pause
            }
        };
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = office.rung() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// Drives every run that has not ended.
async fn drive_all(office: &Office) -> Result<(), OpError> {
    for run in runs::unended(office.store().read()).await? {
        let number = run.number;
        match drive_one(office, run).await {
            Ok(()) => {}
            Err(error) if error.is_transient() => return Err(error),
            Err(error) => {
                warn!(run = number, %error, "a run failed");
                end(office, number, RunState::Failed, &error.to_string()).await?;
            }
        }
    }
    Ok(())
}

/// Takes one run from where it stands to its end.
///
/// # Errors
/// Those that may pass leave the run where it is; others end it.
pub async fn drive_one(office: &Office, mut run: Run) -> Result<(), OpError> {
    loop {
        if run.cancel_requested && !run.state.ended() {
            return end(office, run.number, RunState::Cancelled, "").await;
        }
        match run.state {
            RunState::Waiting => wait(office, &run).await?,
            RunState::Collecting => collect(office, &run).await?,
            RunState::Rating => rate(office, &run).await?,
            RunState::Issuing => issue_all(office, &run).await?,
            RunState::Succeeded | RunState::Failed | RunState::Cancelled => return Ok(()),
        }
        office.changes().announce();
        let there = runs::find(office.store().read(), run.number).await?;
        run = there.ok_or_else(|| OpError::Inconsistent("a run has vanished".to_owned()))?;
    }
}

async fn wait(office: &Office, run: &Run) -> Result<(), OpError> {
    let pins = pin::feeds(office, run.pins.known).await?;
    let (number, pins) = (run.number, &pins);
    let pinned = office.store().transact(|tx| {
        Box::pin(async move {
            if runs::advance(&*tx, number, RunState::Waiting, RunState::Collecting).await? && !pins.is_empty() {
                runs::pin_feeds(&*tx, number, pins).await?;
            }
            Ok::<_, OpError>(())
        })
    });
    pinned.await
}

async fn collect(office: &Office, run: &Run) -> Result<(), OpError> {
    let task = Task::of(run, true);
    let rules = rules::of(office, &task).await?;
    let todo = rules::units_to_rate(office, &task, &rules).await?;
    let first = todo.first().map_or(run.period, |(month, _)| *month);
    let asking = Asking::months(&rules, run.pins.clone(), first, run.period)?;
    let done = parts::collected(office.store().read(), run.number).await?;
    for part in (0..run.parts.get()).filter(|part| !done.contains(part)) {
        let facts = gather::part(office, &asking, run.parts, part).await?;
        let hours = gather::hours_to_split(&rules, &todo, &facts, run.pins.latest())?;
        for hour in &hours {
            let found = gather::fetch(office, &asking, hour).await?;
            keep_records(office, run.number, hour, &found).await?;
        }
        let number = run.number;
        let marked =
            office.store().transact(|tx| Box::pin(async move { parts::mark_collected(&*tx, number, part).await }));
        marked.await.map_err(OpError::from)?;
        office.changes().announce();
    }
    step(office, run, RunState::Rating).await
}

async fn keep_records(
    office: &Office,
    run: i64,
    hour: &program::facts::UsageKey,
    found: &[records::Record],
) -> Result<(), OpError> {
    let kept = office.store().transact(|tx| {
        Box::pin(async move {
            records::insert(&*tx, run, hour, found).await?;
            let count = records::count(&*tx, run).await?;
            runs::count_records(&*tx, run, count).await
        })
    });
    Ok(kept.await?)
}

async fn rate(office: &Office, run: &Run) -> Result<(), OpError> {
    for _ in 0..SPLITS_AT_MOST {
        match chain_of(office, run, &Task::of(run, true)).await {
            Err(OpError::Rate(program::incentives::RateError::HoursMustSplit(hours))) => {
                let rules = rules::of(office, &Task::of(run, true)).await?;
                let asking = Asking::months(&rules, run.pins.clone(), run.period, run.period)?;
                for hour in &hours {
                    let found = gather::fetch(office, &asking, hour).await?;
                    keep_records(office, run.number, hour, &found).await?;
                }
            }
            done => {
                done?;
                return step(office, run, RunState::Issuing).await;
            }
        }
    }
    Err(OpError::Inconsistent("hours ask for their records again and again".to_owned()))
}

/// Everything that the run rates; what it kept before is taken as it is.
async fn chain_of(office: &Office, run: &Run, task: &Task) -> Result<chain::Chain, OpError> {
    let rules = rules::of(office, task).await?;
    let todo = rules::units_to_rate(office, task, &rules).await?;
    let first = todo.first().map_or(run.period, |(month, _)| *month);
    let asking = Asking::months(&rules, run.pins.clone(), first, run.period)?;
    let mut facts = gather::facts(office, &asking, run.parts, WORKERS).await?;
    let split: SplitHours = records::load(office.store().read(), run.number).await?.into_iter().collect();
    gather::split(&mut facts, &split, run.pins.known)?;
    chain::rate_all(office, task, &rules, &Arc::new(facts), &todo).await
}

async fn issue_all(office: &Office, run: &Run) -> Result<(), OpError> {
    let chain = chain_of(office, run, &Task::of(run, true)).await?;
    let computed = &issue::compute(run.period, &run.pins, chain)?;
    let now = office.clock().now();
    let issued = office.store().transact(|tx| Box::pin(async move { issue::issue(&tx, now, run, computed).await }));
    if issued.await? {
        info!(
            run = run.number,
            period = %run.period,
            statements = computed.outcome.statements,
            result = %computed.outcome.result,
            "a period is closed"
        );
    }
    Ok(())
}

async fn step(office: &Office, run: &Run, to: RunState) -> Result<(), OpError> {
    let (number, from) = (run.number, run.state);
    let moved = office.store().transact(|tx| Box::pin(async move { runs::advance(&*tx, number, from, to).await }));
    moved.await.map_err(OpError::from)?;
    Ok(())
}

/// Ends a run without a result and opens its period again.
async fn end(office: &Office, number: i64, state: RunState, failure: &str) -> Result<(), OpError> {
    let now = office.clock().now();
    let ended = office.store().transact(|tx| {
        Box::pin(async move {
            books::lock(&*tx).await?;
            let run = runs::find(&*tx, number).await?;
            if let Some(run) = run.filter(|run| !run.state.ended()) {
                runs::end(&*tx, number, state, failure, now).await?;
                statement_lines::remove_rated(&*tx, number).await?;
                books::reopen(&*tx, run.period, number).await?;
                corrections::detach(&*tx, number).await?;
            }
            Ok::<_, OpError>(())
        })
    });
    ended.await?;
    office.changes().announce();
    Ok(())
}
