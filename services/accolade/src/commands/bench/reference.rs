//! The bare insert that ingestion is measured against: the same columns with a primary key and a unique
//! `(source, record_id)`, in one table, a thousand rows a statement, ten thousand a transaction, durable.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use sea_orm::{ConnectionTrait, Statement, Value};
use store::{Store, StoreOptions, Tx};
use values::Decimal;

use super::ingest::Sample;

const ROWS_A_STATEMENT: u64 = 1_000;
const ROWS_A_TRANSACTION: u64 = 10_000;

/// Text columns, then integers, then exact numbers of three integers each: those of a usage record.
const TEXTS: [&str; 8] = ["source", "record_id", "subscription", "workload", "meter", "meter_kind", "unit", "currency"];
const INTEGERS: [&str; 2] = ["start_micros", "end_micros"];
const NUMBERS: [&str; 5] = ["quantity", "billed", "effective", "list", "contracted"];

/// Inserts so many records into a fresh table and says how long it took.
///
/// # Errors
/// When the database cannot be reached or refuses.
pub async fn run(url: &str, records: u64) -> Result<Duration> {
    let store = Store::open(url, StoreOptions::default()).await.context("cannot open the reference's database")?;
    let columns = columns();
    store
        .transact(|tx| {
            let sql = definition(&columns);
            Box::pin(async move {
                for statement in sql {
                    tx.execute_unprepared(&statement).await?;
                }
                Ok::<(), store::StoreError>(())
            })
        })
        .await?;
    let started = Instant::now();
    for first in (0..records).step_by(ROWS_A_TRANSACTION as usize) {
        let last = records.min(first + ROWS_A_TRANSACTION);
        let columns = &columns;
        store
            .transact(|tx| {
                Box::pin(async move {
                    for first in (first..last).step_by(ROWS_A_STATEMENT as usize) {
                        insert(tx, columns, first..last.min(first + ROWS_A_STATEMENT)).await?;
                    }
                    Ok::<(), store::StoreError>(())
                })
            })
            .await?;
    }
    Ok(started.elapsed())
}

fn columns() -> Vec<String> {
    let numbers = NUMBERS.iter().flat_map(|name| ["units", "nanos", "attos"].map(|part| format!("{name}_{part}")));
    let plain = TEXTS.iter().chain(&INTEGERS).map(|name| (*name).to_owned());
    std::iter::once("id".to_owned()).chain(plain).chain(numbers).collect()
}

fn definition(columns: &[String]) -> Vec<String> {
    let typed = columns.iter().map(|name| match name.as_str() {
        "id" => "id BIGINT PRIMARY KEY".to_owned(),
        name if TEXTS.contains(&name) => format!("{name} TEXT NOT NULL"),
        name => format!("{name} BIGINT NOT NULL"),
    });
    let all: Vec<String> = typed.collect();
    vec![format!("CREATE TABLE bare_usage ({}, UNIQUE (source, record_id))", all.join(", "))]
}

async fn insert(tx: Tx<'_, '_>, columns: &[String], ids: std::ops::Range<u64>) -> Result<(), store::StoreError> {
    let sqlite = tx.get_database_backend() == sea_orm::DbBackend::Sqlite;
    let mut values: Vec<Value> = Vec::new();
    let mut tuples = Vec::new();
    for id in ids {
        let before = values.len();
        push(&mut values, id);
        // SQLite looks numbered parameters up one by one: thousands of them would slow the reference down.
        let place = |number: usize| if sqlite { "?".to_owned() } else { format!("${number}") };
        let places: Vec<String> = (before + 1..=values.len()).map(place).collect();
        tuples.push(format!("({})", places.join(",")));
    }
    // A repeated record is told by its key, as ingestion tells it.
    let sql = format!(
        "INSERT INTO bare_usage ({}) VALUES {} ON CONFLICT (source, record_id) DO NOTHING",
        columns.join(","),
        tuples.join(",")
    );
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}

fn push(values: &mut Vec<Value>, id: u64) {
    let sample = Sample::of(id);
    values.push(i64::try_from(id).unwrap_or(i64::MAX).into());
    let texts = [
        super::ingest::SOURCE.to_owned(),
        sample.record_id(),
        sample.subscription_name(),
        sample.workload().to_owned(),
        sample.meter().to_owned(),
        "flow".to_owned(),
        "Hours".to_owned(),
        "USD".to_owned(),
    ];
    values.extend(texts.map(Value::from));
    values.extend([sample.start().micros(), sample.end().micros()].map(Value::from));
    for number in [sample.quantity(), sample.cost(), sample.cost(), sample.cost(), Decimal::ZERO] {
        // The sample's numbers are small.
        values.extend(number.parts().unwrap_or_default().map(Value::from));
    }
}
