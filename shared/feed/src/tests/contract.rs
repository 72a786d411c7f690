//! What the feed promises to a reader.

use std::time::Duration;

use futures::StreamExt;
use proto::feed::v1 as wire;
use rpc::wire::{instant, timestamp};
use store::StoreError;
use tonic::Status;

use super::support::{ENTRY, Running, STATE, at, feed_changes, lives, now, open, state, write};
use crate::{FeedConfig, FeedError, NewChange, append, append_all, begin_epoch, compact, direct};

fn watch(cursor: &str, kinds: &[&str]) -> wire::WatchChangesRequest {
    let kinds = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    wire::WatchChangesRequest { feed: "feeds/tests".to_owned(), cursor: cursor.to_owned(), kinds }
}

fn reason(status: &Status) -> String {
    rpc::fault::reason_of(status).unwrap_or_default()
}

/// The next message, which must come soon.
async fn next(stream: &mut crate::watch::WatchStream) -> Result<wire::WatchChangesResponse, Status> {
    let message = tokio::time::timeout(Duration::from_secs(20), stream.next()).await;
    message.expect("a message comes within twenty seconds").expect("the stream goes on")
}

/// Reads a stream until so many changes have come, and returns them with the last cursor.
async fn read(stream: &mut crate::watch::WatchStream, count: usize) -> (Vec<wire::Change>, String) {
    let mut changes = Vec::new();
    let mut cursor = String::new();
    while changes.len() < count {
        if let Some(wire::watch_changes_response::Item::Batch(batch)) = next(stream).await.expect("a message").item {
            changes.extend(batch.changes);
            cursor = batch.checkpoint.expect("a checkpoint").cursor;
        }
    }
    (changes, cursor)
}

