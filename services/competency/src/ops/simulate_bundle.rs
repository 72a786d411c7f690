//! Judges every partner by two bundles over the same facts, and compares. Keeps nothing but the answer; one that was
//! dropped on the way begins again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use program::Bundle;
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use store::{Store, StoreError};
use tokio::task::spawn_blocking;
use values::Instant;

use super::OpError;
use super::decide;
use super::evaluate::{Evaluated, Purpose, Question, evaluate};
use super::rules::Rules;
use crate::domain::account::Account;
use crate::domain::decided::Decided;
use crate::domain::evaluation::RunState;
use crate::domain::simulation::{Outcome, Simulation, Standings};
use crate::store::{accounts, simulations};

/// Partners that are judged one by one between two looks at whether somebody asked to stop.
const CHUNK: u64 = 50;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Command {
    /// The staged bundle that is simulated.
    pub bundle: String,
    /// The staged bundle it is compared with; the current one, without one.
    pub compared: Option<String>,
    /// The instant that is judged; that of `known_at`, without one.
    pub as_of: Option<Instant>,
    /// The instant up to which facts are seen.
    pub known_at: Instant,
}

/// Records the simulation. It is pinned to the bundle that is current now.
///
/// # Errors
/// [`OpError::BundleNotStaged`], [`OpError::NoCurrentBundle`].
pub async fn create(
    tx: &DatabaseTransaction,
    now: Instant,
    id: &str,
    rules: &Rules,
    command: &Command,
) -> Result<Simulation, OpError> {
    rules.get(tx, &command.bundle).await?;
    let compared = match &command.compared {
        Some(hash) => {
            rules.get(tx, hash).await?;
            hash.clone()
        }
        None => rules.current(tx, None).await?.0.hash,
    };
    let simulation = Simulation {
        id: id.to_owned(),
        bundle: command.bundle.clone(),
        compared,
        as_of: command.as_of.unwrap_or(command.known_at),
        known_at: command.known_at,
        state: RunState::Waiting,
        partners: 0,
        judged: 0,
        cancel_asked: false,
        result: None,
        created: now,
    };
    simulations::create(tx, &simulation).await?;
    Ok(simulation)
}

/// How a simulation ended.
#[derive(Clone, Debug)]
pub enum End {
    /// With this answer.
    Compared(Box<Outcome>),
    /// Somebody asked to stop it.
    Cancelled,
}

/// Judges all partners by both bundles; where both have a form for everybody at once, `together` at a time, and only
/// those whose levels differ one by one. `told` is called after every few of them.
///
/// # Errors
/// As the database's; [`OpError::BundleNotStaged`] when a bundle has gone.
pub async fn compare(
    store: &Store,
    rules: &Rules,
    simulation: &Simulation,
    together: u64,
    told: &(dyn Fn() + Send + Sync),
) -> Result<End, OpError> {
    let db = store.read();
    let both = Both {
        current: rules.get(db, &simulation.compared).await?,
        simulated: rules.get(db, &simulation.bundle).await?,
        as_of: simulation.as_of,
        known_at: simulation.known_at,
    };
    let questions = both.at_once();
    let chunk = if questions.is_some() { together } else { CHUNK };
    let partners = i64::try_from(accounts::count(db).await?).unwrap_or(i64::MAX);
    let mut outcome = Outcome::default();
    let (mut last, mut judged) = (String::new(), 0_i64);
    loop {
        let (id, done) = (&simulation.id, judged);
        let stop = store.transact(|tx| Box::pin(async move { simulations::progress(&*tx, id, partners, done).await }));
        if stop.await? {
            return Ok(End::Cancelled);
        }
        told();
        let chunk = accounts::list_all(db, &last, chunk).await?;
        let Some(end) = chunk.last() else { return Ok(End::Compared(Box::new(outcome))) };
        last.clone_from(end);
        judged += i64::try_from(chunk.len()).unwrap_or(0);
        let accounts = accounts::find_all(db, &chunk).await?;
        let alike = match &questions {
            Some(questions) => alike(db, questions, chunk).await?,
            None => BTreeMap::new(),
        };
        for account in accounts {
            match alike.get(&account.partner) {
                Some(Alike::Judged) => {
                    let same = Standings::default();
                    outcome.add(&account.partner, &account.region_code, &same, &same);
                }
                // A location account is not one of those who may move.
                Some(Alike::NotJudged) => {}
                None => both.add(db, rules, &account, &mut outcome).await?,
            }
        }
    }
}

