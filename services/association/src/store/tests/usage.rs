//! Usage: deduplication, rollups, replacement, attachment; measured against a bare insert.

use std::time::Instant as Stopwatch;

use sea_orm::{ConnectionTrait, Statement, Value};
use store::testing::test_databases;
use store::{Store, StoreError};
use values::{Currency, Decimal, Instant};

use crate::domain::usage::{Meter, Target, UsageRecord};
use crate::ops::ingest_usage::{Given, Group, Ingested, Outcome, SeriesCache, ingest, prepare};
use crate::store::Migrator;

fn at(micros: i64) -> Instant {
    Instant::from_micros(micros).expect("in range")
}

fn record(id: &str, external: &str, hour: i64, quantity: &str) -> UsageRecord {
    UsageRecord {
        record_id: id.to_owned(),
        target: Target::External { source: "aws".to_owned(), id: external.to_owned() },
        workload: String::new(),
        meter: "requests".to_owned(),
        kind: Meter::Flow,
        unit: "Requests".to_owned(),
        currency: Some(Currency::USD),
        start: at(hour * 3_600_000_000 + 17),
        end: None,
        quantity: quantity.parse().expect("a number"),
        costs: [Some("0.00001605990".parse().expect("a number")), None, None, None],
        replaces: None,
    }
}

async fn take(store: &Store, cache: &SeriesCache, group: &Group) -> Ingested {
    let done: Result<Ingested, StoreError> =
        store.transact(|tx| Box::pin(async move { ingest(&tx, at(0), cache, group).await })).await;
    done.expect("an ingest")
}

#[tokio::test]
async fn bench_first() {
    for database in test_databases().await {
        let store = Store::open(&database.url, store::StoreOptions::default()).await.expect("opens");
        store.migrate::<Migrator>().await.expect("migrates");
        let cache = SeriesCache::default();
        let total = 100_000;
        let mut groups = Vec::new();
        let watch = Stopwatch::now();
        for group in 0..total / 10_000 {
            let given: Vec<Given> = (0..10_000)
                .map(|n| {
                    let n = group * 10_000 + n;
                    let id = blake3::hash(&(n as u64).to_le_bytes()).to_hex();
                    Ok(record(&id[..32], &format!("sub-{}", (n * 7919) % 10_000), 480_000 + n / 1389, "2.5"))
                })
                .collect();
            groups.push(prepare("focus".to_owned(), None, given));
        }
        let prepared = watch.elapsed();
        let watch = Stopwatch::now();
        for group in &groups {
            let done = take(&store, &cache, group).await;
            assert!(done.outcomes.iter().all(|outcome| *outcome == Outcome::Unattached));
            cache.learn(done.learned);
        }
        let ours = watch.elapsed();
        let watch = Stopwatch::now();
        let backend = store.engine().backend();
        let columns = "id, source, subscription, workload, meter, unit, currency, start_at, end_at, \
            quantity_units, quantity_nanos, quantity_attos, billed_units, billed_nanos, billed_attos, \
            effective_units, effective_nanos, effective_attos, list_units, list_nanos, list_attos, \
            contracted_units, contracted_nanos, contracted_attos";
        let texts = "id TEXT, source TEXT, subscription TEXT, workload TEXT, meter TEXT, unit TEXT, currency TEXT, start_at BIGINT, end_at BIGINT, \
            quantity_units BIGINT, quantity_nanos BIGINT, quantity_attos BIGINT, billed_units BIGINT, billed_nanos BIGINT, billed_attos BIGINT, \
            effective_units BIGINT, effective_nanos BIGINT, effective_attos BIGINT, list_units BIGINT, list_nanos BIGINT, list_attos BIGINT, \
            contracted_units BIGINT, contracted_nanos BIGINT, contracted_attos BIGINT";
        store.transact(|tx| Box::pin(async move {
            tx.execute_unprepared(&format!("CREATE TABLE bare (number BIGINT PRIMARY KEY, {texts}, UNIQUE (source, id))")).await?;
            Ok::<_, StoreError>(())
        })).await.expect("table");
        for group in &groups {
            store.transact(|tx| Box::pin(async move {
                for slice in group.rows().chunks(1000) {
                    let sql = format!("INSERT INTO bare (number, {columns}) VALUES {}", crate::store::bulk_sql::tuples(backend, slice.len(), 25));
                    let mut values: Vec<Value> = Vec::with_capacity(25_000);
                    for row in slice {
                        let r = &row.record;
                        let number = i64::from_le_bytes(row.key.0[..8].try_into().expect("8 bytes"));
                        values.extend([number.into(), r.record_id.as_str().into(), "focus".into(), "subscription".into(), r.workload.as_str().into(), r.meter.as_str().into(), r.unit.as_str().into(), "USD".into(), r.start.micros().into(), Value::BigInt(None)]);
                        values.extend(store::exact::bind(r.quantity)?);
                        for c in r.costs { values.extend(store::exact::bind(c.unwrap_or(Decimal::ZERO))?); }
                    }
                    tx.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
                }
                Ok::<_, StoreError>(())
            })).await.expect("insert");
        }
        let bare = watch.elapsed();
        eprintln!("{:?}: prepare {prepared:?} ours {ours:?} bare {bare:?} ratio {}", store.engine(), bare.as_micros() * 100 / ours.as_micros());
    }
}
