//! The tripwire behind the lock: the database itself refuses two holders.

use store::testing::test_databases;
use store::{Store, StoreError};
use values::{Instant, Interval};

use crate::domain::association::{Association, Statement};
use crate::domain::names::{AssociationName, PartnerId, Place};
use crate::domain::stamp::Stamp;
use crate::store::{Migrator, associations, row};

fn at(day: i64) -> Instant {
    Instant::from_micros(day * 86_400_000_000).expect("in range")
}

fn held(id: &str, start: i64, end: Option<i64>) -> Association {
    let place: Place = "customers/atlas/subscriptions/cloud".parse().expect("a name");
    Association {
        name: AssociationName { place, id: id.parse().expect("an id") },
        statement: Statement {
            kind: "partner-of-record".parse().expect("an id"),
            partner: PartnerId("contoso".parse().expect("an id")),
            workload: None,
            role: None,
            effective: Interval::new(at(start), end.map(at)).expect("an interval"),
            source: "customer".parse().expect("an id"),
            evidence: String::new(),
            reason: String::new(),
        },
        exclusive_key: Some("partner-of-record cloud".to_owned()),
        stamp: Stamp::new(at(0)),
    }
}

async fn insert(store: &Store, association: &Association) -> Result<(), StoreError> {
    store.transact(|tx| Box::pin(async move { row::insert(&*tx, association).await })).await
}

#[tokio::test]
async fn the_database_refuses_two_open_holders_and_two_that_start_at_once() {
    for database in test_databases().await {
        let store = database.open().await.expect("opens");
        store.migrate::<Migrator>().await.expect("migrates");
        insert(&store, &held("a", 1, None)).await.expect("the first");
        let second = insert(&store, &held("b", 2, None)).await.expect_err("a second open one");
        assert!(second.is_unique_in("association"), "{:?}: {second:?}", store.engine());
        let same_start = insert(&store, &held("c", 1, Some(3))).await.expect_err("one that starts at once");
        assert!(same_start.is_unique_in("association"), "{:?}: {same_start:?}", store.engine());
        insert(&store, &held("d", 1, Some(1))).await.expect("one that holds at no instant is history");
        let all = associations::of_scope(store.read(), "partner-of-record cloud").await.expect("the history");
        assert_eq!(all.len(), 2);
        assert_eq!(all.iter().find(|it| it.name.id.as_str() == "a"), Some(&held("a", 1, None)), "a round trip");
    }
}
