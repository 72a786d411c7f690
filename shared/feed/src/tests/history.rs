//! Questions about the past, and lists.

use proto::feed::v1 as wire;
use store::StoreError;

use super::support::{Running, STATE, lift, now, open, state, write};
use crate::{FeedError, Nature, NewChange, append, known_at, list_known_at};

#[tokio::test]
async fn the_past_is_answered_as_it_was_known() {
    for database in store::testing::test_databases().await {
        let store = open(&database).await;
        let running = Running::start(&store).await;
        let feed = &running.feed;
        write(&store, "items/a", now()).await;
        let first = feed.seal_now().await.expect("it seals");
        write(&store, "items/a", now()).await;
        write(&store, "items/b", now()).await;
        let second = feed.seal_now().await.expect("it seals");
        let gone = store.transact(|tx| {
            Box::pin(async move {
                let revision = lift(&tx, "items/a").await?;
                append(&tx, NewChange::tombstone::<wire::Head>("items/a", revision, now())).await
            })
        });
        gone.await.expect("it is written");
        let third = feed.seal_now().await.expect("it seals");

        let known = async |aggregate: &str, known| {
            let change = known_at(store.read(), aggregate, known).await.expect("it is sealed");
            change.map(|change| (change.revision, change.nature))
        };
        assert_eq!(known("items/a", first).await, Some((1, Nature::State)), "{database:?}");
        assert_eq!(known("items/b", first).await, None);
        assert_eq!(known("items/a", second).await, Some((2, Nature::State)));
        assert_eq!(known("items/a", third).await, Some((3, Nature::Tombstone)));
        let names = async |known| {
            let all = list_known_at(store.read(), STATE, known, 0, 10).await.expect("it is sealed");
            all.into_iter().map(|change| (change.aggregate, change.revision)).collect::<Vec<_>>()
        };
        assert_eq!(names(first).await, [("items/a".to_owned(), 1)], "{database:?}");
        assert_eq!(names(second).await, [("items/a".to_owned(), 2), ("items/b".to_owned(), 1)]);
        assert_eq!(names(third).await, [("items/b".to_owned(), 1)]);

        let ahead = known_at(store.read(), "items/a", feed.sealed().saturating_add(1)).await;
        assert!(matches!(ahead, Err(FeedError::NotYetKnown { .. })), "{ahead:?}");
        running.stop().await;
    }
}

#[tokio::test]
async fn a_list_goes_up_to_one_head_whatever_is_written_meanwhile() {
    for database in store::testing::test_databases().await {
        let store = open(&database).await;
        let running = Running::start(&store).await;
        let feed = &running.feed;
        for name in ["items/a", "items/b", "items/a", "items/c"] {
            write(&store, name, now()).await;
        }
        feed.seal_now().await.expect("it seals");
        let request = |page_token: &str, extent| wire::ScanChangesRequest {
            feed: "feeds/tests".to_owned(),
            page_size: 2,
            page_token: page_token.to_owned(),
            kinds: Vec::new(),
            extent,
            payload_omitted: false,
        };
        let history = wire::scan_changes_request::Extent::History.into();
        let latest = wire::scan_changes_request::Extent::Latest.into();
        let first = feed.list(request("", history)).await.expect("a page");
        write(&store, "items/d", now()).await;
        feed.seal_now().await.expect("it seals");
        let second = feed.list(request(&first.next_page_token, history)).await.expect("a page");
        let rest = if second.next_page_token.is_empty() {
            Vec::new()
        } else {
            feed.list(request(&second.next_page_token, history)).await.expect("a page").changes
        };
        let positions: Vec<i64> =
            first.changes.iter().chain(&second.changes).chain(&rest).map(|change| change.position).collect();
        assert_eq!(positions, [1, 2, 3, 4], "{database:?}");
        assert_eq!(first.head.as_ref().map(|head| head.position), Some(4));
        assert_eq!(second.head.as_ref().map(|head| head.position), Some(4));

        let other = feed.list(request(&first.next_page_token, latest)).await;
        assert!(matches!(other, Err(FeedError::PageTokenInvalid)), "the token is of another request");
        let newest = feed.list(request("", latest)).await.expect("a page");
        let newest: Vec<_> = newest.changes.iter().map(|change| (change.aggregate.as_str(), change.revision)).collect();
        assert_eq!(newest, [("items/b", 1), ("items/a", 2)], "{database:?}");
        running.stop().await;
    }
}

#[tokio::test]
async fn everything_committed_before_a_seal_is_known_at_it() {
    for database in store::testing::test_databases().await {
        let store = open(&database).await;
        // Nobody sequences: the seal must do it.
        let feed = crate::Feed::open(&store, crate::FeedConfig::new("tests")).await.expect("it opens");
        for revision in 1..=20 {
            let written =
                store.transact(|tx| Box::pin(async move { append(&tx, state("items/a", revision, now())).await }));
            let written: Result<(), StoreError> = written.await;
            written.expect("it is written");
            let known = now().max(feed.seal_now().await.expect("it seals"));
            feed.seal(known).await.expect("it seals");
            let change = known_at(store.read(), "items/a", known).await.expect("it is sealed").expect("it is there");
            assert_eq!(change.revision, revision, "{database:?}");
        }
    }
}
