//! The register of current program bundles.

use values::{Digest, Instant};

use super::stamp::Stamp;

/// A bundle of program documents that is or was current. The register knows its hash, not the
/// documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// The bundle's hash, its identity.
    pub hash: Digest,
    /// How many bundles had become current when it last did, this one included.
    pub revision: i64,
    /// Since when it is current, or was when it last became so.
    pub effective: Instant,
    /// When another one took its place; absent while it is current.
    pub superseded: Option<Instant>,
    /// The subject of the caller who made it current.
    pub publisher: String,
    /// What changed, in the publisher's words; may be empty.
    pub comment: String,
    /// When it was recorded and changed.
    pub stamp: Stamp,
}

/// What making a bundle current changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Switch {
    /// Nothing: it is the current one.
    Unchanged(Bundle),
    /// The register moves on.
    Changed {
        /// The bundle that was current, no longer so.
        before: Option<Bundle>,
        /// The bundle that is.
        current: Bundle,
    },
}

/// The words of a publisher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// The subject of the caller.
    pub publisher: String,
    /// What changed.
    pub comment: String,
}

/// Another bundle is current than the caller expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the current bundle is another one than expected")]
pub struct CurrentMismatch {
    /// The bundle the caller expected.
    pub expected: Digest,
    /// The bundle that is current, if one is.
    pub current: Option<Digest>,
}

/// Decides what making a bundle current changes, given the current one and what the register knows
/// about the wanted one. Rule: `registry.current-bundle`.
///
/// # Errors
/// [`CurrentMismatch`] if the caller expected another one to be current.
pub fn make_current(
    hash: Digest,
    known: Option<Bundle>,
    current: Option<Bundle>,
    expected: Option<Digest>,
    publication: Publication,
    now: Instant,
) -> Result<Switch, CurrentMismatch> {
    let current_hash = current.as_ref().map(|bundle| bundle.hash);
    if let Some(expected) = expected
        && current_hash != Some(expected)
    {
        return Err(CurrentMismatch { expected, current: current_hash });
    }
    if let Some(bundle) = current.clone().filter(|bundle| bundle.hash == hash) {
        return Ok(Switch::Unchanged(bundle));
    }
    let revision = current.as_ref().map_or(1, |bundle| bundle.revision + 1);
    let Publication { publisher, comment } = publication;
    let stamp = known.map_or(Stamp::new(now), |bundle| bundle.stamp.changed(now));
    let next = Bundle { hash, revision, effective: now, superseded: None, publisher, comment, stamp };
    let before = current.map(|bundle| Bundle { superseded: Some(now), stamp: bundle.stamp.changed(now), ..bundle });
    Ok(Switch::Changed { before, current: next })
}
