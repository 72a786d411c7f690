//! Exact decimals in columns.
//!
//! SQLite reads its own decimals through a binary float, and no integer of one column is wide
//! enough, so that a decimal `cost` stands in three BIGINT columns, `cost_units`, `cost_nanos` and
//! `cost_attos`. Sums of each column are exact on both engines, and the carries are taken here.

use sea_orm::sea_query::{ColumnDef, TableCreateStatement, Value};
use sea_orm::{DbErr, QueryResult};
use values::Decimal;

use crate::StoreError;

/// The endings of the three columns, in the order of [`Decimal::parts`].
pub const ENDINGS: [&str; 3] = ["units", "nanos", "attos"];

/// The names of the three columns of a decimal.
pub fn columns(name: &str) -> [String; 3] {
    ENDINGS.map(|ending| format!("{name}_{ending}"))
}

/// Adds the three columns of a decimal to a table, not null and zero unless told.
pub fn add_columns(table: &mut TableCreateStatement, name: &str) {
    for column in columns(name) {
        table.col(ColumnDef::new(column).big_integer().not_null().default(0));
    }
}

/// The three values to write for a decimal.
///
/// # Errors
/// [`StoreError::Bug`] for a number of 10¹⁹ and more, which the edge refuses.
pub fn parts(decimal: Decimal) -> Result<[i64; 3], StoreError> {
    decimal.parts().map_err(|error| StoreError::bug(error.to_string()))
}

/// As [`parts`], as bound values of a hand-written statement.
///
/// # Errors
/// As of [`parts`].
pub fn bind(decimal: Decimal) -> Result<[Value; 3], StoreError> {
    Ok(parts(decimal)?.map(Value::from))
}

/// The decimal of three stored or summed values.
///
/// # Errors
/// [`StoreError::Bug`] when the total leaves the range of a decimal.
pub fn decimal(parts: [i64; 3]) -> Result<Decimal, StoreError> {
    Decimal::from_parts(parts).map_err(|error| StoreError::bug(error.to_string()))
}

/// The decimal in a row of a hand-written query, from the columns `name_units` and so on; zero
/// where all three are null, which is what a sum of no rows gives.
///
/// # Errors
/// [`StoreError::Bug`] when the columns are missing or leave the range.
pub fn read(row: &QueryResult, name: &str) -> Result<Decimal, StoreError> {
    let mut found = [0; 3];
    for (place, column) in found.iter_mut().zip(columns(name)) {
        let value: Option<i64> = row.try_get("", &column).map_err(|error: DbErr| StoreError::from(error))?;
        *place = value.unwrap_or(0);
    }
    decimal(found)
}

/// The select list that sums a decimal, under the names that [`read`] expects. The cast is needed
/// because PostgreSQL gives the sum of BIGINT another type.
///
/// ```
/// assert!(store::exact::sums("cost").starts_with("CAST(SUM(cost_units) AS BIGINT) AS cost_units, "));
/// ```
pub fn sums(name: &str) -> String {
    columns(name).map(|column| format!("CAST(SUM({column}) AS BIGINT) AS {column}")).join(", ")
}
