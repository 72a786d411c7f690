//! The task that evaluates: partners that wait because their facts changed, those that are due because a day
//! has come on which time alone may change something, and operations over all partners. Every replica runs it; what two of them take at once, one of them records.

use std::sync::Arc;
use std::time::Duration;

use program::Bundle;
use prost::Message;
use rpc::Fault;
use store::StoreError;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use values::Instant;

use crate::Shared;
use crate::domain::evaluation::Evaluation;
use crate::ops::OpError;
use crate::ops::evaluate::{Evaluated, Purpose, Question, evaluate as evaluate_partner};
use crate::ops::evaluate_tiers::{self, Step};
use crate::ops::record::record;
use crate::store::waiting::{self, Waiting};
use crate::store::{due, evaluations};

/// How often the database is asked for work that another process left.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long changes wait for other feeds before a partner is evaluated with what is here. A result
/// names the instant it knows up to, so a late change makes another revision, never a wrong one.
const GATHER: Duration = Duration::from_millis(250);
/// How long an operation waits for its facts before the partners that wait have their turn.
const ARRIVE: Duration = Duration::from_millis(250);
/// The longest pause after work.
const LONGEST_REST: Duration = Duration::from_secs(5);

/// Evaluates until told to stop. A failure is told once and tried again.
pub async fn evaluate(shared: &Arc<Shared>, stop: CancellationToken) {
    let mut commits = shared.store.commits();
    let mut failing = false;
    loop {
        commits.mark_unchanged();
        let began = tokio::time::Instant::now();
        let outcome = tokio::select! {
            () = stop.cancelled() => return,
            outcome = turn(shared) => outcome,
        };
        let rest = match outcome {
            Ok(Turn::Worked) => {
                failing = false;
                rest(shared, began.elapsed())
            }
            Ok(Turn::Stepped) => {
                failing = false;
                Duration::ZERO
            }
            Ok(Turn::Idle) => {
                failing = false;
                idle(&mut commits, &stop).await;
                continue;
            }
            Err(error) => {
                if !failing {
                    tracing::error!(error = %error, "partners cannot be evaluated");
                }
                failing = true;
                LOOK_EVERY
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(rest) => {}
        }
    }
}

/// What a turn came to.
enum Turn {
    /// Partners that waited were evaluated.
    Worked,
    /// An operation took a step.
    Stepped,
    /// There was nothing to do, or nothing that can be done yet.
    Idle,
}

/// The pause that keeps the work after changes within its share of the time.
fn rest(shared: &Shared, worked: Duration) -> Duration {
    let share = shared.config.effort_percent.clamp(1, 100);
    (worked * (100 - share) / share).min(LONGEST_REST)
}

async fn idle(commits: &mut watch::Receiver<u64>, stop: &CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        // Whether something was committed, or it is time to look: the next turn tells.
        _ = tokio::time::timeout(LOOK_EVERY, commits.changed()) => {}
    }
}

async fn turn(shared: &Arc<Shared>) -> Result<Turn, OpError> {
    let waited = evaluate_waiting(shared).await?;
    // Whose facts changed goes first; on the first day of a month everybody is due.
    let worked = evaluate_due(shared).await? || waited;
    if step_operation(shared).await? {
        return Ok(Turn::Stepped);
    }
    Ok(if worked { Turn::Worked } else { Turn::Idle })
}

/// Evaluates the partners that wait; false when none does, or there are no rules yet.
async fn evaluate_waiting(shared: &Shared) -> Result<bool, OpError> {
    let waiting = waiting::list(shared.store.read(), shared.config.batch.clamp(1, 1_000)).await?;
    let Some(newest) = waiting.iter().map(|it| it.recorded).max() else { return Ok(false) };
    let Some(bundle) = rules(shared).await? else { return Ok(false) };
    shared.arrivals.wait(newest, GATHER).await;
    let now = shared.clock.now();
    // What was recorded has happened, also where the clock was set back since.
    let as_of = now.max(newest);
    let purpose = Purpose::Recording { now, newest_awards: true };
    for waiting in &waiting {
        let question = Question {
            bundle: &bundle,
            rules: &shared.rules,
            partner: &waiting.partner,
            as_of,
            known_at: newest,
            purpose,
        };
        let evaluated = evaluate_partner(shared.store.read(), question).await?;
        tell_failures(&evaluated);
        done(shared, now, Reason::Changed(waiting), &evaluated).await?;
    }
    Ok(true)
}

