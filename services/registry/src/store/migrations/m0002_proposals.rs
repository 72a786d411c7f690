//! Bundles are proposed and approved before they become current.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, text, text_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

fn bundle_proposal() -> TableCreateStatement {
    let mut table = Table::create();
    table.table(Alias::new("bundle_proposal"));
    for name in ["id", "bundle_hash", "state", "proposer", "comment", "reviewer", "review_comment"] {
        table.col(text(Alias::new(name)));
    }
    table.col(text_null(Alias::new("base_hash")));
    table.col(big_integer_null(Alias::new("reviewed_at"))).col(big_integer_null(Alias::new("published_at")));
    for name in ["sequence", "created_at", "updated_at", "revision"] {
        table.col(big_integer(Alias::new(name)));
    }
    table.primary_key(Index::create().col(Alias::new("id")));
    table
}

fn index(column: &str, unique: bool) -> IndexCreateStatement {
    let mut index = Index::create();
    index.table(Alias::new("bundle_proposal")).name(format!("bundle_proposal_by_{column}")).col(Alias::new(column));
    if unique {
        index.unique();
    }
    index
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(bundle_proposal()).await?;
        manager.create_index(index("sequence", true)).await?;
        manager.create_index(index("bundle_hash", false)).await?;
        let mut bundle = Table::alter();
        // Bundles that became current before there were proposals have none.
        bundle.table(Alias::new("bundle")).add_column(text_null(Alias::new("proposal_id")));
        manager.alter_table(bundle).await
    }

    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Err(DbErr::Migration("who approved what is not taken back: drop the database instead".to_owned()))
    }
}
