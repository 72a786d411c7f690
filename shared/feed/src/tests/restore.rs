//! The producer's database is restored from a backup under a running follower.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use futures::stream::BoxStream;
use proto::feed::v1 as wire;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use store::Store;
use store::testing::{TestDatabase, seed};
use tonic::{Status, async_trait};

use super::support::{Notes, Running, RunningFollower, effects, feed_changes, lives, now, open, pairs, write};
use crate::{Source, begin_epoch, direct};

/// The address of a service, behind which the service can be replaced.
struct Address(RwLock<Arc<dyn Source>>);

impl Address {
    fn get(&self) -> Arc<dyn Source> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, source: Arc<dyn Source>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = source;
    }
}

#[async_trait]
impl Source for Address {
    async fn watch(
        &self,
        request: wire::WatchChangesRequest,
    ) -> Result<BoxStream<'static, Result<wire::WatchChangesResponse, Status>>, Status> {
        self.get().watch(request).await
    }

    async fn head(&self, request: wire::GetHeadRequest) -> Result<wire::Head, Status> {
        self.get().head(request).await
    }

    async fn seal(&self, request: wire::SealFeedRequest) -> Result<wire::Head, Status> {
        self.get().seal(request).await
    }

    async fn list(&self, request: wire::ScanChangesRequest) -> Result<wire::ScanChangesResponse, Status> {
        self.get().list(request).await
    }
}

async fn write_some(store: &Store, random: &mut ChaCha8Rng, items: std::ops::Range<u32>, count: usize) {
    for _ in 0..count {
        write(store, &format!("items/{}", random.random_range(items.clone())), now()).await;
    }
}

/// A producer that wrote a little, was backed up, and wrote more, which the backup does not have.
async fn backed_up(producer: &TestDatabase, random: &mut ChaCha8Rng) -> (Store, TestDatabase) {
    let store = open(producer).await;
    let running = Running::start(&store).await;
    write_some(&store, random, 0..6, 60).await;
    running.feed.seal_now().await.expect("it seals");
    running.stop().await;
    store.close().await.expect("it closes");
    drop(store);
    let backup = producer.copy().await;
    (open(producer).await, backup)
}

/// Whether the restored feed is longer than what the follower has seen of the lost one.
#[derive(Clone, Copy, Debug)]
enum After {
    Longer,
    Shorter,
    /// The operator gave it another epoch.
    NewEpoch,
}

#[tokio::test]
async fn a_follower_finds_its_way_back_after_a_restore_from_backup() {
    let mut random = ChaCha8Rng::seed_from_u64(seed());
    for after in [After::Longer, After::Shorter, After::NewEpoch] {
        for (producer, consumer) in pairs().await {
            let (store, backup) = backed_up(&producer, &mut random).await;
            let target = open(&consumer).await;
            let running = Running::start(&store).await;
            // Items 0 to 2 go on and are lost; 6 and 7 are new and are lost; 3 to 5 stay as they were.
            write_some(&store, &mut random, 0..3, 30).await;
            write_some(&store, &mut random, 6..8, 10).await;
            let address = Arc::new(Address(RwLock::new(direct(running.feed.clone()))));
            let notes = Arc::new(Notes::default());
            let follower = RunningFollower::start(&target, address.clone(), notes.clone());
            follower.caught_up().await;
            let before = effects(&target).await;
            running.stop().await;

            let restored = open(&backup).await;
            let running = Running::start(&restored).await;
            match after {
                After::Longer => write_some(&restored, &mut random, 0..6, 80).await,
                After::Shorter => write_some(&restored, &mut random, 0..6, 5).await,
                After::NewEpoch => {
                    begin_epoch(&restored).await.map(|_| ()).expect("it begins");
                }
            }
            address.set(direct(running.feed.clone()));
            // It dies in the middle of the resync as well, several times.
            let mut follower = follower;
            for _ in 0..6 {
                lives(Duration::from_micros(random.random_range(500..25_000))).await;
                follower.kill().await;
                follower = RunningFollower::start(&target, address.clone(), notes.clone());
            }
            write_some(&restored, &mut random, 0..6, 5).await;
            let known = now();
            let passed = tokio::time::timeout(Duration::from_secs(60), follower.following.passed(known)).await;
            passed.expect("it finds its way within a minute").expect("it runs");
            check(&restored, &target, &before).await;
            assert!(notes.forgotten.load(Ordering::Relaxed) > 0, "nothing was tested: nothing was forgotten");
            follower.stop().await;
            running.stop().await;
        }
    }
}

/// The follower has exactly what the restored feed has, each once and in order, and did not
/// forget what had not diverged.
async fn check(restored: &Store, target: &Store, before: &[super::support::Effect]) {
    let mut expected: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for change in feed_changes(restored).await {
        expected.entry(change.aggregate).or_default().push(change.event_id);
    }
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let after = effects(target).await;
    for effect in &after {
        found.entry(effect.aggregate.clone()).or_default().push(effect.event_id.clone());
    }
    assert_eq!(found, expected, "{:?}", restored.engine());
    let kept = before.iter().filter(|effect| ["items/3", "items/4", "items/5"].contains(&effect.aggregate.as_str()));
    let kept: Vec<_> = kept.collect();
    assert!(!kept.is_empty(), "nothing was tested: no aggregate stayed as it was");
    assert!(kept.into_iter().all(|effect| after.contains(effect)));
    assert!(after.iter().all(|effect| !["items/6", "items/7"].contains(&effect.aggregate.as_str())));
    assert!(before.iter().any(|effect| effect.aggregate == "items/6"), "nothing was tested: nothing was lost");
}
