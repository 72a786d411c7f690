//! Usage: whatever the order, the cutting, the repetition and the concurrency, the sums are the
//! same, and followers who add the differences up get them too.

use std::collections::BTreeMap;

use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use store::testing::test_databases;
use store::{Store, StoreError};
use values::{Currency, Decimal, Instant};

use crate::domain::customer::CustomerContent;
use crate::domain::names::{CustomerId, SubscriptionName};
use crate::domain::subscription::{External, SubscriptionContent};
use crate::domain::usage::{Meter, Target, UsageRecord};
use crate::ops::OpError;
use crate::ops::create_customer::{CreateCustomer, create_customer};
use crate::ops::create_subscription::{CreateSubscription, create_subscription};
use crate::ops::ingest_usage::{Group, Ingested, Outcome, SeriesCache, ingest, prepare};
use crate::ops::list_usage::{UsageQuery, list_usage_rollups};
use crate::store::Migrator;

const HOUR: i64 = 3_600_000_000;

fn at(micros: i64) -> Instant {
    Instant::from_micros(micros).expect("in range")
}

fn decimal(text: &str) -> Decimal {
    text.parse().expect("a number")
}

fn name(subscription: &str) -> SubscriptionName {
    let customer = CustomerId("atlas".parse().expect("an id"));
    SubscriptionName { customer, id: subscription.parse().expect("an id") }
}

async fn subscribe(store: &Store, subscription: &str) {
    let content = SubscriptionContent {
        external: Some(External { source: "aws".to_owned(), id: subscription.to_owned() }),
        currency: Some(Currency::USD),
        product: "cloud".parse().expect("an id"),
        offer: None,
        offer_type: None,
        workloads: Vec::new(),
        motion: None,
        agreement_type: None,
        term: None,
        billing_plan: None,
        deal: String::new(),
        start: at(0),
        end: None,
        renewal: None,
        fields: Default::default(),
        effective: at(0),
    };
    let command = CreateSubscription { name: name(subscription), content };
    let customer = CreateCustomer {
        id: command.name.customer.clone(),
        content: CustomerContent {
            display_name: "A".to_owned(),
            region_code: String::new(),
            fields: Default::default(),
        },
    };
    let (command, customer) = (&command, &customer);
    let made: Result<(), OpError> = store
        .transact(|tx| {
            Box::pin(async move {
                create_customer(&tx, at(0), customer).await?;
                create_subscription(&tx, at(0), command).await?;
                Ok(())
            })
        })
        .await;
    made.expect("a subscription");
}

async fn take(store: &Store, cache: &SeriesCache, records: &[UsageRecord]) -> Vec<Outcome> {
    let group: &Group = &prepare("focus".to_owned(), None, records.iter().cloned().map(Ok).collect());
    let done: Result<Ingested, StoreError> =
        store.transact(|tx| Box::pin(async move { ingest(&tx, at(0), cache, group).await })).await;
    let done = done.expect("an ingest");
    cache.learn(done.learned);
    done.outcomes
}

/// A month in small: three subscriptions, flows and levels, some records that replace others, at most
/// one for each.
fn month(random: &mut ChaCha8Rng) -> Vec<UsageRecord> {
    let mut records: Vec<UsageRecord> = Vec::new();
    for number in 0..240 {
        let replaces = (number > 20 && random.random_range(0..5) == 0)
            .then(|| format!("r{}", number - 20))
            .filter(|id| records.iter().all(|record| record.replaces.as_deref() != Some(id)));
        let kind = if random.random_range(0..3) == 0 { Meter::Level } else { Meter::Flow };
        let cost = |random: &mut ChaCha8Rng| {
            (random.random_range(0..4) > 0).then(|| {
                Decimal::from_attos(i128::from(
                    random.random_range(-9_000_000_000_000_000_000_i64..9_000_000_000_000_000_000),
                ))
            })
        };
        records.push(UsageRecord {
            record_id: format!("r{number}"),
            target: Target::External { source: "aws".to_owned(), id: format!("s{}", random.random_range(0..3)) },
            workload: String::new(),
            meter: format!("{kind:?}-{}", random.random_range(0..2)),
            kind,
            unit: "u".to_owned(),
            currency: Some(Currency::USD),
            // Few instants, so that measurements tie.
            start: at(random.random_range(0..4) * HOUR + random.random_range(0..3) * 7),
            end: None,
            quantity: Decimal::from_attos(i128::from(random.random_range(1..9_000_000_000_000_000_000_i64)) * 1_000),
            costs: [cost(random), cost(random), None, None],
            replaces,
        });
    }
    records
}

