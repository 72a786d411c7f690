//! The statements on what was applied, and on what the producer lists during a resync.

use std::collections::HashSet;

use sea_orm::sea_query::Value;
use sea_orm::{ConnectionTrait, DatabaseTransaction, Statement};
use store::StoreError;

use crate::change::Change;

/// Rows or ids per statement.
const CHUNK: usize = 500;

/// The two tables of the same form.
#[derive(Clone, Copy, Debug)]
pub(super) enum Seen {
    /// What this service has applied.
    Applied,
    /// What the producer lists.
    Listed,
}

impl Seen {
    fn table(self) -> &'static str {
        match self {
            Seen::Applied => "feed_applied",
            Seen::Listed => "feed_listed",
        }
    }
}

fn statement<C: ConnectionTrait>(connection: &C, sql: impl Into<String>, values: Vec<Value>) -> Statement {
    Statement::from_sql_and_values(connection.get_database_backend(), sql, values)
}

/// Of these changes, the event ids that are applied or parked already.
pub(super) async fn find_seen(
    tx: &DatabaseTransaction,
    feed: &str,
    changes: &[Change],
) -> Result<HashSet<String>, StoreError> {
    let mut seen = HashSet::new();
    for chunk in changes.chunks(CHUNK) {
        let mut values: Vec<Value> = vec![feed.into()];
        values.extend(chunk.iter().map(|change| Value::from(change.event_id.clone())));
        let places: Vec<String> = (2..=values.len()).map(|number| format!("${number}")).collect();
        let places = places.join(", ");
        let sql = format!(
            "SELECT event_id FROM feed_applied WHERE feed = $1 AND event_id IN ({places}) \
             UNION ALL SELECT event_id FROM feed_parked WHERE feed = $1 AND event_id IN ({places})"
        );
        for row in tx.query_all_raw(statement(tx, sql, values)).await? {
            seen.insert(row.try_get("", "event_id")?);
        }
    }
    Ok(seen)
}

/// Notes changes as applied or listed. One that is there already stays.
pub(super) async fn insert(
    tx: &DatabaseTransaction,
    seen: Seen,
    feed: &str,
    changes: &[&Change],
) -> Result<(), StoreError> {
    for chunk in changes.chunks(CHUNK) {
        let mut values: Vec<Value> = vec![feed.into()];
        let mut tuples = Vec::new();
        for change in chunk {
            let first = values.len() + 1;
            tuples.push(format!("($1, ${first}, ${}, ${}, ${})", first + 1, first + 2, first + 3));
            values.extend([
                change.event_id.clone().into(),
                change.kind.clone().into(),
                change.aggregate.clone().into(),
                change.revision.into(),
            ]);
        }
        let sql = format!(
            "INSERT INTO {} (feed, event_id, kind, aggregate, revision) VALUES {} ON CONFLICT DO NOTHING",
            seen.table(),
            tuples.join(", ")
        );
        tx.execute_raw(statement(tx, sql, values)).await?;
    }
    Ok(())
}

/// Empties the list of the producer's changes.
pub(super) async fn clear_listed(tx: &DatabaseTransaction, feed: &str) -> Result<(), StoreError> {
    let sql = "DELETE FROM feed_listed WHERE feed = $1";
    tx.execute_raw(statement(tx, sql, vec![feed.into()])).await?;
    Ok(())
}

/// Aggregates, with their kinds, of which something was applied that the producer no longer has. A
/// revision that is missing below a listed one was compacted, and the listed one supersedes it.
pub(super) async fn diverged<C: ConnectionTrait>(
    connection: &C,
    feed: &str,
    limit: usize,
) -> Result<Vec<(String, String)>, StoreError> {
    let sql = format!(
        "SELECT DISTINCT a.aggregate, a.kind FROM feed_applied a WHERE a.feed = $1 \
         AND NOT EXISTS (SELECT 1 FROM feed_listed l WHERE l.feed = $1 AND l.event_id = a.event_id) \
         AND (EXISTS (SELECT 1 FROM feed_listed l WHERE l.feed = $1 AND l.aggregate = a.aggregate \
                      AND l.revision = a.revision) \
              OR NOT EXISTS (SELECT 1 FROM feed_listed l WHERE l.feed = $1 AND l.aggregate = a.aggregate \
                             AND l.revision > a.revision)) \
         ORDER BY a.aggregate LIMIT {limit}"
    );
    let rows = connection.query_all_raw(statement(connection, sql, vec![feed.into()])).await?;
    rows.iter().map(|row| Ok((row.try_get("", "aggregate")?, row.try_get("", "kind")?))).collect()
}

/// Forgets that anything of an aggregate was applied or parked.
pub(super) async fn forget(tx: &DatabaseTransaction, feed: &str, aggregate: &str) -> Result<(), StoreError> {
    for table in ["feed_applied", "feed_parked"] {
        let sql = format!("DELETE FROM {table} WHERE feed = $1 AND aggregate = $2");
        tx.execute_raw(statement(tx, sql, vec![feed.into(), aggregate.into()])).await?;
    }
    Ok(())
}

/// Drops parked changes that the producer no longer has.
pub(super) async fn drop_unlisted_parked(tx: &DatabaseTransaction, feed: &str) -> Result<(), StoreError> {
    let sql = "DELETE FROM feed_parked WHERE feed = $1 AND NOT EXISTS (SELECT 1 FROM feed_listed l \
               WHERE l.feed = $1 AND l.event_id = feed_parked.event_id)";
    tx.execute_raw(statement(tx, sql, vec![feed.into()])).await?;
    Ok(())
}
