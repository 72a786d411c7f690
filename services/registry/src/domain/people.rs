//! People: their data, and the partner they belong to.

use values::{Id, Instant, Interval};

use super::ids::{LearnerId, Owned, PartnerId};
use super::stamp::Stamp;

/// Links of one learner start at most so many times within [`YEAR_MICROS`]. From the published
/// rules of learning profiles.
pub const MOST_STARTS: usize = 3;
/// Links of one learner start at least this far apart: 30 days, in microseconds.
pub const SPACING_MICROS: i64 = 30 * DAY_MICROS;
/// The year within which starts are counted: the 365 days before a start, in microseconds. The
/// published rule says "a year"; counted back from each start, it is never laxer than a calendar
/// year's count.
pub const YEAR_MICROS: i64 = 365 * DAY_MICROS;

const DAY_MICROS: i64 = 24 * 3_600 * 1_000_000;

/// A person who holds certifications.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Learner {
    /// The identity, all that the rest of the suite knows.
    pub id: LearnerId,
    /// Whether the person's data was erased.
    pub erased: bool,
    /// The partner the learner is linked to now.
    pub partner: Option<PartnerId>,
    /// When it was recorded and changed.
    pub stamp: Stamp,
}

/// What only the registry knows about a person. Never logged: `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Person {
    /// The name; may be empty.
    pub display_name: String,
    /// The mail address; may be empty.
    pub email: String,
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Person(..)")
    }
}

/// A learner belongs to a partner for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LearnerLink {
    /// The learner and the link's id.
    pub key: Owned<LearnerId>,
    /// The partner.
    pub partner: PartnerId,
    /// For how long.
    pub held: Interval,
    /// When it was recorded and changed.
    pub stamp: Stamp,
}

/// The person's data was erased.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the data of {learner} was erased")]
pub struct Erased {
    /// The learner.
    pub learner: LearnerId,
}

/// Why a link cannot start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// The learner is with this partner.
    #[error("the learner is linked to this partner by {link}")]
    Unchanged {
        /// The id of the link that holds.
        link: Id,
    },
    /// A link starts or ends later than this one would start.
    #[error("the learner has a link that starts at {last_start} and is not over by then")]
    OutOfOrder {
        /// When that link starts.
        last_start: Instant,
    },
    /// Too soon after the link before.
    #[error("links start at least 30 days apart: the last started at {last_start}, the next may at {next_start}")]
    TooSoon {
        /// When the link before started.
        last_start: Instant,
        /// The earliest start that is allowed.
        next_start: Instant,
    },
    /// Too many within a year.
    #[error("{starts} links started within a year, the next may start at {next_start}")]
    LimitReached {
        /// How many started within the year.
        starts: usize,
        /// The earliest start that is allowed.
        next_start: Instant,
    },
}

impl Learner {
    /// Checks that the person's data is still here.
    ///
    /// # Errors
    /// [`Erased`] if it is not.
    pub fn require_present(&self) -> Result<(), Erased> {
        if self.erased { Err(Erased { learner: self.id.clone() }) } else { Ok(()) }
    }
}

/// Decides whether a link to a partner may start, given all links of the learner, ordered by start.
/// Returns the link that ends at that start, if one holds. Rule: `registry.one-partner-at-a-time`.
/// Rule: `registry.link-spacing`. Rule: `registry.link-limit`.
///
/// # Errors
/// [`LinkError`] names the rule in the way; of the two that only time can heal, the one that
/// decides, with the first instant at which no rule is in the way.
pub fn start_link<'a>(
    links: &'a [LearnerLink],
    partner: &PartnerId,
    start: Instant,
) -> Result<Option<&'a LearnerLink>, LinkError> {
    let Some(last) = links.last() else { return Ok(None) };
    if last.partner == *partner && last.held.contains(start) {
        return Err(LinkError::Unchanged { link: last.key.id.clone() });
    }
    let last_start = last.held.start();
    if start <= last_start || last.held.end().is_some_and(|end| start < end) {
        return Err(LinkError::OutOfOrder { last_start });
    }

    let spaced = last_start.saturating_add(SPACING_MICROS);
    let starts = links.iter().filter(|link| start < link.held.start().saturating_add(YEAR_MICROS)).count();
    // The start that has to be a year old before another may follow.
    let counted = links.len().checked_sub(MOST_STARTS).map(|index| links[index].held.start());
    let next_start = counted.map_or(spaced, |oldest| spaced.max(oldest.saturating_add(YEAR_MICROS)));
    if starts >= MOST_STARTS {
        return Err(LinkError::LimitReached { starts, next_start });
    }
    if start < spaced {
        return Err(LinkError::TooSoon { last_start, next_start });
    }
    Ok(last.held.end().is_none().then_some(last))
}
