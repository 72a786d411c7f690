//! What plans advance, recover and forfeit stands beside what they pay and carry.

use sea_orm::DbErr;
use sea_orm::sea_query::{ColumnDef, Table};
use sea_orm_migration::async_trait::async_trait;
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

/// See the module.
pub struct Payouts;

impl MigrationName for Payouts {
    fn name(&self) -> &str {
        "incentive_0004_payouts"
    }
}

const TABLES: [&str; 2] = ["run_payments", "statement_totals"];
const COLUMNS: [&str; 3] = ["advanced", "recovered", "forfeited"];

#[async_trait]
impl MigrationTrait for Payouts {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES {
            for column in COLUMNS {
                let mut alter = Table::alter();
                // Nothing of the kind was paid before there were columns for it.
                alter.table(table).add_column(ColumnDef::new(column).big_integer().not_null().default(0));
                manager.alter_table(alter).await?;
            }
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES {
            for column in COLUMNS {
                manager.alter_table(Table::alter().table(table).drop_column(column).to_owned()).await?;
            }
        }
        Ok(())
    }
}
