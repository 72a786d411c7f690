//! Statements over many rows, in one text for both engines.

use sea_orm::sea_query::ArrayType;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, ExecResult, QueryResult, Statement, Value};

use crate::StoreError;

/// Row counts of the statements a list is cut into. Few sizes mean few statement texts, which the
/// driver then keeps prepared.
const SIZES: [usize; 6] = [4_000, 1_000, 200, 40, 8, 1];

/// The most values that SQLite binds to one statement.
const BOUND: usize = 32_766;

/// The rows of a list in slices of [`SIZES`], each of so few that a statement with 32 values for each can be run.
pub fn slices<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
    slices_of(rows, 32)
}

/// As [`slices`], for rows of so many values.
fn slices_of<T>(mut rows: &[T], width: usize) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = SIZES.into_iter().find(|size| *size <= rows.len() && size * width <= BOUND)?;
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

/// Many rows as one side of a statement: the engine's fastest way to take them. PostgreSQL gets one array for each
/// column, so that a statement of ten thousand rows is as short as one of a single row; SQLite, which has no arrays, gets
/// lists of values.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    columns: Vec<Column>,
}

#[derive(Clone, Debug)]
enum Column {
    Integers(Vec<i64>),
    Bytes(Vec<Vec<u8>>),
    Texts(Vec<String>),
    Flags(Vec<bool>),
}

impl Rows {
    /// Adds a column of integers; every column must have as many rows as the first.
    #[must_use]
    pub fn integers(mut self, values: impl IntoIterator<Item = i64>) -> Rows {
        self.columns.push(Column::Integers(values.into_iter().collect()));
        self
    }

    /// Adds a column of bytes.
    #[must_use]
    pub fn bytes(mut self, values: impl IntoIterator<Item = Vec<u8>>) -> Rows {
        self.columns.push(Column::Bytes(values.into_iter().collect()));
        self
    }

    /// Adds a column of texts.
    #[must_use]
    pub fn texts<T: Into<String>>(mut self, values: impl IntoIterator<Item = T>) -> Rows {
        self.columns.push(Column::Texts(values.into_iter().map(Into::into).collect()));
        self
    }

    /// Adds a column of truths.
    #[must_use]
    pub fn flags(mut self, values: impl IntoIterator<Item = bool>) -> Rows {
        self.columns.push(Column::Flags(values.into_iter().collect()));
        self
    }

    /// Texts and values that stand for the rows behind `INSERT INTO .. (..)`, or in parentheses behind `FROM`, where
    /// both engines call the columns `column1`, `column2` and so on. The last says how many rows each stands for.
    pub fn sources(self, backend: DbBackend) -> Vec<(String, Vec<Value>, u64)> {
        let rows = self.columns.first().map_or(0, Column::len);
        if rows == 0 {
            return Vec::new();
        }
        match backend {
            DbBackend::Postgres => {
                vec![(self.unnest(), self.columns.into_iter().map(Column::array).collect(), rows as u64)]
            }
            _ => self.lists(rows),
        }
    }

    fn unnest(&self) -> String {
        let (mut arrays, mut names) = (Vec::new(), Vec::new());
        for (column, number) in self.columns.iter().zip(1..) {
            arrays.push(format!("${number}::{}[]", column.kind()));
            names.push(format!("column{number}"));
        }
        format!("SELECT * FROM UNNEST({}) AS row ({})", arrays.join(", "), names.join(", "))
    }

    fn lists(self, rows: usize) -> Vec<(String, Vec<Value>, u64)> {
        let width = self.columns.len();
        let mut columns = self.columns;
        let places: Vec<usize> = (0..rows).collect();
        slices_of(&places, width)
            .map(|slice| {
                let mut values = Vec::with_capacity(slice.len() * width);
                for place in slice {
                    values.extend(columns.iter_mut().map(|column| column.take(*place)));
                }
                (format!("VALUES {}", tuples(DbBackend::Sqlite, slice.len(), width)), values, slice.len() as u64)
            })
            .collect()
    }
}

impl Column {
    fn len(&self) -> usize {
        match self {
            Column::Integers(values) => values.len(),
            Column::Bytes(values) => values.len(),
            Column::Texts(values) => values.len(),
            Column::Flags(values) => values.len(),
        }
    }

    /// What PostgreSQL calls it.
    fn kind(&self) -> &'static str {
        match self {
            Column::Integers(_) => "BIGINT",
            Column::Bytes(_) => "BYTEA",
            Column::Texts(_) => "TEXT",
            Column::Flags(_) => "BOOLEAN",
        }
    }

    fn take(&mut self, place: usize) -> Value {
        match self {
            Column::Integers(values) => values[place].into(),
            Column::Bytes(values) => std::mem::take(&mut values[place]).into(),
            Column::Texts(values) => std::mem::take(&mut values[place]).into(),
            Column::Flags(values) => values[place].into(),
        }
    }

    fn array(self) -> Value {
        let (kind, values): (_, Vec<Value>) = match self {
            Column::Integers(values) => (ArrayType::BigInt, values.into_iter().map(Value::from).collect()),
            Column::Bytes(values) => (ArrayType::Bytes, values.into_iter().map(Value::from).collect()),
            Column::Texts(values) => (ArrayType::String, values.into_iter().map(Value::from).collect()),
            Column::Flags(values) => (ArrayType::Bool, values.into_iter().map(Value::from).collect()),
        };
        Value::Array(kind, Some(Box::new(values)))
    }
}

/// Runs a statement that inserts rows, written as `INSERT INTO .. (..)` and what comes behind the rows, and says how
/// many it wrote and how many were given.
///
/// # Errors
/// The database's.
pub async fn insert(tx: &DatabaseTransaction, into: &str, rows: Rows, behind: &str) -> Result<Inserted, StoreError> {
    let mut inserted = Inserted::default();
    for (source, values, count) in rows.sources(tx.get_database_backend()) {
        inserted.given += count;
        inserted.written += execute(tx, format!("{into} {source} {behind}"), values).await?.rows_affected();
    }
    Ok(inserted)
}

/// What became of rows that were to be inserted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inserted {
    /// How many rows there were.
    pub given: u64,
    /// How many were inserted or changed.
    pub written: u64,
}

impl Inserted {
    /// Nothing, when all rows were written; otherwise another transaction was faster with one.
    ///
    /// # Errors
    /// [`StoreError::Contended`], so that the transaction runs again and sees what the other one wrote.
    pub fn all_or_contended(self, what: &str) -> Result<(), StoreError> {
        if self.given == self.written {
            return Ok(());
        }
        Err(StoreError::Contended(sea_orm::DbErr::Custom(what.to_owned())))
    }
}

/// Reads what belongs to many keys: `select` names a table as `kept`, `on` compares it with `wanted.column1` and so on.
///
/// # Errors
/// The database's.
pub async fn look_up<C: ConnectionTrait>(
    connection: &C,
    select: &str,
    wanted: Rows,
    on: &str,
) -> Result<Vec<QueryResult>, StoreError> {
    let mut found = Vec::new();
    for (source, values, _) in wanted.sources(connection.get_database_backend()) {
        // A cross join keeps SQLite from reading the table and looking its rows up in the list.
        let sql = select.replace("{wanted}", &format!("({source}) AS wanted CROSS JOIN"));
        found.extend(query(connection, format!("{sql} WHERE {on}"), values).await?);
    }
    Ok(found)
}
