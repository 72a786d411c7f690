//! Registry's register of bundles.

use prost::Message;
use proto::registry::v1 as registry;
use values::Digest;

use super::WireFault;
use crate::store::received::Received;

/// The bundle that is current, and who made it so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Its hash.
    pub hash: Digest,
    /// The subject of the caller who made it current.
    pub publisher: String,
}

/// The current bundle in the histories of bundles, given by name and revision. While one takes
/// the place of another both may stand as current for a moment: the one that became so last counts.
///
/// # Errors
/// [`WireFault`] for a record that cannot be read.
pub fn current(rows: &[Received]) -> Result<Option<Published>, WireFault> {
    let mut current: Option<registry::Bundle> = None;
    for history in rows.chunk_by(|a, b| a.name == b.name) {
        let Some(last) = history.last().filter(|last| !last.withdrawn) else { continue };
        let bundle = registry::Bundle::decode(last.payload.as_slice());
        let bundle = bundle.map_err(|error| WireFault::new(&last.name, error))?;
        let newer = current.as_ref().is_none_or(|current| current.revision < bundle.revision);
        if bundle.state() == registry::bundle::State::Current && newer {
            current = Some(bundle);
        }
    }
    let Some(current) = current else { return Ok(None) };
    let hash = super::known::last_segment(&current.name);
    let hash = hash.parse().map_err(|error| WireFault::new(&current.name, error))?;
    Ok(Some(Published { hash, publisher: current.publisher }))
}
