//! The statements on the outbox: insertion, order, reading.

use sea_orm::sea_query::Value;
use sea_orm::{ConnectionTrait, DatabaseTransaction, QueryResult, Statement};
use store::StoreError;
use values::Instant;

use crate::change::{Change, Nature, NewChange};

/// Rows per statement: eleven values each stay far below the engines' limits.
const CHUNK: usize = 500;

const COLUMNS: &str =
    "event_id, position, recorded_micros, operation_micros, kind, aggregate, revision, nature, payload, trace_parent";

/// The microseconds of PostgreSQL's clock at this moment, not at the start of the transaction.
const DATABASE_CLOCK: &str = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)";

/// A change to insert. `place` is its position and recorded time where they are known.
pub(crate) struct Row {
    pub(crate) event_id: String,
    pub(crate) place: Option<(i64, i64)>,
    pub(crate) change: NewChange,
    pub(crate) trace_parent: String,
}

/// The one row about the whole feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeadRow {
    pub(crate) feed: String,
    pub(crate) epoch: String,
    pub(crate) position: i64,
    pub(crate) horizon: i64,
    pub(crate) sealed: i64,
}

fn statement<C: ConnectionTrait>(connection: &C, sql: impl Into<String>, values: Vec<Value>) -> Statement {
    Statement::from_sql_and_values(connection.get_database_backend(), sql, values)
}

/// Inserts changes in their order.
pub(crate) async fn insert(tx: &DatabaseTransaction, rows: Vec<Row>) -> Result<(), StoreError> {
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let mut values: Vec<Value> = Vec::new();
        let mut tuples = Vec::new();
        for row in rows.by_ref().take(CHUNK) {
            let first = values.len() + 1;
            let places: Vec<String> = (first..first + 10).map(|number| format!("${number}")).collect();
            tuples.push(format!("({})", places.join(", ")));
            let change = row.change;
            values.extend([
                row.event_id.into(),
                row.place.map(|(position, _)| position).into(),
                row.place.map(|(_, recorded)| recorded).into(),
                change.operation.micros().into(),
                change.kind.into(),
                change.aggregate.into(),
                change.revision.into(),
                change.nature.name().into(),
                change.payload.into(),
                row.trace_parent.into(),
            ]);
        }
        let sql = format!("INSERT INTO feed_event ({COLUMNS}) VALUES {}", tuples.join(", "));
        tx.execute_raw(statement(tx, sql, values)).await?;
    }
    Ok(())
}

/// Takes the next positions on SQLite, inside the writing transaction. Returns the first of them
/// and the recorded time of all of them.
pub(crate) async fn take_positions(tx: &DatabaseTransaction, count: i64, now: i64) -> Result<(i64, i64), StoreError> {
    let sql = "UPDATE feed_head SET last_position = last_position + $1, sealed_micros = MAX(sealed_micros + 1, $2) \
               WHERE id = 1 RETURNING last_position - $1 + 1 AS first, sealed_micros";
    let row = tx.query_one_raw(statement(tx, sql, vec![count.into(), now.into()])).await?;
    let row = row.ok_or_else(|| StoreError::bug("the outbox has no head: `feed::migrations` are missing"))?;
    Ok((row.try_get("", "first")?, row.try_get("", "sealed_micros")?))
}

/// Locks the head on PostgreSQL. False when another sequencer has it and we do not wait.
pub(crate) async fn lock_head(tx: &DatabaseTransaction, wait: bool) -> Result<bool, StoreError> {
    let skip = if wait { "" } else { " SKIP LOCKED" };
    let sql = format!("SELECT id FROM feed_head WHERE id = 1 FOR UPDATE{skip}");
    Ok(tx.query_one_raw(statement(tx, sql, Vec::new())).await?.is_some())
}

