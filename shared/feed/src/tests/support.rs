//! A producer that counts revisions, and a follower that writes down every effect it has.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use proto::feed::v1 as wire;
use sea_orm::sea_query::{ColumnDef, Table};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, Statement};
use sea_orm_migration::{MigrationName, MigrationTrait, MigratorTrait, SchemaManager};
use store::testing::{TestDatabase, test_databases};
use store::{Store, StoreError};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::async_trait;
use values::Instant;

use crate::{
    Apply, ApplyError, Change, Feed, FeedConfig, Follower, FollowerConfig, Following, NewChange, Source, append,
};

/// The kind of the states that the tests publish.
pub(super) const STATE: &str = "accolade.feed.v1.Head";
/// The kind of the entries.
pub(super) const ENTRY: &str = "accolade.feed.v1.Checkpoint";

pub(super) struct Migrations;

impl MigratorTrait for Migrations {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut all = crate::migrations();
        all.push(Box::new(TestTables));
        all
    }
}

struct TestTables;

impl MigrationName for TestTables {
    fn name(&self) -> &str {
        "tests_0001"
    }
}

#[async_trait]
impl MigrationTrait for TestTables {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let item = Table::create()
            .table("item")
            .col(ColumnDef::new("name").text().not_null().primary_key())
            .col(ColumnDef::new("revision").big_integer().not_null())
            .to_owned();
        // Without any key: an effect that happens twice is written down twice.
        let effect = Table::create()
            .table("effect")
            .col(ColumnDef::new("seq").big_integer().not_null().auto_increment().primary_key())
            .col(ColumnDef::new("aggregate").text().not_null())
            .col(ColumnDef::new("revision").big_integer().not_null())
            .col(ColumnDef::new("event_id").text().not_null())
            .col(ColumnDef::new("position").big_integer().not_null())
            .to_owned();
        manager.create_table(item).await?;
        manager.create_table(effect).await
    }
}

pub(super) async fn open(database: &TestDatabase) -> Store {
    let store = database.open().await.expect("the database opens");
    store.migrate::<Migrations>().await.expect("the schema applies");
    store
}

/// A producer and a follower, each on a database of its own, of the same engine.
pub(super) async fn pairs() -> Vec<(TestDatabase, TestDatabase)> {
    test_databases().await.into_iter().zip(test_databases().await).collect()
}

pub(super) fn sql(store: &Store, text: &str, values: Vec<sea_orm::Value>) -> Statement {
    Statement::from_sql_and_values(store.engine().backend(), text, values)
}

pub(super) fn at(text: &str) -> Instant {
    text.parse().expect("an instant")
}

pub(super) fn now() -> Instant {
    crate::clock::system()
}

/// How long something lives, or is held, before what comes next happens to it. Nothing is waited
/// for with it: the time is part of what is tested.
pub(super) async fn lives(span: std::time::Duration) {
    let _ = tokio::time::timeout(span, std::future::pending::<()>()).await;
}

/// A running feed, stopped with its handle.
pub(super) struct Running {
    pub(super) feed: Feed,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    pub(super) async fn start(store: &Store) -> Running {
        Running::with(store, FeedConfig::new("tests")).await
    }

    pub(super) async fn with(store: &Store, config: FeedConfig) -> Running {
        let feed = Feed::open(store, config).await.expect("the feed opens");
        let stop = CancellationToken::new();
        let (runner, token) = (feed.clone(), stop.clone());
        let task = tokio::spawn(async move { runner.run(token).await });
        Running { feed, stop, task }
    }

    pub(super) async fn stop(self) {
        self.stop.cancel();
        self.task.await.expect("the feed's task does not panic");
    }
}

/// A running follower.
pub(super) struct RunningFollower {
    pub(super) follower: Follower,
    pub(super) following: Following,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl RunningFollower {
    pub(super) fn start(store: &Store, source: Arc<dyn Source>, apply: Arc<dyn Apply>) -> RunningFollower {
        RunningFollower::with_lease(store, source, apply, std::time::Duration::from_millis(400))
    }

    /// With a lease that also a busy machine prolongs in time.
    pub(super) fn with_lease(
        store: &Store,
        source: Arc<dyn Source>,
        apply: Arc<dyn Apply>,
        lease: std::time::Duration,
    ) -> RunningFollower {
        let config =
            FollowerConfig { retry_pause: std::time::Duration::from_millis(1), lease, ..FollowerConfig::new("tests") };
        let follower = Follower::new(store, source, config, apply);
        let stop = CancellationToken::new();
        let (runner, token) = (follower.clone(), stop.clone());
        let task = tokio::spawn(async move { runner.run(token).await });
        RunningFollower { following: follower.following(), follower, stop, task }
    }

    pub(super) async fn caught_up(&self) {
        let caught_up = self.following.caught_up();
        tokio::time::timeout(std::time::Duration::from_secs(60), caught_up)
            .await
            .expect("the follower catches up within a minute")
            .expect("the follower runs");
    }

    pub(super) async fn stop(self) {
        self.stop.cancel();
        self.task.await.expect("the follower's task does not panic");
    }

    pub(super) async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

/// Adds one to an item's revision, which locks it, and returns the new one.
pub(super) async fn lift(tx: &DatabaseTransaction, name: &str) -> Result<i64, StoreError> {
    let lift = "INSERT INTO item (name, revision) VALUES ($1, 1) \
                ON CONFLICT (name) DO UPDATE SET revision = item.revision + 1 RETURNING revision";
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), lift, [name.into()]);
    let row = tx.query_one_raw(statement).await?.ok_or_else(|| StoreError::bug("no row"))?;
    Ok(row.try_get("", "revision")?)
}

