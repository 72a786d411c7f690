//! CreateAgreementAcceptance.

use sea_orm::DatabaseTransaction;
use values::{Instant, Interval};

use super::{OpError, insert_new, lock_partner};
use crate::domain::agreement::{Acceptance, Agreement, check_acceptance};
use crate::domain::ids::{AgreementId, Owned, PartnerId};
use crate::domain::partner::State;
use crate::domain::stamp::Stamp;
use crate::{publish, store};

/// An acceptance to record.
#[derive(Clone, Debug)]
pub struct CreateAgreementAcceptance {
    /// The partner and the id it gets.
    pub key: Owned<PartnerId>,
    /// What is signed.
    pub agreement: AgreementId,
    /// For how long it is in force.
    pub in_force: Interval,
}

/// Accepts a version of an agreement for a partner, whose lock keeps two acceptances of one version
/// apart.
///
/// # Errors
/// [`OpError`] when partner or version is not there, the partner is refused or ended, the version
/// was not offered then or is accepted, or the id is taken.
pub async fn create_agreement_acceptance(
    tx: &DatabaseTransaction,
    now: Instant,
    command: &CreateAgreementAcceptance,
) -> Result<Acceptance, OpError> {
    let partner = lock_partner(tx, &command.key.owner).await?;
    partner.require(State::LIVE)?;
    let found = store::find::<Agreement>(tx, command.agreement.as_str().to_owned()).await?;
    let agreement = found.ok_or_else(|| OpError::missing("Agreement", &command.agreement))?;
    let accepted = store::agreements::acceptances::of_agreement(tx, &partner.id, &agreement.id).await?;
    check_acceptance(&agreement, &accepted, command.in_force)
        .map_err(|error| OpError::Accept { partner: partner.id, error })?;

    let acceptance = Acceptance {
        key: command.key.clone(),
        agreement: agreement.id,
        code: agreement.code,
        version: agreement.version,
        in_force: command.in_force,
        end_reason: None,
        stamp: Stamp::new(now),
    };
    insert_new(tx, &acceptance, &acceptance.key.name_in("agreementAcceptances")).await?;
    publish::state(tx, &acceptance).await?;
    Ok(acceptance)
}