/// Gives the smallest pending tickets the next positions on PostgreSQL, and returns how many. The
/// head must be locked by an **earlier statement** of this transaction, under READ COMMITTED: the
/// fresh snapshot of this one then sees everything the sequencer before us has done.
pub(crate) async fn sequence(tx: &DatabaseTransaction, limit: i64, now: Option<i64>) -> Result<i64, StoreError> {
    let sql = format!(
        "WITH pending AS MATERIALIZED ( \
           SELECT ticket, row_number() OVER (ORDER BY ticket) AS n \
           FROM (SELECT ticket FROM feed_event WHERE position IS NULL ORDER BY ticket LIMIT $1) AS smallest), \
         moved AS ( \
           UPDATE feed_head SET last_position = last_position + (SELECT count(*) FROM pending), \
             sealed_micros = GREATEST(sealed_micros + 1, COALESCE($2, {DATABASE_CLOCK})) \
           WHERE id = 1 AND EXISTS (SELECT 1 FROM pending) \
           RETURNING last_position - (SELECT count(*) FROM pending) AS base, sealed_micros) \
         UPDATE feed_event SET position = moved.base + pending.n, recorded_micros = moved.sealed_micros \
         FROM pending, moved WHERE feed_event.ticket = pending.ticket"
    );
    let done = tx.execute_raw(statement(tx, sql, vec![limit.into(), now.into()])).await?;
    i64::try_from(done.rows_affected()).map_err(|_| StoreError::bug("more changes than can be counted"))
}

/// Whether anything waits for a position. Never on SQLite.
pub(crate) async fn is_pending<C: ConnectionTrait>(connection: &C) -> Result<bool, StoreError> {
    let sql = "SELECT ticket FROM feed_event WHERE position IS NULL LIMIT 1";
    Ok(connection.query_one_raw(statement(connection, sql, Vec::new())).await?.is_some())
}

/// Moves the sealed instant forward, never back.
pub(crate) async fn seal(tx: &DatabaseTransaction, to: i64) -> Result<(), StoreError> {
    let sql = "UPDATE feed_head SET sealed_micros = $1 WHERE id = 1 AND sealed_micros < $1";
    tx.execute_raw(statement(tx, sql, vec![to.into()])).await?;
    Ok(())
}

/// The clock of the database; on SQLite the machine's, to the millisecond.
pub(crate) async fn database_clock<C: ConnectionTrait>(connection: &C) -> Result<i64, StoreError> {
    let clock = match connection.get_database_backend() {
        sea_orm::DbBackend::Postgres => DATABASE_CLOCK,
        _ => "CAST(unixepoch('subsec') * 1000000 AS INTEGER)",
    };
    let sql = format!("SELECT {clock} AS now");
    let row = connection.query_one_raw(statement(connection, sql, Vec::new())).await?;
    let row = row.ok_or_else(|| StoreError::bug("the database has no clock"))?;
    Ok(row.try_get("", "now")?)
}

pub(crate) async fn head<C: ConnectionTrait>(connection: &C) -> Result<HeadRow, StoreError> {
    let sql = "SELECT feed, epoch, last_position, horizon, sealed_micros FROM feed_head WHERE id = 1";
    let row = connection.query_one_raw(statement(connection, sql, Vec::new())).await?;
    let row = row.ok_or_else(|| StoreError::bug("the outbox has no head: `feed::migrations` are missing"))?;
    Ok(HeadRow {
        feed: row.try_get("", "feed")?,
        epoch: row.try_get("", "epoch")?,
        position: row.try_get("", "last_position")?,
        horizon: row.try_get("", "horizon")?,
        sealed: row.try_get("", "sealed_micros")?,
    })
}

/// Gives the feed its name and epoch.
pub(crate) async fn name_feed(tx: &DatabaseTransaction, feed: &str, epoch: &str) -> Result<(), StoreError> {
    let sql = "UPDATE feed_head SET feed = $1, epoch = $2 WHERE id = 1";
    tx.execute_raw(statement(tx, sql, vec![feed.into(), epoch.into()])).await?;
    Ok(())
}

/// The event id at a position, if a change is there.
pub(crate) async fn event_id_at<C: ConnectionTrait>(
    connection: &C,
    position: i64,
) -> Result<Option<String>, StoreError> {
    let sql = "SELECT event_id FROM feed_event WHERE position = $1";
    let row = connection.query_one_raw(statement(connection, sql, vec![position.into()])).await?;
    Ok(row.map(|row| row.try_get("", "event_id")).transpose()?)
}

/// Which changes to read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Select<'a> {
    /// Behind this position.
    pub(crate) after: i64,
    /// Up to this position.
    pub(crate) upto: i64,
    /// Of these kinds; empty means all.
    pub(crate) kinds: &'a [String],
    /// Recorded at this instant or earlier.
    pub(crate) known: Option<i64>,
    /// Only entries, and of every other aggregate the last change in this range.
    pub(crate) latest: bool,
    /// Without payloads.
    pub(crate) bare: bool,
}

