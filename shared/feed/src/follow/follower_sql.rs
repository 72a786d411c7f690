//! The statements on a follower's own row: its place, its phase and its lease.

use sea_orm::sea_query::Value;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, QueryResult, Statement};
use store::StoreError;

/// A follower's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FollowerRow {
    pub(crate) feed: String,
    pub(crate) cursor: String,
    pub(crate) position: i64,
    pub(crate) head_position: i64,
    pub(crate) applied: i64,
    pub(crate) phase: Phase,
    pub(crate) page_token: String,
    pub(crate) kinds: String,
    pub(crate) fence: i64,
}

/// What a follower does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Watch behind the cursor.
    Follow,
    /// Resync, first step: note everything the producer lists.
    Index,
    /// Second step: forget what it no longer lists.
    Forget,
    /// Third step: apply what is missing.
    Fill,
}

impl Phase {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Phase::Follow => "follow",
            Phase::Index => "index",
            Phase::Forget => "forget",
            Phase::Fill => "fill",
        }
    }

    fn parse(name: &str) -> Option<Phase> {
        [Phase::Follow, Phase::Index, Phase::Forget, Phase::Fill].into_iter().find(|phase| phase.name() == name)
    }
}

/// Where a transaction moves the follower to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Move {
    /// Behind a change of the watch.
    Cursor { cursor: String, position: i64, applied: i64, head_position: i64 },
    /// To a page of a step of the resync.
    Page { phase: Phase, page_token: String },
}

const COLUMNS: &str = "feed, cursor, position, head_position, applied_micros, phase, page_token, kinds, fence";

fn statement<C: ConnectionTrait>(connection: &C, sql: impl Into<String>, values: Vec<Value>) -> Statement {
    Statement::from_sql_and_values(connection.get_database_backend(), sql, values)
}

/// The microseconds of the database's clock, so that replicas agree about a lease.
fn clock(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)",
        _ => "CAST(unixepoch('subsec') * 1000000 AS INTEGER)",
    }
}

fn row(row: &QueryResult) -> Result<FollowerRow, StoreError> {
    let phase: String = row.try_get("", "phase")?;
    Ok(FollowerRow {
        feed: row.try_get("", "feed")?,
        cursor: row.try_get("", "cursor")?,
        position: row.try_get("", "position")?,
        head_position: row.try_get("", "head_position")?,
        applied: row.try_get("", "applied_micros")?,
        phase: Phase::parse(&phase).ok_or_else(|| StoreError::bug(format!("no phase is called `{phase}`")))?,
        page_token: row.try_get("", "page_token")?,
        kinds: row.try_get("", "kinds")?,
        fence: row.try_get("", "fence")?,
    })
}

/// Every follower of this database.
pub(crate) async fn all<C: ConnectionTrait>(connection: &C) -> Result<Vec<FollowerRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM feed_follower ORDER BY feed");
    let rows = connection.query_all_raw(statement(connection, sql, Vec::new())).await?;
    rows.iter().map(row).collect()
}

pub(crate) async fn find<C: ConnectionTrait>(connection: &C, feed: &str) -> Result<Option<FollowerRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM feed_follower WHERE feed = $1");
    let found = connection.query_one_raw(statement(connection, sql, vec![feed.into()])).await?;
    found.as_ref().map(row).transpose()
}

/// Takes the lease if nobody else holds it, under a higher fence, which shuts everyone out who
/// held it before. A SQLite file has one process, and whoever held it there is dead.
pub(crate) async fn acquire(
    tx: &DatabaseTransaction,
    feed: &str,
    holder: &str,
    micros: i64,
) -> Result<Option<FollowerRow>, StoreError> {
    let sql = "INSERT INTO feed_follower (feed, cursor, position, head_position, applied_micros, phase, page_token, \
               kinds, holder, fence, lease_micros) VALUES ($1, '', 0, 0, 0, 'follow', '', '', '', 0, 0) \
               ON CONFLICT DO NOTHING";
    tx.execute_raw(statement(tx, sql, vec![feed.into()])).await?;
    let backend = tx.get_database_backend();
    let now = clock(backend);
    let free = match backend {
        DbBackend::Postgres => format!("(holder = $2 OR lease_micros < {now})"),
        _ => "1 = 1".to_owned(),
    };
    let sql = format!(
        "UPDATE feed_follower SET holder = $2, fence = fence + 1, lease_micros = {now} + $3 \
         WHERE feed = $1 AND {free} RETURNING {COLUMNS}"
    );
    let values = vec![feed.into(), holder.into(), micros.into()];
    let found = tx.query_one_raw(statement(tx, sql, values)).await?;
    found.as_ref().map(row).transpose()
}

