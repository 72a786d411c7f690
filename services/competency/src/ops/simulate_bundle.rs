//! Judges every partner by two bundles over the same facts, and compares. Keeps nothing but the answer; one that was
//! dropped on the way begins again.

use sea_orm::DatabaseTransaction;
use store::Store;
use values::Instant;

use super::OpError;
use super::evaluate::{Evaluated, Purpose, Question, evaluate};
use super::rules::Rules;
use crate::domain::evaluation::RunState;
use crate::domain::simulation::{Outcome, Simulation, Standings};
use crate::store::{accounts, simulations};

/// Partners that are judged between two looks at whether somebody asked to stop.
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

/// Judges all partners by both bundles. `told` is called after every few of them.
///
/// # Errors
/// As the database's; [`OpError::BundleNotStaged`] when a bundle has gone.
pub async fn compare(
    store: &Store,
    rules: &Rules,
    simulation: &Simulation,
    told: &(dyn Fn() + Send + Sync),
) -> Result<End, OpError> {
    let db = store.read();
    let (current, simulated) = (rules.get(db, &simulation.compared).await?, rules.get(db, &simulation.bundle).await?);
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
        let chunk = accounts::list_all(db, &last, CHUNK).await?;
        let Some(end) = chunk.last() else { return Ok(End::Compared(Box::new(outcome))) };
        last.clone_from(end);
        judged += i64::try_from(chunk.len()).unwrap_or(0);
        for account in accounts::find_all(db, &chunk).await? {
            let question = |bundle| Question {
                bundle,
                partner: &account.partner,
                as_of: simulation.as_of,
                known_at: simulation.known_at,
                purpose: Purpose::Showing,
            };
            let was = evaluate(db, question(&current)).await?;
            let is = evaluate(db, question(&simulated)).await?;
            if !was.failures.is_empty() || !is.failures.is_empty() {
                outcome.fail();
            }
            // One that no program judges, a location account, is not one of those who may move.
            if judges(&was) || judges(&is) {
                let standings = (Standings::of(&current, was.scorecards), Standings::of(&simulated, is.scorecards));
                outcome.add(&account.partner, &account.region_code, &standings.0, &standings.1);
            }
        }
    }
}

fn judges(evaluated: &Evaluated) -> bool {
    !evaluated.scorecards.is_empty()
}
