//! A partner's membership of one program.

use values::{Date, DateError, Id, Instant, Interval, Zone};

use super::ids::{Owned, PartnerId};
use super::stamp::Stamp;
use super::text::{Code, Reason};

/// A partner's membership of one program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrollment {
    /// The partner and the enrollment's id.
    pub key: Owned<PartnerId>,
    /// The program.
    pub program: Code,
    /// For how long it holds.
    pub held: Interval,
    /// The next anniversary.
    pub anniversary: Date,
    /// Until when the fee is paid; absent if it was not.
    pub fee_paid: Option<Instant>,
    /// The id of the acceptance behind it, one of the same partner.
    pub acceptance: Option<Id>,
    /// Why it ended.
    pub end_reason: Option<Reason>,
    /// When it was recorded and changed.
    pub stamp: Stamp,
}

/// The partner is enrolled in the program at that time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the partner is enrolled in {program} by {enrollment}")]
pub struct Enrolled {
    /// The program.
    pub program: Code,
    /// The id of the enrollment that holds.
    pub enrollment: Id,
}

/// Decides whether a partner may be enrolled in a program from an instant, given its enrollments in
/// that program. Rule: `registry.one-enrollment`.
///
/// # Errors
/// [`Enrolled`] names the enrollment that holds then or later.
pub fn check_enrollment(program: &Code, existing: &[Enrollment], start: Instant) -> Result<(), Enrolled> {
    match existing.iter().find(|other| other.held.overlaps(&Interval::since(start))) {
        Some(other) => Err(Enrolled { program: program.clone(), enrollment: other.key.id.clone() }),
        None => Ok(()),
    }
}

/// The first anniversary of something that starts at an instant: the same day a year later in UTC,
/// 28 February for 29 February.
///
/// # Errors
/// [`DateError`] beyond the year 9999.
pub fn first_anniversary(start: Instant) -> Result<Date, DateError> {
    Zone::utc().date(start).add_months_clamped(12)
}
