//! Half-open intervals of time.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Instant;

/// A stretch of time that holds its start and not its end. Without an end it is still going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Interval {
    start: Instant,
    end: Option<Instant>,
}

/// An interval that would end before it starts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an interval cannot end ({end}) before it starts ({start})")]
pub struct IntervalError {
    /// The start given.
    pub start: Instant,
    /// The end given.
    pub end: Instant,
}

impl Interval {
    /// The interval `[start, end)`. One that ends where it starts is empty.
    ///
    /// # Errors
    /// [`IntervalError`] when the end lies before the start.
    pub fn new(start: Instant, end: Option<Instant>) -> Result<Interval, IntervalError> {
        match end {
            Some(end) if end < start => Err(IntervalError { start, end }),
            _ => Ok(Interval { start, end }),
        }
    }

    /// The interval that starts at an instant and has no end.
    pub const fn since(start: Instant) -> Interval {
        Interval { start, end: None }
    }

    /// The first instant inside.
    pub const fn start(&self) -> Instant {
        self.start
    }

    /// The first instant after the interval, if it ends.
    pub const fn end(&self) -> Option<Instant> {
        self.end
    }

    /// Whether an instant lies inside.
    pub fn contains(&self, instant: Instant) -> bool {
        self.start <= instant && self.end.is_none_or(|end| instant < end)
    }

    /// Whether no instant lies inside.
    pub fn is_empty(&self) -> bool {
        self.end == Some(self.start)
    }

    /// Whether some instant lies in both.
    pub fn overlaps(&self, other: &Interval) -> bool {
        self.intersection(other).is_some()
    }

    /// The instants that lie in both, if there are any.
    pub fn intersection(&self, other: &Interval) -> Option<Interval> {
        let start = self.start.max(other.start);
        let end = match (self.end, other.end) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (end, None) | (None, end) => end,
        };
        match end {
            Some(end) if end <= start => None,
            _ => Some(Interval { start, end }),
        }
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.end {
            Some(end) => f.pad(&format!("[{}, {end})", self.start)),
            None => f.pad(&format!("[{}, ...)", self.start)),
        }
    }
}
