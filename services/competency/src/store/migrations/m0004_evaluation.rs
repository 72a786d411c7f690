//! Which partners wait to be evaluated, and the operations that evaluate all of them.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let waiting = Table::create()
            .table("waiting_partners")
            .col(ColumnDef::new("partner").text().not_null().primary_key())
            .col(ColumnDef::new("touches").big_integer().not_null())
            .col(ColumnDef::new("recorded").big_integer().not_null())
            .to_owned();
        manager.create_table(waiting).await?;
        let evaluations = Table::create()
            .table("tier_evaluations")
            .col(ColumnDef::new("id").text().not_null().primary_key())
            .col(ColumnDef::new("state").text().not_null())
            .col(ColumnDef::new("programs").text().not_null())
            .col(ColumnDef::new("bundle_hash").text().not_null())
            .col(ColumnDef::new("as_of").big_integer().not_null())
            .col(ColumnDef::new("known_at").big_integer().not_null())
            .col(ColumnDef::new("last_partner").text().not_null())
            .col(ColumnDef::new("partners").big_integer().not_null())
            .col(ColumnDef::new("evaluated").big_integer().not_null())
            .col(ColumnDef::new("changed_scorecards").big_integer().not_null())
            .col(ColumnDef::new("changed_awards").big_integer().not_null())
            .col(ColumnDef::new("result_hash").text().not_null())
            .col(ColumnDef::new("cancel_asked").boolean().not_null())
            .col(ColumnDef::new("error").binary())
            .col(ColumnDef::new("created").big_integer().not_null())
            .col(ColumnDef::new("updated").big_integer().not_null())
            .to_owned();
        manager.create_table(evaluations).await?;
        let failures = Table::create()
            .table("evaluation_failures")
            .col(ColumnDef::new("evaluation").text().not_null())
            .col(ColumnDef::new("program").text().not_null())
            .col(ColumnDef::new("partner").text().not_null())
            .col(ColumnDef::new("rule").text().not_null())
            .col(ColumnDef::new("message").text().not_null())
            .primary_key(Index::create().col("evaluation").col("program").col("partner"))
            .to_owned();
        manager.create_table(failures).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["waiting_partners", "tier_evaluations", "evaluation_failures"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}
