//! The recognition policy of the bundle that is current.

use std::sync::{Arc, Mutex, PoisonError};

use program::Bundle;
use program::recognition::{Kind, RecognitionPolicy, Sayer, Scope};
use sea_orm::ConnectionTrait;
use store::StoreError;
use values::{Digest, Instant};

use crate::ops::OpError;
use crate::store::bundles;

/// Bundles as they are used: the last one stays parsed. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Policies {
    last: Arc<Mutex<Option<Arc<Bundle>>>>,
}

/// A parsed bundle that has a recognition policy.
#[derive(Clone, Debug)]
pub struct Current {
    bundle: Arc<Bundle>,
}

impl Policies {
    /// The policy of the current bundle.
    ///
    /// # Errors
    /// [`OpError::BundleNotCurrent`] when registry names none, or one that is not staged here or has
    /// no recognition policy.
    pub async fn current(&self, db: &impl ConnectionTrait) -> Result<Current, OpError> {
        let hash = bundles::find_current(db).await?.ok_or(OpError::BundleNotCurrent { bundle: None })?;
        self.staged(db, &hash).await
    }

    /// The policy of a staged bundle.
    ///
    /// # Errors
    /// As of [`Policies::current`].
    pub async fn staged(&self, db: &impl ConnectionTrait, hash: &Digest) -> Result<Current, OpError> {
        let missing = || OpError::BundleNotCurrent { bundle: Some(hash.to_string()) };
        let bundle = match self.recall(hash) {
            Some(bundle) => bundle,
            None => {
                let documents = bundles::documents(db, hash).await?;
                if documents.is_empty() {
                    return Err(missing());
                }
                let parsed = Bundle::parse(&documents).map_err(|problems| {
                    StoreError::bug(format!("the staged bundle {hash} has {} problems now", problems.len()))
                })?;
                let bundle = Arc::new(parsed);
                *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&bundle));
                bundle
            }
        };
        if bundle.recognition_policies().is_empty() { Err(missing()) } else { Ok(Current { bundle }) }
    }

    fn recall(&self, hash: &Digest) -> Option<Arc<Bundle>> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.as_ref().filter(|bundle| bundle.hash() == *hash).cloned()
    }
}

impl Current {
    /// The bundle's hash.
    pub fn hash(&self) -> Digest {
        self.bundle.hash()
    }

    /// All policies. An installation has one; documents of further vendors may stand beside it.
    pub fn all(&self) -> &[RecognitionPolicy] {
        self.bundle.recognition_policies()
    }

    /// The kind of this name by the rules of an instant (rule `program.later_version_rules_from_its_day`); where
    /// none is in force then, the next one, or else the last.
    ///
    /// # Errors
    /// [`OpError::KindUnknown`].
    pub fn kind_at(&self, name: &str, at: Instant) -> Result<&Kind, OpError> {
        let mut found = self.all().iter().filter_map(|policy| policy.kind_at(name, at));
        found.next().ok_or_else(|| OpError::KindUnknown(name.to_owned()))
    }

    /// The kind that customers designate by the rules of an instant: exclusive, about one subscription, said by
    /// customers. One that is in force then goes before one that is not.
    ///
    /// # Errors
    /// [`OpError::KindNotDesignated`].
    pub fn designated_kind_at(&self, at: Instant) -> Result<&Kind, OpError> {
        let kinds = || self.all().iter().flat_map(|policy| policy.kinds.iter().map(move |kind| (policy, kind)));
        // Of a kind with versions only the one counts that rules at the instant.
        let ruling = || {
            kinds()
                .filter(|(policy, kind)| policy.kind_at(&kind.name, at) == Some(*kind))
                .map(|(_, kind)| kind)
                .filter(|kind| is_designated(kind))
        };
        let in_force = ruling().find(|kind| kind.in_force.contains(at));
        in_force.or_else(|| ruling().next()).ok_or(OpError::KindNotDesignated)
    }
}

/// Whether a kind is designated by customers rather than created as a statement.
pub fn is_designated(kind: &Kind) -> bool {
    let by_customers = kind.said_by.iter().any(|sayer| matches!(sayer, Sayer::Customer(_)));
    kind.exclusive && kind.scope == Scope::Subscription && by_customers
}
