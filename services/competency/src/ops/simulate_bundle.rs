//! Judges every partner by two bundles over the same facts, and compares. Keeps nothing but the answer; one that was
//! dropped on the way begins again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use program::Bundle;
use sea_orm::{DatabaseConnection, DatabaseTransaction};
use store::{Store, StoreError};
use tokio::task::spawn_blocking;
use values::Instant;

use super::OpError;
use super::decide::{self, Chunk, Decisions};
use super::evaluate::{Evaluated, Purpose, Question, evaluate};
use super::rules::{Rules, get_program};
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
    /// The ids of the programs' resources; all of both bundles, without any.
    pub programs: Vec<String>,
    /// The instant that is judged; that of `known_at`, without one.
    pub as_of: Option<Instant>,
    /// The instant up to which facts are seen.
    pub known_at: Instant,
}

/// Records the simulation. It is pinned to the bundle that is current now.
///
/// # Errors
/// [`OpError::BundleNotStaged`], [`OpError::NoCurrentBundle`], [`OpError::NotFound`] for a program.
pub async fn create(
    tx: &DatabaseTransaction,
    now: Instant,
    id: &str,
    rules: &Rules,
    command: &Command,
) -> Result<Simulation, OpError> {
    let simulated = rules.get(tx, &command.bundle).await?;
    let (compared, current) = match &command.compared {
        Some(hash) => (hash.clone(), rules.get(tx, hash).await?),
        None => rules.current(tx, None).await.map(|(current, bundle)| (current.hash, bundle))?,
    };
    let find = |id: &String| get_program(&simulated, id).or_else(|_| get_program(&current, id));
    let programs = command.programs.iter().map(|id| find(id).map(|program| program.id.clone()));
    let programs = programs.collect::<Result<Vec<_>, _>>()?;
    let simulation = Simulation {
        id: id.to_owned(),
        bundle: command.bundle.clone(),
        compared,
        programs,
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

/// Judges all partners by both bundles; where both have a form for everybody at once, `together` at a time. `told` is
/// called after every few of them.
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
    let both = Both { db, rules, simulation, bundles: Both::bundles(db, rules, simulation).await? };
    let questions = both.at_once();
    let size = if questions.is_some() { together } else { CHUNK };
    let partners = i64::try_from(accounts::count(db).await?).unwrap_or(i64::MAX);
    let mut outcome = Outcome::default();
    let (mut last, mut judged) = (String::new(), 0_i64);
    let mut ahead = both.read(&questions, &mut last, size).await?;
    loop {
        let (id, done) = (&simulation.id, judged);
        let stop = store.transact(|tx| Box::pin(async move { simulations::progress(&*tx, id, partners, done).await }));
        if stop.await? {
            return Ok(End::Cancelled);
        }
        told();
        let Some((accounts, chunk)) = ahead else { break };
        judged += i64::try_from(accounts.len()).unwrap_or(0);
        // The next ones are read while these are judged.
        let (next, decided) = tokio::join!(both.read(&questions, &mut last, size), both.decide(&questions, chunk));
        let decided = decided?;
        for account in &accounts {
            match decided.get(&account.partner) {
                Some(Some((was, is))) => outcome.add(&account.partner, &account.region_code, was, is),
                // A location account is not one of those who may move.
                Some(None) => {}
                None => both.add(account, &mut outcome).await?,
            }
        }
        ahead = next?;
    }
    if questions.is_some() {
        for partner in outcome.fallen() {
            let is = both.judge(&both.bundles[1], &partner).await?;
            outcome.explain(&partner, &Standings::of(&both.bundles[1], is.scorecards));
        }
    }
    Ok(End::Compared(Box::new(outcome)))
}

/// A simulation with what it asks.
struct Both<'s> {
    db: &'s DatabaseConnection,
    rules: &'s Rules,
    simulation: &'s Simulation,
    /// The one that is compared with, and the simulated one.
    bundles: [Arc<Bundle>; 2],
}

/// The question to each bundle about everybody at once.
type Questions = Arc<[decide::Question; 2]>;
/// Accounts with everything that is known about them, where everybody is judged at once.
type Ahead = Option<(Vec<Account>, Option<Chunk>)>;
/// How partners stand by each bundle; none for a location account. Who cannot be judged is left out.
type Compared = BTreeMap<String, Option<(Standings, Standings)>>;