#[tokio::test]
async fn a_watch_resumes_behind_its_cursor_and_sees_each_change_once() {
    for database in store::testing::test_databases().await {
        let store = open(&database).await;
        let running = Running::start(&store).await;
        let source = direct(running.feed.clone());
        for _ in 0..3 {
            write(&store, "items/a", now()).await;
        }
        let mut stream = source.watch(watch("", &[])).await.expect("a stream");
        let (changes, cursor) = read(&mut stream, 3).await;
        drop(stream);
        assert_eq!(changes.iter().map(|change| change.position).collect::<Vec<_>>(), [1, 2, 3], "{database:?}");
        assert_eq!(changes.iter().map(|change| change.revision).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(changes[0].kind, STATE);

        write(&store, "items/b", now()).await;
        let mut stream = source.watch(watch(&cursor, &[])).await.expect("a stream");
        write(&store, "items/a", now()).await;
        let (changes, _) = read(&mut stream, 2).await;
        assert_eq!(changes.iter().map(|change| change.position).collect::<Vec<_>>(), [4, 5], "{database:?}");
        running.stop().await;
        let ended = loop {
            if let Err(status) = next(&mut stream).await {
                break status;
            }
        };
        assert_eq!(ended.code(), tonic::Code::Unavailable, "a stream ends with the service");
    }
}

#[tokio::test]
async fn kinds_filter_changes_but_not_checkpoints_and_a_pull_reads_the_same() {
    for database in store::testing::test_databases().await {
        let store = open(&database).await;
        let running = Running::start(&store).await;
        let mixed = store.transact(|tx| {
            Box::pin(async move {
                let entry = NewChange::entry("entries/1", now(), &wire::Checkpoint::default());
                append_all(&tx, vec![state("items/a", 1, now()), entry, state("items/b", 1, now())]).await
            })
        });
        mixed.await.expect("it is written");
        let source = direct(running.feed.clone());
        let mut stream = source.watch(watch("", &[ENTRY])).await.expect("a stream");
        let (changes, _) = read(&mut stream, 1).await;
        assert_eq!((changes[0].position, changes[0].kind.as_str()), (2, ENTRY), "{database:?}");
        assert_eq!(changes[0].nature(), wire::change::Nature::Entry);
        loop {
            if let Some(wire::watch_changes_response::Item::Checkpoint(checkpoint)) =
                next(&mut stream).await.expect("one").item
                && checkpoint.position == 3
            {
                break;
            }
        }
        let pull = |cursor: &str, kinds: Vec<String>| wire::PullChangesRequest {
            feed: "feeds/tests".to_owned(),
            cursor: cursor.to_owned(),
            kinds,
            max_change_count: 2,
        };
        let first = running.feed.pull(pull("", Vec::new())).await.expect("a reply");
        assert_eq!(first.changes.len(), 2);
        let cursor = first.checkpoint.expect("a checkpoint").cursor;
        let second = running.feed.pull(pull(&cursor, Vec::new())).await.expect("a reply");
        assert_eq!(second.changes.iter().map(|change| change.position).collect::<Vec<_>>(), [3]);
        let only = running.feed.pull(pull("", vec![ENTRY.to_owned()])).await.expect("a reply");
        assert_eq!(only.changes.len(), 1);
        assert_eq!(only.checkpoint.expect("a checkpoint").position, 3);
        running.stop().await;
    }
}

#[tokio::test]
async fn cursors_that_cannot_be_resumed_say_why() {
    for database in store::testing::test_databases().await {
        let store = open(&database).await;
        let running = Running::start(&store).await;
        let source = direct(running.feed.clone());
        for _ in 0..3 {
            write(&store, "items/a", now()).await;
        }
        let mut stream = source.watch(watch("", &[])).await.expect("a stream");
        let (_, last) = read(&mut stream, 3).await;
        let mut first = crate::cursor::Cursor::decode(&last).expect("our own cursor");
        let changes = feed_changes(&store).await;
        (first.position, first.event_id) = (1, changes[0].event_id.clone());

        for nonsense in ["x", "YQ", &format!("{last}x")] {
            let status = source.watch(watch(nonsense, &[])).await.map(|_| ()).expect_err("not a cursor");
            assert_eq!((status.code(), reason(&status).as_str()), (tonic::Code::InvalidArgument, "CURSOR_INVALID"));
        }
        let moved = crate::cursor::Cursor { position: 2, ..first.clone() }.encode();
        let status = source.watch(watch(&moved, &[])).await.map(|_| ()).expect_err("another change is there");
        assert_eq!((status.code(), reason(&status).as_str()), (tonic::Code::FailedPrecondition, "CURSOR_DIVERGED"));
        let ahead = crate::cursor::Cursor { position: 9, ..first.clone() }.encode();
        let status = source.watch(watch(&ahead, &[])).await.map(|_| ()).expect_err("nothing is there");
        assert_eq!(reason(&status), "CURSOR_DIVERGED");

        assert_eq!(compact(&store, &[STATE.to_owned()], 3).await.expect("it compacts"), 2, "{database:?}");
        let status = source.watch(watch(&first.encode(), &[])).await.map(|_| ()).expect_err("it was compacted");
        assert_eq!((status.code(), reason(&status).as_str()), (tonic::Code::OutOfRange, "CURSOR_EXPIRED"));
        // A process that started later has nothing older in memory.
        let fresh = Running::start(&store).await;
        let mut stream = direct(fresh.feed.clone()).watch(watch("", &[])).await.expect("the start is always there");
        let (changes, _) = read(&mut stream, 1).await;
        assert_eq!(changes[0].revision, 3, "only the newest state was kept");
        fresh.stop().await;

        begin_epoch(&store).await.expect("it begins");
        let status = source.watch(watch(&last, &[])).await.map(|_| ()).expect_err("another epoch");
        assert_eq!(reason(&status), "CURSOR_DIVERGED");
        let other = wire::WatchChangesRequest { feed: "feeds/other".to_owned(), ..watch("", &[]) };
        let status = source.watch(other).await.map(|_| ()).expect_err("another feed");
        assert_eq!((status.code(), reason(&status).as_str()), (tonic::Code::NotFound, "FEED_NOT_FOUND"));
        running.stop().await;
    }
}

#[tokio::test]
async fn what_is_sealed_stays_sealed_and_an_idle_feed_says_so() {
    for database in store::testing::test_databases().await {
        let store = open(&database).await;
        let clock = std::sync::Arc::new(std::sync::Mutex::new(at("2024-09-18T22:00:00Z")));
        let told = clock.clone();
        let config = FeedConfig { heartbeat: Duration::from_millis(20), ..FeedConfig::new("tests") }
            .with_clock(std::sync::Arc::new(move || *told.lock().expect("no panic")));
        let running = Running::with(&store, config).await;
        let feed = &running.feed;
        let noon = at("2024-09-18T22:00:00Z");
        write(&store, "items/a", noon).await;
        let k = noon.saturating_add(1_000_000);
        feed.seal(k).await.expect("a second ahead is within the difference of two clocks");
        assert_eq!(feed.sealed(), k, "{database:?}");
        // The clock still says less than K, and yet nothing is recorded at or before it.
        write(&store, "items/a", noon).await;
        feed.seal(k.saturating_add(10)).await.expect("it seals");
        let recorded: Vec<_> = feed_changes(&store).await.iter().map(|change| change.recorded).collect();
        assert!(recorded[0] <= k && recorded[1] > k, "{database:?}: {recorded:?}");

        let ahead = feed.seal(noon.saturating_add(3_600_000_000)).await;
        assert!(matches!(ahead, Err(FeedError::NotYetKnown { .. })), "{ahead:?}");

        // An hour passes and nothing happens: the watcher hears that nothing happened.
        let mut stream = direct(feed.clone()).watch(watch("", &[])).await.expect("a stream");
        let later = noon.saturating_add(3_600_000_000);
        *clock.lock().expect("no panic") = later;
        loop {
            if let Some(wire::watch_changes_response::Item::Checkpoint(checkpoint)) =
                next(&mut stream).await.expect("one").item
                && checkpoint.sealed_time.map(|time| instant(&time).expect("an instant")) >= Some(later)
            {
                break;
            }
        }
        // A clock that goes back is not followed.
        *clock.lock().expect("no panic") = noon;
        write(&store, "items/a", noon).await;
        feed.seal(later.saturating_add(5)).await.expect_err("an hour ahead of the clock");
        let head = feed.wire_head().await.expect("a head");
        assert!(head.sealed_time.expect("a time").seconds >= timestamp(later).seconds);
        running.stop().await;
    }
}

#[tokio::test]
async fn a_reader_that_does_not_read_is_disconnected() {
    for database in store::testing::test_databases().await {
        let store = open(&database).await;
        let config = FeedConfig { patience: Duration::from_millis(50), ..FeedConfig::new("tests") };
        let running = Running::with(&store, config).await;
        let mut stream = direct(running.feed.clone()).watch(watch("", &[])).await.expect("a stream");
        // Enough for several messages: a message holds at most a mebibyte of payloads.
        let large = wire::Head { name: "x".repeat(900_000), ..wire::Head::default() };
        for revision in 1..=8 {
            let large = &large;
            let written = store.transact(|tx| {
                Box::pin(async move { append(&tx, NewChange::state("items/large", revision, now(), large)).await })
            });
            written.await.expect("it is written");
        }
        let head = running.feed.seal_now().await.expect("it seals");
        assert!(head > values::Instant::MIN);
        // The stream is left alone for longer than the patience: the reader is what is slow here.
        lives(Duration::from_millis(400)).await;
        let mut position = 0;
        let status = loop {
            match next(&mut stream).await {
                Ok(message) => {
                    if let Some(wire::watch_changes_response::Item::Batch(batch)) = message.item {
                        position = batch.checkpoint.expect("a checkpoint").position;
                    }
                }
                Err(status) => break status,
            }
        };
        assert_eq!((status.code(), reason(&status).as_str()), (tonic::Code::Aborted, "WATCH_TOO_SLOW"), "{database:?}");
        assert!(position < 8, "{database:?}: everything was buffered");
        running.stop().await;
    }
}

#[tokio::test]
async fn a_revision_that_is_taken_and_a_payload_that_is_too_large_are_refused() {
    for database in store::testing::test_databases().await {
        let store = open(&database).await;
        write(&store, "items/a", now()).await;
        let twice: Result<(), StoreError> =
            store.transact(|tx| Box::pin(async move { append(&tx, state("items/a", 1, now())).await })).await;
        assert!(twice.expect_err("the revision is taken").is_unique_in("feed_event"), "{database:?}");
        let large = wire::Head { name: "x".repeat(crate::MAX_PAYLOAD), ..wire::Head::default() };
        let large = &large;
        let refused: Result<(), StoreError> = store
            .transact(|tx| Box::pin(async move { append(&tx, NewChange::state("items/b", 1, now(), large)).await }))
            .await;
        assert!(refused.is_err());
        assert_eq!(feed_changes(&store).await.len(), usize::from(database.engine == store::Engine::Sqlite));
    }
}
