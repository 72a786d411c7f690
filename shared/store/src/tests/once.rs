//! Requests that are repeated.

use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::ConnectionTrait;
use values::{Digest, Instant};

use super::{count_of, sql, stores};
use crate::{ONCE_KEPT_MICROS, OnceKey, Store, StoreError};

fn key(request_id: &str, content: &str) -> OnceKey {
    OnceKey {
        caller: "staff/ada".to_owned(),
        method: "/accolade.test.v1.TestService/Add".to_owned(),
        request_id: request_id.to_owned(),
        request_hash: Digest::of(content.as_bytes()),
    }
}

fn now() -> Instant {
    "2024-09-18T22:00:00Z".parse().expect("an instant")
}

/// Adds one to the tally, and replies with how often it was run.
async fn add(store: &Store, key: &OnceKey, now: Instant, runs: &AtomicU32) -> Result<Vec<u8>, StoreError> {
    let done = store.once(key, now, |tx| {
        Box::pin(async move {
            let run = runs.fetch_add(1, Ordering::Relaxed) + 1;
            let add = "INSERT INTO tally (name, count) VALUES ('a', 1) \
                       ON CONFLICT (name) DO UPDATE SET count = tally.count + 1";
            tx.execute_raw(sql(store, add)).await?;
            Ok(run.to_string().into_bytes())
        })
    });
    done.await
}

#[tokio::test]
async fn a_repeated_request_has_one_effect_and_one_reply() {
    for (database, store) in stores().await {
        let runs = AtomicU32::new(0);
        let first = add(&store, &key("r1", "x"), now(), &runs).await.expect("it runs");
        let again = add(&store, &key("r1", "x"), now(), &runs).await.expect("it is replayed");
        assert_eq!((first.as_slice(), again.as_slice()), (&b"1"[..], &b"1"[..]), "{database:?}");
        assert_eq!(count_of(&store, "a").await, Some(1));

        let other = add(&store, &key("r1", "y"), now(), &runs).await;
        assert!(matches!(other, Err(StoreError::RequestReused { ref request_id }) if request_id == "r1"), "{other:?}");
        let of_another = OnceKey { caller: "staff/bob".to_owned(), ..key("r1", "y") };
        add(&store, &of_another, now(), &runs).await.expect("ids of different callers are different");
        assert_eq!(count_of(&store, "a").await, Some(2));
    }
}

#[tokio::test]
async fn a_request_without_an_id_is_run_every_time() {
    for (database, store) in stores().await {
        let runs = AtomicU32::new(0);
        for _ in 0..2 {
            add(&store, &key("", "x"), now(), &runs).await.expect("it runs");
        }
        assert_eq!(count_of(&store, "a").await, Some(2), "{database:?}");
    }
}

#[tokio::test]
async fn a_failed_request_leaves_nothing_behind() {
    for (database, store) in stores().await {
        let wanted = key("r1", "x");
        let refused: Result<Vec<u8>, StoreError> =
            store.once(&wanted, now(), |_tx| Box::pin(async move { Err(StoreError::bug("refused")) })).await;
        assert!(refused.is_err(), "{database:?}");
        let reply = add(&store, &wanted, now(), &AtomicU32::new(0)).await.expect("it runs");
        assert_eq!(reply, b"1");
    }
}

#[tokio::test]
async fn the_same_request_many_times_at_once_has_one_effect() {
    for (database, store) in stores().await {
        let runs = std::sync::Arc::new(AtomicU32::new(0));
        let mut tasks = Vec::new();
        for _ in 0..6 {
            let (store, runs) = (store.clone(), runs.clone());
            tasks.push(tokio::spawn(async move { add(&store, &key("r1", "x"), now(), &runs).await }));
        }
        let mut replies = std::collections::BTreeSet::new();
        for task in tasks {
            replies.insert(task.await.expect("the task does not panic").expect("every caller gets the reply"));
        }
        assert_eq!(replies.len(), 1, "{database:?}: {replies:?}");
        assert_eq!(count_of(&store, "a").await, Some(1), "{database:?}");
    }
}

#[tokio::test]
async fn requests_are_forgotten_after_seven_days() {
    for (database, store) in stores().await {
        let runs = AtomicU32::new(0);
        add(&store, &key("r1", "x"), now(), &runs).await.expect("it runs");
        let later = now().saturating_add(ONCE_KEPT_MICROS + 1);
        store.inner.requests.store(0, Ordering::Relaxed);
        let reply = add(&store, &key("r1", "other"), later, &runs).await.expect("it is another request by now");
        assert_eq!(reply, b"2", "{database:?}");
    }
}

#[tokio::test]
async fn a_reply_can_be_a_message() {
    for (database, store) in stores().await {
        for _ in 0..2 {
            let wanted = key("r1", "x");
            let reply: String = store
                .once_message(&wanted, now(), |_tx| Box::pin(async move { Ok::<_, StoreError>("hello".to_owned()) }))
                .await
                .expect("it runs");
            assert_eq!(reply, "hello", "{database:?}");
        }
    }
}
