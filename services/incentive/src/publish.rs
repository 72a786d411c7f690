//! The changes we publish, appended in the caller's transaction.

use feed::NewChange;
use sea_orm::DatabaseTransaction;
use values::Instant;

use crate::grpc::to_proto;
use crate::ops::OpError;
use crate::store::statements::StatementHead;

/// Publishes an issued statement. It has one revision: it never changes.
///
/// # Errors
/// The database's.
pub async fn statement(tx: &DatabaseTransaction, now: Instant, head: &StatementHead) -> Result<(), OpError> {
    let message = to_proto::statement(head)?;
    feed::append(tx, NewChange::state(message.name.clone(), 1, now, &message)).await?;
    Ok(())
}
