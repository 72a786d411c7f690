//! Periods: which one may be closed, and when.

use thiserror::Error;
use values::{Instant, Month};

/// What is closed and what is being closed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Books {
    /// The closed periods with their runs' numbers, in any order.
    pub closed: Vec<(Month, i64)>,
    /// The period that a run is closing now, with the run's number.
    pub closing: Option<(Month, i64)>,
}

/// Why a period cannot be closed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CloseRefusal {
    /// It is closed already and stays so.
    #[error("{period} was closed by run {run} and stays closed")]
    AlreadyClosed {
        /// The period.
        period: Month,
        /// The run that closed it.
        run: i64,
    },
    /// A run is closing a period now.
    #[error("run {run} is closing {period}")]
    Running {
        /// The period being closed.
        period: Month,
        /// The run.
        run: i64,
    },
    /// It has not ended everywhere.
    #[error("{period} ends at {ends}")]
    NotEnded {
        /// The period.
        period: Month,
        /// When it ends in the last of the plans' time zones.
        ends: Instant,
    },
    /// An earlier one comes first.
    #[error("{earlier} must be closed before {period}")]
    EarlierOpen {
        /// The period.
        period: Month,
        /// The period whose turn it is.
        earlier: Month,
    },
    /// A later one is closed.
    #[error("{later} is closed, so {period} can no longer be")]
    LaterClosed {
        /// The period.
        period: Month,
        /// The closed one.
        later: Month,
    },
}

/// Whether `period` may be closed at `now`, when `ends` is its end in the last of the plans' zones.
///
/// Rule: `incentive.close-once-in-order`. A period is closed once, after it has ended, and each after the one
/// before it: adjustments and running totals need that order. The first may be any.
///
/// # Errors
/// The refusal, the most lasting one first.
pub fn may_close(books: &Books, period: Month, ends: Instant, now: Instant) -> Result<(), CloseRefusal> {
    if let Some((_, run)) = books.closed.iter().find(|(closed, _)| *closed == period) {
        return Err(CloseRefusal::AlreadyClosed { period, run: *run });
    }
    if let Some((closing, run)) = books.closing {
        return Err(CloseRefusal::Running { period: closing, run });
    }
    if now < ends {
        return Err(CloseRefusal::NotEnded { period, ends });
    }
    let Some(last) = books.closed.iter().map(|(closed, _)| *closed).max() else {
        return Ok(());
    };
    if last > period {
        return Err(CloseRefusal::LaterClosed { period, later: last });
    }
    match last.add(1) {
        Ok(next) if next != period => Err(CloseRefusal::EarlierOpen { period, earlier: next }),
        _ => Ok(()),
    }
}
