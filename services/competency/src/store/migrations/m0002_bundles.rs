//! Program documents that were staged, and which of them registry made current when.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let staged = Table::create()
            .table("staged_bundles")
            .col(ColumnDef::new("hash").text().not_null().primary_key())
            .col(ColumnDef::new("staged").big_integer().not_null())
            .to_owned();
        manager.create_table(staged).await?;
        let documents = Table::create()
            .table("bundle_documents")
            .col(ColumnDef::new("hash").text().not_null())
            .col(ColumnDef::new("path").text().not_null())
            .col(ColumnDef::new("text").text().not_null())
            .primary_key(Index::create().col("hash").col("path"))
            .to_owned();
        manager.create_table(documents).await?;
        let register = Table::create()
            .table("bundle_register")
            .col(ColumnDef::new("position").big_integer().not_null().primary_key())
            .col(ColumnDef::new("hash").text().not_null())
            .col(ColumnDef::new("revision").big_integer().not_null())
            .col(ColumnDef::new("effective").big_integer().not_null())
            .col(ColumnDef::new("recorded").big_integer().not_null())
            .to_owned();
        manager.create_table(register).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["staged_bundles", "bundle_documents", "bundle_register"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}
