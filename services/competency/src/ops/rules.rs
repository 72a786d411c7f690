//! Which rules apply: bundles as they were staged, parsed once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use program::Bundle;
use program::model::TierProgram;
use sea_orm::ConnectionTrait;
use values::Instant;

use super::OpError;
use crate::domain::award::program_id;
use crate::domain::bundle::Current;
use crate::names;
use crate::store::bundles;

/// How many parsed bundles are kept: the current one and a few that are asked about.
const KEPT: usize = 8;

/// Parsed bundles by hash. A bundle never changes under its hash, so they are never stale.
#[derive(Debug, Default)]
pub struct Rules {
    parsed: Mutex<BTreeMap<String, Arc<Bundle>>>,
}

impl Rules {
    /// The bundle that is current as known at `known_at`; the one that is, without one.
    ///
    /// # Errors
    /// [`OpError::NoCurrentBundle`], [`OpError::BundleNotStaged`].
    pub async fn current(
        &self,
        db: &impl ConnectionTrait,
        known_at: Option<Instant>,
    ) -> Result<(Current, Arc<Bundle>), OpError> {
        let current = bundles::find_current(db, known_at).await?.ok_or(OpError::NoCurrentBundle)?;
        let bundle = self.get(db, &current.hash).await?;
        Ok((current, bundle))
    }

    /// The bundle of this hash.
    ///
    /// # Errors
    /// [`OpError::BundleNotStaged`].
    pub async fn get(&self, db: &impl ConnectionTrait, hash: &str) -> Result<Arc<Bundle>, OpError> {
        if let Some(bundle) = self.parsed.lock().unwrap_or_else(PoisonError::into_inner).get(hash) {
            return Ok(bundle.clone());
        }
        let staged = bundles::find(db, hash).await?.ok_or_else(|| OpError::BundleNotStaged(hash.to_owned()))?;
        let files: Vec<(&str, &str)> =
            staged.documents.iter().map(|document| (document.path.as_str(), document.text.as_str())).collect();
        // It was parsed when it was staged; an engine that no longer reads it says so.
        let bundle = Arc::new(Bundle::parse(&files).map_err(OpError::BundleInvalid)?);
        let mut parsed = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        if parsed.len() >= KEPT {
            parsed.clear();
        }
        parsed.insert(hash.to_owned(), bundle.clone());
        Ok(bundle)
    }
}

/// The program of a resource id.
///
/// # Errors
/// [`OpError::NotFound`].
pub fn get_program<'a>(bundle: &'a Bundle, id: &str) -> Result<&'a TierProgram, OpError> {
    let found = bundle.tier_programs().iter().find(|program| program_id(&program.id) == id);
    found.ok_or_else(|| OpError::NotFound {
        kind: "competency.accolade.dev/TierProgram",
        name: names::TIER_PROGRAM.format([id]),
    })
}
