//! Simulations of staged bundles: what was asked, how far they are, and the result.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let simulations = Table::create()
            .table("tier_simulations")
            .col(ColumnDef::new("id").text().not_null().primary_key())
            .col(ColumnDef::new("state").text().not_null())
            .col(ColumnDef::new("bundle_hash").text().not_null())
            .col(ColumnDef::new("compared_hash").text().not_null())
            .col(ColumnDef::new("as_of").big_integer().not_null())
            .col(ColumnDef::new("known_at").big_integer().not_null())
            .col(ColumnDef::new("partners").big_integer().not_null())
            .col(ColumnDef::new("judged").big_integer().not_null())
            .col(ColumnDef::new("cancel_asked").boolean().not_null())
            .col(ColumnDef::new("result").binary())
            .col(ColumnDef::new("created").big_integer().not_null())
            .to_owned();
        manager.create_table(simulations).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("tier_simulations").to_owned()).await
    }
}
