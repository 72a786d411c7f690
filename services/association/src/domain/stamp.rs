//! When a resource was recorded and changed, and how often.

use values::Instant;

/// The record's own data, the same for every resource. It says when the service wrote, not when
/// the fact is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// When the resource was recorded.
    pub created: Instant,
    /// When it last changed.
    pub updated: Instant,
    /// 1 when it was recorded, one more with every change: the order of its published states and
    /// the source of its etag.
    pub revision: i64,
}

impl Stamp {
    /// The stamp of a resource recorded now.
    pub fn new(now: Instant) -> Stamp {
        Stamp { created: now, updated: now, revision: 1 }
    }

    /// The stamp after one more change.
    #[must_use]
    pub fn changed(self, now: Instant) -> Stamp {
        Stamp { updated: now, revision: self.revision + 1, ..self }
    }
}
