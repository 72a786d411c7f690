//! Keys are found by half of their bytes. Records that share that half are told apart by their chunks, and all but one
//! take the other half.

use store::testing::test_databases;
use store::{Store, StoreError};
use values::Instant;

use crate::domain::names::{CustomerId, SubscriptionName};
use crate::domain::usage::{ContentHash, Meter, Packed, RecordKey, Target, UsageRecord};
use crate::store::Migrator;
use crate::store::chunks_sql::{NewRecord, insert_chunks, place_records};
use crate::store::keys_sql::{find_keys, insert_keys};
use crate::store::records_sql::find;

/// A record, and a key whose first half is that of all others here.
struct Sent {
    key: RecordKey,
    record: UsageRecord,
}

fn key(rest: u8) -> RecordKey {
    RecordKey([[7; 8], [rest; 8]].concat().try_into().expect("16 bytes"))
}

fn sent(rest: u8) -> Sent {
    let at = |micros| Instant::from_micros(micros).expect("in range");
    let customer = CustomerId("atlas".parse().expect("an id"));
    let record = UsageRecord {
        record_id: format!("record-{rest}"),
        target: Target::Subscription(SubscriptionName { customer, id: "s0".parse().expect("an id") }),
        workload: String::new(),
        meter: "m".to_owned(),
        kind: Meter::Flow,
        unit: String::new(),
        currency: None,
        start: at(0),
        end: Some(at(3_600_000_000)),
        quantity: rest.to_string().parse().expect("a number"),
        costs: Default::default(),
        replaces: None,
    };
    Sent { key: key(rest), record }
}

impl Sent {
    fn content(&self) -> ContentHash {
        self.record.content(&mut Packed::default())
    }

    fn asked(&self) -> (RecordKey, Option<ContentHash>) {
        (self.key, Some(self.content()))
    }
}

/// Takes a batch of records in that nobody has said before, all of them in one chunk.
async fn take(store: &Store, batch: i64, all: &[&Sent]) {
    let written: Result<(), StoreError> = store
        .transact(|tx| {
            Box::pin(async move {
                let asked: Vec<_> = all.iter().map(|sent| sent.asked()).collect();
                let keys = find_keys(&tx, &asked).await?;
                assert!(keys.known.is_empty(), "nobody has said one of them yet");
                let mut rows: Vec<NewRecord<'_>> = all
                    .iter()
                    .map(|sent| NewRecord {
                        key: sent.key,
                        content: sent.content(),
                        series: 1,
                        record: &sent.record,
                        chunk: 0,
                    })
                    .collect();
                insert_chunks(&tx, place_records(batch, &mut rows)?).await?;
                assert!(rows.windows(2).all(|pair| pair[0].chunk == pair[1].chunk), "they stand in one chunk");
                insert_keys(&tx, &keys, &rows).await
            })
        })
        .await;
    written.expect("written");
}

/// Asks for all, as a repeated batch and a replacement do, and for one that was never said.
async fn all_are_known(store: &Store, all: &[&Sent]) {
    let absent = (key(99), None);
    let asked: Vec<_> = all.iter().map(|sent| sent.asked()).chain([absent]).collect();
    let by_name: Vec<_> = asked.iter().map(|(key, _)| (*key, None)).collect();
    for asked in [&asked, &by_name] {
        let known = find_keys(store.read(), asked).await.expect("read").known;
        assert_eq!(known.len(), all.len(), "{:?}", store.engine());
        for sent in all {
            assert!(known[&sent.key].says(sent.content()), "{:?}", store.engine());
            let others = all.iter().filter(|other| other.key != sent.key);
            assert!(others.into_iter().all(|other| !known[&sent.key].says(other.content())), "other content is seen");
        }
    }
    for sent in all {
        let found = find(store.read(), sent.key).await.expect("read").expect("it is there");
        assert_eq!((found.record_id, found.quantity), (sent.record.record_id.clone(), sent.record.quantity));
    }
}

async fn stores() -> Vec<(store::testing::TestDatabase, Store)> {
    let mut stores = Vec::new();
    for database in test_databases().await {
        let store = database.open().await.expect("opens");
        store.migrate::<Migrator>().await.expect("migrates");
        stores.push((database, store));
    }
    stores
}

#[tokio::test]
async fn a_later_record_of_a_held_slot_takes_its_other_half() {
    let [first, second] = &[1, 2].map(sent);
    for (_database, store) in stores().await {
        take(&store, 1, &[second]).await;
        take(&store, 2, &[first]).await;
        all_are_known(&store, &[first, second]).await;
    }
}

#[tokio::test]
async fn of_new_records_that_meet_in_one_slot_the_smallest_key_holds_it() {
    let [first, second, third, later] = &[1, 2, 3, 4].map(sent);
    for (_database, store) in stores().await {
        take(&store, 1, &[third, first, second]).await;
        all_are_known(&store, &[first, second, third]).await;
        take(&store, 2, &[later]).await;
        all_are_known(&store, &[first, second, third, later]).await;
    }
}