/// A change of an item at a revision.
pub(super) fn state(name: &str, revision: i64, now: Instant) -> NewChange {
    let message = wire::Head { name: name.to_owned(), position: revision, ..wire::Head::default() };
    NewChange::state(name, revision, now, &message)
}

/// Writes one revision of an item and returns its number.
pub(super) async fn write(store: &Store, name: &str, now: Instant) -> i64 {
    let written = store.transact(|tx| {
        Box::pin(async move {
            let revision = lift(&tx, name).await?;
            append(&tx, state(name, revision, now)).await?;
            Ok::<_, StoreError>(revision)
        })
    });
    written.await.expect("the change is written")
}

/// The revisions of all items.
pub(super) async fn items(store: &Store) -> BTreeMap<String, i64> {
    let rows = store.read().query_all_raw(sql(store, "SELECT name, revision FROM item", Vec::new())).await;
    rows.expect("a query")
        .iter()
        .map(|row| (row.try_get("", "name").expect("a name"), row.try_get("", "revision").expect("a revision")))
        .collect()
}

/// One effect of a follower.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Effect {
    pub(super) aggregate: String,
    pub(super) revision: i64,
    pub(super) event_id: String,
    pub(super) position: i64,
}

/// All effects in their order.
pub(super) async fn effects(store: &Store) -> Vec<Effect> {
    let select = "SELECT aggregate, revision, event_id, position FROM effect ORDER BY seq";
    let rows = store.read().query_all_raw(sql(store, select, Vec::new())).await.expect("a query");
    rows.iter()
        .map(|row| Effect {
            aggregate: row.try_get("", "aggregate").expect("an aggregate"),
            revision: row.try_get("", "revision").expect("a revision"),
            event_id: row.try_get("", "event_id").expect("an event id"),
            position: row.try_get("", "position").expect("a position"),
        })
        .collect()
}

/// The revisions of each aggregate in the order of their effects.
pub(super) fn by_aggregate(effects: &[Effect]) -> BTreeMap<String, Vec<i64>> {
    let mut all: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for effect in effects {
        all.entry(effect.aggregate.clone()).or_default().push(effect.revision);
    }
    all
}

/// What a feed holds.
pub(super) async fn feed_changes(store: &Store) -> Vec<Change> {
    crate::history(store.read(), &[], 0, 1_000_000).await.expect("the feed is read")
}

/// Writes every effect down, and fails where it is told to.
#[derive(Default)]
pub(super) struct Notes {
    /// Kinds beside [`STATE`] that are applied.
    pub(super) also: Vec<&'static str>,
    pub(super) ignored: Vec<&'static str>,
    /// The aggregate that fails while `failing` is set.
    pub(super) poison: Option<&'static str>,
    pub(super) failing: AtomicBool,
    pub(super) applications: AtomicUsize,
    pub(super) forgotten: AtomicUsize,
    pub(super) kinds: std::sync::OnceLock<Vec<&'static str>>,
}

#[async_trait]
impl Apply for Notes {
    fn kinds(&self) -> &[&str] {
        self.kinds.get_or_init(|| std::iter::once(STATE).chain(self.also.iter().copied()).collect())
    }

    fn ignored(&self) -> &[&str] {
        &self.ignored
    }

    async fn apply(&self, tx: &DatabaseTransaction, change: &Change) -> Result<(), ApplyError> {
        self.applications.fetch_add(1, Ordering::Relaxed);
        let insert = "INSERT INTO effect (aggregate, revision, event_id, position) VALUES ($1, $2, $3, $4)";
        let values = [
            change.aggregate.clone().into(),
            change.revision.into(),
            change.event_id.clone().into(),
            change.position.into(),
        ];
        tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), insert, values)).await?;
        if self.failing.load(Ordering::Relaxed) && self.poison == Some(change.aggregate.as_str()) {
            return Err(ApplyError::refused("poison"));
        }
        Ok(())
    }

    async fn forget(&self, tx: &DatabaseTransaction, _kind: &str, aggregate: &str) -> Result<(), ApplyError> {
        self.forgotten.fetch_add(1, Ordering::Relaxed);
        let delete = "DELETE FROM effect WHERE aggregate = $1";
        tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), delete, [aggregate.into()])).await?;
        Ok(())
    }
}
