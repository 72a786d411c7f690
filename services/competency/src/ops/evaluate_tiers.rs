//! Evaluates all partners as a long-running operation. Its cursor is committed with what it
//! records, so an operation that was dropped anywhere goes on where it was.

use std::collections::BTreeSet;

use sea_orm::DatabaseTransaction;
use store::{Store, StoreError};
use values::{Canon, Instant};

use super::OpError;
use super::evaluate::{Evaluated, Purpose, Question, evaluate};
use super::record::record;
use super::rules::{Rules, get_program};
use super::{decide, decide_tiers};
use crate::domain::evaluation::{Evaluation, Progress, RunState};
use crate::store::{accounts, evaluations};

/// Partners whose results are recorded in one transaction.
const CHUNK: u64 = 50;

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct Command {
    /// The ids of the programs' resources; all of the current bundle, without any.
    pub programs: Vec<String>,
    /// The instant that is judged; that of `known_at`, without one.
    pub as_of: Option<Instant>,
    /// The instant up to which facts are seen; now, without one.
    pub known_at: Option<Instant>,
    /// Whether it is only decided how partners stand.
    pub decisions_only: bool,
}

/// Records the operation. It is pinned to the bundle that is current now.
///
/// # Errors
/// [`OpError::NotFound`] for a program, [`OpError::NoCurrentBundle`], [`OpError::BundleNotStaged`];
/// [`OpError::JudgedOneByOne`] where only decisions are asked for.
pub async fn create(
    tx: &DatabaseTransaction,
    now: Instant,
    id: &str,
    rules: &Rules,
    command: &Command,
) -> Result<Evaluation, OpError> {
    let (current, bundle) = rules.current(tx, None).await?;
    let mut programs = match command.programs.as_slice() {
        [] => bundle.tier_program_ids().into_iter().map(str::to_owned).collect(),
        ids => ids
            .iter()
            .map(|id| get_program(&bundle, id).map(|program| program.id.clone()))
            .collect::<Result<Vec<_>, _>>()?,
    };
    // One that is named twice is evaluated once.
    let mut named = BTreeSet::new();
    programs.retain(|program| named.insert(program.clone()));
    let known_at = command.known_at.unwrap_or(now);
    let evaluation = Evaluation {
        id: id.to_owned(),
        state: RunState::Waiting,
        programs,
        bundle_hash: current.hash,
        as_of: command.as_of.unwrap_or(known_at),
        known_at,
        progress: Progress::default(),
        result_hash: String::new(),
        decisions_only: command.decisions_only,
        cancel_asked: false,
        error: None,
        created: now,
        updated: now,
    };
    if evaluation.decisions_only {
        let (programs, as_of) = (evaluation.programs.clone(), evaluation.as_of);
        decide::check(&decide::Question { bundle, programs, as_of, known_at })?;
    }
    evaluations::create(tx, &evaluation).await?;
    Ok(evaluation)
}

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// There is more to do.
    More,
    /// It is done, cancelled or failed.
    Done,
    /// Somebody else took the same step.
    Taken,
}

/// Takes one step of an operation whose facts have all arrived: evaluates the next partners and
/// records them with the new cursor. `together` is how many are decided at once where only decisions are asked for.
///
/// # Errors
/// As the database's; [`OpError::BundleNotStaged`] when its bundle has gone, which ends it: [`fail`].
pub async fn step(
    store: &Store,
    now: Instant,
    rules: &Rules,
    evaluation: &Evaluation,
    together: u64,
) -> Result<Step, OpError> {
    if evaluation.cancel_asked {
        return finish(store, now, evaluation, RunState::Cancelled, None).await;
    }
    if evaluation.decisions_only {
        return decide_tiers::step(store, now, rules, evaluation, together).await;
    }
    let bundle = rules.get(store.read(), &evaluation.bundle_hash).await?;
    let partners = accounts::list_all(store.read(), &evaluation.progress.last_partner, CHUNK).await?;
    if partners.is_empty() {
        return finish(store, now, evaluation, RunState::Succeeded, None).await;
    }
    let mut results: Vec<Evaluated> = Vec::with_capacity(partners.len());
    for partner in &partners {
        let (as_of, known_at) = (evaluation.as_of, evaluation.known_at);
        let purpose = Purpose::Recording { now, newest_awards: false };
        let question = Question { bundle: &bundle, rules, partner, as_of, known_at, purpose };
        results.push(evaluate(store.read(), question).await?);
    }
    commit(store, now, evaluation, &partners, &results).await
}