type Sums = BTreeMap<String, String>;

/// Every sum, under a key that does not depend on the database's numbers.
async fn sums(store: &Store) -> Sums {
    let mut sums = Sums::new();
    for subscription in ["s0", "s1", "s2"] {
        let query = UsageQuery {
            name: name(subscription),
            start: at(0),
            end: at(5 * HOUR),
            workload: None,
            meter: None,
            kind: None,
            limit: 1_000,
        };
        for (cell, series) in list_usage_rollups(store.read(), &query, None).await.expect("cells") {
            let key = format!("{subscription} {} {}", series.label.meter, cell.key.0);
            let (sums_of, quantity) = (cell.sums, cell.sums.quantity(series.label.kind));
            let measured_at = sums_of.measured.map(|last| last.at);
            sums.insert(key, format!("{quantity:?} {:?} {measured_at:?} {}", sums_of.costs, sums_of.records));
        }
    }
    sums
}

/// A cell of a follower: quantity, costs, when a level was measured, records.
type Cell = (Option<Decimal>, [Option<Decimal>; 4], Option<Instant>, i64);

/// What a follower has that applies every entry in feed order: differences added, levels overwritten.
async fn followed(store: &Store) -> Sums {
    use proto::association::v1 as wire;
    let mut cells: BTreeMap<String, Cell> = BTreeMap::new();
    let kinds = ["accolade.association.v1.UsageBatch".to_owned()];
    let parse = |value: &Option<proto::google::r#type::Decimal>| {
        value.as_ref().map(|value| rpc::wire::parse_decimal(value).expect("a number"))
    };
    for change in feed::history(store.read(), &kinds, 0, 10_000).await.expect("the history") {
        let batch: wire::UsageBatch = change.message().expect("a batch");
        for cell in &batch.cells {
            let series = &batch.series[usize::try_from(cell.series_index).expect("an index")];
            let hour = rpc::wire::instant(cell.hour_time.as_ref().expect("an hour")).expect("an instant");
            let subscription = series.subscription.rsplit('/').next().unwrap_or_default();
            let entry = cells.entry(format!("{subscription} {} {hour}", series.meter)).or_default();
            let quantity = parse(&cell.quantity);
            entry.0 = match series.meter_kind() {
                wire::MeterKind::Level => quantity,
                _ => Some(entry.0.unwrap_or_default().checked_add(quantity.unwrap_or_default()).expect("in range")),
            };
            let costs = [&cell.billed_cost, &cell.effective_cost, &cell.list_cost, &cell.contracted_cost].map(parse);
            crate::domain::rollup::add_costs(&mut entry.1, &costs).expect("in range");
            entry.2 = cell.measure_time.as_ref().map(|time| rpc::wire::instant(time).expect("an instant"));
            entry.3 += cell.record_count;
        }
    }
    cells
        .into_iter()
        .map(|(key, (quantity, costs, at, records))| (key, format!("{quantity:?} {costs:?} {at:?} {records}")))
        .collect()
}

/// On PostgreSQL the feed gives positions after the commit.
async fn sequenced(store: &Store) {
    let feed = feed::Feed::open(store, feed::FeedConfig::new("association")).await.expect("a feed");
    feed.seal_now().await.expect("everything committed has its position");
}

#[tokio::test]
async fn order_cutting_repetition_and_arrival_never_change_a_sum() {
    let seed = rand::rng().random::<u64>();
    eprintln!("seed {seed}");
    let mut expected: Option<Sums> = None;
    for round in 0..4 {
        for database in test_databases().await {
            let mut records = month(&mut ChaCha8Rng::seed_from_u64(seed));
            let replaced = records.iter().filter(|record| record.replaces.is_some()).count();
            assert!(replaced > 10, "seed {seed}: nothing is replaced");
            let mut random = ChaCha8Rng::seed_from_u64(seed.wrapping_add(round));
            let store = database.open().await.expect("opens");
            store.migrate::<Migrator>().await.expect("migrates");
            let cache = SeriesCache::default();
            if round > 0 {
                records.shuffle(&mut random);
                let again: Vec<UsageRecord> =
                    records.iter().filter(|_| random.random_range(0..4) == 0).cloned().collect();
                records.extend(again);
            }
            // Some subscriptions are there before their usage, some come in the middle of it.
            let (early, late) =
                if round % 2 == 0 { (vec!["s0", "s1"], vec!["s2"]) } else { (vec!["s2"], vec!["s0", "s1"]) };
            for subscription in early {
                subscribe(&store, subscription).await;
            }
            let mut rest = records.as_slice();
            let (mut known, mut unattached, mut late) = (0, 0, Some(late));
            while !rest.is_empty() {
                let size = if round == 0 { rest.len().min(100) } else { random.random_range(1..=rest.len().min(40)) };
                let (now, later) = rest.split_at(size);
                rest = later;
                for outcome in take(&store, &cache, now).await {
                    match outcome {
                        Outcome::Accepted => {}
                        Outcome::Unattached => unattached += 1,
                        Outcome::Known => known += 1,
                        Outcome::Refused(refusal) => panic!("seed {seed}: {refusal:?}"),
                    }
                }
                if rest.len() < records.len() / 2 {
                    for subscription in late.take().into_iter().flatten() {
                        subscribe(&store, subscription).await;
                    }
                }
            }
            assert!(unattached > 0 && (round == 0 || known > 0), "seed {seed}: {unattached} {known}");
            let found = sums(&store).await;
            let engine = store.engine();
            assert!(found.len() > 20, "seed {seed}");
            sequenced(&store).await;
            let followers: Sums = followed(&store).await;
            assert_eq!(followers, found, "seed {seed}, round {round}, {engine:?}: followers");
            assert_eq!(*expected.get_or_insert_with(|| found.clone()), found, "seed {seed}, round {round}, {engine:?}");
        }
    }
}

