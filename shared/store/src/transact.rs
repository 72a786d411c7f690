//! Transactions: all or nothing, and again when others were in the way.

use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::Pin;
use std::time::Duration;

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, IsolationLevel, QueryResult,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};
use sea_orm_migration::async_trait::async_trait;

use crate::error::is_contended;
use crate::{Store, StoreError};

/// How often a contended transaction is run before its caller is told.
const ATTEMPTS: u32 = 12;

/// An open transaction. It is a [`DatabaseTransaction`]: pass `&tx` to whatever takes one, or use
/// it as a connection.
///
/// The second lifetime lets the body borrow from its surroundings, which a plain reference to the
/// transaction would forbid.
#[derive(Clone, Copy)]
pub struct Tx<'c, 'e: 'c> {
    transaction: &'c DatabaseTransaction,
    surroundings: PhantomData<&'c &'e ()>,
}

/// What the body of a transaction returns: `Box::pin(async move { ... })`.
pub type TxFuture<'c, T> = Pin<Box<dyn Future<Output = T> + Send + 'c>>;

impl<'c> Tx<'c, '_> {
    /// The same transaction for a body with other, longer-lived surroundings.
    pub(crate) fn widen<'e: 'c>(self) -> Tx<'c, 'e> {
        Tx { transaction: self.transaction, surroundings: PhantomData }
    }
}

impl Deref for Tx<'_, '_> {
    type Target = DatabaseTransaction;

    fn deref(&self) -> &DatabaseTransaction {
        self.transaction
    }
}

#[async_trait]
impl ConnectionTrait for Tx<'_, '_> {
    fn get_database_backend(&self) -> DbBackend {
        self.transaction.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.transaction.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.transaction.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.transaction.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.transaction.query_all_raw(statement).await
    }
}

impl Store {
    /// Runs a body in a transaction and commits what it did; an error rolls everything back.
    ///
    /// The body may run several times, because a transaction that met a lock, a deadlock or a
    /// serialization failure is run again from the start, also when the commit itself failed. It
    /// therefore must have no effect but its writes. On SQLite it has the writer for itself; on
    /// PostgreSQL it reads what was committed before each statement, and locks what it decides on.
    ///
    /// ```text
    /// let partner = store.transact(|tx| Box::pin(async move { ops::create(&tx, now, command).await })).await?;
    /// ```
    ///
    /// # Errors
    /// The body's, or the store's: [`StoreError::Contended`] when every attempt met others.
    pub async fn transact<'e, T, E, F>(&self, body: F) -> Result<T, E>
    where
        F: for<'c> Fn(Tx<'c, 'e>) -> TxFuture<'c, Result<T, E>> + Send + Sync,
        T: Send,
        E: std::error::Error + From<StoreError> + Send + 'static,
    {
        let done = self.attempt(None, body).await?;
        self.inner.commits.send_modify(|count| *count = count.wrapping_add(1));
        Ok(done)
    }

    /// As [`Store::transact`], under serializable isolation on PostgreSQL: two transactions that
    /// each decide on what the other writes cannot both commit.
    ///
    /// # Errors
    /// As of [`Store::transact`].
    pub async fn transact_serializable<'e, T, E, F>(&self, body: F) -> Result<T, E>
    where
        F: for<'c> Fn(Tx<'c, 'e>) -> TxFuture<'c, Result<T, E>> + Send + Sync,
        T: Send,
        E: std::error::Error + From<StoreError> + Send + 'static,
    {
        let done = self.attempt(Some(IsolationLevel::Serializable), body).await?;
        self.inner.commits.send_modify(|count| *count = count.wrapping_add(1));
        Ok(done)
    }

    /// As [`Store::transact`], without ringing the bell of [`Store::commits`]: for whoever listens
    /// to it.
    ///
    /// # Errors
    /// As of [`Store::transact`].
    pub async fn transact_quietly<'e, T, E, F>(&self, body: F) -> Result<T, E>
    where
        F: for<'c> Fn(Tx<'c, 'e>) -> TxFuture<'c, Result<T, E>> + Send + Sync,
        T: Send,
        E: std::error::Error + From<StoreError> + Send + 'static,
    {
        self.attempt(None, body).await
    }

    async fn attempt<'e, T, E, F>(&self, isolation: Option<IsolationLevel>, body: F) -> Result<T, E>
    where
        F: for<'c> Fn(Tx<'c, 'e>) -> TxFuture<'c, Result<T, E>> + Send + Sync,
        T: Send,
        E: std::error::Error + From<StoreError> + Send + 'static,
    {
        let mut attempt = 1;
        loop {
            let error = match self.run(isolation, &body).await {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            if attempt == ATTEMPTS || !is_contended(&error) {
                return Err(error);
            }
            tracing::debug!(attempt, "a transaction met others and is run again");
            tokio::time::sleep(pause(attempt)).await;
            attempt += 1;
        }
    }

    async fn run<'e, T, E, F>(&self, isolation: Option<IsolationLevel>, body: &F) -> Result<T, E>
    where
        F: for<'c> Fn(Tx<'c, 'e>) -> TxFuture<'c, Result<T, E>> + Send + Sync,
        T: Send,
        E: std::error::Error + From<StoreError> + Send + 'static,
    {
        let options = TransactionOptions {
            isolation_level: isolation,
            access_mode: None,
            // A deferred transaction that reads first and writes then fails at once when another
            // program has written in between.
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        };
        let transaction = self.inner.writer.begin_with_options(options).await.map_err(StoreError::from)?;
        let outcome = body(Tx { transaction: &transaction, surroundings: PhantomData }).await;
        match outcome {
            Ok(done) => {
                transaction.commit().await.map_err(StoreError::from)?;
                Ok(done)
            }
            Err(error) => {
                if let Err(rollback) = transaction.rollback().await {
                    // The connection is lost, and the transaction with it.
                    tracing::debug!(%rollback, "a rollback was not confirmed");
                }
                Err(error)
            }
        }
    }
}

/// The pause before the next attempt: 1 ms doubled each time up to 128 ms, and up to as much again
/// by chance, so that those who met once do not meet again.
fn pause(attempt: u32) -> Duration {
    let base = 1_000_u64 << attempt.min(7);
    let chance = RandomState::new().hash_one(attempt) % base;
    Duration::from_micros(base + chance)
}
