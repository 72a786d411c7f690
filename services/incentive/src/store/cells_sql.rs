//! Set-based reads of usage: exact sums by hour as known at an instant.

use ::store::StoreError;
use program::facts::{Costs, Flow};
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use values::{Decimal, Instant};

use super::cells::{Cell, Series};
use super::columns;

const AMOUNTS: [&str; 5] = ["quantity", "billed", "effective", "list", "contracted"];

/// Which usage is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The subscriptions, at most a few hundred.
    pub subscriptions: &'a [String],
    /// The first hour.
    pub from: Instant,
    /// The first hour after.
    pub until: Instant,
    /// Recorded up to here.
    pub up_to: Instant,
}

/// Every hour of the asked subscriptions with the sums of what was recorded up to then. The quantity of
/// a level is left out here: see [`last_levels`].
///
/// # Errors
/// The database's, or a sum that leaves its range.
pub async fn hours<C: ConnectionTrait>(connection: &C, asked: Asked<'_>) -> Result<Vec<Cell>, StoreError> {
    let sums: Vec<String> = AMOUNTS.iter().map(|amount| ::store::exact::sums(amount)).collect();
    let (condition, values) = condition(asked);
    let sql = format!(
        "SELECT subscription, workload, meter, meter_kind, unit, currency, hour, {} FROM usage_cells \
         WHERE {condition} GROUP BY subscription, workload, meter, meter_kind, unit, currency, hour \
         ORDER BY subscription, workload, meter, meter_kind, unit, currency, hour",
        sums.join(", ")
    );
    let rows = connection
        .query_all_raw(Statement::from_sql_and_values(connection.get_database_backend(), sql, values))
        .await?;
    rows.iter()
        .map(|row| {
            let mut cell = cell(row)?;
            if cell.series.flow == Flow::Level {
                cell.quantity = None;
            }
            Ok(cell)
        })
        .collect()
}

/// The last measurement of every hour of a level recorded up to then; hours in which none is left have
/// no quantity.
///
/// # Errors
/// The database's.
pub async fn last_levels<C: ConnectionTrait>(connection: &C, asked: Asked<'_>) -> Result<Vec<Cell>, StoreError> {
    let columns: Vec<String> = AMOUNTS.iter().flat_map(|amount| ::store::exact::columns(amount)).collect();
    let (condition, values) = condition(asked);
    let sql = format!(
        "SELECT subscription, workload, meter, meter_kind, unit, currency, hour, {} FROM usage_cells \
         WHERE {condition} AND meter_kind = 'LEVEL' \
         ORDER BY subscription, workload, meter, meter_kind, unit, currency, hour, recorded, position",
        columns.join(", ")
    );
    let rows = connection
        .query_all_raw(Statement::from_sql_and_values(connection.get_database_backend(), sql, values))
        .await?;
    let mut last: Vec<Cell> = Vec::new();
    for row in &rows {
        let next = cell(row)?;
        match last.last_mut() {
            Some(before) if before.series == next.series && before.hour == next.hour => *before = next,
            _ => last.push(next),
        }
    }
    Ok(last)
}

/// The earliest hour that anything recorded inside `(after, up_to]` is about.
///
/// # Errors
/// The database's.
pub async fn touched<C: ConnectionTrait>(
    connection: &C,
    after: Instant,
    up_to: Instant,
) -> Result<Option<Instant>, StoreError> {
    let sql = "SELECT MIN(hour) AS hour FROM usage_cells WHERE recorded > $1 AND recorded <= $2";
    let values = [Value::from(after.micros()), Value::from(up_to.micros())];
    let row = connection
        .query_one_raw(Statement::from_sql_and_values(connection.get_database_backend(), sql, values))
        .await?;
    let hour: Option<i64> = match row {
        Some(row) => row.try_get("", "hour")?,
        None => None,
    };
    hour.map(columns::instant).transpose()
}

fn condition(asked: Asked<'_>) -> (String, Vec<Value>) {
    let mut values: Vec<Value> =
        vec![asked.from.micros().into(), asked.until.micros().into(), asked.up_to.micros().into()];
    let places: Vec<String> = (4..4 + asked.subscriptions.len()).map(|place| format!("${place}")).collect();
    values.extend(asked.subscriptions.iter().map(|subscription| Value::from(subscription.clone())));
    let list = if places.is_empty() { "NULL".to_owned() } else { places.join(", ") };
    (format!("hour >= $1 AND hour < $2 AND recorded <= $3 AND subscription IN ({list})"), values)
}

fn cell(row: &QueryResult) -> Result<Cell, StoreError> {
    let kind: String = row.try_get("", "meter_kind")?;
    let series = Series {
        subscription: row.try_get("", "subscription")?,
        workload: row.try_get("", "workload")?,
        meter: row.try_get("", "meter")?,
        flow: if kind == super::cells::flow_name(Flow::Level) { Flow::Level } else { Flow::Flow },
        unit: row.try_get("", "unit")?,
        currency: row.try_get("", "currency")?,
    };
    Ok(Cell {
        series,
        hour: columns::instant(row.try_get("", "hour")?)?,
        quantity: amount(row, "quantity")?,
        costs: Costs {
            billed: amount(row, "billed")?,
            effective: amount(row, "effective")?,
            list: amount(row, "list")?,
            contracted: amount(row, "contracted")?,
        },
    })
}

fn amount(row: &QueryResult, name: &str) -> Result<Option<Decimal>, StoreError> {
    let mut parts = [None; 3];
    for (part, column) in parts.iter_mut().zip(::store::exact::columns(name)) {
        *part = row.try_get::<Option<i64>>("", &column)?;
    }
    columns::maybe_decimal(parts)
}