/// Changes in feed order.
pub(crate) async fn read<C: ConnectionTrait>(
    connection: &C,
    select: &Select<'_>,
    limit: usize,
) -> Result<Vec<Change>, StoreError> {
    let mut values: Vec<Value> = vec![select.after.into(), select.upto.into()];
    let mut place = |value: Value| {
        values.push(value);
        format!("${}", values.len())
    };
    let mut filter = String::from("e.position > $1 AND e.position <= $2");
    if let Some(known) = select.known {
        filter.push_str(&format!(" AND e.recorded_micros <= {}", place(known.into())));
    }
    if !select.kinds.is_empty() {
        let kinds: Vec<String> = select.kinds.iter().map(|kind| place(kind.clone().into())).collect();
        filter.push_str(&format!(" AND e.kind IN ({})", kinds.join(", ")));
    }
    if select.latest {
        let known = select
            .known
            .map_or(String::new(), |known| format!(" AND later.recorded_micros <= {}", place(known.into())));
        filter.push_str(&format!(
            " AND e.nature <> 'tombstone' AND (e.nature = 'entry' OR NOT EXISTS (SELECT 1 FROM feed_event later \
             WHERE later.aggregate = e.aggregate AND later.revision > e.revision AND later.position <= $2{known}))"
        ));
    }
    let columns = if select.bare { COLUMNS.replace(" payload,", "") } else { COLUMNS.to_owned() };
    let sql = format!("SELECT {columns} FROM feed_event e WHERE {filter} ORDER BY e.position LIMIT {limit}");
    let rows = connection.query_all_raw(statement(connection, sql, values)).await?;
    rows.iter().map(|row| change(row, select.bare)).collect()
}

/// The last change of an aggregate, of those recorded up to an instant.
pub(crate) async fn read_aggregate<C: ConnectionTrait>(
    connection: &C,
    aggregate: &str,
    known: i64,
) -> Result<Option<Change>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM feed_event WHERE aggregate = $1 AND recorded_micros <= $2 \
         ORDER BY revision DESC LIMIT 1"
    );
    let row = connection.query_one_raw(statement(connection, sql, vec![aggregate.into(), known.into()])).await?;
    row.map(|row| change(&row, false)).transpose()
}

/// Removes superseded states of kinds that nobody's results depend on, up to a position, and moves
/// the horizon there.
pub(crate) async fn compact(tx: &DatabaseTransaction, kinds: &[String], upto: i64) -> Result<u64, StoreError> {
    let mut values: Vec<Value> = vec![upto.into()];
    let mut places = Vec::new();
    for kind in kinds {
        values.push(kind.clone().into());
        places.push(format!("${}", values.len()));
    }
    let sql = format!(
        "DELETE FROM feed_event WHERE position <= $1 AND nature <> 'entry' AND kind IN ({}) \
         AND EXISTS (SELECT 1 FROM feed_event later WHERE later.aggregate = feed_event.aggregate \
         AND later.revision > feed_event.revision AND later.position <= $1)",
        places.join(", ")
    );
    let done = tx.execute_raw(statement(tx, sql, values)).await?;
    let sql = "UPDATE feed_head SET horizon = $1 WHERE id = 1 AND horizon < $1";
    tx.execute_raw(statement(tx, sql, vec![upto.into()])).await?;
    Ok(done.rows_affected())
}

fn change(row: &QueryResult, bare: bool) -> Result<Change, StoreError> {
    let nature: String = row.try_get("", "nature")?;
    Ok(Change {
        event_id: row.try_get("", "event_id")?,
        position: row.try_get("", "position")?,
        kind: row.try_get("", "kind")?,
        aggregate: row.try_get("", "aggregate")?,
        revision: row.try_get("", "revision")?,
        nature: Nature::parse(&nature).ok_or_else(|| StoreError::bug(format!("no nature is called `{nature}`")))?,
        payload: if bare { Vec::new() } else { row.try_get("", "payload")? },
        recorded: to_instant(row.try_get("", "recorded_micros")?)?,
        operation: to_instant(row.try_get("", "operation_micros")?)?,
        trace_parent: row.try_get("", "trace_parent")?,
    })
}

pub(crate) fn to_instant(micros: i64) -> Result<Instant, StoreError> {
    Instant::from_micros(micros).map_err(|error| StoreError::bug(error.to_string()))
}
