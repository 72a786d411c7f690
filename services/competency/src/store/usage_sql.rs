//! Usage as differences of hourly cells, in the order in which association recorded them. What was
//! used up to a recorded time is their sum, so a batch never changes what an earlier one said.

use sea_orm::sea_query::{Expr, OnConflict, Query, Value};
use sea_orm::{ConnectionTrait, QueryResult, Statement};
use values::{Currency, Decimal, Instant};

use super::instant;
use crate::domain::usage::{CellChange, UsageEntry};
use ::store::{StoreError, exact};
use program::facts::{Costs, Flow, Grain, Recorded, Usage};

/// Rows of one insert: 25 values each.
const ROWS: usize = 400;
/// Subscriptions of one query.
const SUBSCRIPTIONS: usize = 500;
/// The amounts of a cell, as its columns are called.
const AMOUNTS: [&str; 5] = ["quantity", "billed", "effective", "list", "contracted"];
/// What cells are about, and what a flow is summed by.
const SERIES: &str = "subscription, workload, meter, unit, currency, start";

/// Keeps the cells of one entry; false when it is here already.
///
/// # Errors
/// As the database's.
pub async fn keep(db: &impl ConnectionTrait, entry: &UsageEntry) -> Result<bool, StoreError> {
    let mut batch = Query::insert();
    batch
        .into_table("usage_batches")
        .columns(["batch", "position"])
        .values_panic([entry.batch.as_str().into(), entry.position.into()])
        .on_conflict(OnConflict::new().do_nothing().to_owned());
    if db.execute(&batch).await?.rows_affected() == 0 {
        return Ok(false);
    }
    let mut columns: Vec<String> =
        ["position", "ordinal", "recorded", "subscription", "workload", "meter", "start", "level", "unit", "currency"]
            .map(str::to_owned)
            .to_vec();
    columns.extend(AMOUNTS.iter().flat_map(|amount| exact::columns(amount)));
    for (chunk, cells) in entry.cells.chunks(ROWS).enumerate() {
        let mut insert = Query::insert();
        insert.into_table("usage_cells").columns(columns.clone());
        for (at, cell) in cells.iter().enumerate() {
            let ordinal = i32::try_from(chunk * ROWS + at)
                .map_err(|_| StoreError::bug("a usage batch has more cells than a number can count"))?;
            let row = row(entry, ordinal, cell)?;
            insert.values(row.into_iter().map(Expr::val)).map_err(|error| StoreError::bug(error.to_string()))?;
        }
        db.execute(&insert).await?;
    }
    Ok(true)
}

/// Removes an entry that its publisher no longer has.
///
/// # Errors
/// As the database's.
pub async fn forget(db: &impl ConnectionTrait, batch: &str) -> Result<(), StoreError> {
    let sql = "DELETE FROM usage_cells WHERE position IN (SELECT position FROM usage_batches WHERE batch = $1)";
    db.execute_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, [batch.into()])).await?;
    let sql = "DELETE FROM usage_batches WHERE batch = $1";
    db.execute_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, [batch.into()])).await?;
    Ok(())
}

fn row(entry: &UsageEntry, ordinal: i32, cell: &CellChange) -> Result<Vec<Value>, StoreError> {
    let mut row: Vec<Value> = vec![
        entry.position.into(),
        ordinal.into(),
        entry.recorded.micros().into(),
        cell.subscription.clone().into(),
        cell.workload.clone().into(),
        cell.meter.clone().into(),
        cell.hour.micros().into(),
        (cell.flow == Flow::Level).into(),
        cell.unit.clone().into(),
        cell.currency.map(|currency| currency.code().to_owned()).unwrap_or_default().into(),
    ];
    let costs = [cell.costs.billed, cell.costs.effective, cell.costs.list, cell.costs.contracted];
    for amount in std::iter::once(cell.quantity).chain(costs) {
        match amount {
            Some(amount) => row.extend(exact::bind(amount)?),
            None => row.extend([Value::BigInt(None), Value::BigInt(None), Value::BigInt(None)]),
        }
    }
    Ok(row)
}

/// The usage of these subscriptions as it was recorded up to `known_at`, by the hour.
///
/// # Errors
/// As the database's; a sum that leaves the range of exact decimals.
pub async fn list(
    db: &impl ConnectionTrait,
    subscriptions: &[String],
    known_at: Instant,
) -> Result<Vec<Usage>, StoreError> {
    let mut usage = Vec::new();
    for subscriptions in subscriptions.chunks(SUBSCRIPTIONS) {
        for row in db.query_all_raw(flows(db, subscriptions, known_at)).await? {
            usage.push(read(&row, Flow::Flow)?);
        }
        for row in db.query_all_raw(levels(db, subscriptions, known_at)).await? {
            // A level whose every measurement was taken back is no measurement.
            if row.try_get::<Option<i64>>("", "quantity_units")?.is_some() {
                usage.push(read(&row, Flow::Level)?);
            }
        }
    }
    Ok(usage)
}

