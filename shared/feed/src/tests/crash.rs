//! Everyone crashes at any moment: writers, sequencers, followers, connections. What was committed
//! is delivered, once in effect, in order.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sea_orm::ConnectionTrait;
use store::testing::{TestDatabase, seed};
use store::{Engine, Store, StoreError};

use super::support::{
    Notes, Running, RunningFollower, by_aggregate, effects, feed_changes, items, lift, lives, now, open, pairs, sql,
    state,
};
use crate::{append, direct};

const WRITERS: u64 = 4;
const ROUNDS: usize = 60;

/// What happened, so that the test can show that it tested something.
#[derive(Default)]
struct Happened {
    rollbacks: AtomicU32,
    killed_writers: AtomicU32,
    failed_writers: AtomicU32,
    killed_feeds: AtomicU32,
    killed_followers: AtomicU32,
    killed_connections: AtomicU32,
    waits: AtomicU32,
}

fn count(counter: &AtomicU32) {
    counter.fetch_add(1, Ordering::Relaxed);
}

#[derive(Debug, thiserror::Error)]
enum WriteError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("rolled back on purpose")]
    RolledBack,
}

/// What one transaction of a writer does.
#[derive(Clone)]
struct Script {
    names: Vec<String>,
    hold: Duration,
    rollback: bool,
}

fn script(random: &mut ChaCha8Rng) -> Script {
    let mut names: Vec<String> = Vec::new();
    for _ in 0..random.random_range(1..=3) {
        let name = format!("items/{}", random.random_range(0..5));
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Script { names, hold: Duration::from_micros(random.random_range(0..4_000)), rollback: random.random_bool(0.15) }
}

async fn act(store: Store, script: Script, happened: Arc<Happened>) {
    let (script, waits, begun) = (&script, &happened.waits, std::time::Instant::now());
    let written: Result<(), WriteError> = store
        .transact(|tx| {
            Box::pin(async move {
                let mut begun = begun;
                for name in &script.names {
                    let revision = lift(&tx, name).await?;
                    if begun.elapsed() > Duration::from_millis(3) {
                        count(waits);
                    }
                    append(&tx, state(name, revision, now())).await?;
                    // Others meet us here: this is what makes commits late.
                    lives(script.hold).await;
                    begun = std::time::Instant::now();
                }
                if script.rollback { Err(WriteError::RolledBack) } else { Ok(()) }
            })
        })
        .await;
    match written {
        Ok(()) => {}
        Err(WriteError::RolledBack) => count(&happened.rollbacks),
        // The connection was killed: whether it committed is what the database says.
        Err(WriteError::Store(_)) => count(&happened.failed_writers),
    }
}

async fn writer(store: Store, seed: u64, happened: Arc<Happened>) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    for _ in 0..ROUNDS {
        let task = tokio::spawn(act(store.clone(), script(&mut random), happened.clone()));
        if random.random_bool(0.2) {
            let mut task = task;
            let life = Duration::from_micros(random.random_range(0..6_000));
            if tokio::time::timeout(life, &mut task).await.is_err() {
                task.abort();
                let _ = task.await;
                count(&happened.killed_writers);
            }
        } else {
            task.await.expect("a writer does not panic");
        }
    }
}

/// Opens a database of which connections are being killed.
async fn connect(database: &TestDatabase) -> Store {
    loop {
        if let Ok(store) = database.open().await {
            return store;
        }
    }
}

/// Runs a replica of the feed and kills it at random moments, until told to end.
async fn mortal_feed(database: TestDatabase, seed: u64, end: Arc<AtomicBool>, happened: Arc<Happened>) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let store = connect(&database).await;
    while !end.load(Ordering::Relaxed) {
        let Ok(feed) = crate::Feed::open(&store, crate::FeedConfig::new("tests")).await else { continue };
        let runner = tokio::spawn(async move { feed.run(tokio_util::sync::CancellationToken::new()).await });
        lives(Duration::from_micros(random.random_range(500..30_000))).await;
        runner.abort();
        let _ = runner.await;
        count(&happened.killed_feeds);
    }
}

/// Runs a replica of the follower and kills it at random moments.
async fn mortal_follower(
    database: TestDatabase,
    feed: crate::Feed,
    seed: u64,
    end: Arc<AtomicBool>,
    happened: Arc<Happened>,
) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let store = connect(&database).await;
    while !end.load(Ordering::Relaxed) {
        let follower = RunningFollower::start(&store, direct(feed.clone()), Arc::new(Notes::default()));
        lives(Duration::from_micros(random.random_range(500..40_000))).await;
        follower.kill().await;
        count(&happened.killed_followers);
    }
}

