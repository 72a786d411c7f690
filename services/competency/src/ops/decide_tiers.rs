//! An operation that decides how all partners stand and explains nothing: chunk after chunk, where one is read while
//! the one before is judged and the one before that is recorded.

use std::collections::BTreeMap;
use std::sync::Arc;

use sea_orm::DatabaseTransaction;
use store::{Store, StoreError};
use tokio::task::spawn_blocking;
use values::{Canon, Instant};

use super::OpError;
use super::decide::{Chunk, Decisions, Known, Question, decide, read};
use super::evaluate::{self, Purpose};
use super::evaluate_tiers::{Step, began, finish};
use super::rules::Rules;
use crate::domain::award::program_id;
use crate::domain::decided::Decided;
use crate::domain::evaluation::{Evaluation, RunState};
use crate::publish;
use crate::publish::revision::{self, Revision};
use crate::store::{accounts, evaluations, scorecards};

/// Chunks of one step: between two steps it is seen whether somebody asked to stop.
const CHUNKS: usize = 8;

/// Takes one step: decides about the next partners, so many at once as `together` says, and records what is new about
/// them, each chunk with its cursor.
///
/// # Errors
/// As of [`super::evaluate_tiers::step`].
pub async fn step(
    store: &Store,
    now: Instant,
    rules: &Rules,
    evaluation: &Evaluation,
    together: u64,
) -> Result<Step, OpError> {
    let question = Arc::new(Question {
        bundle: rules.get(store.read(), &evaluation.bundle_hash).await?,
        programs: evaluation.programs.clone(),
        as_of: evaluation.as_of,
        known_at: evaluation.known_at,
    });
    let mut cursor = evaluation.progress.last_partner.clone();
    let mut ahead = next(store, &question, &mut cursor, together).await?;
    if ahead.is_none() {
        return finish(store, now, evaluation, RunState::Succeeded, None).await;
    }
    let mut judged: Option<Judged> = None;
    let mut at = evaluation.clone();
    for number in 1.. {
        let judging = ahead.take().map(|chunk| {
            let question = question.clone();
            spawn_blocking(move || judge(&question, chunk))
        });
        if judging.is_none() && judged.is_none() {
            break;
        }
        let reading = async {
            match number < CHUNKS && judging.is_some() {
                true => next(store, &question, &mut cursor, together).await,
                false => Ok(None),
            }
        };
        let recording = async {
            match judged.take() {
                Some(judged) => record(store, now, &at, &judged).await,
                None => Ok(Recorded::Nothing),
            }
        };
        let (read, recorded) = tokio::join!(reading, recording);
        // What was begun is waited for in any case: it would go on by itself.
        let decided = match judging {
            Some(judging) => Some(judging.await.map_err(|error| StoreError::bug(error.to_string()))?),
            None => None,
        };
        match recorded? {
            Recorded::Nothing => {}
            Recorded::Chunk(next) => at = *next,
            Recorded::Stopped(step) => return Ok(step),
        }
        ahead = read?;
        judged = match decided.transpose()? {
            Some((known, Some(decisions))) => Some((known, decisions)),
            Some((known, None)) => {
                let decisions = one_by_one(store, rules, &question, &known).await?;
                Some((known, decisions))
            }
            None => None,
        };
    }
    Ok(Step::More)
}

/// The next partners after the cursor, which moves behind them; none behind the last.
async fn next(
    store: &Store,
    question: &Question,
    cursor: &mut String,
    together: u64,
) -> Result<Option<Chunk>, OpError> {
    let partners = accounts::list_all(store.read(), cursor, together.max(1)).await?;
    let Some(last) = partners.last() else { return Ok(None) };
    cursor.clone_from(last);
    Ok(Some(read(store.read(), question, partners).await?))
}

/// Partners with what was decided about them.
type Judged = (Known, Decisions);

/// Judges a chunk; nothing is decided where facts of one of its partners do not go into columns.
fn judge(question: &Question, chunk: Chunk) -> Result<(Known, Option<Decisions>), OpError> {
    let known = chunk.known()?;
    match decide(question, &known) {
        Ok(decisions) => Ok((known, Some(decisions))),
        Err(OpError::JudgedOneByOne { .. }) => Ok((known, None)),
        Err(error) => Err(error),
    }
}

