//! An evaluation of everybody, and what reading and writing as much costs without it.

use ::store::bulk::{self, Rows};
use ::store::{Store, StoreError};
use feed::{Feed, FeedConfig};
use futures::TryStreamExt;
use sea_orm::{ConnectionTrait, DbBackend, Statement, StreamTrait};
use tokio_util::sync::CancellationToken;
use values::Instant;

use super::BenchError;
use crate::Config;
use crate::domain::award::program_id;
use crate::domain::evaluation::{Evaluation, Progress, RunState};
use crate::ops::OpError;
use crate::ops::evaluate_tiers::{self, Command, Step};
use crate::ops::rules::Rules;
use crate::store::{evaluations, filling};

/// What an evaluation leaves behind.
const RESULTS: [&str; 8] = [
    "scorecards",
    "awards",
    "notices",
    "due_partners",
    "waiting_partners",
    "tier_evaluations",
    "evaluation_failures",
    "feed_event",
];
/// Rows of one transaction of the bare insert.
const ROWS: usize = 1_000;

/// How far an evaluation is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Accounts that were evaluated.
    pub evaluated: i64,
    /// Scorecards that were written.
    pub scorecards: i64,
    /// Revisions of awards that were written.
    pub awards: i64,
}

/// What an evaluation came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How far it came.
    pub told: Told,
    /// Whether it evaluated everybody.
    pub whole: bool,
    /// The accounts that could not be evaluated; at most a hundred.
    pub failures: usize,
    /// The hash over all scorecards.
    pub result_hash: String,
}

fn told(progress: &Progress) -> Told {
    let Progress { evaluated, changed_scorecards, changed_awards, .. } = *progress;
    Told { evaluated, scorecards: changed_scorecards, awards: changed_awards }
}

/// How everybody is evaluated.
#[derive(Clone, Copy, Debug)]
pub struct Everybody<'a> {
    /// The program's document.
    pub program: &'a str,
    /// The instant that is judged, by what was known then.
    pub as_of: Instant,
    /// Whether it is only decided how partners stand, as `decisions_only` asks for.
    pub decisions_only: bool,
    /// Whether what it publishes gets its places in the feed meanwhile, as in a running service.
    pub publishing: bool,
}

/// Evaluates everybody as the operation does, and records what it says. `tell` hears of every step.
///
/// # Errors
/// [`BenchError::Evaluate`], and as the database's.
pub async fn evaluate(
    store: &Store,
    everybody: Everybody<'_>,
    mut tell: impl FnMut(Told),
) -> Result<Outcome, BenchError> {
    let Everybody { program, as_of, decisions_only, publishing } = everybody;
    let stop = CancellationToken::new();
    let publisher = match publishing {
        true => {
            let (feed, stop) = (Feed::open(store, FeedConfig::new(crate::NAME)).await?, stop.clone());
            Some(tokio::spawn(async move { feed.run(stop).await }))
        }
        false => None,
    };
    let rules = Rules::default();
    let programs = vec![program_id(program)];
    let command = Command { programs, as_of: Some(as_of), known_at: Some(as_of), decisions_only };
    let together = Config::default().decided_together;
    let id = uuid::Uuid::now_v7().to_string();
    let (asked, own, wanted) = (&rules, id.as_str(), &command);
    let created =
        store.transact(|tx| Box::pin(async move { evaluate_tiers::create(&tx, as_of, own, asked, wanted).await }));
    let created: Result<Evaluation, OpError> = created.await;
    let mut evaluation = created?;
    while evaluate_tiers::step(store, as_of, &rules, &evaluation, together).await? != Step::Done {
        evaluation = found(store, &id).await?;
        tell(told(&evaluation.progress));
    }
    stop.cancel();
    if let Some(publisher) = publisher {
        publisher.await.map_err(|error| BenchError::Evaluate(error.to_string()))?;
    }
    let evaluation = found(store, &id).await?;
    let failures = evaluations::list_failures(store.read(), &id, 100).await?.len();
    let whole = evaluation.state == RunState::Succeeded;
    Ok(Outcome { told: told(&evaluation.progress), whole, failures, result_hash: evaluation.result_hash })
}