/// Kills connections of a PostgreSQL database in the middle of their statements.
async fn killer(database: TestDatabase, seed: u64, end: Arc<AtomicBool>, happened: Arc<Happened>) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let store = connect(&database).await;
    while !end.load(Ordering::Relaxed) {
        lives(Duration::from_millis(random.random_range(5..40))).await;
        let kill = "SELECT pg_terminate_backend(pid) AS killed FROM pg_stat_activity \
                    WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle' \
                    ORDER BY random() LIMIT 1";
        if let Ok(Some(_)) = store.read().query_one_raw(sql(&store, kill, Vec::new())).await {
            count(&happened.killed_connections);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_crashes_every_commit_is_delivered_once_and_in_order() {
    let seed = seed();
    for (producer, consumer) in pairs().await {
        let happened = Arc::new(Happened::default());
        let end = Arc::new(AtomicBool::new(false));
        let store = open(&producer).await;
        let target = open(&consumer).await;
        let serving = Running::start(&store).await;
        let mut crashing = Vec::new();
        let mut number = seed;
        let mut next = || {
            number = number.wrapping_add(1);
            number
        };
        // On SQLite there is nothing to sequence, and one process that follows.
        let replicas = if producer.engine == Engine::Postgres { 2 } else { 1 };
        for _ in 0..replicas {
            crashing.push(tokio::spawn(mortal_feed(producer.clone(), next(), end.clone(), happened.clone())));
            let feed = serving.feed.clone();
            crashing.push(tokio::spawn(mortal_follower(consumer.clone(), feed, next(), end.clone(), happened.clone())));
        }
        if producer.engine == Engine::Postgres {
            crashing.push(tokio::spawn(killer(producer.clone(), next(), end.clone(), happened.clone())));
            crashing.push(tokio::spawn(killer(consumer.clone(), next(), end.clone(), happened.clone())));
        }
        let writers: Vec<_> =
            (0..WRITERS).map(|_| tokio::spawn(writer(store.clone(), next(), happened.clone()))).collect();
        for writer in writers {
            writer.await.expect("a writer does not panic");
        }
        end.store(true, Ordering::Relaxed);
        for task in crashing {
            task.await.expect("nobody panics");
        }
        let follower = RunningFollower::start(&target, direct(serving.feed.clone()), Arc::new(Notes::default()));
        follower.caught_up().await;
        check(&store, &target).await;
        report(&happened, &store).await;
        follower.stop().await;
        serving.stop().await;
    }
}

/// The database of the producer is the oracle: an item's revision says how many changes it has.
async fn check(store: &Store, target: &Store) {
    let changes = feed_changes(store).await;
    let positions: Vec<i64> = changes.iter().map(|change| change.position).collect();
    let expected: Vec<i64> = (1..).take(changes.len()).collect();
    assert_eq!(positions, expected, "positions are dense");
    assert!(changes.windows(2).all(|pair| pair[0].recorded <= pair[1].recorded), "recorded times never decrease");
    let committed: BTreeMap<String, Vec<i64>> =
        items(store).await.into_iter().map(|(name, revision)| (name, (1..=revision).collect())).collect();
    let effects = effects(target).await;
    assert_eq!(by_aggregate(&effects), committed, "each committed change once, in the order of revisions");
    assert!(effects.windows(2).all(|pair| pair[0].position < pair[1].position), "effects in the order of the feed");
    let delivered: Vec<&str> = effects.iter().map(|effect| effect.event_id.as_str()).collect();
    let published: Vec<&str> = changes.iter().map(|change| change.event_id.as_str()).collect();
    assert_eq!(delivered, published);
}

/// Says what happened, and insists that it did.
async fn report(happened: &Happened, store: &Store) {
    let number = |counter: &AtomicU32| counter.load(Ordering::Relaxed);
    let late = "SELECT COUNT(*) AS late FROM feed_event one WHERE EXISTS (SELECT 1 FROM feed_event other \
                WHERE other.ticket > one.ticket AND other.position < one.position)";
    let row = store.read().query_one_raw(sql(store, late, Vec::new())).await.expect("a query").expect("a row");
    let late: i64 = row.try_get("", "late").expect("a count");
    println!(
        "{:?}: {} changes, {late} late commits, {} lock waits, {} rollbacks, {} writers killed and {} failed, \
         {} feeds, {} followers and {} connections killed",
        store.engine(),
        feed_changes(store).await.len(),
        number(&happened.waits),
        number(&happened.rollbacks),
        number(&happened.killed_writers),
        number(&happened.failed_writers),
        number(&happened.killed_feeds),
        number(&happened.killed_followers),
        number(&happened.killed_connections),
    );
    for (what, counter) in [
        ("rollbacks", &happened.rollbacks),
        ("killed writers", &happened.killed_writers),
        ("killed feeds", &happened.killed_feeds),
        ("killed followers", &happened.killed_followers),
        ("lock waits", &happened.waits),
    ] {
        assert!(number(counter) > 0, "nothing was tested: no {what}");
    }
    if store.engine() == Engine::Postgres {
        assert!(late > 0, "nothing was tested: no commit came late");
        assert!(number(&happened.killed_connections) > 0, "nothing was tested: no connection was killed");
    }
}
