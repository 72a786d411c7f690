//! What the service works with: its store, the clock, the feeds it follows, its neighbours.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use boot::Clock;
use feed::Following;
use program::Bundle;
use rpc::operations::Changes;
use store::Store;
use tokio::sync::Notify;
use values::Digest;

use crate::domain::run::Source;
use crate::neighbors::Neighbors;

/// Everything an op may need beyond its arguments. Clones are the same office.
#[derive(Clone)]
pub struct Office {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    clock: Clock,
    followed: BTreeMap<Source, Following>,
    neighbors: Neighbors,
    changes: Changes,
    bell: Notify,
    correction_bell: Notify,
    bundles: Mutex<HashMap<Digest, Arc<Bundle>>>,
}

/// So many parsed bundles are kept at hand.
const BUNDLES_KEPT: usize = 8;

impl Office {
    /// An office over these parts.
    pub fn new(
        store: Store,
        clock: Clock,
        followed: BTreeMap<Source, Following>,
        neighbors: Neighbors,
        changes: Changes,
    ) -> Office {
        let bundles = Mutex::new(HashMap::new());
        let inner = Inner {
            store,
            clock,
            followed,
            neighbors,
            changes,
            bell: Notify::new(),
            correction_bell: Notify::new(),
            bundles,
        };
        Office { inner: Arc::new(inner) }
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// How far a feed is followed; none where the service runs without it.
    pub fn following(&self, source: Source) -> Option<&Following> {
        self.inner.followed.get(&source)
    }

    /// The neighbours.
    pub fn neighbors(&self) -> &Neighbors {
        &self.inner.neighbors
    }

    /// Who waits for operations.
    pub fn changes(&self) -> &Changes {
        &self.inner.changes
    }

    /// Tells the task that drives runs that there may be one.
    pub fn ring(&self) {
        self.inner.bell.notify_one();
    }

    /// Resolves when somebody rang.
    pub async fn rung(&self) {
        self.inner.bell.notified().await;
    }

    /// Tells the task that computes corrections that there may be one.
    pub fn ring_for_corrections(&self) {
        self.inner.correction_bell.notify_one();
    }

    /// Resolves when somebody rang for a correction.
    pub async fn correction_rung(&self) {
        self.inner.correction_bell.notified().await;
    }

    /// A parsed bundle that is at hand.
    pub fn bundle_at_hand(&self, hash: Digest) -> Option<Arc<Bundle>> {
        self.inner.bundles.lock().unwrap_or_else(PoisonError::into_inner).get(&hash).cloned()
    }

    /// Keeps a parsed bundle at hand.
    pub fn keep_at_hand(&self, bundle: Arc<Bundle>) {
        let mut bundles = self.inner.bundles.lock().unwrap_or_else(PoisonError::into_inner);
        if bundles.len() >= BUNDLES_KEPT {
            bundles.clear();
        }
        bundles.insert(bundle.hash(), bundle);
    }
}
