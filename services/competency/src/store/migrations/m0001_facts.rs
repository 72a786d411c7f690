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
        manager.create_table(usage_cells()).await?;
        let cells = Index::create()
            .name("usage_cells_subscription")
            .table("usage_cells")
            .col("subscription")
            .col("recorded")
            .to_owned();
        manager.create_index(cells).await?;
        let batches = Table::create()
            .table("usage_batches")
            .col(ColumnDef::new("batch").text().not_null().primary_key())
            .col(ColumnDef::new("position").big_integer().not_null())
            .to_owned();
        manager.create_table(batches).await?;
        manager.create_table(accounts()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["facts", "usage_cells", "usage_batches", "accounts"] {
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

/// The differences that usage batches made to rollup cells.
fn usage_cells() -> TableCreateStatement {
    let mut table = Table::create();
    table
        .table("usage_cells")
        .col(ColumnDef::new("position").big_integer().not_null())
        .col(ColumnDef::new("ordinal").integer().not_null())
        .col(ColumnDef::new("recorded").big_integer().not_null())
        .col(ColumnDef::new("subscription").text().not_null())
        .col(ColumnDef::new("workload").text().not_null())
        .col(ColumnDef::new("meter").text().not_null())
        .col(ColumnDef::new("start").big_integer().not_null())
        .col(ColumnDef::new("level").boolean().not_null())
        .col(ColumnDef::new("unit").text().not_null())
        .col(ColumnDef::new("currency").text().not_null());
    // Null: a level without a measurement left, a cost that no record says.
    for amount in ["quantity", "billed", "effective", "list", "contracted"] {
        for column in store::exact::columns(amount) {
            table.col(ColumnDef::new(column).big_integer());
        }
    }
    table.primary_key(Index::create().col("position").col("ordinal"));
    table.to_owned()
}

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
