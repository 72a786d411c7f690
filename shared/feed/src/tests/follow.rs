//! Following: each change once, in order, with its place.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use store::{Engine, StoreError};

use super::support::{
    ENTRY, Notes, Running, RunningFollower, by_aggregate, effects, feed_changes, now, open, pairs, state, write,
};
use crate::{NewChange, append_all, direct, remote};

#[tokio::test]
async fn effects_follow_commits_through_a_real_connection() {
    for (producer, consumer) in pairs().await {
        let (producer, consumer) = (open(&producer).await, open(&consumer).await);
        let running = Running::start(&producer).await;
        let channel = connect(&running).await;
        let notes = Arc::new(Notes::default());
        let follower = RunningFollower::start(&consumer, remote(channel), notes.clone());
        let mut delays = Vec::new();
        for round in 0..100 {
            let begun = std::time::Instant::now();
            write(&producer, &format!("items/{}", round % 7), now()).await;
            follower.following.reached(round + 1).await.expect("the follower runs");
            delays.push(begun.elapsed());
        }
        delays.sort_unstable();
        println!(
            "{:?}: commit to effect, median {:?}, 99th percentile {:?}",
            producer.engine(),
            delays[50],
            delays[98]
        );
        // A tick or a heartbeat that is waited for would show as tens or thousands of milliseconds.
        assert!(delays[50] < Duration::from_millis(250), "{delays:?}");
        let all = effects(&consumer).await;
        assert_eq!(all.iter().map(|effect| effect.position).collect::<Vec<_>>(), (1..=100).collect::<Vec<_>>());
        let known = now();
        let passed = follower.following.passed(known).await.expect("the feed seals");
        assert!(passed.applied >= Some(known));
        follower.stop().await;
        running.stop().await;
    }
}

/// A client of a server with nothing but the feed, over a stream in memory.
async fn connect(running: &Running) -> tonic::transport::Channel {
    let (client, server) = tokio::io::duplex(256 * 1024);
    let incoming = tokio_stream::once(Ok::<_, std::io::Error>(server));
    let server = tonic::transport::Server::builder().add_service(running.feed.server());
    tokio::spawn(async move { server.serve_with_incoming(incoming).await });
    let mut client = Some(client);
    let connector = tower::service_fn(move |_: tonic::codegen::http::Uri| {
        let client = client.take().ok_or_else(|| std::io::Error::other("one connection only"));
        async move { client.map(hyper_util::rt::TokioIo::new) }
    });
    tonic::transport::Endpoint::from_static("http://feed").connect_with_connector(connector).await.expect("connects")
}

#[tokio::test]
async fn a_follower_a_hundred_thousand_changes_behind_catches_up() {
    const CHANGES: i64 = 100_000;
    for (producer, consumer) in pairs().await {
        let (producer, consumer) = (open(&producer).await, open(&consumer).await);
        for chunk in 0..CHANGES / 1_000 {
            let written = producer.transact(|tx| {
                Box::pin(async move {
                    let change = |index: i64| {
                        let index = chunk * 1_000 + index;
                        // One in a hundred has an effect; the others are passed by.
                        if index % 100 == 0 {
                            state(&format!("items/{}", index / 100 % 5), index / 500 + 1, now())
                        } else {
                            let entry = proto::feed::v1::Checkpoint { position: index, ..Default::default() };
                            NewChange::entry(format!("entries/{index}"), now(), &entry)
                        }
                    };
                    append_all(&tx, (0..1_000).map(change).collect()).await
                })
            });
            let written: Result<(), StoreError> = written.await;
            written.expect("a thousand changes are written");
        }
        let running = Running::start(&producer).await;
        let notes = Arc::new(Notes { ignored: vec![ENTRY], ..Notes::default() });
        let begun = std::time::Instant::now();
        let follower = RunningFollower::start(&consumer, remote(connect(&running).await), notes);
        follower.caught_up().await;
        println!("{:?}: {CHANGES} changes in {:?}", producer.engine(), begun.elapsed());
        assert_eq!(follower.following.progress().position, CHANGES);
        let by_aggregate = by_aggregate(&effects(&consumer).await);
        assert_eq!(by_aggregate.len(), 5);
        for (aggregate, revisions) in by_aggregate {
            assert_eq!(revisions, (1..=CHANGES / 500).collect::<Vec<_>>(), "{aggregate}");
        }
        follower.stop().await;
        running.stop().await;
    }
}

#[tokio::test]
async fn one_replica_is_active_and_another_takes_over() {
    for (producer, consumer) in pairs().await {
        if consumer.engine == Engine::Sqlite {
            // A SQLite file has one process, and with it one follower of a feed.
            continue;
        }
        let (producer, first, second) = (open(&producer).await, open(&consumer).await, open(&consumer).await);
        let running = Running::start(&producer).await;
        let (busy, idle) = (Arc::new(Notes::default()), Arc::new(Notes::default()));
        let lease = Duration::from_secs(3);
        let active = RunningFollower::with_lease(&first, direct(running.feed.clone()), busy.clone(), lease);
        write(&producer, "items/a", now()).await;
        active.following.reached(1).await.expect("it runs");
        let standby = RunningFollower::with_lease(&second, direct(running.feed.clone()), idle.clone(), lease);
        for _ in 0..20 {
            write(&producer, "items/a", now()).await;
        }
        active.following.reached(21).await.expect("it runs");
        standby.following.reached(21).await.expect("it sees what the other has done");
        assert_eq!(idle.applications.load(Ordering::Relaxed), 0, "two were active");

        active.kill().await;
        write(&producer, "items/a", now()).await;
        standby.following.reached(22).await.expect("it takes over");
        assert_eq!(idle.applications.load(Ordering::Relaxed), 1);
        let revisions = by_aggregate(&effects(&first).await);
        assert_eq!(revisions["items/a"], (1..=22).collect::<Vec<_>>());
        standby.stop().await;
        running.stop().await;
    }
}

#[tokio::test]
async fn a_kind_that_was_ignored_is_read_from_the_past_when_it_is_wanted() {
    for (producer, consumer) in pairs().await {
        let (producer, consumer) = (open(&producer).await, open(&consumer).await);
        let running = Running::start(&producer).await;
        let entry = NewChange::entry("entries/1", now(), &proto::feed::v1::Checkpoint::default());
        let entry = &entry;
        let written: Result<(), StoreError> = producer
            .transact(|tx| {
                Box::pin(async move {
                    append_all(&tx, vec![state("items/a", 1, now()), entry.clone(), state("items/b", 1, now())]).await
                })
            })
            .await;
        written.expect("it is written");
        let before = Arc::new(Notes { ignored: vec![ENTRY], ..Notes::default() });
        let follower = RunningFollower::start(&consumer, direct(running.feed.clone()), before);
        follower.caught_up().await;
        follower.stop().await;
        assert_eq!(effects(&consumer).await.len(), 2);

        let after = Arc::new(Notes { also: vec![ENTRY], ..Notes::default() });
        let follower = RunningFollower::start(&consumer, direct(running.feed.clone()), after.clone());
        let known = now();
        follower.following.passed(known).await.expect("it runs");
        let all = effects(&consumer).await;
        assert_eq!(all.len(), 3, "{:?}: {all:?}", producer.engine());
        assert_eq!(all[2].aggregate, "entries/1");
        assert_eq!(after.forgotten.load(Ordering::Relaxed), 0);
        assert_eq!(feed_changes(&producer).await.len(), 3);
        follower.stop().await;
        running.stop().await;
    }
}
