//! When a scorecard is a new revision.

use program::tiers::Scorecard;
use prost::Message;
use proto::competency::v1 as wire;
use store::StoreError;
use values::Instant;

use super::to_proto;
use crate::domain::award::program_id;
use crate::domain::decided::Decided;
use crate::domain::score::{KeptScorecard, Said};

/// What was recorded.
///
/// # Errors
/// A defect when it cannot be read.
pub fn read(kept: &KeptScorecard) -> Result<wire::Scorecard, StoreError> {
    wire::Scorecard::decode(kept.payload.as_slice()).map_err(|error| {
        StoreError::bug(format!(
            "revision {} of the scorecard of {} under {} cannot be read: {error}",
            kept.revision, kept.partner, kept.program
        ))
    })
}

/// A revision of a scorecard, to keep and to publish.
#[derive(Clone, Debug)]
pub struct Revision {
    /// What is kept.
    pub kept: KeptScorecard,
    /// What is published.
    pub message: wire::Scorecard,
}

/// The revision after `before` of a scorecard that was decided and is explained when it is read; none when it decides
/// the same as the one before, or knows less.
pub fn decided(before: Option<&Said>, decided: &Decided, decision_hash: &str, now: Instant) -> Option<Revision> {
    let stays = |before: &Said| before.decision_hash == decision_hash || before.known_at > decided.known_at;
    if before.is_some_and(stays) {
        return None;
    }
    let revision = before.map_or(0, |before| before.revision) + 1;
    let message = to_proto::recorded(to_proto::decided(decided), revision, now);
    let kept = KeptScorecard {
        program: program_id(&decided.program),
        partner: decided.partner.clone(),
        revision,
        result_hash: None,
        decision_hash: decision_hash.to_owned(),
        bundle_hash: decided.bundle_hash.clone(),
        as_of: decided.as_of,
        known_at: decided.known_at,
        updated: now,
        payload: message.encode_to_vec(),
    };
    Some(Revision { kept, message })
}

/// The next revision of a scorecard, to keep and to publish; none when it says the same as the one
/// before, whatever the time is.
///
/// Rule: `competency.revision-says-something-new`.
///
/// # Errors
/// A defect when the one before cannot be read.
pub fn next(
    before: Option<KeptScorecard>,
    scorecard: &Scorecard,
    now: Instant,
) -> Result<Option<(KeptScorecard, wire::Scorecard)>, StoreError> {
    let message = to_proto::scorecard(scorecard);
    let mut revision = 1;
    if let Some(before) = before {
        if to_proto::content(read(&before)?) == to_proto::content(message.clone()) {
            return Ok(None);
        }
        revision = before.revision + 1;
    }
    let message = to_proto::recorded(message, revision, now);
    let kept = KeptScorecard {
        program: program_id(&scorecard.program),
        partner: scorecard.partner.clone(),
        revision,
        result_hash: Some(message.result_hash.clone()),
        decision_hash: Decided::of(scorecard).hash(),
        bundle_hash: message.bundle_hash.clone(),
        as_of: scorecard.as_of,
        known_at: scorecard.known_at,
        updated: now,
        payload: message.encode_to_vec(),
    };
    Ok(Some((kept, message)))
}
