//! Runs: one close of a period, what it pinned and how far it is.

use std::collections::BTreeMap;

use thiserror::Error;
use values::{Digest, Instant, Month};

use super::parts::PartCount;

/// A feed that rating depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// Partners, agreements, compliance.
    Registry,
    /// Customers, subscriptions, associations, usage, transactions, seats.
    Association,
    /// Awards.
    Competency,
}

impl Source {
    /// All of them, in the order in which a run waits for them.
    pub const ALL: [Source; 3] = [Source::Registry, Source::Association, Source::Competency];

    /// The service's name.
    pub fn name(self) -> &'static str {
        match self {
            Source::Registry => "registry",
            Source::Association => "association",
            Source::Competency => "competency",
        }
    }

    /// The source of a stored name.
    pub fn find(name: &str) -> Option<Source> {
        Source::ALL.into_iter().find(|source| source.name() == name)
    }
}

/// How far one feed counts for a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pin {
    /// Facts recorded up to here count. The run's instant for registry and association; for competency the
    /// instant at which it had applied the other two up to the run's.
    pub known: Instant,
    /// The position that was applied then. Informative.
    pub position: i64,
}

/// Everything a result is a function of, facts apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pins {
    /// The run's instant.
    pub known: Instant,
    /// The bundle that rules.
    pub bundle: Digest,
    /// The engine's version.
    pub engine: String,
    /// The version of the table of time zones.
    pub zones: String,
    /// How far each feed counts; empty until the feeds have passed the instant.
    pub feeds: BTreeMap<Source, Pin>,
}

impl Pins {
    /// The latest instant that any feed counts up to. What each feed said after its own pin is never loaded,
    /// so a question "as known at" this instant sees exactly what was pinned.
    pub fn latest(&self) -> Instant {
        self.feeds.values().map(|pin| pin.known).fold(self.known, Instant::max)
    }
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RunState {
    /// Waits for the feeds.
    Waiting,
    /// Takes facts together.
    Collecting,
    /// Rates.
    Rating,
    /// Issues.
    Issuing,
    /// Ended with statements.
    Succeeded,
    /// Ended without a result.
    Failed,
    /// Cancelled before it issued anything.
    Cancelled,
}

impl RunState {
    const ALL: [RunState; 7] = [
        RunState::Waiting,
        RunState::Collecting,
        RunState::Rating,
        RunState::Issuing,
        RunState::Succeeded,
        RunState::Failed,
        RunState::Cancelled,
    ];

    /// The name under which it is stored.
    pub fn name(self) -> &'static str {
        match self {
            RunState::Waiting => "WAITING",
            RunState::Collecting => "COLLECTING",
            RunState::Rating => "RATING",
            RunState::Issuing => "ISSUING",
            RunState::Succeeded => "SUCCEEDED",
            RunState::Failed => "FAILED",
            RunState::Cancelled => "CANCELLED",
        }
    }

    /// The state of a stored name.
    pub fn find(name: &str) -> Option<RunState> {
        RunState::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether nothing more will happen.
    pub fn ended(self) -> bool {
        matches!(self, RunState::Succeeded | RunState::Failed | RunState::Cancelled)
    }
}

/// One close of a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Counts all runs of the service from 1; its id is `r` and this number.
    pub number: i64,
    /// The period it closes.
    pub period: Month,
    /// Where it stands.
    pub state: RunState,
    /// What it pinned.
    pub pins: Pins,
    /// Into how many parts the customers are split.
    pub parts: PartCount,
    /// How many parts are collected.
    pub collected: u32,
    /// Whether somebody asked to stop it.
    pub cancel_requested: bool,
    /// What came out; none until it succeeded.
    pub outcome: Option<Outcome>,
    /// When it began.
    pub created: Instant,
    /// When it ended.
    pub ended: Option<Instant>,
    /// Why it failed; empty unless it did.
    pub failure: String,
    /// How many single records were fetched because an hour had to be split.
    pub split_records: i64,
}

/// What a run came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The hash over pins, facts and results.
    pub result: Digest,
    /// How many statements it issued.
    pub statements: i32,
    /// How many lines these have.
    pub lines: i64,
}

/// The run cannot be replayed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("run r{number} ended as {}, without a result", .state.name())]
pub struct NotFinished {
    /// The run.
    pub number: i64,
    /// Where it stands.
    pub state: RunState,
}

impl Run {
    /// The last segment of its name.
    pub fn id(&self) -> String {
        run_id(self.number)
    }

    /// How far it is, from 0 to 100.
    pub fn progress_percent(&self) -> i32 {
        match self.state {
            RunState::Waiting => 5,
            RunState::Collecting => {
                let share = 60 * i64::from(self.collected) / i64::from(self.parts.get());
                10 + i32::try_from(share.min(60)).unwrap_or(60)
            }
            RunState::Rating => 75,
            RunState::Issuing => 90,
            RunState::Succeeded | RunState::Failed | RunState::Cancelled => 100,
        }
    }

    /// The result hash, when it has one to replay against.
    ///
    /// # Errors
    /// [`NotFinished`].
    pub fn recorded(&self) -> Result<Digest, NotFinished> {
        match self.outcome {
            Some(outcome) if self.state == RunState::Succeeded => Ok(outcome.result),
            _ => Err(NotFinished { number: self.number, state: self.state }),
        }
    }
}

/// The last segment of the name of the run with this number.
pub fn run_id(number: i64) -> String {
    format!("r{number}")
}

/// The number behind the last segment of a run's name, if it is one.
pub fn run_number(id: &str) -> Option<i64> {
    let digits = id.strip_prefix('r')?;
    let number: i64 = digits.parse().ok()?;
    (number > 0 && run_id(number) == id).then_some(number)
}
