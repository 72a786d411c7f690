//! One suite, both engines.

mod exact;
mod once;
mod transact;

use sea_orm::sea_query::{ColumnDef, Table};
use sea_orm::{ConnectionTrait, DbErr, Statement};
use sea_orm_migration::async_trait::async_trait;
use sea_orm_migration::{MigrationName, MigrationTrait, MigratorTrait, SchemaManager};

use crate::testing::{TestDatabase, test_databases};
use crate::{Engine, SchemaState, Store, StoreError, StoreOptions};

/// The schema of these tests.
pub(crate) struct Migrations;

impl MigratorTrait for Migrations {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut all = crate::migrations();
        all.push(Box::new(Tally));
        all
    }
}

/// The same schema as an older binary knows it.
struct OlderMigrations;

impl MigratorTrait for OlderMigrations {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        crate::migrations()
    }
}

struct Tally;

impl MigrationName for Tally {
    fn name(&self) -> &str {
        "tests_0001_tally"
    }
}

#[async_trait]
impl MigrationTrait for Tally {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table
            .table("tally")
            .col(ColumnDef::new("name").text().not_null().primary_key())
            .col(ColumnDef::new("count").big_integer().not_null());
        crate::exact::add_columns(&mut table, "cost");
        manager.create_table(table).await
    }
}

/// A migrated database of each engine.
pub(crate) async fn stores() -> Vec<(TestDatabase, Store)> {
    let mut stores = Vec::new();
    for database in test_databases().await {
        let store = database.open().await.expect("a fresh database opens");
        store.migrate::<Migrations>().await.expect("a fresh database migrates");
        stores.push((database, store));
    }
    stores
}

pub(crate) fn sql(store: &Store, text: &str) -> Statement {
    Statement::from_string(store.engine().backend(), text)
}

pub(crate) async fn count_of(store: &Store, name: &str) -> Option<i64> {
    let row = store.read().query_one_raw(sql(store, &format!("SELECT count FROM tally WHERE name = '{name}'")));
    row.await.expect("the query is right").map(|row| row.try_get("", "count").expect("the column is there"))
}

#[tokio::test]
async fn migrating_together_applies_each_migration_once() {
    for database in test_databases().await {
        let store = database.open().await.expect("a fresh database opens");
        assert_eq!(store.schema::<Migrations>().await.expect("readable"), SchemaState::Behind(2), "{database:?}");
        assert!(!store.schema::<Migrations>().await.expect("readable").is_ready());
        let replicas = (0..4).map(|_| {
            let database = database.clone();
            async move { database.open().await?.migrate::<Migrations>().await }
        });
        for outcome in futures_join(replicas).await {
            outcome.expect("every replica finds a schema that is up to date");
        }
        assert_eq!(store.schema::<Migrations>().await.expect("readable"), SchemaState::Current);
    }
}

async fn futures_join<F: Future<Output = Result<(), StoreError>> + Send + 'static>(
    all: impl Iterator<Item = F>,
) -> Vec<Result<(), StoreError>> {
    let tasks: Vec<_> = all.map(tokio::spawn).collect();
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await.expect("the task does not panic"));
    }
    outcomes
}

#[tokio::test]
async fn an_older_binary_serves_on_a_newer_schema_and_leaves_it_alone() {
    for (database, store) in stores().await {
        let state = store.schema::<OlderMigrations>().await.expect("readable");
        assert_eq!(state, SchemaState::Ahead(1), "{database:?}");
        assert!(state.is_ready());
        store.migrate::<OlderMigrations>().await.expect("nothing is to be done");
        assert_eq!(store.schema::<Migrations>().await.expect("readable"), SchemaState::Current);
    }
}

#[tokio::test]
async fn the_reading_side_of_sqlite_refuses_to_write() {
    for (database, store) in stores().await {
        store.ping().await.expect("the database answers");
        if database.engine == Engine::Sqlite {
            let written = store.read().execute_raw(sql(&store, "INSERT INTO tally (name, count) VALUES ('a', 1)"));
            assert!(written.await.is_err());
        }
    }
}

#[tokio::test]
async fn a_database_in_memory_is_private_and_has_readers_beside_its_writer() {
    let one = Store::open("sqlite::memory:", StoreOptions::default()).await.expect("it opens");
    let other = Store::open("sqlite::memory:", StoreOptions::default()).await.expect("it opens");
    one.migrate::<Migrations>().await.expect("it migrates");
    assert_eq!(other.schema::<Migrations>().await.expect("readable"), SchemaState::Behind(2));
    let store = &one;
    let read_inside = one.transact(|tx| {
        Box::pin(async move {
            tx.execute_raw(sql(store, "INSERT INTO tally (name, count) VALUES ('a', 1)")).await?;
            Ok::<_, StoreError>(count_of(store, "a").await)
        })
    });
    assert_eq!(read_inside.await.expect("it commits"), None, "a reader does not see what is not committed");
    assert_eq!(count_of(&one, "a").await, Some(1));
}

#[tokio::test]
async fn urls_that_cannot_be_used_are_refused_without_their_password() {
    for url in ["mysql://root:secret@host/x", "sqlite:", "postgres://user:secret@[host/x"] {
        let error = Store::open(url, StoreOptions::default()).await.expect_err(url);
        assert!(matches!(error, StoreError::Misconfigured(_)), "{error:?}");
        assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let options = StoreOptions { patience: std::time::Duration::from_secs(1), ..StoreOptions::default() };
    let error = Store::open("postgres://nobody@localhost:1/x", options).await.expect_err("nobody answers");
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
}

#[tokio::test]
async fn a_server_with_another_isolation_by_default_is_refused() {
    for (database, store) in stores().await {
        if database.engine == Engine::Postgres {
            let name = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = %L', \
                        current_database(), 'repeatable read'); END $$";
            store.inner.writer.execute_raw(sql(&store, name)).await.expect("it is set");
            let error = database.open().await.expect_err("locks would not mean what they mean");
            assert!(matches!(error, StoreError::Misconfigured(_)), "{error:?}");
        }
    }
}