/// Decides the same about one partner after another.
async fn one_by_one(store: &Store, rules: &Rules, question: &Question, known: &Known) -> Result<Decisions, OpError> {
    let Question { bundle, programs, as_of, known_at } = question;
    let (as_of, known_at, purpose) = (*as_of, *known_at, Purpose::Comparing);
    let mut decisions = Decisions::default();
    for partner in &known.partners {
        let about = evaluate::Question { bundle, rules, partner, as_of, known_at, purpose };
        let evaluated = evaluate::evaluate(store.read(), about).await?;
        let wanted = evaluated.scorecards.iter().filter(|card| programs.contains(&card.program));
        decisions.decided.extend(wanted.map(Decided::of));
        decisions.failures.extend(evaluated.failures.into_iter().filter(|it| programs.contains(&it.program)));
    }
    let place = |decided: &Decided| programs.iter().position(|program| *program == decided.program);
    decisions.decided.sort_by_key(place);
    Ok(decisions)
}

/// What became of a chunk.
enum Recorded {
    /// There was none.
    Nothing,
    /// It was recorded, and the operation is so far.
    Chunk(Box<Evaluation>),
    /// Somebody else took the same step, or asked to stop.
    Stopped(Step),
}

/// Records what is new about the partners of a chunk, and the cursor behind them, unless that has moved meanwhile.
async fn record(
    store: &Store,
    now: Instant,
    evaluation: &Evaluation,
    (known, decisions): &Judged,
) -> Result<Recorded, OpError> {
    let (moved, hash) = moved(known, decisions, &evaluation.result_hash, now);
    let (moved, hash) = (&moved, &hash);
    let recorded = store.transact(|tx| {
        Box::pin(async move {
            let Some(mut next) = evaluations::find_for_update(&tx, &evaluation.id).await? else {
                return Ok(Recorded::Stopped(Step::Done));
            };
            if next.state.is_over() {
                return Ok(Recorded::Stopped(Step::Done));
            }
            if next.progress.last_partner != evaluation.progress.last_partner {
                return Ok(Recorded::Stopped(Step::Taken));
            }
            if next.cancel_asked {
                return Ok(Recorded::Stopped(Step::More));
            }
            began(&tx, &mut next).await?;
            for (program, moved) in moved {
                write(&tx, now, program, moved).await?;
                next.progress.changed_scorecards += moved.len() as i64;
            }
            for failure in &decisions.failures {
                evaluations::record_failure(&tx, &next.id, failure).await?;
            }
            next.result_hash.clone_from(hash);
            next.progress.evaluated += known.partners.len() as i64;
            next.progress.last_partner = known.partners.last().cloned().unwrap_or_default();
            next.state = RunState::Running;
            next.updated = now;
            evaluations::update(&tx, &next).await?;
            Ok::<_, StoreError>(Recorded::Chunk(Box::new(next)))
        })
    });
    match recorded.await {
        // Somebody recorded one of the partners meanwhile: the next step sees what.
        Err(StoreError::Unique { .. }) => Ok(Recorded::Stopped(Step::Taken)),
        recorded => Ok(recorded?),
    }
}

/// The revisions of a program.
type Moved = (String, Vec<Revision>);

/// Who stands otherwise than was recorded, by program; and the hash of everything so far with these partners.
fn moved(known: &Known, decisions: &Decisions, before: &str, now: Instant) -> (Vec<Moved>, String) {
    let mut hashes: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut all: Vec<Moved> = Vec::new();
    for of_program in decisions.decided.chunk_by(|a, b| a.program == b.program) {
        let Some(program) = of_program.first().map(|decided| &decided.program) else { continue };
        let said = known.before.get(program);
        let mut moved = Vec::new();
        for decided in of_program {
            let hash = decided.hash();
            moved.extend(revision::decided(said.and_then(|said| said.get(&decided.partner)), decided, &hash, now));
            hashes.entry(&decided.partner).or_default().push(hash);
        }
        all.push((program_id(program), moved));
    }
    // Partner after partner, in order of their ids: how they are cut into chunks makes no difference.
    let hash = hashes.into_values().fold(before.to_owned(), |before, hashes| {
        let mut canon = Canon::new("accolade tier decisions 1");
        canon.text(&before);
        for hash in &hashes {
            canon.text(hash);
        }
        canon.digest().to_string()
    });
    (all, hash)
}

async fn write(tx: &DatabaseTransaction, now: Instant, program: &str, moved: &[Revision]) -> Result<(), StoreError> {
    scorecards::record_all(tx, program, moved.iter().map(|revision| revision.kept.clone()).collect()).await?;
    publish::scorecards(tx, now, moved.iter().map(|revision| &revision.message)).await
}
