//! An evaluation of all partners as a long-running operation.

use values::Instant;

/// Where an operation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    /// It waits for its turn, or for what was recorded up to its instant to arrive.
    Waiting,
    /// It evaluates partners.
    Running,
    /// It is done.
    Succeeded,
    /// It was cancelled.
    Cancelled,
    /// It could not go on.
    Failed,
}

impl RunState {
    /// All states.
    pub const ALL: [RunState; 5] =
        [RunState::Waiting, RunState::Running, RunState::Succeeded, RunState::Cancelled, RunState::Failed];

    /// The name in columns.
    pub fn name(self) -> &'static str {
        match self {
            RunState::Waiting => "WAITING",
            RunState::Running => "RUNNING",
            RunState::Succeeded => "SUCCEEDED",
            RunState::Cancelled => "CANCELLED",
            RunState::Failed => "FAILED",
        }
    }

    /// Whether nothing follows.
    pub fn is_over(self) -> bool {
        matches!(self, RunState::Succeeded | RunState::Cancelled | RunState::Failed)
    }

    /// The state of this name.
    pub fn find(name: &str) -> Option<RunState> {
        RunState::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// How far an operation is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The last partner that was evaluated: where it goes on after a restart. Partners are evaluated
    /// in order of their ids.
    pub last_partner: String,
    /// How many there are; zero while it waits.
    pub partners: i64,
    /// How many were evaluated.
    pub evaluated: i64,
    /// How many scorecards changed.
    pub changed_scorecards: i64,
    /// How many awards changed.
    pub changed_awards: i64,
}

/// An evaluation of all partners, pinned to the facts recorded up to one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// Its id; ordered by time.
    pub id: String,
    /// Where it stands.
    pub state: RunState,
    /// The documents of the programs that are applied.
    pub programs: Vec<String>,
    /// The bundle that is applied, 64 hexadecimal digits.
    pub bundle_hash: String,
    /// The instant the facts are judged at.
    pub as_of: Instant,
    /// The instant up to which facts are seen.
    pub known_at: Instant,
    /// How far it is.
    pub progress: Progress,
    /// The hash over all scorecards; empty until it is done.
    pub result_hash: String,
    /// Whether it decides how partners stand, and nothing more.
    pub decisions_only: bool,
    /// Whether somebody asked to cancel it.
    pub cancel_asked: bool,
    /// Why it failed: a `google.rpc.Status`, encoded.
    pub error: Option<Vec<u8>>,
    /// When it was asked for.
    pub created: Instant,
    /// When it last made progress.
    pub updated: Instant,
}

/// A partner that could not be evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The document of the program.
    pub program: String,
    /// The partner.
    pub partner: String,
    /// The rule that could not be applied.
    pub rule: String,
    /// Why.
    pub message: String,
}
