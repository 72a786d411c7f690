//! Records what an evaluation says, and publishes it in the same transaction.

use sea_orm::DatabaseTransaction;
use store::StoreError;
use values::Instant;

use super::evaluate::Evaluated;
use crate::domain::award::{Decision, program_id};
use crate::domain::notice::Notice;
use crate::publish::{self, revision};
use crate::store::{awards, due, notices, scorecards};
use program::tiers::Scorecard;

/// A day in microseconds.
const DAY_MICROS: i64 = 86_400_000_000;

/// What was recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// How many scorecards say something else than before.
    pub scorecards: i64,
    /// How many awards were given, changed or ended.
    pub awards: i64,
}

impl std::ops::AddAssign for Recorded {
    fn add_assign(&mut self, other: Recorded) {
        self.scorecards += other.scorecards;
        self.awards += other.awards;
    }
}

/// Records what is new in an evaluation, and when the partner is due again. `programs` are the documents to
/// record; all, without any.
///
/// # Errors
/// As the database's; unique when somebody else recorded the same partner meanwhile: evaluate again.
pub async fn record(
    tx: &DatabaseTransaction,
    now: Instant,
    evaluated: &Evaluated,
    programs: &[String],
) -> Result<Recorded, StoreError> {
    let wanted = |program: &String| programs.is_empty() || programs.contains(program);
    let mut recorded = Recorded::default();
    for scorecard in evaluated.scorecards.iter().filter(|scorecard| wanted(&scorecard.program)) {
        recorded.scorecards += i64::from(record_scorecard(tx, now, scorecard).await?);
    }
    for decision in evaluated.decisions.iter().filter(|decision| wanted(&decision.award.program)) {
        recorded.awards += i64::from(record_award(tx, now, decision, evaluated).await?);
    }
    for (_, notice) in evaluated.endings.iter().filter(|(program, _)| wanted(program)) {
        if notices::find(tx, &notice.partner, &notice.notice).await?.is_none() {
            notices::create(tx, notice).await?;
            publish::notice(tx, now, notice).await?;
        }
    }
    let whole = evaluated.scorecards.iter().all(|scorecard| wanted(&scorecard.program));
    // What was left out has its turn a day later.
    due::set(tx, &evaluated.partner, if whole { evaluated.due } else { Some(now.saturating_add(DAY_MICROS)) }).await?;
    Ok(recorded)
}

/// A scorecard that says the same as the one before makes no revision.
async fn record_scorecard(tx: &DatabaseTransaction, now: Instant, scorecard: &Scorecard) -> Result<bool, StoreError> {
    let before = scorecards::find(tx, &program_id(&scorecard.program), &scorecard.partner).await?;
    let Some((kept, message)) = revision::next(before, scorecard, now)? else { return Ok(false) };
    scorecards::record(tx, &kept).await?;
    publish::scorecard(tx, now, &message).await?;
    Ok(true)
}

/// Records a decision, unless the award has moved on since what the evaluation saw of it: a question that
/// is pinned to the past says nothing about what is newer than it.
async fn record_award(
    tx: &DatabaseTransaction,
    now: Instant,
    decision: &Decision,
    evaluated: &Evaluated,
) -> Result<bool, StoreError> {
    let mut award = decision.award.clone();
    let before = awards::find(tx, &award.partner, &award.award, None).await?;
    if let Some(before) = &before
        && before.revision != award.revision
        && evaluated.awards_known_at.is_some_and(|known_at| before.updated > known_at)
    {
        return Ok(false);
    }
    award.created = before.map_or(now, |before| before.created);
    award.updated = now;
    // Taken, where somebody else has recorded the same award meanwhile.
    award.revision += 1;
    awards::record(tx, &award).await?;
    publish::award(tx, now, &award).await?;
    if let Some((subject, text)) = &decision.notice {
        let notice = Notice::of(&award, *subject, text.clone(), now);
        notices::create(tx, &notice).await?;
        publish::notice(tx, now, &notice).await?;
    }
    Ok(true)
}