fn flows(db: &impl ConnectionTrait, subscriptions: &[String], known_at: Instant) -> Statement {
    let sums = AMOUNTS.map(exact::sums).join(", ");
    let sql = format!(
        "SELECT {SERIES}, MAX(recorded) AS recorded, {sums} FROM usage_cells \
         WHERE level = $1 AND recorded <= $2 AND subscription IN ({}) \
         GROUP BY {SERIES} ORDER BY {SERIES}",
        places(subscriptions.len())
    );
    bind(db, sql, false, subscriptions, known_at)
}

/// Of a level the last measurement of each hour; what it costs adds up like anything else.
fn levels(db: &impl ConnectionTrait, subscriptions: &[String], known_at: Instant) -> Statement {
    let costs = AMOUNTS[1..].iter().map(|cost| exact::sums(cost)).collect::<Vec<_>>().join(", ");
    let last = exact::columns("quantity").map(|column| format!("last.{column} AS {column}")).join(", ");
    let sql = format!(
        "WITH known AS (SELECT *, ROW_NUMBER() OVER (PARTITION BY {SERIES} \
           ORDER BY recorded DESC, position DESC, ordinal DESC) AS age FROM usage_cells \
           WHERE level = $1 AND recorded <= $2 AND subscription IN ({})), \
         spent AS (SELECT {SERIES}, {costs} FROM known GROUP BY {SERIES}) \
         SELECT last.subscription, last.workload, last.meter, last.unit, last.currency, last.start, last.recorded, \
           {last}, {} FROM known AS last JOIN spent ON {} WHERE last.age = 1 \
         ORDER BY last.subscription, last.workload, last.meter, last.unit, last.currency, last.start",
        places(subscriptions.len()),
        AMOUNTS[1..]
            .iter()
            .flat_map(|cost| exact::columns(cost))
            .map(|column| format!("spent.{column} AS {column}"))
            .collect::<Vec<_>>()
            .join(", "),
        SERIES.split(", ").map(|column| format!("spent.{column} = last.{column}")).collect::<Vec<_>>().join(" AND "),
    );
    bind(db, sql, true, subscriptions, known_at)
}

/// `$3, $4, ...`
fn places(count: usize) -> String {
    (3..count + 3).map(|at| format!("${at}")).collect::<Vec<_>>().join(", ")
}

fn bind(db: &impl ConnectionTrait, sql: String, level: bool, of: &[String], known_at: Instant) -> Statement {
    let mut values: Vec<Value> = vec![level.into(), known_at.micros().into()];
    values.extend(of.iter().map(|subscription| Value::from(subscription.clone())));
    Statement::from_sql_and_values(db.get_database_backend(), sql, values)
}

fn read(row: &QueryResult, flow: Flow) -> Result<Usage, StoreError> {
    let code: String = row.try_get("", "currency")?;
    Ok(Usage {
        subscription: row.try_get("", "subscription")?,
        workload: row.try_get("", "workload")?,
        meter: row.try_get("", "meter")?,
        start: instant(row.try_get("", "start")?)?,
        grain: Grain::Hour,
        flow,
        quantity: exact::read(row, "quantity")?,
        unit: row.try_get("", "unit")?,
        costs: Costs {
            billed: optional(row, "billed")?,
            effective: optional(row, "effective")?,
            list: optional(row, "list")?,
            contracted: optional(row, "contracted")?,
        },
        currency: currency(&code)?,
        recorded: Recorded::new(instant(row.try_get("", "recorded")?)?, crate::ASSOCIATION),
    })
}

/// A series without costs has no currency. The engine's fact has one all the same and never looks
/// at it, so any serves.
fn currency(code: &str) -> Result<Currency, StoreError> {
    if code.is_empty() {
        return Ok(Currency::USD);
    }
    code.parse().map_err(|_| StoreError::bug(format!("`{code}` is not a currency")))
}

fn optional(row: &QueryResult, amount: &str) -> Result<Option<Decimal>, StoreError> {
    let [units, _, _] = exact::columns(amount);
    match row.try_get::<Option<i64>>("", &units)? {
        Some(_) => exact::read(row, amount).map(Some),
        None => Ok(None),
    }
}
