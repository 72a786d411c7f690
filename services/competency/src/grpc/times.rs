//! The instants that questions are about, and waiting for what was recorded up to them.

use std::time::Duration;

use values::Instant;

use crate::Shared;
use crate::ops::OpError;

/// The instant up to which a question sees what was recorded, once that is here: the one that was asked
/// for, or else everything that is here.
///
/// # Errors
/// [`OpError::NotYetKnown`].
pub async fn known(shared: &Shared, asked: Option<Instant>) -> Result<Instant, OpError> {
    match asked {
        Some(known_at) => arrived(shared, known_at).await.map(|()| known_at),
        None => Ok(shared.arrivals.present(shared.clock.now(), patience(shared)).await),
    }
}

/// Waits for what was recorded up to an instant.
async fn arrived(shared: &Shared, known_at: Instant) -> Result<(), OpError> {
    let applied = || shared.arrivals.applied();
    // Nothing is known about the future, and a feed would be asked in vain.
    let past = known_at <= shared.clock.now() || applied().is_some_and(|applied| known_at <= applied);
    let known = past && shared.arrivals.wait(known_at, patience(shared)).await;
    if known { Ok(()) } else { Err(OpError::NotYetKnown { known_at, applied: applied() }) }
}

/// The instant that an operation about the present is pinned to. It waits by itself for what was recorded up to then.
pub async fn newest(shared: &Shared) -> Instant {
    shared.arrivals.newest(shared.clock.now(), patience(shared)).await
}

fn patience(shared: &Shared) -> Duration {
    Duration::from_millis(shared.config.patience_millis)
}
