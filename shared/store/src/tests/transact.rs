//! Transactions.

use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, Statement};

use super::{count_of, sql, stores};
use crate::{Engine, Store, StoreError};

/// An error of a service, as services write theirs.
#[derive(Debug, thiserror::Error)]
enum OpError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("refused")]
    Refused,
    #[error("wrapped")]
    Wrapped(#[source] StoreError),
}

impl From<DbErr> for OpError {
    fn from(error: DbErr) -> OpError {
        OpError::Store(error.into())
    }
}

#[tokio::test]
async fn an_error_rolls_everything_back_and_rings_no_bell() {
    for (database, store) in stores().await {
        let bell = store.commits();
        let (store, insert) = (&store, "INSERT INTO tally (name, count) VALUES ('a', 1)");
        let refused: Result<(), OpError> = store
            .transact(|tx| {
                Box::pin(async move {
                    tx.execute_raw(sql(store, insert)).await?;
                    Err(OpError::Refused)
                })
            })
            .await;
        assert!(matches!(refused, Err(OpError::Refused)), "{database:?}");
        assert_eq!(count_of(store, "a").await, None);
        assert!(!bell.has_changed().expect("the store is open"));

        let done: Result<(), OpError> = store
            .transact(|tx| {
                Box::pin(async move {
                    tx.execute_raw(sql(store, insert)).await?;
                    Ok(())
                })
            })
            .await;
        done.expect("it commits");
        assert_eq!(count_of(store, "a").await, Some(1));
        assert!(bell.has_changed().expect("the store is open"));
    }
}

#[tokio::test]
async fn a_taken_key_is_named_by_its_table_on_both_engines() {
    for (database, store) in stores().await {
        let store = &store;
        let twice: Result<(), OpError> = store
            .transact(|tx| {
                Box::pin(async move {
                    tx.execute_raw(sql(store, "INSERT INTO tally (name, count) VALUES ('a', 1)")).await?;
                    tx.execute_raw(sql(store, "INSERT INTO tally (name, count) VALUES ('a', 2)")).await?;
                    Ok(())
                })
            })
            .await;
        match twice {
            Err(OpError::Store(error)) => assert!(error.is_unique_in("tally"), "{database:?}: {error:?}"),
            other => panic!("{database:?}: {other:?}"),
        }
        let missing: Result<(), OpError> = store
            .transact(|tx| {
                Box::pin(async move {
                    tx.execute_raw(sql(store, "INSERT INTO tally (name, count) VALUES ('a', NULL)")).await?;
                    Ok(())
                })
            })
            .await;
        match missing {
            Err(OpError::Store(StoreError::Conflict { table, .. })) => assert_eq!(table, "tally", "{database:?}"),
            other => panic!("{database:?}: {other:?}"),
        }
        let wrong = store.read().query_all_raw(sql(store, "SELECT nothing FROM tally")).await;
        assert!(matches!(wrong.map_err(StoreError::from), Err(StoreError::Bug(_))), "{database:?}");
    }
}

async fn add_one(store: &Store, tries: &AtomicU32) -> Result<(), OpError> {
    let added = store.transact_serializable(|tx| {
        Box::pin(async move {
            tries.fetch_add(1, Ordering::Relaxed);
            let row = tx.query_one_raw(sql(store, "SELECT count FROM tally WHERE name = 'a'")).await?;
            let count: i64 = row.ok_or(OpError::Refused)?.try_get("", "count")?;
            let values = [(count + 1).into()];
            let update = "UPDATE tally SET count = $1 WHERE name = 'a'";
            tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), update, values)).await?;
            Ok(())
        })
    });
    added.await
}

#[tokio::test]
async fn those_who_meet_are_run_again_until_all_have_committed() {
    const WRITERS: i64 = 8;
    for (database, store) in stores().await {
        let setup = sql(&store, "INSERT INTO tally (name, count) VALUES ('a', 0)");
        store.inner.writer.execute_raw(setup).await.expect("it is inserted");
        let tries = std::sync::Arc::new(AtomicU32::new(0));
        let mut tasks = Vec::new();
        for _ in 0..WRITERS {
            // A program of its own: another store on the same database.
            let (database, tries) = (database.clone(), tries.clone());
            tasks.push(tokio::spawn(async move {
                let store = database.open().await?;
                for _ in 0..5 {
                    add_one(&store, &tries).await?;
                }
                Ok::<_, OpError>(())
            }));
        }
        for task in tasks {
            task.await.expect("the task does not panic").expect("every writer gets through");
        }
        assert_eq!(count_of(&store, "a").await, Some(WRITERS * 5), "{database:?}");
        if database.engine == Engine::Postgres {
            let tries = i64::from(tries.load(Ordering::Relaxed));
            assert!(tries > WRITERS * 5, "nobody met anybody: {tries}");
        }
    }
}

/// Contention as the engine reports it on PostgreSQL, and as the store reports it.
async fn meet(store: &Store, tx: &DatabaseTransaction) -> Result<(), OpError> {
    if store.engine() == Engine::Postgres {
        let raise = "DO $$ BEGIN RAISE EXCEPTION 'met' USING ERRCODE = '40P01'; END $$";
        tx.execute_raw(sql(store, raise)).await?;
    }
    Err(OpError::Wrapped(StoreError::Contended(DbErr::Custom("met".to_owned()))))
}

#[tokio::test]
async fn contention_is_recognized_through_the_callers_own_error() {
    for (database, store) in stores().await {
        let (store, tries) = (&store, &AtomicU32::new(0));
        let done: Result<u32, OpError> = store
            .transact(|tx| {
                Box::pin(async move {
                    let attempt = tries.fetch_add(1, Ordering::Relaxed);
                    if attempt < 2 {
                        meet(store, &tx).await?;
                    }
                    Ok(attempt)
                })
            })
            .await;
        assert_eq!(done.expect("the third attempt gets through"), 2, "{database:?}");
    }
}
