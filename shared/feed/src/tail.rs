//! The newest changes in memory, for the streams that are up to date.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::change::Change;

/// Changes kept at most, and so many bytes of payloads.
pub(crate) const TAIL_CHANGES: usize = 2_048;
const TAIL_BYTES: usize = 2 * 1024 * 1024;

/// The newest changes, without a gap behind `base`.
pub(crate) struct Tail {
    base: i64,
    bytes: usize,
    changes: VecDeque<Arc<Change>>,
}

impl Tail {
    /// Nothing at hand yet; what comes next comes behind this position.
    pub(crate) fn behind(base: i64) -> Tail {
        Tail { base, bytes: 0, changes: VecDeque::new() }
    }

    fn last(&self) -> i64 {
        self.changes.back().map_or(self.base, |change| change.position)
    }

    /// Adds changes that follow each other behind `from`. Some may be here already, because two
    /// callers read at once; if some are missing in between, what is here is of no use any more.
    pub(crate) fn add(&mut self, fresh: Vec<Change>, from: i64) {
        if self.last() < from {
            *self = Tail::behind(from);
        }
        let last = self.last();
        for change in fresh.into_iter().filter(|change| change.position > last) {
            self.bytes += change.payload.len();
            self.changes.push_back(Arc::new(change));
        }
        while self.changes.len() > TAIL_CHANGES || self.bytes > TAIL_BYTES {
            let Some(oldest) = self.changes.pop_front() else { break };
            self.bytes -= oldest.payload.len();
            self.base = oldest.position;
        }
    }

    /// The changes behind a position; none when it lies before what is at hand.
    pub(crate) fn after(&self, position: i64, limit: usize) -> Option<Vec<Arc<Change>>> {
        if position < self.base {
            return None;
        }
        let first = self.changes.partition_point(|change| change.position <= position);
        Some(self.changes.iter().skip(first).take(limit).cloned().collect())
    }
}
