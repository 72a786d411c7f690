//! Changed rules reach closed periods as corrections that somebody approves.

use sea_orm::DbErr;
use sea_orm::sea_query::{ColumnDef, Index, Table, TableCreateStatement};
use sea_orm_migration::async_trait::async_trait;
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

/// See the module.
pub struct Corrections;

impl MigrationName for Corrections {
    fn name(&self) -> &str {
        "incentive_0002_corrections"
    }
}

fn table(name: &'static str, texts: &[&'static str], numbers: &[&'static str]) -> TableCreateStatement {
    let mut table = Table::create();
    table.table(name);
    for text in texts {
        table.col(ColumnDef::new(*text).text().not_null());
    }
    for number in numbers {
        table.col(ColumnDef::new(*number).big_integer().not_null());
    }
    table
}

fn keyed(mut table: TableCreateStatement, key: &[&'static str]) -> TableCreateStatement {
    let mut primary = Index::create();
    for column in key {
        primary.col(*column);
    }
    table.primary_key(&mut primary);
    table
}

fn corrections() -> TableCreateStatement {
    let mut table = table(
        "corrections",
        &[
            "bundle",
            "first_period",
            "last_period",
            "state",
            "proposer",
            "comment",
            "reviewer",
            "review_comment",
            "failure",
        ],
        &["number", "known", "line_count", "progress", "cancel_requested", "created", "revision"],
    );
    for name in ["reviewed", "run"] {
        table.col(ColumnDef::new(name).big_integer().null());
    }
    keyed(table, &["number"])
}

#[async_trait]
impl MigrationTrait for Corrections {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let totals = table("correction_totals", &["period", "plan", "currency"], &["correction", "issued", "due"]);
        // The lines themselves stand with all others; here is what only a correction says about each.
        let amounts = table("correction_amounts", &["period"], &["correction", "number", "issued", "due"]);
        manager.create_table(corrections()).await?;
        manager.create_table(keyed(totals, &["correction", "period", "plan"])).await?;
        manager.create_table(keyed(amounts, &["correction", "number"])).await?;
        let mut by_state = Index::create();
        by_state.name("corrections_by_state").table("corrections").col("state");
        manager.create_index(by_state).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in ["corrections", "correction_totals", "correction_amounts"] {
            manager.drop_table(Table::drop().table(name).to_owned()).await?;
        }
        Ok(())
    }
}