impl Both<'_> {
    async fn bundles(
        db: &DatabaseConnection,
        rules: &Rules,
        simulation: &Simulation,
    ) -> Result<[Arc<Bundle>; 2], OpError> {
        Ok([rules.get(db, &simulation.compared).await?, rules.get(db, &simulation.bundle).await?])
    }

    /// None where a program of one of the bundles has no form for everybody at once.
    fn at_once(&self) -> Option<Questions> {
        let question = |bundle: &Arc<Bundle>| {
            let ids = bundle.tier_program_ids().into_iter().filter(|id| self.wanted(id));
            decide::Question {
                bundle: bundle.clone(),
                programs: ids.map(str::to_owned).collect(),
                as_of: self.simulation.as_of,
                known_at: self.simulation.known_at,
            }
        };
        let questions = [question(&self.bundles[0]), question(&self.bundles[1])];
        let decided = questions.iter().all(|question| decide::check(question).is_ok());
        decided.then(|| Arc::new(questions))
    }

    fn wanted(&self, program: &str) -> bool {
        let programs = &self.simulation.programs;
        programs.is_empty() || programs.iter().any(|wanted| wanted == program)
    }

    /// The next accounts after `last`, which moves behind them; none behind the last.
    async fn read(&self, questions: &Option<Questions>, last: &mut String, size: u64) -> Result<Ahead, OpError> {
        let partners = accounts::list_all(self.db, last, size).await?;
        let Some(end) = partners.last() else { return Ok(None) };
        last.clone_from(end);
        let accounts = accounts::find_all(self.db, &partners).await?;
        let chunk = match questions {
            Some(questions) => Some(decide::read(self.db, &questions[0], partners).await?),
            None => None,
        };
        Ok(Some((accounts, chunk)))
    }

    async fn decide(&self, questions: &Option<Questions>, chunk: Option<Chunk>) -> Result<Compared, OpError> {
        let Some((questions, chunk)) = questions.clone().zip(chunk) else { return Ok(Compared::new()) };
        let judging = spawn_blocking(move || {
            let known = chunk.known()?;
            match (decide::decide(&questions[0], &known), decide::decide(&questions[1], &known)) {
                (Ok(was), Ok(is)) => Ok(compared(&questions, &known.partners, &was, &is)),
                // Facts of one of them do not go into columns: all of these are judged one by one.
                (Err(OpError::JudgedOneByOne { .. }), _) | (_, Err(OpError::JudgedOneByOne { .. })) => {
                    Ok(Compared::new())
                }
                (Err(error), _) | (_, Err(error)) => Err(error),
            }
        });
        judging.await.map_err(|error| StoreError::bug(error.to_string()))?
    }

    /// Judges one partner by one bundle.
    async fn judge(&self, bundle: &Bundle, partner: &str) -> Result<Evaluated, OpError> {
        let Simulation { as_of, known_at, .. } = *self.simulation;
        let purpose = Purpose::Comparing;
        let question = Question { bundle, rules: self.rules, partner, as_of, known_at, purpose };
        let mut evaluated = evaluate(self.db, question).await?;
        evaluated.scorecards.retain(|scorecard| self.wanted(&scorecard.program));
        evaluated.failures.retain(|failure| self.wanted(&failure.program));
        Ok(evaluated)
    }

    /// Judges one partner by both.
    async fn add(&self, account: &Account, outcome: &mut Outcome) -> Result<(), OpError> {
        let [current, simulated] = &self.bundles;
        let was = self.judge(current, &account.partner).await?;
        let is = self.judge(simulated, &account.partner).await?;
        if !was.failures.is_empty() || !is.failures.is_empty() {
            outcome.fail();
        }
        // One that no program judges, a location account, is not one of those who may move.
        if !was.scorecards.is_empty() || !is.scorecards.is_empty() {
            let (was, is) = (Standings::of(current, was.scorecards), Standings::of(simulated, is.scorecards));
            outcome.add(&account.partner, &account.region_code, &was, &is);
        }
        Ok(())
    }
}

fn compared(questions: &Questions, partners: &[String], was: &Decisions, is: &Decisions) -> Compared {
    let failures = was.failures.iter().chain(&is.failures);
    let failed: BTreeSet<&str> = failures.map(|failure| failure.partner.as_str()).collect();
    let (was, is) = (by_partner(was), by_partner(is));
    let judged = partners.iter().filter(|partner| !failed.contains(partner.as_str()));
    let standings = |number: usize, decided: &BTreeMap<&str, Vec<&Decided>>, partner: &str| {
        Standings::decided(&questions[number].bundle, decided.get(partner).into_iter().flatten().copied())
    };
    judged
        .map(|partner| {
            let any = was.contains_key(partner.as_str()) || is.contains_key(partner.as_str());
            (partner.clone(), any.then(|| (standings(0, &was, partner), standings(1, &is, partner))))
        })
        .collect()
}

fn by_partner(decisions: &Decisions) -> BTreeMap<&str, Vec<&Decided>> {
    let mut found: BTreeMap<&str, Vec<&Decided>> = BTreeMap::new();
    for decided in &decisions.decided {
        found.entry(&decided.partner).or_default().push(decided);
    }
    found
}
