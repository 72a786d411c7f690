//! What a scorecard decides, in short; operations that decide and explain nothing; and simulations of some programs.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let hash = ColumnDef::new("decision_hash").text().not_null().default("").to_owned();
        manager.alter_table(Table::alter().table("scorecards").add_column(hash).to_owned()).await?;
        let only = ColumnDef::new("decisions_only").boolean().not_null().default(false).to_owned();
        manager.alter_table(Table::alter().table("tier_evaluations").add_column(only).to_owned()).await?;
        let programs = ColumnDef::new("programs").text().not_null().default("").to_owned();
        manager.alter_table(Table::alter().table("tier_simulations").add_column(programs).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns =
            [("scorecards", "decision_hash"), ("tier_evaluations", "decisions_only"), ("tier_simulations", "programs")];
        for (table, column) in columns {
            manager.alter_table(Table::alter().table(table).drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
