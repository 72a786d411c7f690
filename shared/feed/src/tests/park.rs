//! Changes that cannot be applied.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use proto::feed::v1 as wire;
use proto::feed::v1::follower_service_server::FollowerService;
use store::{Store, StoreError};
use tonic::Request;

use super::support::{ENTRY, Notes, Running, RunningFollower, by_aggregate, effects, now, open, pairs, write};
use crate::follow::{FollowerServer, operators};
use crate::{NewChange, append, direct};

fn poisoned() -> Arc<Notes> {
    let notes = Notes { poison: Some("items/bad"), ..Notes::default() };
    notes.failing.store(true, Ordering::Relaxed);
    Arc::new(notes)
}

async fn parked(server: &FollowerServer) -> Vec<wire::ParkedChange> {
    let mut all = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = wire::ListParkedChangesRequest { parent: "followers/tests".to_owned(), page_size: 1, page_token };
        let reply = server.list_parked_changes(Request::new(request)).await.expect("a page").into_inner();
        all.extend(reply.parked_changes);
        if reply.next_page_token.is_empty() {
            return all;
        }
        page_token = reply.next_page_token;
    }
}

async fn get(server: &FollowerServer, name: &str) -> Result<wire::ParkedChange, tonic::Status> {
    let request = wire::GetParkedChangeRequest { name: name.to_owned() };
    Ok(server.get_parked_change(Request::new(request)).await?.into_inner())
}

async fn retry(server: &FollowerServer, name: &str) -> Result<i32, tonic::Status> {
    let request = wire::RetryParkedChangeRequest { name: name.to_owned(), ..Default::default() };
    Ok(server.retry_parked_change(Request::new(request)).await?.into_inner().applied_change_count)
}

async fn skip(server: &FollowerServer, name: &str, reason: &str) -> Result<i32, tonic::Status> {
    let request =
        wire::SkipParkedChangeRequest { name: name.to_owned(), reason: reason.to_owned(), ..Default::default() };
    Ok(server.skip_parked_change(Request::new(request)).await?.into_inner().applied_change_count)
}

fn reason(status: &tonic::Status) -> String {
    rpc::fault::reason_of(status).unwrap_or_default()
}

/// Good and bad items in turn.
async fn write_mixed(producer: &Store, rounds: usize) {
    for _ in 0..rounds {
        write(producer, "items/good", now()).await;
        write(producer, "items/bad", now()).await;
    }
}

#[tokio::test]
async fn poison_stops_its_own_aggregate_and_nothing_else() {
    for (producer, consumer) in pairs().await {
        let (producer, consumer) = (open(&producer).await, open(&consumer).await);
        let running = Running::start(&producer).await;
        write_mixed(&producer, 3).await;
        let notes = poisoned();
        let follower = RunningFollower::start(&consumer, direct(running.feed.clone()), notes.clone());
        follower.caught_up().await;
        let seen = by_aggregate(&effects(&consumer).await);
        assert_eq!(seen.get("items/good"), Some(&vec![1, 2, 3]), "{:?}", producer.engine());
        assert_eq!(seen.get("items/bad"), None, "a failed attempt left something behind");

        let server = operators(&consumer, vec![follower.follower.clone()]);
        let all = parked(&server).await;
        let causes: Vec<_> = all.iter().map(wire::ParkedChange::cause).collect();
        use wire::parked_change::Cause::{Blocked, Failed};
        assert_eq!(causes, [Failed, Blocked, Blocked]);
        assert_eq!((all[0].attempt_count, all[0].error.as_str()), (5, "poison"));
        for parked in &all {
            assert_eq!(get(&server, &parked.name).await.expect("it is parked"), *parked);
        }
        let request = wire::GetFollowerRequest { name: "followers/tests".to_owned() };
        let described = server.get_follower(Request::new(request)).await.expect("it is there").into_inner();
        assert_eq!((described.parked_change_count, described.lag_event_count), (3, 0));

        let blocked = retry(&server, &all[1].name).await.expect_err("an earlier one is parked");
        assert_eq!(reason(&blocked), "PARKED_CHANGE_BLOCKED");
        let failed = retry(&server, &all[0].name).await.expect_err("it is still poison");
        assert_eq!(reason(&failed), "PARKED_CHANGE_FAILED");
        assert_eq!(parked(&server).await[0].attempt_count, 6);

        notes.failing.store(false, Ordering::Relaxed);
        write_mixed(&producer, 1).await;
        follower.caught_up().await;
        assert_eq!(parked(&server).await.len(), 4, "later ones wait although they would succeed");
        assert_eq!(retry(&server, &all[0].name).await.expect("it is no poison any more"), 4);
        write_mixed(&producer, 1).await;
        follower.caught_up().await;
        let seen = by_aggregate(&effects(&consumer).await);
        assert_eq!(seen["items/bad"], [1, 2, 3, 4, 5], "{:?}", producer.engine());
        assert_eq!(seen["items/good"], [1, 2, 3, 4, 5]);
        let gone = retry(&server, &all[0].name).await.expect_err("it is not parked any more");
        assert_eq!(reason(&gone), "PARKED_CHANGE_NOT_FOUND");
        let gone = get(&server, &all[0].name).await.expect_err("it is not parked any more");
        assert_eq!(reason(&gone), "PARKED_CHANGE_NOT_FOUND");
        follower.stop().await;
        running.stop().await;
    }
}

