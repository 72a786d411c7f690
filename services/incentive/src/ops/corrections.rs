//! Corrections: proposed, computed, decided. Posting them is the next close's business.

use std::sync::Arc;
use std::time::Duration;

use program::incentives::RateError;
use program::{ENGINE_VERSION, Facts};
use sea_orm::DatabaseTransaction;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use values::{Digest, Instant, Money, Month, Zone};

use super::chain::{self, Chain, Corrected, Task};
use super::dry::{self, Watched};
use super::gather::SplitHours;
use super::rules::{self, Rules};
use super::{Office, OpError, bundles, pin, simulate_bundle};
use crate::domain::adjustment::Cause;
use crate::domain::correction::{
    Adjusted, Correction, CorrectionRefusal, CorrectionState, CorrectionTotal, Review, none_closing, span,
};
use crate::domain::line::LineKind;
use crate::domain::parts::PartCount;
use crate::domain::run::{Pins, Source};
use crate::store::{adjusted, books, bundles as staged, corrections, statement_lines};
use crate::wire::grounds;

/// How long the task waits before it looks again whether there is something to compute.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// So often the engine may ask for further records before something is wrong.
const SPLITS_AT_MOST: usize = 3;

/// A correction to propose.
#[derive(Clone, Debug)]
pub struct ProposeCorrection {
    /// The bundle whose rules are applied.
    pub bundle: Digest,
    /// The first closed period; the first of all when none.
    pub first: Option<Month>,
    /// The instant up to which facts are known.
    pub known: Instant,
    /// Who proposes it.
    pub proposer: String,
    /// Why; may be empty.
    pub comment: String,
}

/// Begins a correction; it is computed by itself.
///
/// # Errors
/// [`OpError::Correction`], [`OpError::BundleNotStaged`].
pub async fn begin(tx: &DatabaseTransaction, now: Instant, command: &ProposeCorrection) -> Result<Correction, OpError> {
    books::lock(tx).await?;
    let (first, last) = span(&books::load(tx).await?, command.first)?;
    if staged::find(tx, command.bundle).await?.is_none() {
        return Err(OpError::BundleNotStaged(command.bundle.to_string()));
    }
    let others = corrections::of_bundle(tx, command.bundle).await?;
    if let Some(open) = others.iter().find(|other| CorrectionState::OPEN.contains(&other.state)) {
        return Err(CorrectionRefusal::Open { bundle: command.bundle, number: open.number }.into());
    }
    let correction = Correction {
        number: corrections::next_number(tx).await?,
        bundle: command.bundle,
        first,
        last,
        known: command.known,
        state: CorrectionState::Computing,
        proposer: command.proposer.clone(),
        comment: command.comment.clone(),
        review: None,
        run: None,
        lines: 0,
        progress: 0,
        cancel_requested: false,
        failure: String::new(),
        created: now,
        revision: 1,
    };
    corrections::insert(tx, &correction).await?;
    Ok(correction)
}

/// What a reviewer decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The adjustments may be posted.
    Approve,
    /// They may not.
    Refuse,
}

/// A decision about a correction.
#[derive(Clone, Debug)]
pub struct ReviewCorrection {
    /// The correction.
    pub number: i64,
    /// The etag of the state that the caller read; empty if it does not mind.
    pub etag: String,
    /// What is decided.
    pub verdict: Verdict,
    /// Who decides.
    pub reviewer: String,
    /// The reviewer's words; may be empty.
    pub comment: String,
}

/// Approves or refuses a correction, but not while a run is under way that began by what was decided before.
///
/// # Errors
/// [`OpError::NotFound`], [`OpError::EtagMismatch`], [`OpError::Correction`].
pub async fn review(tx: &DatabaseTransaction, now: Instant, command: &ReviewCorrection) -> Result<Correction, OpError> {
    books::lock(tx).await?;
    let correction = find(tx, command.number).await?;
    let current = etag(&correction);
    if !command.etag.is_empty() && command.etag != current {
        return Err(OpError::EtagMismatch { name: name(&correction), current });
    }
    none_closing(&books::load(tx).await?)?;
    let review = Review { reviewer: command.reviewer.clone(), comment: command.comment.clone(), at: now };
    let decided = match command.verdict {
        Verdict::Approve => correction.approve(review)?,
        Verdict::Refuse => correction.refuse(review)?,
    };
    corrections::update(tx, &decided).await?;
    Ok(decided)
}

/// The resource name of a correction.
pub fn name(correction: &Correction) -> String {
    format!("corrections/{}", correction.id())
}

