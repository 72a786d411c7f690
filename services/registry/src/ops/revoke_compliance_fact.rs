//! RevokeComplianceFact.

use sea_orm::DatabaseTransaction;
use values::Instant;

use super::{OpError, Target, check_etag};
use crate::domain::compliance::{ComplianceFact, Revocation};
use crate::domain::ids::{Owned, PartnerId};
use crate::domain::text::Reason;
use crate::{publish, store};

/// Revokes a wrong fact: it then counts for no time at all.
///
/// # Errors
/// [`OpError`] when it is not there, has changed, or was revoked.
pub async fn revoke_compliance_fact(
    tx: &DatabaseTransaction,
    now: Instant,
    target: &Target<Owned<PartnerId>>,
    reason: &Reason,
) -> Result<ComplianceFact, OpError> {
    let name = target.key.name_in("complianceFacts");
    let key = (target.key.owner.as_str().to_owned(), target.key.id.to_string());
    let found = store::lock::<ComplianceFact>(tx, key).await?;
    let mut fact = found.ok_or_else(|| OpError::missing("ComplianceFact", &name))?;
    check_etag(&target.etag, &name, fact.stamp)?;
    if let Some(revoked) = fact.revoked {
        return Err(OpError::Revoked { name, at: revoked.at });
    }
    fact.revoked = Some(Revocation { at: now, reason: reason.clone() });
    fact.stamp = fact.stamp.changed(now);
    store::update(tx, &fact).await?;
    publish::state(tx, &fact).await?;
    Ok(fact)
}
