//! Awards live by days: since when each stands as it does, which loss was announced, and when a partner is
//! to be evaluated although none of its facts changes.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            ColumnDef::new("moved").big_integer().not_null().default(0).to_owned(),
            ColumnDef::new("lost").big_integer().to_owned(),
        ] {
            manager.alter_table(Table::alter().table("awards").add_column(column).to_owned()).await?;
        }
        let due = Table::create()
            .table("due_partners")
            .col(ColumnDef::new("partner").text().not_null().primary_key())
            .col(ColumnDef::new("due").big_integer().not_null())
            .to_owned();
        manager.create_table(due).await?;
        let index = Index::create().name("due_partners_due").table("due_partners").col("due").to_owned();
        manager.create_index(index).await?;
        for statement in BROUGHT_OVER {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for statement in TAKEN_BACK {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        manager.drop_table(Table::drop().table("due_partners").to_owned()).await?;
        for column in ["moved", "lost"] {
            manager.alter_table(Table::alter().table("awards").drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}

/// The states have the engine's names; everybody is due, and was followed to its last scorecard.
const BROUGHT_OVER: [&str; 4] = [
    "UPDATE awards SET state = 'ENROLLED' WHERE state = 'HELD'",
    "UPDATE awards SET state = 'LEGACY' WHERE state = 'RETIRING'",
    "UPDATE awards SET moved = CASE WHEN revision = 1 THEN start ELSE updated END",
    "INSERT INTO due_partners (partner, due) SELECT partner, MAX(updated) FROM scorecards GROUP BY partner",
];

const TAKEN_BACK: [&str; 3] = [
    "UPDATE awards SET state = 'HELD' WHERE state IN ('ENROLLED', 'RENEWAL_DUE', 'IN_GRACE')",
    "UPDATE awards SET state = 'RETIRING' WHERE state = 'LEGACY'",
    "DELETE FROM awards WHERE state IN ('QUALIFIED', 'IN_PROGRESS')",
];