#[tokio::test]
async fn an_operator_gives_a_change_up_with_a_reason() {
    for (producer, consumer) in pairs().await {
        let (producer, consumer) = (open(&producer).await, open(&consumer).await);
        let running = Running::start(&producer).await;
        write_mixed(&producer, 2).await;
        let notes = poisoned();
        let follower = RunningFollower::start(&consumer, direct(running.feed.clone()), notes.clone());
        follower.caught_up().await;
        notes.failing.store(false, Ordering::Relaxed);
        let server = operators(&consumer, vec![follower.follower.clone()]);
        let all = parked(&server).await;
        let silent = skip(&server, &all[0].name, " ").await.expect_err("a reason is needed");
        assert_eq!(reason(&silent), "FIELD_INVALID");
        assert_eq!(skip(&server, &all[0].name, "a test made it").await.expect("it is given up"), 1);
        assert_eq!(by_aggregate(&effects(&consumer).await)["items/bad"], [2], "{:?}", producer.engine());
        assert!(parked(&server).await.is_empty());
        let gone = get(&server, &all[0].name).await.expect_err("it was given up");
        assert_eq!(reason(&gone), "PARKED_CHANGE_NOT_FOUND");
        follower.stop().await;
        running.stop().await;
    }
}

#[tokio::test]
async fn what_a_newer_producer_says_is_kept_unread_and_applied_after_the_upgrade() {
    for (producer, consumer) in pairs().await {
        let (producer, consumer) = (open(&producer).await, open(&consumer).await);
        let running = Running::start(&producer).await;
        write(&producer, "items/a", now()).await;
        for index in 1..=3 {
            let written: Result<(), StoreError> = producer
                .transact(|tx| {
                    Box::pin(async move {
                        let name = format!("entries/{index}");
                        append(&tx, NewChange::entry(name, now(), &wire::Checkpoint::default())).await
                    })
                })
                .await;
            written.expect("it is written");
        }
        write(&producer, "items/a", now()).await;
        let older = RunningFollower::start(&consumer, direct(running.feed.clone()), Arc::new(Notes::default()));
        older.caught_up().await;
        let server = operators(&consumer, vec![older.follower.clone()]);
        let all = parked(&server).await;
        assert_eq!(all.len(), 3, "{:?}", producer.engine());
        assert!(all.iter().all(|parked| parked.cause() == wire::parked_change::Cause::Unread));
        let unknown = retry(&server, &all[0].name).await.expect_err("this version does not know the kind");
        assert_eq!(reason(&unknown), "PARKED_CHANGE_FAILED");
        older.stop().await;

        let newer = Arc::new(Notes { also: vec![ENTRY], ..Notes::default() });
        let newer = RunningFollower::start(&consumer, direct(running.feed.clone()), newer);
        newer.following.passed(now()).await.expect("it runs");
        let names: Vec<_> = effects(&consumer).await.into_iter().map(|effect| effect.aggregate).collect();
        assert_eq!(names, ["items/a", "items/a", "entries/1", "entries/2", "entries/3"]);
        assert!(parked(&server).await.is_empty());
        newer.stop().await;
        running.stop().await;
    }
}
