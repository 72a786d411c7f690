//! What evaluation decided: scorecards with their history, awards, notices.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(scorecards()).await?;
        let newest = Index::create()
            .name("scorecards_newest")
            .table("scorecards")
            .col("program")
            .col("partner")
            .unique()
            .and_where(Expr::col("newest").eq(true))
            .to_owned();
        manager.create_index(newest).await?;
        manager.create_table(awards()).await?;
        let newest = Index::create()
            .name("awards_newest")
            .table("awards")
            .col("partner")
            .col("award")
            .unique()
            .and_where(Expr::col("newest").eq(true))
            .to_owned();
        manager.create_index(newest).await?;
        for (name, column) in [("awards_badge", "badge"), ("awards_division", "division")] {
            let index = Index::create().name(name).table("awards").col(column).to_owned();
            manager.create_index(index).await?;
        }
        manager.create_table(notices()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["scorecards", "awards", "notices"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// Every revision of every scorecard; `newest` marks the last one of each.
fn scorecards() -> TableCreateStatement {
    Table::create()
        .table("scorecards")
        .col(ColumnDef::new("program").text().not_null())
        .col(ColumnDef::new("partner").text().not_null())
        .col(ColumnDef::new("revision").big_integer().not_null())
        .col(ColumnDef::new("newest").boolean().not_null())
        .col(ColumnDef::new("result_hash").text().not_null())
        .col(ColumnDef::new("bundle_hash").text().not_null())
        .col(ColumnDef::new("as_of").big_integer().not_null())
        .col(ColumnDef::new("known_at").big_integer().not_null())
        .col(ColumnDef::new("updated").big_integer().not_null())
        .col(ColumnDef::new("payload").binary().not_null())
        .primary_key(Index::create().col("program").col("partner").col("revision"))
        .to_owned()
}

/// Every revision of every award; `newest` marks the last one of each.
fn awards() -> TableCreateStatement {
    Table::create()
        .table("awards")
        .col(ColumnDef::new("partner").text().not_null())
        .col(ColumnDef::new("award").text().not_null())
        .col(ColumnDef::new("revision").big_integer().not_null())
        .col(ColumnDef::new("newest").boolean().not_null())
        .col(ColumnDef::new("badge").text().not_null())
        .col(ColumnDef::new("ordinal").big_integer().not_null())
        .col(ColumnDef::new("program").text().not_null())
        .col(ColumnDef::new("award_kind").text().not_null())
        .col(ColumnDef::new("division").text().not_null())
        .col(ColumnDef::new("division_title").text().not_null())
        .col(ColumnDef::new("level").text().not_null())
        .col(ColumnDef::new("state").text().not_null())
        .col(ColumnDef::new("start").big_integer().not_null())
        .col(ColumnDef::new("ends").big_integer())
        .col(ColumnDef::new("qualified").big_integer().not_null())
        .col(ColumnDef::new("anniversary").big_integer())
        .col(ColumnDef::new("bundle_hash").text().not_null())
        .col(ColumnDef::new("rule").text().not_null())
        .col(ColumnDef::new("badge_shown").boolean().not_null())
        .col(ColumnDef::new("level_shown").boolean().not_null())
        .col(ColumnDef::new("created").big_integer().not_null())
        .col(ColumnDef::new("updated").big_integer().not_null())
        .primary_key(Index::create().col("partner").col("award").col("revision"))
        .to_owned()
}

fn notices() -> TableCreateStatement {
    Table::create()
        .table("notices")
        .col(ColumnDef::new("partner").text().not_null())
        .col(ColumnDef::new("notice").text().not_null())
        .col(ColumnDef::new("subject").text().not_null())
        .col(ColumnDef::new("award").text().not_null())
        .col(ColumnDef::new("rule").text().not_null())
        .col(ColumnDef::new("text").text().not_null())
        .col(ColumnDef::new("created").big_integer().not_null())
        .col(ColumnDef::new("due").big_integer())
        .col(ColumnDef::new("acknowledged").big_integer())
        .col(ColumnDef::new("revision").big_integer().not_null())
        .primary_key(Index::create().col("partner").col("notice"))
        .to_owned()
}
