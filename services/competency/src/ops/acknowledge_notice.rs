//! A partner says that it has read a notice.

use sea_orm::DatabaseTransaction;
use values::Instant;

use super::OpError;
use crate::domain::notice::Notice;
use crate::names;
use crate::publish;
use crate::store::notices;

/// Acknowledges a notice; one that was acknowledged before stays as it is. A non-empty `etag` must
/// be that of the notice as it stands.
///
/// # Errors
/// [`OpError::NotFound`], [`OpError::EtagMismatch`].
pub async fn acknowledge(
    tx: &DatabaseTransaction,
    now: Instant,
    partner: &str,
    notice: &str,
    etag: &str,
) -> Result<Notice, OpError> {
    let name = names::NOTICE.format([partner, notice]);
    let found = notices::find_for_update(tx, partner, notice).await?;
    let mut found =
        found.ok_or_else(|| OpError::NotFound { kind: "competency.accolade.dev/Notice", name: name.clone() })?;
    if !etag.is_empty() && etag != rpc::etag::of(&name, found.revision) {
        return Err(OpError::EtagMismatch(name));
    }
    if found.acknowledged.is_some() {
        return Ok(found);
    }
    found.acknowledged = Some(now);
    found.revision += 1;
    notices::update(tx, &found).await?;
    publish::notice(tx, now, &found).await?;
    Ok(found)
}
