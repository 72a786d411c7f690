//! CreateEnrollment.

use sea_orm::DatabaseTransaction;
use values::{Date, Id, Instant, Interval};

use super::{OpError, insert_new, lock_partner};
use crate::domain::agreement::Acceptance;
use crate::domain::enrollment::{Enrollment, check_enrollment, first_anniversary};
use crate::domain::ids::{Owned, PartnerId};
use crate::domain::partner::State;
use crate::domain::stamp::Stamp;
use crate::domain::text::Code;
use crate::{publish, store};

/// An enrollment to record.
#[derive(Clone, Debug)]
pub struct CreateEnrollment {
    /// The partner and the id it gets.
    pub key: Owned<PartnerId>,
    /// The program.
    pub program: Code,
    /// Since when; absent for now.
    pub start: Option<Instant>,
    /// The next anniversary; absent for a year after the start.
    pub anniversary: Option<Date>,
    /// Until when the fee is paid.
    pub fee_paid: Option<Instant>,
    /// The acceptance behind it.
    pub acceptance: Option<Id>,
}

/// Enrolls an active partner in a program.
///
/// # Errors
/// [`OpError`] when the partner is not there or not active, is enrolled, the acceptance does not
/// hold at the start, or the id is taken.
pub async fn create_enrollment(
    tx: &DatabaseTransaction,
    now: Instant,
    command: &CreateEnrollment,
) -> Result<Enrollment, OpError> {
    let partner = lock_partner(tx, &command.key.owner).await?;
    partner.require(&[State::Active])?;
    let start = command.start.unwrap_or(now);
    let existing = store::enrollments::in_program(tx, &partner.id, &command.program).await?;
    check_enrollment(&command.program, &existing, start)
        .map_err(|error| OpError::Enrolled { partner: partner.id.clone(), error })?;
    if let Some(acceptance) = &command.acceptance {
        require_in_force(tx, &partner.id, acceptance, start).await?;
    }
    let anniversary = match command.anniversary {
        Some(date) => date,
        None => first_anniversary(start)
            .map_err(|error| OpError::Invalid { field: "enrollment.start_time", description: error.to_string() })?,
    };

    let enrollment = Enrollment {
        key: command.key.clone(),
        program: command.program.clone(),
        held: Interval::since(start),
        anniversary,
        fee_paid: command.fee_paid,
        acceptance: command.acceptance.clone(),
        end_reason: None,
        stamp: Stamp::new(now),
    };
    insert_new(tx, &enrollment, &enrollment.key.name_in("enrollments")).await?;
    publish::state(tx, &enrollment).await?;
    Ok(enrollment)
}

/// Checks that an acceptance of the partner is in force at the start of an enrollment.
/// Rule: `registry.agreement-in-force`.
pub(super) async fn require_in_force(
    tx: &DatabaseTransaction,
    partner: &PartnerId,
    acceptance: &Id,
    start: Instant,
) -> Result<(), OpError> {
    let key = Owned { owner: partner.clone(), id: acceptance.clone() };
    let name = key.name_in("agreementAcceptances");
    let found = store::find::<Acceptance>(tx, (partner.as_str().to_owned(), acceptance.to_string())).await?;
    let acceptance = found.ok_or_else(|| OpError::missing("AgreementAcceptance", &name))?;
    if acceptance.in_force.contains(start) { Ok(()) } else { Err(OpError::NotInForce { name }) }
}