/// The two bundles, and the question they are asked.
struct Both {
    current: Arc<Bundle>,
    simulated: Arc<Bundle>,
    as_of: Instant,
    known_at: Instant,
}

impl Both {
    /// The question to each bundle about everybody at once; none where a program of one of them has no such form, or
    /// levels that one bundle orders otherwise than the other.
    fn at_once(&self) -> Option<Arc<[decide::Question; 2]>> {
        let question = |bundle: &Arc<Bundle>| decide::Question {
            bundle: bundle.clone(),
            programs: bundle.tier_program_ids().into_iter().map(str::to_owned).collect(),
            as_of: self.as_of,
            known_at: self.known_at,
        };
        let levels = |bundle: &Bundle| -> BTreeSet<(String, Vec<String>)> {
            bundle.tier_programs().iter().map(|one| (one.id.clone(), one.level_names.clone())).collect()
        };
        let questions = [question(&self.current), question(&self.simulated)];
        let decided = questions.iter().all(|question| decide::check(question).is_ok());
        (decided && levels(&self.current) == levels(&self.simulated)).then(|| Arc::new(questions))
    }

    /// Judges one partner by both.
    async fn add(
        &self,
        db: &impl ConnectionTrait,
        rules: &Rules,
        account: &Account,
        outcome: &mut Outcome,
    ) -> Result<(), OpError> {
        let question = |bundle| Question {
            bundle,
            rules,
            partner: &account.partner,
            as_of: self.as_of,
            known_at: self.known_at,
            purpose: Purpose::Comparing,
        };
        let was = evaluate(db, question(&self.current)).await?;
        let is = evaluate(db, question(&self.simulated)).await?;
        if !was.failures.is_empty() || !is.failures.is_empty() {
            outcome.fail();
        }
        // One that no program judges, a location account, is not one of those who may move.
        if judges(&was) || judges(&is) {
            let standings =
                (Standings::of(&self.current, was.scorecards), Standings::of(&self.simulated, is.scorecards));
            outcome.add(&account.partner, &account.region_code, &standings.0, &standings.1);
        }
        Ok(())
    }
}

fn judges(evaluated: &Evaluated) -> bool {
    !evaluated.scorecards.is_empty()
}

/// A partner that is at the same levels by both bundles.
#[derive(Clone, Copy)]
enum Alike {
    Judged,
    NotJudged,
}

/// Who of a chunk is at the same levels by both bundles. Who is not, or cannot be judged, is left out.
async fn alike(
    db: &impl ConnectionTrait,
    questions: &Arc<[decide::Question; 2]>,
    partners: Vec<String>,
) -> Result<BTreeMap<String, Alike>, OpError> {
    let chunk = decide::read(db, &questions[0], partners).await?;
    let questions = questions.clone();
    let judging = spawn_blocking(move || {
        let known = chunk.known()?;
        let [current, simulated] = &*questions;
        let (was, is) = (decide::decide(current, &known)?, decide::decide(simulated, &known)?);
        let failed: BTreeSet<&str> =
            was.failures.iter().chain(&is.failures).map(|failure| failure.partner.as_str()).collect();
        let (was, is) = (levels(&was.decided), levels(&is.decided));
        let alike = known.partners.iter().filter(|partner| !failed.contains(partner.as_str()));
        let alike = alike.filter_map(|partner| match (was.get(partner.as_str()), is.get(partner.as_str())) {
            (None, None) => Some((partner.clone(), Alike::NotJudged)),
            (was, is) => (was == is).then(|| (partner.clone(), Alike::Judged)),
        });
        Ok::<_, OpError>(alike.collect())
    });
    judging.await.map_err(|error| StoreError::bug(error.to_string()))?
}

/// The levels of a partner: program, division, level.
type Levels<'d> = BTreeSet<(&'d str, &'d str, &'d str)>;

fn levels(decided: &[Decided]) -> BTreeMap<&str, Levels<'_>> {
    let mut found: BTreeMap<&str, Levels<'_>> = BTreeMap::new();
    for decided in decided {
        let levels = found.entry(&decided.partner).or_default();
        let held = decided.divisions.iter().filter_map(|division| {
            let level = division.level.as_deref()?;
            Some((decided.program.as_str(), division.division.as_str(), level))
        });
        levels.extend(held);
    }
    found
}
