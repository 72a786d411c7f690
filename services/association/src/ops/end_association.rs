//! EndAssociation.

use sea_orm::DatabaseTransaction;
use values::{Instant, Interval};

use crate::domain::association::Association;
use crate::domain::names::AssociationName;
use crate::domain::saying::{NotSaid, Speaker, may_say};
use crate::ops::policies::is_designated;
use crate::ops::{OpError, Policies, check_etag};
use crate::{publish, store};

/// An association to end.
#[derive(Clone, Debug)]
pub struct EndAssociation {
    /// Which.
    pub name: AssociationName,
    /// The first instant at which it holds no longer; absent for now.
    pub end: Option<Instant>,
    /// Why; staff must say.
    pub reason: String,
    /// The etag it was read with, or empty.
    pub etag: String,
    /// Who ends it.
    pub speaker: Speaker,
}

/// Ends an association; an end at or before its start makes it hold at no instant.
///
/// # Errors
/// The reasons that the method names.
pub async fn end_association(
    tx: &DatabaseTransaction,
    now: Instant,
    policies: &Policies,
    command: &EndAssociation,
) -> Result<Association, OpError> {
    let found = store::associations::lock(tx, &command.name).await?;
    let mut association = found.ok_or_else(|| OpError::missing("Association", &command.name))?;
    let name = command.name.to_string();
    check_etag(&command.etag, &name, association.stamp.revision)?;
    let policy = policies.current(tx).await?;
    let end = command.end.unwrap_or(now);
    let kind = policy.kind_at(association.statement.kind.as_str(), end)?;
    if is_designated(kind) {
        return Err(OpError::DesignationRequired(kind.name.clone()));
    }
    if command.speaker == Speaker::Owner && end < now {
        return Err(OpError::PastNotAllowed(end));
    }
    if command.speaker == Speaker::Staff && command.reason.is_empty() {
        return Err(OpError::ReasonRequired);
    }
    // Who may say it may take it back.
    may_say(kind, command.speaker, &association.statement.source, &command.reason).map_err(|error| match error {
        NotSaid::ByOthers => OpError::NotSaidByCaller(kind.name.clone()),
        NotSaid::WithoutReason => OpError::ReasonRequired,
    })?;
    let effective = association.statement.effective;
    if let Some(at) = effective.end().filter(|at| *at <= end) {
        return Err(OpError::AlreadyEnded { name, at });
    }
    let start = effective.start();
    association.statement.effective =
        Interval::new(start, Some(end.max(start))).unwrap_or(association.statement.effective);
    if !command.reason.is_empty() {
        association.statement.reason.clone_from(&command.reason);
    }
    association.stamp = association.stamp.changed(now);
    store::row::update(tx, &association).await?;
    publish::association(tx, now, &association).await?;
    Ok(association)
}
