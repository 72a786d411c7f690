//! Lines and totals carry as what they are paid.

use sea_orm::DbErr;
use sea_orm::sea_query::{ColumnDef, Table};
use sea_orm_migration::async_trait::async_trait;
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

/// See the module.
pub struct EarningTypes;

impl MigrationName for EarningTypes {
    fn name(&self) -> &str {
        "incentive_0005_earning_types"
    }
}

const TABLES: [&str; 3] = ["statement_lines", "run_payments", "statement_totals"];

#[async_trait]
impl MigrationTrait for EarningTypes {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES {
            let mut alter = Table::alter();
            // What was recorded before names none.
            alter.table(table).add_column(ColumnDef::new("earning_types").text().not_null().default(""));
            manager.alter_table(alter).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES {
            manager.alter_table(Table::alter().table(table).drop_column("earning_types").to_owned()).await?;
        }
        Ok(())
    }
}
