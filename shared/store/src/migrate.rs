//! Bringing a schema up to date, once, however many replicas start together.

use sea_orm::sea_query::{ColumnDef, Index, Table};
use sea_orm::{ConnectionTrait, DbErr, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait};
use sea_orm_migration::async_trait::async_trait;
use sea_orm_migration::{MigrationName, MigrationTrait, MigratorTrait, SchemaManager};

use crate::{Engine, Store, StoreError};

/// The advisory lock on PostgreSQL under which schemas change: the letters of `accolade`.
const LOCK: i64 = 0x6163_636f_6c61_6465;

/// How a database's schema compares to what this binary needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaState {
    /// Every migration is applied.
    Current,
    /// So many migrations are missing: not ready.
    Behind(usize),
    /// A newer binary has applied so many more. Fields are only added, so this binary works.
    Ahead(usize),
}

impl SchemaState {
    /// Whether this binary can serve on the schema.
    pub fn is_ready(self) -> bool {
        !matches!(self, SchemaState::Behind(_))
    }
}

impl Store {
    /// Applies what is missing of a service's migrations, in one transaction: after an interruption
    /// there is either the old schema or the new one. On PostgreSQL an advisory lock lets
    /// one replica do it while the others wait.
    ///
    /// # Errors
    /// Whatever the database says about a migration.
    pub async fn migrate<M: MigratorTrait>(&self) -> Result<(), StoreError> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let transaction = self.inner.writer.begin_with_options(options).await?;
        if self.engine() == Engine::Postgres {
            transaction.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({LOCK})")).await?;
        }
        let applied = applied_names::<M, _>(&transaction).await?;
        let known = M::migrations();
        let ahead = applied.iter().filter(|name| !known.iter().any(|known| known.name() == *name)).count();
        if ahead == 0 {
            M::up(&transaction, None).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Compares the schema to a service's migrations.
    ///
    /// # Errors
    /// Whatever the database says.
    pub async fn schema<M: MigratorTrait>(&self) -> Result<SchemaState, StoreError> {
        let applied = applied_names::<M, _>(self.read()).await?;
        let known: Vec<String> = M::migrations().iter().map(|known| known.name().to_owned()).collect();
        let missing = known.iter().filter(|name| !applied.contains(name)).count();
        let ahead = applied.iter().filter(|name| !known.contains(name)).count();
        Ok(match (missing, ahead) {
            (0, 0) => SchemaState::Current,
            (0, ahead) => SchemaState::Ahead(ahead),
            (missing, _) => SchemaState::Behind(missing),
        })
    }
}

/// The names of the migrations that a database has seen; none when it is empty.
async fn applied_names<M: MigratorTrait, C: ConnectionTrait>(connection: &C) -> Result<Vec<String>, DbErr> {
    let backend = connection.get_database_backend();
    let table = M::migration_table_name().to_string();
    let there = match backend {
        sea_orm::DbBackend::Postgres => {
            "SELECT 1 FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = $1"
        }
        _ => "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1",
    };
    let there = Statement::from_sql_and_values(backend, there, [table.clone().into()]);
    if connection.query_one_raw(there).await?.is_none() {
        return Ok(Vec::new());
    }
    let names = Statement::from_string(backend, format!("SELECT version FROM {table}"));
    let rows = connection.query_all_raw(names).await?;
    rows.iter().map(|row| row.try_get("", "version")).collect()
}

/// The migrations of this crate's own table. Every service that uses [`Store::once`] puts them at
/// the head of its list.
pub fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(OnceTable)]
}

struct OnceTable;

impl MigrationName for OnceTable {
    fn name(&self) -> &str {
        "store_0001_once"
    }
}

#[async_trait]
impl MigrationTrait for OnceTable {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("store_once")
            .col(ColumnDef::new("caller").text().not_null())
            .col(ColumnDef::new("method").text().not_null())
            .col(ColumnDef::new("request_id").text().not_null())
            .col(ColumnDef::new("request_hash").text().not_null())
            .col(ColumnDef::new("reply").binary().not_null())
            .col(ColumnDef::new("created_micros").big_integer().not_null())
            .primary_key(Index::create().col("caller").col("method").col("request_id"))
            .to_owned();
        manager.create_table(table).await?;
        let by_age = Index::create().name("store_once_by_age").table("store_once").col("created_micros").to_owned();
        manager.create_index(by_age).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("store_once").to_owned()).await
    }
}
