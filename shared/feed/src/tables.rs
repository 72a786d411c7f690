//! The feed's own tables, the same on both engines. Every service has them.

use sea_orm::sea_query::{ColumnDef, Index, Table, TableCreateStatement};
use sea_orm::{ConnectionTrait, DbBackend, DbErr};
use sea_orm_migration::async_trait::async_trait;
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

/// The migrations of the feed's tables. A service that publishes or follows puts them into its
/// list, before its own.
pub fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(Outbox), Box::new(Followers)]
}

/// What a service publishes.
struct Outbox;

impl MigrationName for Outbox {
    fn name(&self) -> &str {
        "feed_0001_outbox"
    }
}

#[async_trait]
impl MigrationTrait for Outbox {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(head()).await?;
        manager.create_table(event()).await?;
        let connection = manager.get_connection();
        for statement in [
            // The one row; a name and an epoch are given when the feed is first opened.
            "INSERT INTO feed_head (id, feed, epoch, last_position, horizon, sealed_micros) \
             VALUES (1, '', '', 0, 0, 0)",
            "CREATE UNIQUE INDEX feed_event_revision ON feed_event (aggregate, revision)",
            "CREATE UNIQUE INDEX feed_event_position ON feed_event (position)",
            "CREATE INDEX feed_event_kind ON feed_event (kind, position)",
            // What has no position yet: always few rows, and none on SQLite.
            "CREATE INDEX feed_event_pending ON feed_event (ticket) WHERE position IS NULL",
        ] {
            connection.execute_unprepared(statement).await?;
        }
        if connection.get_database_backend() == DbBackend::Postgres {
            // Payloads are read as often as they are written: squeezing them costs more than it saves.
            let plain = "ALTER TABLE feed_event ALTER COLUMN payload SET STORAGE EXTERNAL";
            connection.execute_unprepared(plain).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["feed_event", "feed_head"]).await
    }
}

/// What a service has applied of the feeds of others.
struct Followers;

impl MigrationName for Followers {
    fn name(&self) -> &str {
        "feed_0002_followers"
    }
}

#[async_trait]
impl MigrationTrait for Followers {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [follower(), seen("feed_applied"), seen("feed_listed"), parked()] {
            manager.create_table(table).await?;
        }
        let connection = manager.get_connection();
        for statement in [
            "CREATE INDEX feed_applied_aggregate ON feed_applied (feed, aggregate, revision)",
            "CREATE INDEX feed_listed_aggregate ON feed_listed (feed, aggregate, revision)",
            "CREATE INDEX feed_parked_position ON feed_parked (feed, position)",
        ] {
            connection.execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["feed_parked", "feed_listed", "feed_applied", "feed_follower"]).await
    }
}

async fn drop_tables(manager: &SchemaManager<'_>, names: &[&'static str]) -> Result<(), DbErr> {
    for name in names {
        manager.drop_table(Table::drop().table(*name).to_owned()).await?;
    }
    Ok(())
}

fn text(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().not_null().to_owned()
}

fn number(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().to_owned()
}

fn head() -> TableCreateStatement {
    Table::create()
        .table("feed_head")
        .col(number("id").primary_key())
        .col(text("feed"))
        .col(text("epoch"))
        .col(number("last_position"))
        // Changes up to here may have been compacted: cursors before it have expired.
        .col(number("horizon"))
        // No later change is recorded at or before this instant.
        .col(number("sealed_micros"))
        .to_owned()
}

fn event() -> TableCreateStatement {
    Table::create()
        .table("feed_event")
        // The order of insertion, never shown: transactions commit in another order.
        .col(number("ticket").auto_increment().primary_key())
        .col(text("event_id"))
        .col(ColumnDef::new("position").big_integer())
        .col(ColumnDef::new("recorded_micros").big_integer())
        .col(number("operation_micros"))
        .col(text("kind"))
        .col(text("aggregate"))
        .col(number("revision"))
        .col(text("nature"))
        .col(ColumnDef::new("payload").binary().not_null())
        .col(text("trace_parent"))
        .to_owned()
}

fn follower() -> TableCreateStatement {
    Table::create()
        .table("feed_follower")
        .col(text("feed").primary_key())
        .col(text("cursor"))
        .col(number("position"))
        .col(number("head_position"))
        // Everything recorded up to here is applied.
        .col(number("applied_micros"))
        // `follow`, or a step of the resync: `index`, `forget`, `fill`.
        .col(text("phase"))
        .col(text("page_token"))
        // The kinds that were applied, to notice when a new version wants more.
        .col(text("kinds"))
        .col(text("holder"))
        .col(number("fence"))
        .col(number("lease_micros"))
        .to_owned()
}

/// Which changes were applied, or which the producer lists during a resync.
fn seen(name: &'static str) -> TableCreateStatement {
    Table::create()
        .table(name)
        .col(text("feed"))
        .col(text("event_id"))
        .col(text("kind"))
        .col(text("aggregate"))
        .col(number("revision"))
        .primary_key(Index::create().col("feed").col("event_id"))
        .to_owned()
}

fn parked() -> TableCreateStatement {
    Table::create()
        .table("feed_parked")
        .col(text("feed"))
        .col(text("event_id"))
        .col(number("position"))
        // `failed`, `blocked`, `unread`, or `skipped` by an operator.
        .col(text("cause"))
        .col(text("aggregate"))
        .col(text("kind"))
        .col(ColumnDef::new("change").binary().not_null())
        .col(text("error"))
        .col(number("attempts"))
        .col(number("parked_micros"))
        .primary_key(Index::create().col("feed").col("event_id"))
        .to_owned()
}
