//! The changes that this service publishes, appended in the transaction that makes them. Every
//! change is the full new state.

pub mod explanation;
pub mod revision;
pub mod simulated;
pub mod to_proto;

use feed::NewChange;
use proto::competency::v1 as wire;
use sea_orm::DatabaseTransaction;
use store::StoreError;
use values::Instant;

use crate::domain::award::Award;
use crate::domain::notice::Notice;

/// Publishes a scorecard, without its explanation trees: they are read here, where they can be
/// opened node by node, and would make the feed many times as large.
///
/// # Errors
/// As the feed's.
pub async fn scorecard(tx: &DatabaseTransaction, now: Instant, scorecard: &wire::Scorecard) -> Result<(), StoreError> {
    let basic = to_proto::basic(scorecard.clone());
    let change = NewChange::state(scorecard.name.clone(), scorecard.revision, now, &basic);
    feed::append(tx, change).await
}

/// Publishes scorecards that say how partners stand and nothing more.
///
/// # Errors
/// As the feed's.
pub async fn scorecards(
    tx: &DatabaseTransaction,
    now: Instant,
    scorecards: impl Iterator<Item = &wire::Scorecard>,
) -> Result<(), StoreError> {
    let change = |card: &wire::Scorecard| NewChange::state(card.name.clone(), card.revision, now, card);
    feed::append_all(tx, scorecards.map(change).collect()).await
}

/// Publishes an award.
///
/// # Errors
/// As the feed's.
pub async fn award(tx: &DatabaseTransaction, now: Instant, award: &Award) -> Result<(), StoreError> {
    let message = to_proto::award(award);
    feed::append(tx, NewChange::state(message.name.clone(), award.revision, now, &message)).await
}

/// Publishes a notice.
///
/// # Errors
/// As the feed's.
pub async fn notice(tx: &DatabaseTransaction, now: Instant, notice: &Notice) -> Result<(), StoreError> {
    let message = to_proto::notice(notice);
    feed::append(tx, NewChange::state(message.name.clone(), notice.revision, now, &message)).await
}