async fn found(store: &Store, id: &str) -> Result<Evaluation, BenchError> {
    let found = evaluations::find(store.read(), id).await?;
    found.ok_or_else(|| BenchError::Evaluate("the operation has gone".to_owned()))
}

/// Removes what earlier evaluations wrote; PostgreSQL only.
///
/// # Errors
/// As the database's.
pub async fn clear(store: &Store) -> Result<(), BenchError> {
    store.read().execute_unprepared(&format!("TRUNCATE {}", RESULTS.join(", "))).await?;
    Ok(())
}

/// Reads every fact and every part of usage, one row after another, and says how many rows and bytes there were.
///
/// # Errors
/// As the database's.
pub async fn read_bare(store: &Store) -> Result<(u64, u64), BenchError> {
    let (mut count, mut bytes) = (0, 0);
    for (table, payload) in [("facts", "payload"), ("usage_parts", "content")] {
        let sql = format!("SELECT * FROM {table}");
        let mut rows = store.read().stream_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
        while let Some(row) = rows.try_next().await? {
            count += 1;
            bytes += row.try_get::<Vec<u8>>("", payload)?.len() as u64;
        }
    }
    Ok((count, bytes))
}

/// Inserts so many rows as are kept of scorecards, by many to a statement, into a table like theirs that is dropped
/// again, and says how many bytes they were. What they hold is that of the first scorecards.
///
/// # Errors
/// As the database's.
pub async fn write_bare(store: &Store, count: usize) -> Result<u64, BenchError> {
    let sql = "SELECT payload FROM scorecards LIMIT 1000";
    let sample = bulk::query(store.read(), sql.to_owned(), Vec::new()).await?;
    let sample = sample.iter().map(|row| row.try_get("", "payload")).collect::<Result<Vec<Vec<u8>>, _>>()?;
    if sample.is_empty() {
        return Ok(0);
    }
    store.read().execute_unprepared("CREATE TABLE bare_scorecards (LIKE scorecards INCLUDING ALL)").await?;
    let mut bytes = 0;
    let places: Vec<usize> = (0..count).collect();
    for places in places.chunks(ROWS) {
        bytes += places.iter().map(|place| sample[place % sample.len()].len() as u64).sum::<u64>();
        let sample = &sample;
        let written = store.transact(|tx| {
            Box::pin(async move {
                let rows = Rows::default()
                    .integers(places.iter().map(|place| i64::try_from(*place).unwrap_or_default()))
                    .bytes(places.iter().map(|place| sample[place % sample.len()].clone()));
                let into = "INSERT INTO bare_scorecards (program, partner, revision, newest, result_hash, decision_hash, \
                            bundle_hash, as_of, known_at, updated, payload) \
                            SELECT 'program', 'p' || given.column1, 1, TRUE, '', REPEAT('0', 64), REPEAT('0', 64), \
                            given.column1, given.column1, given.column1, given.column2 FROM (";
                bulk::insert(&tx, into, rows, ") AS given").await?;
                Ok::<_, StoreError>(())
            })
        });
        written.await?;
    }
    store.read().execute_unprepared("DROP TABLE bare_scorecards").await?;
    Ok(bytes)
}

/// How many scorecards are kept.
///
/// # Errors
/// As the database's.
pub async fn count_scorecards(store: &Store) -> Result<usize, BenchError> {
    let sql = "SELECT COUNT(*) AS cards FROM scorecards";
    let rows = bulk::query(store.read(), sql.to_owned(), Vec::new()).await?;
    let count: i64 = rows.first().map(|row| row.try_get("", "cards")).transpose()?.unwrap_or_default();
    Ok(usize::try_from(count).unwrap_or_default())
}

/// The largest tables: name, rows as last counted, and bytes with their indexes; PostgreSQL only.
///
/// # Errors
/// As the database's.
pub async fn sizes(store: &Store) -> Result<Vec<(String, i64, i64)>, BenchError> {
    Ok(filling::sizes(store.read()).await?)
}
