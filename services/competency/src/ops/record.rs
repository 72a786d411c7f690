//! Records what an evaluation says, and publishes it in the same transaction.

use sea_orm::DatabaseTransaction;
use store::StoreError;
use values::Instant;

use super::evaluate::Evaluated;
use crate::domain::award::{Decision, program_id};
use crate::domain::notice::Notice;
use crate::publish::{self, revision};
use crate::store::{awards, notices, scorecards};
use program::tiers::Scorecard;

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

/// Records what is new in an evaluation. `programs` are the documents to record; all, without any.
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
        recorded.awards += i64::from(record_award(tx, now, decision).await?);
    }
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

/// Records a decision, unless it stands already: an evaluation that is pinned to the past comes to
/// the same decision again.
async fn record_award(tx: &DatabaseTransaction, now: Instant, decision: &Decision) -> Result<bool, StoreError> {
    let mut award = decision.award.clone();
    let before = awards::find(tx, &award.partner, &award.award, None).await?;
    award.updated = now;
    match before {
        Some(before) => {
            award.revision = before.revision + 1;
            award.created = before.created;
            let mut same = award.clone();
            same.revision = before.revision;
            same.updated = before.updated;
            same.bundle_hash.clone_from(&before.bundle_hash);
            if same == before {
                return Ok(false);
            }
        }
        None => {
            award.revision = 1;
            award.created = now;
        }
    }
    awards::record(tx, &award).await?;
    publish::award(tx, now, &award).await?;
    if let Some((subject, text)) = &decision.notice {
        let notice = Notice::of(&award, *subject, text.clone(), now);
        notices::create(tx, &notice).await?;
        publish::notice(tx, now, &notice).await?;
    }
    Ok(true)
}
