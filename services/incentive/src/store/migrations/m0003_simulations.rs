//! Simulations of staged bundles: what was asked, how far it is, and the result.

use sea_orm::DbErr;
use sea_orm::sea_query::{ColumnDef, Index, Table};
use sea_orm_migration::async_trait::async_trait;
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

/// See the module.
pub struct Simulations;

impl MigrationName for Simulations {
    fn name(&self) -> &str {
        "incentive_0003_simulations"
    }
}

#[async_trait]
impl MigrationTrait for Simulations {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table.table("simulations");
        for text in ["bundle", "first_period", "last_period", "state", "failure"] {
            table.col(ColumnDef::new(text).text().not_null());
        }
        for number in ["number", "progress", "cancel_requested", "created"] {
            table.col(ColumnDef::new(number).big_integer().not_null());
        }
        table.col(ColumnDef::new("result").binary().null());
        table.primary_key(Index::create().col("number"));
        manager.create_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("simulations").to_owned()).await
    }
}
