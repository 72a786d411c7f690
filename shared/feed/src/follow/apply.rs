//! What a service says about the changes it follows.

use std::error::Error;

use sea_orm::{DatabaseTransaction, DbErr};
use store::StoreError;
use tonic::async_trait;

use crate::change::Change;

/// What the changes of one feed mean to one service.
///
/// Both functions write in the transaction that also moves the follower's cursor. They may run
/// again for the same change after a rollback, and must have no effect but their writes.
#[async_trait]
pub trait Apply: Send + Sync + 'static {
    /// The kinds that `apply` understands, by full message name.
    fn kinds(&self) -> &[&str];

    /// The kinds that this service knows and does not want. Every other kind comes from a newer
    /// producer: it is kept unread, and applied after the upgrade that names it in `kinds`.
    fn ignored(&self) -> &[&str] {
        &[]
    }

    /// Applies a change. Of one aggregate they come in the order of their revisions, and each comes
    /// once. A state is the full state: write it whatever was there. An error is tried again
    /// and then parks the change with the later ones of its aggregate.
    async fn apply(&self, tx: &DatabaseTransaction, change: &Change) -> Result<(), ApplyError>;

    /// Removes everything that came from an aggregate, all revisions of it, because the producer no
    /// longer has what we applied: its database was restored from a backup. What it still has of the
    /// aggregate is applied again afterwards, from the first revision.
    async fn forget(&self, tx: &DatabaseTransaction, kind: &str, aggregate: &str) -> Result<(), ApplyError>;
}

/// Why a change could not be applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The database failed. When others were in the way, or it is not there, the follower waits;
    /// anything else counts against the change.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The change cannot be applied as it is.
    #[error("{0}")]
    Refused(#[source] Box<dyn Error + Send + Sync>),
}

impl ApplyError {
    /// The change cannot be applied, for a reason of the service's own.
    pub fn refused(error: impl Into<Box<dyn Error + Send + Sync>>) -> ApplyError {
        ApplyError::Refused(error.into())
    }

    /// A kind that `kinds` names and `apply` does not know: a mistake of the service.
    pub fn unexpected(kind: &str) -> ApplyError {
        ApplyError::refused(format!("nobody applies changes of kind `{kind}`"))
    }

    /// Whether waiting helps, and the change is not to blame.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(self, ApplyError::Store(StoreError::Contended(_) | StoreError::Unavailable(_)))
    }
}

impl From<DbErr> for ApplyError {
    fn from(error: DbErr) -> ApplyError {
        ApplyError::Store(error.into())
    }
}

impl From<prost::DecodeError> for ApplyError {
    fn from(error: prost::DecodeError) -> ApplyError {
        ApplyError::refused(error)
    }
}
