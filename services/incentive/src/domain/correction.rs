//! Corrections: changed rules reach closed periods only after a second person has agreed to every adjustment.

use thiserror::Error;
use values::{Digest, Instant, Money, Month};

use super::line::GroundedLine;
use super::period::Books;

/// Where a correction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CorrectionState {
    /// Its periods are being rated.
    Computing,
    /// It waits for a second person.
    Proposed,
    /// A second person agreed.
    Approved,
    /// It was refused.
    Refused,
    /// Its adjustments are posted.
    Posted,
    /// A period was closed without it.
    Lapsed,
    /// The bundle changes nothing about its periods.
    Unchanged,
    /// Its periods could not be rated.
    Failed,
    /// It was cancelled while it was computed.
    Cancelled,
}

impl CorrectionState {
    const ALL: [CorrectionState; 9] = [
        CorrectionState::Computing,
        CorrectionState::Proposed,
        CorrectionState::Approved,
        CorrectionState::Refused,
        CorrectionState::Posted,
        CorrectionState::Lapsed,
        CorrectionState::Unchanged,
        CorrectionState::Failed,
        CorrectionState::Cancelled,
    ];

    /// The states in which a correction may still be posted.
    pub const OPEN: [CorrectionState; 3] =
        [CorrectionState::Computing, CorrectionState::Proposed, CorrectionState::Approved];

    /// The name under which it is stored.
    pub fn name(self) -> &'static str {
        match self {
            CorrectionState::Computing => "COMPUTING",
            CorrectionState::Proposed => "PROPOSED",
            CorrectionState::Approved => "APPROVED",
            CorrectionState::Refused => "REFUSED",
            CorrectionState::Posted => "POSTED",
            CorrectionState::Lapsed => "LAPSED",
            CorrectionState::Unchanged => "UNCHANGED",
            CorrectionState::Failed => "FAILED",
            CorrectionState::Cancelled => "CANCELLED",
        }
    }

    /// The state of a stored name.
    pub fn find(name: &str) -> Option<CorrectionState> {
        CorrectionState::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// What a second person said, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// The subject of the caller.
    pub reviewer: String,
    /// The reviewer's words; may be empty.
    pub comment: String,
    /// When.
    pub at: Instant,
}

/// The periods that a bundle would change, and who agreed to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// Counts all corrections from 1; its id is `c` and this number.
    pub number: i64,
    /// The bundle whose rules are applied.
    pub bundle: Digest,
    /// The first corrected period.
    pub first: Month,
    /// The last: the last closed one when it was proposed.
    pub last: Month,
    /// The instant up to which facts were known.
    pub known: Instant,
    /// Where it stands.
    pub state: CorrectionState,
    /// The subject of the caller who proposed it.
    pub proposer: String,
    /// Why; may be empty.
    pub comment: String,
    /// What a second person said; none while nobody has.
    pub review: Option<Review>,
    /// The run that posts or posted it.
    pub run: Option<i64>,
    /// How many adjustments it has.
    pub lines: i64,
    /// How far its computation is, from 0 to 100.
    pub progress: i32,
    /// Whether somebody asked to stop its computation.
    pub cancel_requested: bool,
    /// Why it failed; empty unless it did.
    pub failure: String,
    /// When it was proposed.
    pub created: Instant,
    /// 1 when it was proposed, one more with every change that a decision depends on.
    pub revision: i64,
}

/// What a correction comes to for one plan in one closed period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorrectionTotal {
    /// The closed period.
    pub period: Month,
    /// The plan's id in its document.
    pub plan: String,
    /// What was issued so far.
    pub issued: Money,
    /// What it comes to by the bundle.
    pub due: Money,
}

/// One adjustment before or after it is posted: what was issued, what is due, and the line that pays the difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adjusted<G> {
    /// The sum of what was issued under the same key.
    pub issued: Money,
    /// What it comes to.
    pub due: Money,
    /// The line that brings the one to the other.
    pub line: GroundedLine<G>,
}

