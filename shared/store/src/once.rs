//! Requests that a caller may repeat: the effect once, the reply every time.

use std::sync::atomic::Ordering;

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, Statement};
use values::{Digest, Instant};

use crate::{Store, StoreError, Tx, TxFuture};

/// How long a request id is remembered, in microseconds: seven days. Business keys protect after
/// that.
pub const ONCE_KEPT_MICROS: i64 = 7 * 24 * 3_600 * 1_000_000;

/// Every so many requests the forgotten ones are removed.
const SWEEP_EVERY: u64 = 256;

/// Which request it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnceKey {
    /// Who calls: ids of different callers have nothing to do with each other.
    pub caller: String,
    /// The full method name.
    pub method: String,
    /// The caller's id for the request. Empty means that the request is not to be remembered.
    pub request_id: String,
    /// A hash of the request's content without its id: the same id must come with the same request.
    pub request_hash: Digest,
}

impl Store {
    /// Runs a body in a transaction and records its reply with the request. A request that was
    /// answered within the last seven days is not run again and gets the recorded reply; one that
    /// failed left nothing behind and is run.
    ///
    /// # Errors
    /// [`StoreError::RequestReused`] for another request under the same id; else as of
    /// [`Store::transact`].
    pub async fn once<'e, E, F>(&self, key: &OnceKey, now: Instant, body: F) -> Result<Vec<u8>, E>
    where
        F: for<'c> Fn(Tx<'c, 'e>) -> TxFuture<'c, Result<Vec<u8>, E>> + Send + Sync + 'e,
        E: std::error::Error + From<StoreError> + Send + 'static,
    {
        let body = &body;
        let sweep = self.inner.requests.fetch_add(1, Ordering::Relaxed).is_multiple_of(SWEEP_EVERY);
        let outcome = self.transact(move |tx| {
            Box::pin(async move {
                if key.request_id.is_empty() {
                    return body(tx.widen()).await;
                }
                if sweep {
                    forget_old(&tx, now).await.map_err(StoreError::from)?;
                }
                if !claim(&tx, key, now).await.map_err(StoreError::from)? {
                    return recorded(&tx, key).await.map_err(E::from);
                }
                let reply = body(tx.widen()).await?;
                record(&tx, key, &reply).await.map_err(StoreError::from)?;
                Ok(reply)
            })
        });
        outcome.await
    }

    /// As [`Store::once`], for a body that returns a message.
    ///
    /// # Errors
    /// As of [`Store::once`].
    pub async fn once_message<'e, M, E, F>(&self, key: &OnceKey, now: Instant, body: F) -> Result<M, E>
    where
        M: prost::Message + Default + 'static,
        F: for<'c> Fn(Tx<'c, 'e>) -> TxFuture<'c, Result<M, E>> + Send + Sync + 'e,
        E: std::error::Error + From<StoreError> + Send + 'static,
    {
        let body = &body;
        let once = self.once(key, now, move |tx| {
            Box::pin(async move {
                let message: Result<M, E> = body(tx.widen()).await;
                message.map(|message| message.encode_to_vec())
            })
        });
        let reply = once.await?;
        let message = M::decode(reply.as_slice());
        message.map_err(|error| StoreError::bug(format!("a recorded reply cannot be read: {error}")).into())
    }
}

/// Takes the key, waiting for another transaction that is about to; false when it is taken.
async fn claim(tx: &DatabaseTransaction, key: &OnceKey, now: Instant) -> Result<bool, DbErr> {
    let values = [
        key.caller.clone().into(),
        key.method.clone().into(),
        key.request_id.clone().into(),
        hash_text(key).into(),
        Vec::<u8>::new().into(),
        now.micros().into(),
    ];
    let sql = "INSERT INTO store_once (caller, method, request_id, request_hash, reply, created_micros) \
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
    let done = tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(done.rows_affected() == 1)
}

async fn recorded(tx: &DatabaseTransaction, key: &OnceKey) -> Result<Vec<u8>, StoreError> {
    let sql = "SELECT request_hash, reply FROM store_once WHERE caller = $1 AND method = $2 AND request_id = $3";
    let values = [key.caller.clone().into(), key.method.clone().into(), key.request_id.clone().into()];
    let row = tx
        .query_one_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values))
        .await?
        .ok_or_else(|| StoreError::bug("a request id that is taken has no row"))?;
    let hash: String = row.try_get("", "request_hash")?;
    if hash != hash_text(key) {
        return Err(StoreError::RequestReused { request_id: key.request_id.clone() });
    }
    Ok(row.try_get("", "reply")?)
}

async fn record(tx: &DatabaseTransaction, key: &OnceKey, reply: &[u8]) -> Result<(), DbErr> {
    let sql = "UPDATE store_once SET reply = $1 WHERE caller = $2 AND method = $3 AND request_id = $4";
    let values =
        [reply.to_vec().into(), key.caller.clone().into(), key.method.clone().into(), key.request_id.clone().into()];
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await?;
    Ok(())
}

async fn forget_old(tx: &DatabaseTransaction, now: Instant) -> Result<(), DbErr> {
    let sql = "DELETE FROM store_once WHERE created_micros < $1";
    let oldest = now.saturating_add(-ONCE_KEPT_MICROS).micros();
    tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, [oldest.into()])).await?;
    Ok(())
}

fn hash_text(key: &OnceKey) -> String {
    key.request_hash.to_string()
}
