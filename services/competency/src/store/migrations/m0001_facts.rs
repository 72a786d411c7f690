//! What was followed from other services, by recorded time.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(facts()).await?;
        for key in ["partner", "parent", "learner", "customer", "subscription"] {
            let index = Index::create()
                .name(format!("facts_{key}"))
                .table("facts")
                .col(key)
                .col("kind")
                .col("recorded")
                .to_owned();
            manager.create_index(index).await?;
        }
        let versions = Index::create()
            .name("facts_versions")
            .table("facts")
            .col("aggregate")
            .col("kind")
            .col("revision")
            .unique()
            .to_owned();
        manager.create_index(versions).await?;
        let (bytes, by_key) = match manager.get_database_backend() {
            sea_orm::DbBackend::Sqlite => ("BLOB", "WITHOUT ROWID"),
            _ => ("BYTEA", ""),
        };
        for table in USAGE {
            let table = table.replace("{bytes}", bytes).replace("{by_key}", by_key);
            manager.get_connection().execute_unprepared(&table).await?;
        }
        manager.create_table(accounts()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["facts", "usage_parts", "usage_places", "usage_batches", "accounts"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// Every version of every followed state, and every entry but usage.
fn facts() -> TableCreateStatement {
    Table::create()
        .table("facts")
        .col(ColumnDef::new("feed").text().not_null())
        .col(ColumnDef::new("position").big_integer().not_null())
        .col(ColumnDef::new("kind").text().not_null())
        .col(ColumnDef::new("aggregate").text().not_null())
        .col(ColumnDef::new("revision").big_integer().not_null())
        .col(ColumnDef::new("recorded").big_integer().not_null())
        .col(ColumnDef::new("withdrawn").boolean().not_null())
        .col(ColumnDef::new("partner").text())
        .col(ColumnDef::new("parent").text())
        .col(ColumnDef::new("learner").text())
        .col(ColumnDef::new("customer").text())
        .col(ColumnDef::new("subscription").text())
        .col(ColumnDef::new("payload").binary().not_null())
        .primary_key(Index::create().col("feed").col("position"))
        .to_owned()
}

/// The differences that usage batches made to rollup cells: which batches are here, the bucket of each subscription by
/// its mark, and the parts of each bucket. Written out, because the parts are kept in the order of their key.
const USAGE: [&str; 3] = [
    "CREATE TABLE usage_batches (batch TEXT NOT NULL PRIMARY KEY, position BIGINT NOT NULL, buckets {bytes} NOT NULL)",
    "CREATE TABLE usage_places (mark BIGINT NOT NULL PRIMARY KEY, bucket BIGINT NOT NULL) {by_key}",
    "CREATE TABLE usage_parts (bucket BIGINT NOT NULL, position BIGINT NOT NULL, recorded BIGINT NOT NULL, \
     content {bytes} NOT NULL, PRIMARY KEY (bucket, position)) {by_key}",
];

/// The newest version of every account: who owns what now, and what badges show.
fn accounts() -> TableCreateStatement {
    Table::create()
        .table("accounts")
        .col(ColumnDef::new("partner").text().not_null().primary_key())
        .col(ColumnDef::new("parent").text())
        .col(ColumnDef::new("display_name").text().not_null())
        .col(ColumnDef::new("region_code").text().not_null())
        .col(ColumnDef::new("roles").text().not_null())
        .col(ColumnDef::new("active").boolean().not_null())
        .col(ColumnDef::new("revision").big_integer().not_null())
        .to_owned()
}
