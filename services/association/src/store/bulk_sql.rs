//! Statements over many rows, in one text for both engines.

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, ExecResult, QueryResult, Statement, Value};
use store::StoreError;

/// Row counts of the statements a list is cut into. Few sizes mean few statement texts, which the
/// driver then keeps prepared. With 22 columns the largest stays below SQLite's 32,766 values.
const SIZES: [usize; 5] = [1_000, 200, 40, 8, 1];

/// The rows of a list in slices of the sizes of [`SIZES`].
pub fn slices<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = SIZES.into_iter().find(|size| *size <= rows.len())?;
        let (slice, rest) = rows.split_at(size);
        rows = rest;
        Some(slice)
    })
}

/// `(?, ?), (?, ?)` for SQLite, `($1, $2), ($3, $4)` for PostgreSQL. SQLite looks names of
/// parameters up one by one, which thousands of numbered ones would make slow.
pub fn tuples(backend: DbBackend, rows: usize, columns: usize) -> String {
    let mut text = String::with_capacity(rows * (columns * 7 + 4));
    let mut number = 0;
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..columns {
            if column > 0 {
                text.push_str(", ");
            }
            number += 1;
            push_parameter(backend, number, &mut text);
        }
        text.push(')');
    }
    text
}

/// `?, ?` or `$1, $2`.
pub fn list(backend: DbBackend, count: usize) -> String {
    let mut text = String::with_capacity(count * 7);
    for number in 1..=count {
        if number > 1 {
            text.push_str(", ");
        }
        push_parameter(backend, number, &mut text);
    }
    text
}

fn push_parameter(backend: DbBackend, number: usize, text: &mut String) {
    match backend {
        DbBackend::Sqlite => text.push('?'),
        _ => {
            text.push('$');
            text.push_str(&number.to_string());
        }
    }
}

/// Runs a statement that writes.
///
/// # Errors
/// The database's.
pub async fn execute(tx: &DatabaseTransaction, sql: String, values: Vec<Value>) -> Result<ExecResult, StoreError> {
    Ok(tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?)
}

/// Runs a statement that reads.
///
/// # Errors
/// The database's.
pub async fn query<C: ConnectionTrait>(
    connection: &C,
    sql: String,
    values: Vec<Value>,
) -> Result<Vec<QueryResult>, StoreError> {
    Ok(connection.query_all_raw(Statement::from_sql_and_values(connection.get_database_backend(), sql, values)).await?)
}