/// Records the results and the cursor together, unless the cursor has moved meanwhile.
async fn commit(
    store: &Store,
    now: Instant,
    evaluation: &Evaluation,
    partners: &[String],
    results: &[Evaluated],
) -> Result<Step, OpError> {
    let step = store.transact(|tx| {
        Box::pin(async move {
            let Some(mut next) = evaluations::find_for_update(&tx, &evaluation.id).await? else {
                return Ok(Step::Done);
            };
            if next.state.is_over() {
                return Ok(Step::Done);
            }
            if next.progress.last_partner != evaluation.progress.last_partner {
                return Ok(Step::Taken);
            }
            began(&tx, &mut next).await?;
            for evaluated in results {
                let recorded = record(&tx, now, evaluated, &next.programs).await?;
                next.progress.changed_scorecards += recorded.scorecards;
                next.progress.changed_awards += recorded.awards;
                for failure in evaluated.failures.iter().filter(|it| next.programs.contains(&it.program)) {
                    evaluations::record_failure(&tx, &next.id, failure).await?;
                }
                next.result_hash = fold(&next, evaluated);
            }
            next.progress.evaluated += results.len() as i64;
            next.progress.last_partner = partners.last().cloned().unwrap_or_default();
            next.state = RunState::Running;
            next.updated = now;
            evaluations::update(&tx, &next).await?;
            Ok::<_, StoreError>(Step::More)
        })
    });
    Ok(step.await?)
}

/// Counts whom an operation is about, once.
pub(super) async fn began(tx: &DatabaseTransaction, evaluation: &mut Evaluation) -> Result<(), StoreError> {
    if evaluation.progress.partners == 0 {
        let count = accounts::count(tx).await?;
        evaluation.progress.partners = i64::try_from(count).unwrap_or(i64::MAX);
    }
    Ok(())
}

/// The hash of everything so far and one more partner: partners come in order of their ids, so the
/// last one is the hash of all.
fn fold(evaluation: &Evaluation, evaluated: &Evaluated) -> String {
    let mut canon = Canon::new("accolade tier evaluation 1");
    canon.text(&evaluation.result_hash);
    for scorecard in evaluated.scorecards.iter().filter(|it| evaluation.programs.contains(&it.program)) {
        canon.text(&scorecard.program).text(&scorecard.partner).bytes(scorecard.result_hash.bytes());
    }
    canon.digest().to_string()
}

/// Ends an operation that cannot go on. `status` is the `google.rpc.Status` it is told with, encoded.
///
/// # Errors
/// As the database's.
pub async fn fail(store: &Store, now: Instant, evaluation: &Evaluation, status: Vec<u8>) -> Result<Step, OpError> {
    finish(store, now, evaluation, RunState::Failed, Some(status)).await
}

/// Ends an operation, unless somebody else took the same step.
pub(super) async fn finish(
    store: &Store,
    now: Instant,
    evaluation: &Evaluation,
    state: RunState,
    error: Option<Vec<u8>>,
) -> Result<Step, OpError> {
    let error = &error;
    let step = store.transact(|tx| {
        Box::pin(async move {
            if let Some(mut next) = evaluations::find_for_update(&tx, &evaluation.id).await?
                && next.progress.last_partner == evaluation.progress.last_partner
            {
                next.state = state;
                next.error.clone_from(error);
                next.updated = now;
                evaluations::update(&tx, &next).await?;
                return Ok::<_, StoreError>(Step::Done);
            }
            Ok(Step::Taken)
        })
    });
    Ok(step.await?)
}