/// Evaluates partners for whom a day has come; false when it has for none, or there are no rules yet.
///
/// Rule: `competency.days-come-by-themselves`.
async fn evaluate_due(shared: &Shared) -> Result<bool, OpError> {
    let partners = due::list(shared.store.read(), shared.clock.now(), shared.config.batch.clamp(1, 1_000)).await?;
    if partners.is_empty() {
        return Ok(false);
    }
    let now = shared.clock.now();
    let known_at = shared.arrivals.present(now, GATHER).await;
    // After what has arrived: a bundle may be among it.
    let Some(bundle) = rules(shared).await? else { return Ok(false) };
    let purpose = Purpose::Recording { now, newest_awards: true };
    for (partner, since) in &partners {
        let question =
            Question { bundle: &bundle, rules: &shared.rules, partner, as_of: known_at.max(now), known_at, purpose };
        let evaluated = evaluate_partner(shared.store.read(), question).await?;
        tell_failures(&evaluated);
        done(shared, now, Reason::Due(*since), &evaluated).await?;
    }
    Ok(true)
}

/// The rules of today. Without a bundle that is current and staged here, everybody waits.
async fn rules(shared: &Shared) -> Result<Option<Arc<Bundle>>, OpError> {
    match shared.rules.current(shared.store.read(), None).await {
        Ok((_, bundle)) => Ok(Some(bundle)),
        Err(OpError::NoCurrentBundle | OpError::BundleNotStaged(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn tell_failures(evaluated: &Evaluated) {
    for failure in &evaluated.failures {
        tracing::warn!(
            partner = failure.partner,
            program = failure.program,
            reason = failure.message,
            "a partner cannot be evaluated"
        );
    }
}

/// Why a partner was evaluated.
#[derive(Clone, Copy)]
enum Reason<'a> {
    Changed(&'a Waiting),
    Due(Instant),
}

async fn done(shared: &Shared, now: Instant, reason: Reason<'_>, evaluated: &Evaluated) -> Result<(), OpError> {
    let outcome = shared.store.transact(|tx| {
        Box::pin(async move {
            if let Reason::Due(since) = reason
                && due::find(&tx, &evaluated.partner).await? != Some(since)
            {
                // Somebody evaluated it meanwhile.
                return Ok(());
            }
            record(&tx, now, evaluated, &[]).await?;
            match reason {
                Reason::Changed(waiting) => waiting::done(&tx, waiting).await,
                Reason::Due(_) => Ok(()),
            }
        })
    });
    match outcome.await {
        // Another replica recorded the same partner: it waits for the next turn, if it still does.
        Err(StoreError::Unique { .. }) => Ok(()),
        outcome => Ok(outcome?),
    }
}

/// Takes a step of the oldest operation; false when there is none, or its facts have not arrived.
///
/// Partners that wait because of something the operation sees have their turn first, and those for whom a day has
/// come: afterwards they would record the present over what the operation says about its own instant.
async fn step_operation(shared: &Shared) -> Result<bool, OpError> {
    let Some(evaluation) = evaluations::find_open(shared.store.read(), false).await? else { return Ok(false) };
    if !evaluation.cancel_asked && !shared.arrivals.wait(evaluation.known_at, ARRIVE).await {
        return Ok(false);
    }
    let before = waiting::list(shared.store.read(), 1).await?;
    let waiting = before.first().is_some_and(|waiting| waiting.recorded <= evaluation.known_at);
    let overdue = waiting || !due::list(shared.store.read(), shared.clock.now(), 1).await?.is_empty();
    if overdue && !evaluation.cancel_asked && shared.rules.current(shared.store.read(), None).await.is_ok() {
        return Ok(true);
    }
    step(shared, &evaluation).await?;
    Ok(true)
}

/// Takes a step of an operation whose facts have arrived.
pub(crate) async fn step(shared: &Shared, evaluation: &Evaluation) -> Result<(), OpError> {
    let together = shared.decided_together();
    let now = shared.clock.now();
    let step = match evaluate_tiers::step(&shared.store, now, &shared.rules, evaluation, together).await {
        Err(OpError::Store(StoreError::Unique { .. })) => Step::Taken,
        Err(OpError::Store(error)) => return Err(error.into()),
        Err(error) => fail(shared, evaluation, error).await?,
        Ok(step) => step,
    };
    if step == Step::Done {
        tracing::info!(operation = evaluation.id, evaluated = evaluation.progress.evaluated, "an evaluation has ended");
    }
    shared.changes.announce();
    Ok(())
}

async fn fail(shared: &Shared, evaluation: &Evaluation, error: OpError) -> Result<Step, OpError> {
    let status = Fault::from(error).into_rpc_status().encode_to_vec();
    evaluate_tiers::fail(&shared.store, shared.clock.now(), evaluation, status).await
}
