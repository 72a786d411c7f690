//! Etags: a caller that read an older state does not overwrite a newer one (AIP-154).

use crate::fault::{Fault, Kind, SHARED_DOMAIN};

/// The etag of a resource at a revision: opaque, and different for every revision.
pub fn of(name: &str, revision: i64) -> String {
    use base64::Engine;
    let mut hash = blake3::Hasher::new();
    hash.update(name.as_bytes());
    hash.update(&[0]);
    hash.update(&revision.to_le_bytes());
    let bytes = hash.finalize();
    format!("\"{}\"", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&bytes.as_bytes()[..9]))
}

/// Refuses a request that carries the etag of another state. An empty etag asks for nothing.
///
/// # Errors
/// ABORTED, reason ETAG_MISMATCH.
pub fn check(given: &str, name: &str, revision: i64) -> Result<(), Fault> {
    if given.is_empty() || given == of(name, revision) {
        return Ok(());
    }
    let message = format!("{name} has changed since it was read; read it again");
    Err(Fault::new(Kind::Aborted, SHARED_DOMAIN, "ETAG_MISMATCH", message).with("resource", name))
}
