//! EndAgreementAcceptance.

use sea_orm::DatabaseTransaction;
use values::{Instant, Interval};

use super::{End, OpError, check_etag};
use crate::domain::agreement::Acceptance;
use crate::domain::ids::{Owned, PartnerId};
use crate::domain::text::Reason;
use crate::{publish, store};

/// Ends an acceptance, before the end it may have had.
///
/// # Errors
/// [`OpError`] when it is not there, has changed, has ended by then, or would end before it starts.
pub async fn end_agreement_acceptance(
    tx: &DatabaseTransaction,
    now: Instant,
    command: &End<Owned<PartnerId>>,
    reason: &Reason,
) -> Result<Acceptance, OpError> {
    let target = &command.target;
    let name = target.key.name_in("agreementAcceptances");
    let key = (target.key.owner.as_str().to_owned(), target.key.id.to_string());
    let found = store::lock::<Acceptance>(tx, key).await?;
    let mut acceptance = found.ok_or_else(|| OpError::missing("AgreementAcceptance", &name))?;
    check_etag(&target.etag, &name, acceptance.stamp)?;
    let end = command.at.unwrap_or(now);
    if let Some(at) = acceptance.in_force.end().filter(|before| *before <= end) {
        return Err(OpError::Ended { name, at });
    }
    acceptance.in_force = Interval::new(acceptance.in_force.start(), Some(end))
        .map_err(|error| OpError::Invalid { field: "end_time", description: error.to_string() })?;
    acceptance.end_reason = Some(reason.clone());
    acceptance.stamp = acceptance.stamp.changed(now);
    store::update(tx, &acceptance).await?;
    publish::state(tx, &acceptance).await?;
    Ok(acceptance)
}
