//! Which record takes the place of which, whichever of the two arrives first.

use std::collections::{HashMap, HashSet};

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend};
use store::StoreError;

use crate::domain::usage::RecordKey;
use crate::ops::ingest_usage::resolve::SeriesRef;
use crate::ops::ingest_usage::{Group, Outcome, Refusal};
use crate::store::chunks_sql::StoredRecord;
use crate::store::ingest_sql::{self, Replacement};
use crate::store::keys_sql;
use crate::store::records_sql;

/// The advisory lock under which records that replace others are ordered with all other records on
/// PostgreSQL: the letters of `replaced`.
const LOCK: i64 = 0x7265_706c_6163_6564;

/// What the replacements of a group come to.
#[derive(Debug, Default)]
pub(super) struct Replacing {
    /// The replacements to keep.
    pub replacements: Vec<Replacement>,
    /// Rows of this group that count for nothing, because something replaces them.
    pub passed: HashSet<RecordKey>,
    /// Replaced rows of this group for which a replacement had waited.
    pub met: Vec<RecordKey>,
    /// What was counted before and is taken out.
    pub taken: Vec<StoredRecord>,
}

/// Lets a group that replaces records be alone with its look at what has arrived: otherwise a record
/// and its replacement, committed side by side, would not see each other. Groups that replace
/// nothing, which are nearly all, share the lock. SQLite has one writer anyway.
pub(super) async fn order_with_others(tx: &DatabaseTransaction, replaces: bool) -> Result<(), StoreError> {
    if tx.get_database_backend() == DbBackend::Postgres {
        let shared = if replaces { "" } else { "_shared" };
        tx.execute_unprepared(&format!("SELECT pg_advisory_xact_lock{shared}({LOCK})")).await?;
    }
    Ok(())
}

/// Decides the group's replacements. Rows that replace what another record replaces already are
/// taken out of `accepted` and refused.
pub(super) async fn decide(
    tx: &DatabaseTransaction,
    group: &Group,
    accepted: &mut Vec<(usize, SeriesRef)>,
    outcomes: &mut [Option<Outcome>],
) -> Result<Replacing, StoreError> {
    let mut replacing = Replacing::default();
    if accepted.iter().any(|(place, _)| group.rows()[*place].replaces.is_some()) {
        refuse_second_claims(tx, group, accepted, outcomes).await?;
        claim(tx, group, accepted, &mut replacing).await?;
    }
    meet_waiting(tx, group, accepted, &mut replacing).await?;
    Ok(replacing)
}

/// A record can be replaced once: by the record that said so first, also within a group, so that the
/// cutting into groups decides nothing.
async fn refuse_second_claims(
    tx: &DatabaseTransaction,
    group: &Group,
    accepted: &mut Vec<(usize, SeriesRef)>,
    outcomes: &mut [Option<Outcome>],
) -> Result<(), StoreError> {
    let targets: Vec<RecordKey> = accepted.iter().filter_map(|(place, _)| group.rows()[*place].replaces).collect();
    let taken = ingest_sql::replacements(tx, &targets).await?;
    let mut claimed: HashSet<RecordKey> = taken.into_keys().collect();
    let mut claims: Vec<(usize, RecordKey)> =
        accepted.iter().filter_map(|(place, _)| Some((*place, group.rows()[*place].replaces?))).collect();
    claims.sort_unstable();
    for (place, target) in claims {
        if !claimed.insert(target) {
            outcomes[place] = Some(Outcome::Refused(Refusal::ReplacedAlready));
        }
    }
    accepted.retain(|(place, _)| outcomes[*place].is_none());
    Ok(())
}

/// Takes the replaced records out: those of this group, and those that were counted before. One
/// that has not arrived is waited for.
async fn claim(
    tx: &DatabaseTransaction,
    group: &Group,
    accepted: &[(usize, SeriesRef)],
    replacing: &mut Replacing,
) -> Result<(), StoreError> {
    let here: HashSet<RecordKey> = accepted.iter().map(|(place, _)| group.rows()[*place].key).collect();
    let claims: HashMap<RecordKey, usize> =
        accepted.iter().filter_map(|(place, _)| Some((group.rows()[*place].replaces?, *place))).collect();
    let mut elsewhere: Vec<RecordKey> = claims.keys().copied().filter(|target| !here.contains(target)).collect();
    elsewhere.sort_unstable();
    let asked: Vec<_> = elsewhere.iter().map(|target| (*target, None)).collect();
    let stored = keys_sql::find_keys(tx, &asked).await?.known;
    for (target, place) in claims {
        let row = &group.rows()[place];
        let waiting = !here.contains(&target) && !stored.contains_key(&target);
        if here.contains(&target) {
            replacing.passed.insert(target);
        }
        let by_id = row.record.record_id.clone();
        replacing.replacements.push(Replacement { replaced: target, by: row.key, by_id, waiting });
    }
    replacing.replacements.sort_unstable_by_key(|replacement| replacement.replaced);
    let counted: Vec<_> = elsewhere.iter().filter_map(|target| Some((*target, *stored.get(target)?))).collect();
    replacing.taken = records_sql::known_records(tx, &counted).await?;
    Ok(())
}

/// Rows for which a replacement has waited count for nothing.
async fn meet_waiting(
    tx: &DatabaseTransaction,
    group: &Group,
    accepted: &[(usize, SeriesRef)],
    replacing: &mut Replacing,
) -> Result<(), StoreError> {
    if accepted.is_empty() || !ingest_sql::any_replacement_waits(tx).await? {
        return Ok(());
    }
    let keys: Vec<RecordKey> = accepted.iter().map(|(place, _)| group.rows()[*place].key).collect();
    let mut met: Vec<RecordKey> = ingest_sql::replacements(tx, &keys).await?.into_keys().collect();
    met.sort_unstable();
    replacing.passed.extend(met.iter().copied());
    replacing.met = met;
    Ok(())
}