/// Prolongs the lease; false when it was lost.
pub(crate) async fn renew(tx: &DatabaseTransaction, feed: &str, fence: i64, micros: i64) -> Result<bool, StoreError> {
    let now = clock(tx.get_database_backend());
    let sql = format!("UPDATE feed_follower SET lease_micros = {now} + $3 WHERE feed = $1 AND fence = $2");
    let done = tx.execute_raw(statement(tx, sql, vec![feed.into(), fence.into(), micros.into()])).await?;
    Ok(done.rows_affected() == 1)
}

/// Gives the lease back.
pub(crate) async fn release(tx: &DatabaseTransaction, feed: &str, holder: &str) -> Result<(), StoreError> {
    let sql = "UPDATE feed_follower SET holder = '', lease_micros = 0 WHERE feed = $1 AND holder = $2";
    tx.execute_raw(statement(tx, sql, vec![feed.into(), holder.into()])).await?;
    Ok(())
}

/// Moves the follower and prolongs its lease; false when the lease was lost, and then nothing of
/// the transaction may stay. It comes first in its transaction: on PostgreSQL it holds the row, and
/// with it everyone else who would move the follower or change what is parked.
pub(crate) async fn advance(
    tx: &DatabaseTransaction,
    feed: &str,
    fence: i64,
    to: &Move,
    lease: i64,
) -> Result<bool, StoreError> {
    let now = clock(tx.get_database_backend());
    let mut values: Vec<Value> = vec![feed.into(), fence.into(), lease.into()];
    let set = match to {
        Move::Cursor { cursor, position, applied, head_position } => {
            values.extend([cursor.clone().into(), (*position).into(), (*applied).into(), (*head_position).into()]);
            "cursor = $4, position = $5, applied_micros = $6, head_position = $7, phase = 'follow', page_token = ''"
        }
        Move::Page { phase, page_token } => {
            values.extend([phase.name().into(), page_token.clone().into()]);
            // What is applied is not known before the resync has ended.
            "phase = $4, page_token = $5, applied_micros = 0"
        }
    };
    let sql = format!("UPDATE feed_follower SET {set}, lease_micros = {now} + $3 WHERE feed = $1 AND fence = $2");
    let done = tx.execute_raw(statement(tx, sql, values)).await?;
    Ok(done.rows_affected() == 1)
}

/// Holds the follower's row, whoever has the lease, so that nobody moves it meanwhile.
pub(crate) async fn hold(tx: &DatabaseTransaction, feed: &str) -> Result<(), StoreError> {
    let sql = "UPDATE feed_follower SET fence = fence WHERE feed = $1";
    tx.execute_raw(statement(tx, sql, vec![feed.into()])).await?;
    Ok(())
}

/// Notes which kinds are applied from now on.
pub(crate) async fn set_kinds(tx: &DatabaseTransaction, feed: &str, kinds: &str) -> Result<(), StoreError> {
    let sql = "UPDATE feed_follower SET kinds = $2 WHERE feed = $1";
    tx.execute_raw(statement(tx, sql, vec![feed.into(), kinds.into()])).await?;
    Ok(())
}

/// How many changes are parked or unread.
pub(crate) async fn count_parked<C: ConnectionTrait>(connection: &C, feed: &str) -> Result<i64, StoreError> {
    let sql = "SELECT COUNT(*) AS parked FROM feed_parked WHERE feed = $1 AND cause <> 'skipped'";
    let row = connection.query_one_raw(statement(connection, sql, vec![feed.into()])).await?;
    let row = row.ok_or_else(|| StoreError::bug("a count gave no row"))?;
    Ok(row.try_get("", "parked")?)
}
