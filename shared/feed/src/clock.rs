//! The machine's clock, for followers that were given no other.

use std::time::{SystemTime, UNIX_EPOCH};

use values::Instant;

/// The present, for what operators read and for tests; no feed takes its order from it. Kept within the range of [`Instant`], which no real clock leaves.
#[expect(clippy::disallowed_methods, reason = "parking times and lags are told to operators and decide nothing")]
pub(crate) fn system() -> Instant {
    let micros = match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
        Err(_) => 0,
    };
    Instant::from_micros(micros).unwrap_or(Instant::MAX)
}