/// The etag of a correction's state.
pub fn etag(correction: &Correction) -> String {
    rpc::etag::of(&name(correction), correction.revision)
}

/// The correction with a number.
///
/// # Errors
/// [`OpError::NotFound`].
pub async fn find<C: sea_orm::ConnectionTrait>(connection: &C, number: i64) -> Result<Correction, OpError> {
    let missing =
        || OpError::NotFound { kind: "incentive.accolade.dev/Correction", name: format!("corrections/c{number}") };
    corrections::find(connection, number).await?.ok_or_else(missing)
}

/// Computes corrections and simulations until it is told to stop, and proposes a correction by itself when a bundle becomes current that is not
/// the one by which the last period was closed.
///
/// # Errors
/// None of its own: a correction that fails is ended, a database that is away is waited for.
pub async fn drive(office: Office, stop: CancellationToken) -> Result<(), OpError> {
    loop {
        let seen = office.following(Source::Registry).map(|following| following.progress().position);
        let all = async {
            drive_all(&office).await?;
            simulate_bundle::drive_all(&office).await
        };
        let done = tokio::select! {
            () = stop.cancelled() => return Ok(()),
            done = all => done,
        };
        if let Err(error) = done {
            warn!(%error, "corrections and simulations cannot go on now and are tried again");
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = office.correction_rung() => {}
            () = moved(&office, seen) => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// Resolves when registry's feed has gone on: a bundle may have become current.
async fn moved(office: &Office, seen: Option<i64>) {
    let following = office.following(Source::Registry).zip(seen);
    let reached = match following {
        Some((following, seen)) => following.reached(seen + 1).await.is_ok(),
        None => false,
    };
    if !reached {
        std::future::pending::<()>().await;
    }
}

async fn drive_all(office: &Office) -> Result<(), OpError> {
    propose_current(office).await?;
    for correction in corrections::in_states(office.store().read(), &[CorrectionState::Computing]).await? {
        match compute(office, &correction).await {
            Ok(()) => {}
            Err(error) if error.is_transient() => return Err(error),
            Err(OpError::Cancelled) => end(office, &correction, CorrectionState::Cancelled, "").await?,
            Err(error) => {
                warn!(correction = correction.number, %error, "a correction failed");
                end(office, &correction, CorrectionState::Failed, &error.to_string()).await?;
            }
        }
    }
    Ok(())
}

/// Proposes the correction of a bundle that became current after periods were closed by another, once: a correction by
/// it that was refused, or that found nothing to change, is not proposed again unless somebody asks.
async fn propose_current(office: &Office) -> Result<(), OpError> {
    let connection = office.store().read();
    let books = books::load(connection).await?;
    if books.closed.is_empty() || books.closing.is_some() {
        return Ok(());
    }
    let known = office.following(Source::Registry).map_or(Instant::MAX, |following| following.sealed());
    let Some(current) = bundles::published(connection, known).await? else { return Ok(()) };
    let rulings = rules::rulings(office, i64::MAX).await?;
    let ruled = rulings.values().all(|ruling| *ruling == current.hash);
    if ruled || staged::find(connection, current.hash).await?.is_none() {
        return Ok(());
    }
    let before = corrections::of_bundle(connection, current.hash).await?;
    if before.iter().any(|correction| correction.state != CorrectionState::Lapsed) {
        return Ok(());
    }
    let known = pin::instant(office).await;
    let comment = "its bundle became current after these periods were closed".to_owned();
    let command = &ProposeCorrection { bundle: current.hash, first: None, known, proposer: current.publisher, comment };
    let now = office.clock().now();
    let begun = office.store().transact(|tx| Box::pin(async move { begin(&tx, now, command).await })).await;
    match begun {
        // Somebody else was faster, or a close has begun.
        Err(OpError::Correction(_)) => Ok(()),
        begun => begun.map(drop),
    }
}

async fn compute(office: &Office, correction: &Correction) -> Result<(), OpError> {
    let bundle = bundles::load(office, correction.bundle).await?;
    let asked = Correction { state: CorrectionState::Approved, ..correction.clone() };
    let rules = Rules::all_by(bundle).correcting(asked);
    let next = correction.last.add(1).map_err(|error| OpError::Inconsistent(error.to_string()))?;
    let pins = Pins {
        known: correction.known,
        bundle: correction.bundle,
        engine: ENGINE_VERSION.to_owned(),
        zones: Zone::table_version().to_owned(),
        feeds: pin::feeds(office, correction.known).await?,
    };
    let task = Task { period: next, pins, journal: None, before: i64::MAX };
    let mut todo = Vec::new();
    let mut month = correction.first;
    while month <= correction.last {
        let plans = rules::plans(office, &rules, month, i64::MAX).await?;
        todo.extend(plans.into_iter().map(|plan| (month, plan)));
        month = month.add(1).map_err(|error| OpError::Inconsistent(error.to_string()))?;
    }
    let facts = dry::facts(office, &task, &rules, &todo, PartCount::clamped(1), SplitHours::new()).await?;
    let found = rated(office, correction, &task, &rules, facts, &todo).await?;
    keep(office, correction, found).await
}

/// What rating the periods again found.
struct Found {
    totals: Vec<CorrectionTotal>,
    adjustments: Vec<(Month, Adjusted<Vec<u8>>)>,
}

async fn rated(
    office: &Office,
    correction: &Correction,
    task: &Task,
    rules: &Rules,
    mut facts: Facts,
    todo: &[(Month, String)],
) -> Result<Found, OpError> {
    for _ in 0..SPLITS_AT_MOST {
        let shared = Arc::new(facts);
        match rate_units(office, correction, task, rules, &shared, todo).await {
            Err(OpError::Rate(RateError::HoursMustSplit(hours))) => {
                facts = dry::further(office, task, rules, Arc::unwrap_or_clone(shared), &hours).await?;
            }
            done => return done,
        }
    }
    Err(OpError::Inconsistent("hours ask for their records again and again".to_owned()))
}

async fn rate_units(
    office: &Office,
    correction: &Correction,
    task: &Task,
    rules: &Rules,
    facts: &Arc<Facts>,
    todo: &[(Month, String)],
) -> Result<Found, OpError> {
    let cause = Cause::ChangedRules(correction.number);
    let mut chain = Chain::default();
    let mut found = Found { totals: Vec::new(), adjustments: Vec::new() };
    for (done, (period, plan)) in todo.iter().enumerate() {
        dry::tell(office, Watched::Correction(correction.number), done, todo.len()).await?;
        let asked = Corrected { period: *period, plan, cause, approved: Vec::new() };
        let (unit, adjustments) = chain::rate_closed(office, task, rules, facts, &chain, asked).await?;
        let issued = statement_lines::issued(office.store().read(), *period, plan, task.period).await?;
        let issued = issued.iter().filter(|issued| issued.line.kind != LineKind::NotEarned);
        let issued = Money::checked_sum(unit.rated.currency(), issued.map(|issued| issued.line.amount))?;
        let due = issued.checked_add(unit.rated)?;
        found.totals.push(CorrectionTotal { period: *period, plan: plan.clone(), issued, due });
        let encoded =
            |one: Adjusted<_>| Adjusted { issued: one.issued, due: one.due, line: grounds::encoded(one.line) };
        found.adjustments.extend(adjustments.into_iter().map(|one| (*period, encoded(one))));
        chain.units.push(unit);
    }
    Ok(found)
}

/// Keeps what was found, when the correction still waits for it.
async fn keep(office: &Office, correction: &Correction, found: Found) -> Result<(), OpError> {
    let (number, found) = (correction.number, &found);
    let state = if found.adjustments.is_empty() { CorrectionState::Unchanged } else { CorrectionState::Proposed };
    let lines = i64::try_from(found.adjustments.len()).unwrap_or(i64::MAX);
    let kept = office.store().transact(|tx| {
        Box::pin(async move {
            books::lock(&*tx).await?;
            let there = find(&*tx, number).await?;
            // Another replica kept it, or a close has made it lapse.
            if there.state == CorrectionState::Computing {
                adjusted::insert_result(&*tx, number, &found.totals, &found.adjustments).await?;
                let revision = there.revision + 1;
                corrections::update(&*tx, &Correction { state, lines, progress: 100, revision, ..there }).await?;
            }
            Ok::<_, OpError>(())
        })
    });
    kept.await?;
    info!(correction = number, adjustments = lines, "a correction is computed");
    office.changes().announce();
    Ok(())
}

async fn end(office: &Office, correction: &Correction, state: CorrectionState, failure: &str) -> Result<(), OpError> {
    let number = correction.number;
    let ended = office.store().transact(|tx| {
        Box::pin(async move {
            books::lock(&*tx).await?;
            let there = find(&*tx, number).await?;
            if there.state == CorrectionState::Computing {
                let (failure, revision) = (failure.to_owned(), there.revision + 1);
                corrections::update(&*tx, &Correction { state, failure, progress: 100, revision, ..there }).await?;
            }
            Ok::<_, OpError>(())
        })
    });
    ended.await?;
    office.changes().announce();
    Ok(())
}
