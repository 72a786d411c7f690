//! The statements on parked changes.

use std::collections::HashSet;

use prost::Message;
use proto::feed::v1 as wire;
use sea_orm::sea_query::Value;
use sea_orm::{ConnectionTrait, DatabaseTransaction, QueryResult, Statement};
use store::StoreError;

use crate::change::Change;

/// Why a change is parked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    Failed,
    Blocked,
    Unread,
    /// Given up by an operator; kept for the record, blocks nothing.
    Skipped,
}

impl Cause {
    fn name(self) -> &'static str {
        match self {
            Cause::Failed => "failed",
            Cause::Blocked => "blocked",
            Cause::Unread => "unread",
            Cause::Skipped => "skipped",
        }
    }

    fn parse(name: &str) -> Option<Cause> {
        [Cause::Failed, Cause::Blocked, Cause::Unread, Cause::Skipped].into_iter().find(|cause| cause.name() == name)
    }
}

/// A parked change.
#[derive(Clone, Debug)]
pub(super) struct Parked {
    pub(super) change: Change,
    pub(super) cause: Cause,
    pub(super) error: String,
    pub(super) attempts: i64,
    pub(super) parked: i64,
}

fn statement<C: ConnectionTrait>(connection: &C, sql: impl Into<String>, values: Vec<Value>) -> Statement {
    Statement::from_sql_and_values(connection.get_database_backend(), sql, values)
}

pub(super) async fn insert(tx: &DatabaseTransaction, feed: &str, parked: &Parked) -> Result<(), StoreError> {
    let sql = "INSERT INTO feed_parked (feed, event_id, position, cause, aggregate, kind, change, error, attempts, \
               parked_micros) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let change = &parked.change;
    let values = vec![
        feed.into(),
        change.event_id.clone().into(),
        change.position.into(),
        parked.cause.name().into(),
        change.aggregate.clone().into(),
        change.kind.clone().into(),
        change.to_wire().encode_to_vec().into(),
        parked.error.clone().into(),
        parked.attempts.into(),
        parked.parked.into(),
    ];
    tx.execute_raw(statement(tx, sql, values)).await?;
    Ok(())
}

/// The aggregates whose changes must wait.
pub(super) async fn blocked_aggregates(tx: &DatabaseTransaction, feed: &str) -> Result<HashSet<String>, StoreError> {
    let sql = "SELECT DISTINCT aggregate FROM feed_parked WHERE feed = $1 AND cause <> 'skipped'";
    let rows = tx.query_all_raw(statement(tx, sql, vec![feed.into()])).await?;
    rows.iter().map(|row| Ok(row.try_get("", "aggregate")?)).collect()
}

/// Parked changes behind a position, in feed order, without those given up.
pub(super) async fn list<C: ConnectionTrait>(
    connection: &C,
    feed: &str,
    after: i64,
    limit: usize,
) -> Result<Vec<Parked>, StoreError> {
    let sql = format!(
        "SELECT change, cause, error, attempts, parked_micros FROM feed_parked \
         WHERE feed = $1 AND position > $2 AND cause <> 'skipped' ORDER BY position LIMIT {limit}"
    );
    let rows = connection.query_all_raw(statement(connection, sql, vec![feed.into(), after.into()])).await?;
    rows.iter().map(parked).collect()
}

/// The first parked change of an aggregate.
pub(super) async fn first_of<C: ConnectionTrait>(
    connection: &C,
    feed: &str,
    aggregate: &str,
) -> Result<Option<Parked>, StoreError> {
    let sql = "SELECT change, cause, error, attempts, parked_micros FROM feed_parked \
               WHERE feed = $1 AND aggregate = $2 AND cause <> 'skipped' ORDER BY position LIMIT 1";
    let values = vec![feed.into(), aggregate.into()];
    let row = connection.query_one_raw(statement(connection, sql, values)).await?;
    row.as_ref().map(parked).transpose()
}

pub(super) async fn find<C: ConnectionTrait>(
    connection: &C,
    feed: &str,
    event_id: &str,
) -> Result<Option<Parked>, StoreError> {
    let sql = "SELECT change, cause, error, attempts, parked_micros FROM feed_parked \
               WHERE feed = $1 AND event_id = $2 AND cause <> 'skipped'";
    let values = vec![feed.into(), event_id.into()];
    let row = connection.query_one_raw(statement(connection, sql, values)).await?;
    row.as_ref().map(parked).transpose()
}

/// Changes of these kinds that were kept unread: the first of each aggregate, in feed order.
pub(super) async fn list_unread<C: ConnectionTrait>(
    connection: &C,
    feed: &str,
    kinds: &[&str],
) -> Result<Vec<Parked>, StoreError> {
    if kinds.is_empty() {
        return Ok(Vec::new());
    }
    let mut values: Vec<Value> = vec![feed.into()];
    values.extend(kinds.iter().map(|kind| Value::from(*kind)));
    let places: Vec<String> = (2..=values.len()).map(|number| format!("${number}")).collect();
    let sql = format!(
        "SELECT change, cause, error, attempts, parked_micros FROM feed_parked p \
         WHERE feed = $1 AND cause = 'unread' AND kind IN ({}) AND NOT EXISTS (SELECT 1 FROM feed_parked earlier \
         WHERE earlier.feed = $1 AND earlier.aggregate = p.aggregate AND earlier.cause <> 'skipped' \
         AND earlier.position < p.position) ORDER BY position LIMIT 500",
        places.join(", ")
    );
    let rows = connection.query_all_raw(statement(connection, sql, values)).await?;
    rows.iter().map(parked).collect()
}

pub(super) async fn delete(tx: &DatabaseTransaction, feed: &str, event_id: &str) -> Result<(), StoreError> {
    let sql = "DELETE FROM feed_parked WHERE feed = $1 AND event_id = $2";
    tx.execute_raw(statement(tx, sql, vec![feed.into(), event_id.into()])).await?;
    Ok(())
}

/// Notes a new cause and what was said, and counts one more attempt unless it was given up.
pub(super) async fn update(
    tx: &DatabaseTransaction,
    feed: &str,
    event_id: &str,
    cause: Cause,
    error: &str,
) -> Result<(), StoreError> {
    let more = i64::from(cause == Cause::Failed);
    let sql = "UPDATE feed_parked SET cause = $3, error = $4, attempts = attempts + $5 \
               WHERE feed = $1 AND event_id = $2";
    let values = vec![feed.into(), event_id.into(), cause.name().into(), error.into(), more.into()];
    tx.execute_raw(statement(tx, sql, values)).await?;
    Ok(())
}

fn parked(row: &QueryResult) -> Result<Parked, StoreError> {
    let cause: String = row.try_get("", "cause")?;
    let bytes: Vec<u8> = row.try_get("", "change")?;
    let change = wire::Change::decode(bytes.as_slice()).map_err(|error| error.to_string());
    let change = change.and_then(Change::from_wire).map_err(StoreError::bug)?;
    Ok(Parked {
        change,
        cause: Cause::parse(&cause).ok_or_else(|| StoreError::bug(format!("no cause is called `{cause}`")))?,
        error: row.try_get("", "error")?,
        attempts: row.try_get("", "attempts")?,
        parked: row.try_get("", "parked_micros")?,
    })
}
