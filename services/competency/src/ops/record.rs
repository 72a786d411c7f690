//! Records what an evaluation says, and publishes it in the same transaction.

use prost::Message;
use proto::competency::v1 as wire;
use sea_orm::DatabaseTransaction;
use store::StoreError;
use values::Instant;

use super::evaluate::Evaluated;
use crate::domain::award::{Decision, program_id};
use crate::domain::notice::Notice;
use crate::domain::score::KeptScorecard;
use crate::publish::{self, to_proto};
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
    let program = program_id(&scorecard.program);
    let message = to_proto::scorecard(scorecard);
    let before = scorecards::find(tx, &program, &scorecard.partner).await?;
    let mut revision = 1;
    if let Some(before) = before {
        let said = wire::Scorecard::decode(before.payload.as_slice())
            .map_err(|error| StoreError::bug(format!("a kept scorecard cannot be read: {error}")))?;
        if to_proto::content(said) == to_proto::content(message.clone()) {
            return Ok(false);
        }
        revision = before.revision + 1;
    }
    let message = to_proto::recorded(message, revision, now);
    let kept = KeptScorecard {
        program,
        partner: scorecard.partner.clone(),
        revision,
        result_hash: message.result_hash.clone(),
        bundle_hash: message.bundle_hash.clone(),
        as_of: scorecard.as_of,
        known_at: scorecard.known_at,
        updated: now,
        payload: message.encode_to_vec(),
    };
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
