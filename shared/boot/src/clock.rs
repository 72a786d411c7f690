//! The one clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use values::Instant;

/// Where `now` comes from. Everything that needs the time is given a clock, or the time itself.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Clock {
        Clock(Source::System)
    }

    /// A clock that stands still until it is told. Clones share the time. For stories, which happen on dates
    /// of their own, and for tests.
    pub fn manual(now: Instant) -> Clock {
        Clock(Source::Manual(Arc::new(AtomicI64::new(now.micros()))))
    }

    /// The time, in whole microseconds.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the machine for the time")]
    pub fn now(&self) -> Instant {
        let micros = match &self.0 {
            Source::Manual(micros) => micros.load(Ordering::SeqCst),
            Source::System => match SystemTime::now().duration_since(UNIX_EPOCH) {
                Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
                // A machine that believes to be before 1970 is at the epoch.
                Err(_) => 0,
            },
        };
        Instant::from_micros(micros).unwrap_or(Instant::MAX)
    }

    /// Sets a manual clock, unless that would turn it back; says whether the clock could be set. The
    /// machine's clock cannot.
    pub fn advance_to(&self, now: Instant) -> bool {
        match &self.0 {
            Source::System => false,
            Source::Manual(micros) => micros.fetch_max(now.micros(), Ordering::SeqCst) <= now.micros(),
        }
    }

    /// Whether the clock only moves when it is told.
    pub fn is_manual(&self) -> bool {
        matches!(self.0, Source::Manual(_))
    }
}
