//! A database filled with a population as following the feeds would have filled it, and an evaluation of everybody in
//! it, for measuring.
//!
//! What is written goes the way of a followed change: facts become the messages that registry and association publish,
//! the follower's own table says what they mean, and what it says is kept, many rows at once. Positions count up in the
//! order of recording, as in a feed, so that rows lie in the tables as time brought them and not partner by partner.
//! Nobody waits and nothing was evaluated. The product is built without this module.

mod measured;
mod simulated;
mod written;

pub use measured::{Everybody, Outcome, Told, clear, count_scorecards, evaluate, read_bare, sizes, write_bare};
pub use simulated::simulate;

use ::store::{Engine, Store, StoreError};
use program::{Bundle, Facts};
use sea_orm::{ConnectionTrait, DatabaseConnection};
use values::Instant;

use crate::domain::account::Account;
use crate::domain::bundle::{Current, Document};
use crate::domain::kept::KeptFact;
use crate::domain::usage::UsageEntry;
use crate::follow::{Followed, Said};
use crate::ops::{OpError, stage_bundle};
use crate::store::usage_sql::{self, Buckets};
use crate::store::{bundles, filling};

/// Facts that one statement writes.
const ROWS: usize = 5_000;

/// Why a database cannot be filled or measured.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A change that is written here cannot be followed.
    #[error("a change cannot be followed: {0}")]
    Follow(#[from] feed::ApplyError),
    /// Facts that are not written here.
    #[error("{0}")]
    Unwritten(String),
    /// The evaluation.
    #[error("everybody cannot be evaluated: {0}")]
    Evaluate(String),
}

impl From<sea_orm::DbErr> for BenchError {
    fn from(error: sea_orm::DbErr) -> BenchError {
        BenchError::Store(error.into())
    }
}

impl From<OpError> for BenchError {
    fn from(error: OpError) -> BenchError {
        BenchError::Evaluate(error.to_string())
    }
}

/// What the feeds bring about some partners at one instant, read as a follower reads it.
#[derive(Clone, Debug)]
pub struct Batch {
    registry: Vec<KeptFact>,
    association: Vec<KeptFact>,
    accounts: Vec<Account>,
    usage: Option<UsageEntry>,
    cells: u64,
}

impl Batch {
    /// Those of these facts that were recorded at this instant. `facts` hold the subscriptions of all usage and seats.
    ///
    /// # Errors
    /// [`BenchError::Unwritten`] for facts that a generated population has not.
    pub fn of(facts: &Facts, recorded: Instant) -> Result<Batch, BenchError> {
        let changes = written::changes(facts, recorded)?;
        let followed = Followed::all(&DatabaseConnection::default());
        let mut batch =
            Batch { registry: Vec::new(), association: Vec::new(), accounts: Vec::new(), usage: None, cells: 0 };
        for (followed, changes) in followed.iter().zip(changes) {
            for change in changes {
                match followed.read(&change)? {
                    Said::Account(fact, account) => {
                        batch.registry.push(fact);
                        batch.accounts.push(account);
                    }
                    Said::Fact(fact) if followed.feed == crate::REGISTRY => batch.registry.push(fact),
                    Said::Fact(fact) => batch.association.push(fact),
                    Said::Usage(entry) => {
                        batch.cells += entry.series.iter().map(|series| series.cells.len() as u64).sum::<u64>();
                        batch.usage = Some(entry);
                    }
                    Said::Current(_) | Said::Nothing => {}
                }
            }
        }
        Ok(batch)
    }
}

/// What was filled in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    /// Facts but usage.
    pub facts: u64,
    /// Hours of usage.
    pub usage: u64,
}

/// Fills a database.
#[derive(Debug)]
pub struct Filler {
    store: Store,
    buckets: Buckets,
    /// The last positions of registry's and association's feeds.
    positions: (i64, i64),
    filled: Filled,
}

impl Filler {
    /// Over a database that is empty; its schema is brought up to date.
    ///
    /// # Errors
    /// As the database's.
    pub async fn start(store: &Store) -> Result<Filler, BenchError> {
        crate::migrate(store).await?;
        let buckets = Buckets::new(store.read().clone());
        Ok(Filler { store: store.clone(), buckets, positions: (0, 0), filled: Filled::default() })
    }

    /// Writes a batch in one transaction. Batches come in the order of their recording.
    ///
    /// # Errors
    /// As the database's; unique where something of it is here.
    pub async fn write(&mut self, mut batch: Batch) -> Result<(), BenchError> {
        for fact in &mut batch.registry {
            self.positions.0 += 1;
            fact.position = self.positions.0;
        }
        for fact in &mut batch.association {
            self.positions.1 += 1;
            fact.position = self.positions.1;
        }
        if let Some(entry) = &mut batch.usage {
            self.positions.1 += 1;
            entry.position = self.positions.1;
            entry.batch = format!("usageBatches/{}", entry.position);
        }
        let (batch, buckets) = (&batch, &self.buckets);
        let written = self.store.transact(|tx| {
            Box::pin(async move {
                for facts in batch.registry.chunks(ROWS).chain(batch.association.chunks(ROWS)) {
                    filling::keep_facts(&tx, facts).await?;
                }
                filling::record_accounts(&tx, &batch.accounts).await?;
                if let Some(entry) = &batch.usage {
                    usage_sql::keep(&tx, buckets, entry).await?;
                }
                Ok::<_, StoreError>(())
            })
        });
        written.await?;
        self.filled.facts += (batch.registry.len() + batch.association.len()) as u64;
        self.filled.usage += batch.cells;
        Ok(())
    }

    /// Stages program documents, each a path and a text, and makes them current. A database is filled once it has rules.
    ///
    /// # Errors
    /// As the database's; [`BenchError::Unwritten`] with every problem of the documents.
    pub async fn rule(&mut self, documents: &[(String, String)], recorded: Instant) -> Result<(), BenchError> {
        let bundle = Bundle::parse(documents)
            .map_err(|problems| BenchError::Unwritten(format!("the documents do not make a bundle: {problems:?}")))?;
        let documents: Vec<Document> =
            documents.iter().map(|(path, text)| Document { path: path.clone(), text: text.clone() }).collect();
        self.positions.0 += 1;
        let current = Current { hash: bundle.hash().to_string(), revision: 1, effective: recorded };
        let (bundle, documents, current, position) = (&bundle, &documents, &current, self.positions.0);
        let ruled = self.store.transact(|tx| {
            Box::pin(async move {
                stage_bundle::stage(&tx, recorded, bundle, documents).await?;
                bundles::record_current(&tx, position, recorded, current).await?;
                Ok::<_, OpError>(())
            })
        });
        Ok(ruled.await?)
    }

    /// Lets the database do what it would have done by and by: count its rows, and write to the disk what it holds back.
    ///
    /// # Errors
    /// As the database's.
    pub async fn settle(&self) -> Result<Filled, BenchError> {
        if self.store.engine() == Engine::Postgres {
            for statement in ["VACUUM ANALYZE", "CHECKPOINT"] {
                self.store.read().execute_unprepared(statement).await?;
            }
        }
        Ok(self.filled)
    }
}

/// Whether a database was filled to the end.
///
/// # Errors
/// As the database's.
pub async fn is_filled(store: &Store) -> Result<bool, BenchError> {
    crate::migrate(store).await?;
    Ok(bundles::find_current(store.read(), None).await?.is_some())
}