/// Several senders send overlapping cuts of one month at the same time: everything counts once.
#[tokio::test]
async fn overlapping_senders_count_everything_once() {
    let seed = rand::rng().random::<u64>();
    eprintln!("seed {seed}");
    let mut expected: Option<Sums> = None;
    for database in test_databases().await {
        for senders in [1, 4] {
            let database = if senders == 1 {
                database.clone()
            } else {
                test_databases()
                    .await
                    .into_iter()
                    .find(|other| other.engine == database.engine)
                    .expect("the same engine")
            };
            let store = database.open().await.expect("opens");
            store.migrate::<Migrator>().await.expect("migrates");
            for subscription in ["s0", "s1", "s2"] {
                subscribe(&store, subscription).await;
            }
            let cache = std::sync::Arc::new(SeriesCache::default());
            let mut tasks = Vec::new();
            for sender in 0..senders {
                let (store, cache) = (store.clone(), cache.clone());
                let mut records = month(&mut ChaCha8Rng::seed_from_u64(seed));
                let mut random = ChaCha8Rng::seed_from_u64(seed.wrapping_add(sender));
                records.shuffle(&mut random);
                tasks.push(tokio::spawn(async move {
                    let mut accepted = 0;
                    for part in records.chunks(17) {
                        accepted +=
                            take(&store, &cache, part).await.iter().filter(|it| **it == Outcome::Accepted).count();
                    }
                    accepted
                }));
            }
            let mut accepted = 0;
            for task in tasks {
                accepted += task.await.expect("no panic");
            }
            assert_eq!(accepted, 240, "seed {seed}, {:?}, {senders} senders", store.engine());
            let found = sums(&store).await;
            sequenced(&store).await;
            assert_eq!(followed(&store).await, found, "seed {seed}, {:?}: followers", store.engine());
            assert_eq!(*expected.get_or_insert_with(|| found.clone()), found, "seed {seed}, {:?}", store.engine());
        }
    }
}

/// Sums are exact to the last digit, far beyond what a binary float holds.
#[tokio::test]
async fn sums_are_exact() {
    for database in test_databases().await {
        let store = database.open().await.expect("opens");
        store.migrate::<Migrator>().await.expect("migrates");
        for subscription in ["s0", "s1", "s2"] {
            subscribe(&store, subscription).await;
        }
        let record = |id: &str, billed: &str| UsageRecord {
            record_id: id.to_owned(),
            target: Target::Subscription(name("s0")),
            workload: String::new(),
            meter: "m".to_owned(),
            kind: Meter::Flow,
            unit: String::new(),
            currency: Some(Currency::USD),
            start: at(0),
            end: None,
            quantity: decimal("0.1"),
            costs: [Some(decimal(billed)), None, None, None],
            replaces: None,
        };
        let cache = SeriesCache::default();
        for (id, billed) in
            [("a", "999999999999.999999999999999999"), ("b", "0.000000000000000001"), ("c", "-0.30000000000000000")]
        {
            assert_eq!(take(&store, &cache, &[record(id, billed)]).await, [Outcome::Accepted]);
        }
        let found = sums(&store).await;
        let cell = found.values().next().expect("a cell");
        assert!(
            cell.starts_with("Some(Decimal(0.3)) [Some(Decimal(999999999999.7)), None"),
            "{:?}: {cell}",
            store.engine()
        );
    }
}