/// Why a correction cannot be proposed or decided.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CorrectionRefusal {
    /// No period is closed.
    #[error("no period is closed, so there is nothing to correct")]
    NothingClosed,
    /// The first period is not closed.
    #[error("{period} is not closed")]
    NotClosed {
        /// The period.
        period: Month,
    },
    /// Another correction by the bundle is open.
    #[error("correction c{number} by the same bundle is open")]
    Open {
        /// The bundle.
        bundle: Digest,
        /// The open correction.
        number: i64,
    },
    /// It does not wait for this decision.
    #[error("correction c{number} is {} and cannot be decided", .state.name().to_ascii_lowercase())]
    Decided {
        /// The correction.
        number: i64,
        /// Where it stands.
        state: CorrectionState,
    },
    /// The person who proposed it may not approve it.
    #[error("correction c{number} was proposed by {proposer}; another person must approve it")]
    ApproverIsProposer {
        /// The correction.
        number: i64,
        /// Who proposed it.
        proposer: String,
    },
    /// A period is being closed, by the rules that were approved when that began.
    #[error("run {run} is closing {period}")]
    CloseRunning {
        /// The period.
        period: Month,
        /// The run.
        run: i64,
    },
}

/// The closed periods that a correction spans, from `first` or the first of all to the last.
///
/// # Errors
/// [`CorrectionRefusal`] when nothing is closed, `first` is not, or a period is being closed.
pub fn span(books: &Books, first: Option<Month>) -> Result<(Month, Month), CorrectionRefusal> {
    none_closing(books)?;
    let closed = || books.closed.iter().map(|(month, _)| *month);
    let (Some(earliest), Some(last)) = (closed().min(), closed().max()) else {
        return Err(CorrectionRefusal::NothingClosed);
    };
    match first {
        Some(period) if !closed().any(|month| month == period) => Err(CorrectionRefusal::NotClosed { period }),
        first => Ok((first.unwrap_or(earliest), last)),
    }
}

/// Nothing about corrections is decided while a run, which began by what was decided before, is under way.
///
/// # Errors
/// [`CorrectionRefusal::CloseRunning`].
pub fn none_closing(books: &Books) -> Result<(), CorrectionRefusal> {
    match books.closing {
        Some((period, run)) => Err(CorrectionRefusal::CloseRunning { period, run }),
        None => Ok(()),
    }
}

impl Correction {
    /// The correction, approved.
    ///
    /// Rule: `incentive.changed-rules-are-approved`. Rules that were published after a period was closed adjust it only
    /// when somebody else than the proposer has agreed to the list; late facts need nobody's word.
    ///
    /// # Errors
    /// [`CorrectionRefusal`] for its proposer, or when it does not wait.
    pub fn approve(self, review: Review) -> Result<Correction, CorrectionRefusal> {
        if self.state != CorrectionState::Proposed {
            return Err(CorrectionRefusal::Decided { number: self.number, state: self.state });
        }
        if self.proposer == review.reviewer {
            return Err(CorrectionRefusal::ApproverIsProposer { number: self.number, proposer: self.proposer });
        }
        Ok(self.reviewed(CorrectionState::Approved, review))
    }

    /// The correction, refused; also one that was approved and is not posted.
    ///
    /// # Errors
    /// [`CorrectionRefusal::Decided`] when it does not wait and is not approved.
    pub fn refuse(self, review: Review) -> Result<Correction, CorrectionRefusal> {
        if !matches!(self.state, CorrectionState::Proposed | CorrectionState::Approved) {
            return Err(CorrectionRefusal::Decided { number: self.number, state: self.state });
        }
        Ok(self.reviewed(CorrectionState::Refused, review))
    }

    fn reviewed(self, state: CorrectionState, review: Review) -> Correction {
        Correction { state, review: Some(review), revision: self.revision + 1, ..self }
    }

    /// The last segment of its name.
    pub fn id(&self) -> String {
        correction_id(self.number)
    }
}

/// The last segment of the name of the correction with this number.
pub fn correction_id(number: i64) -> String {
    format!("c{number}")
}

/// The number behind the last segment of a correction's name, if it is one.
pub fn correction_number(id: &str) -> Option<i64> {
    let number: i64 = id.strip_prefix('c')?.parse().ok()?;
    (number > 0 && correction_id(number) == id).then_some(number)
}
