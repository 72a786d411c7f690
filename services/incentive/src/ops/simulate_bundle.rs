//! Rates closed periods by a staged bundle over the facts that their runs had pinned, and compares with what was
//! issued. Nothing is kept but the answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use program::incentives::{Prior, RateError, Rating};
use program::{Bundle, Facts};
use sea_orm::DatabaseTransaction;
use tracing::warn;
use values::{Digest, Instant, Month};

use super::chain::{self, Task};
use super::dry::{self, Watched};
use super::rules::{self, Rules};
use super::{Office, OpError, bundles};
use crate::domain::correction::CorrectionRefusal;
use crate::domain::line::rated;
use crate::domain::run::Run;
use crate::domain::simulation::{Comparison, Outcome, Simulation, SimulationState, Surroundings};
use crate::store::{books, records, runs, simulations, statement_lines, units};
use crate::wire::simulated;

/// So often the engine may ask for further records before something is wrong.
const SPLITS_AT_MOST: usize = 3;

/// What is simulated.
#[derive(Clone, Copy, Debug)]
pub struct SimulateBundle {
    /// The bundle.
    pub bundle: Digest,
    /// The first closed period.
    pub first: Month,
    /// The last.
    pub last: Month,
}

/// Begins a simulation; it is computed by itself.
///
/// # Errors
/// [`CorrectionRefusal::NotClosed`] for a period that is not closed.
pub async fn begin(tx: &DatabaseTransaction, now: Instant, command: &SimulateBundle) -> Result<Simulation, OpError> {
    books::lock(tx).await?;
    let books = books::load(tx).await?;
    for period in months(command.first, command.last)? {
        if !books.closed.iter().any(|(closed, _)| *closed == period) {
            return Err(CorrectionRefusal::NotClosed { period }.into());
        }
    }
    let simulation = Simulation {
        number: simulations::next_number(tx).await?,
        bundle: command.bundle,
        first: command.first,
        last: command.last,
        state: SimulationState::Running,
        progress: 0,
        cancel_requested: false,
        failure: String::new(),
        result: None,
        created: now,
    };
    simulations::insert(tx, &simulation).await?;
    Ok(simulation)
}

fn months(first: Month, last: Month) -> Result<Vec<Month>, OpError> {
    let mut found = Vec::new();
    let mut month = first;
    while month <= last {
        found.push(month);
        month = month.add(1).map_err(|error| OpError::Inconsistent(error.to_string()))?;
    }
    Ok(found)
}

/// Computes every simulation that has not ended.
///
/// # Errors
/// Those that may pass leave a simulation where it is; others end it.
pub async fn drive_all(office: &Office) -> Result<(), OpError> {
    for simulation in simulations::running(office.store().read()).await? {
        let (state, failure, result) = match compute(office, &simulation).await {
            Ok(outcome) => {
                let told = simulated::encoded(&simulation, &outcome)?;
                (SimulationState::Succeeded, String::new(), Some(told))
            }
            Err(error) if error.is_transient() => return Err(error),
            Err(OpError::Cancelled) => (SimulationState::Cancelled, String::new(), None),
            Err(error) => {
                warn!(simulation = simulation.number, %error, "a simulation failed");
                (SimulationState::Failed, error.to_string(), None)
            }
        };
        let (number, failure, result) = (simulation.number, &failure, &result);
        let ended = office.store().transact(|tx| {
            Box::pin(async move { simulations::end(&*tx, number, state, failure, result.clone()).await })
        });
        ended.await?;
        office.changes().announce();
    }
    Ok(())
}

async fn compute(office: &Office, simulation: &Simulation) -> Result<Outcome, OpError> {
    let bundle = bundles::load(office, simulation.bundle).await?;
    let months = months(simulation.first, simulation.last)?;
    let mut comparison = Comparison::default();
    let mut around = Surroundings::default();
    let mut before: BTreeMap<String, Prior> = BTreeMap::new();
    for (done, month) in months.iter().enumerate() {
        dry::tell(office, Watched::Simulation(simulation.number), done, months.len()).await?;
        before = simulate_month(office, &bundle, *month, &before, &mut comparison, &mut around).await?;
    }
    Ok(comparison.outcome(&around)?)
}

/// One period, compared; gives what its plans leave to the next.
async fn simulate_month(
    office: &Office,
    bundle: &Arc<Bundle>,
    month: Month,
    before: &BTreeMap<String, Prior>,
    comparison: &mut Comparison,
    around: &mut Surroundings,
) -> Result<BTreeMap<String, Prior>, OpError> {
    let connection = office.store().read();
    let missing = || OpError::Inconsistent("a closed period has no run".to_owned());
    let booked = books::find(connection, month).await?.ok_or_else(missing)?;
    let run = runs::find(connection, booked.run).await?.ok_or_else(missing)?;
    issued(office, &run, month, comparison).await?;

    let rules = Rules::all_by(bundle.clone());
    let task = Task::of(&run, false);
    let plans = rules::plans(office, &rules, month, run.number).await?;
    let todo: Vec<(Month, String)> = plans.iter().map(|plan| (month, plan.clone())).collect();
    let held = records::load(connection, run.number).await?.into_iter().collect();
    let facts = dry::facts(office, &task, &rules, &todo, run.parts, held).await?;
    surroundings(&facts, around);
    let mut shared = Arc::new(facts);
    let mut left = BTreeMap::new();
    for plan in &plans {
        let prior = match before.get(plan) {
            Some(prior) => prior.clone(),
            None => prior(office, &run, month, plan).await?,
        };
        let rating = rate(office, &task, &rules, &mut shared, plan, prior).await?;
        left.insert(plan.clone(), Prior::after(&rating));
        for line in rating.lines {
            let line = rated(plan, line);
            comparison.simulated(month, &line.line, &line.grounds.explanation.says)?;
        }
    }
    Ok(left)
}

/// What was issued for a period by its own close, whatever plans it had then.
async fn issued(office: &Office, run: &Run, month: Month, comparison: &mut Comparison) -> Result<(), OpError> {
    let connection = office.store().read();
    let after = month.add(1).map_err(|error| OpError::Inconsistent(error.to_string()))?;
    let own = units::list(connection, run.number).await?.into_iter().filter(|unit| unit.period == month);
    for unit in own {
        for issued in statement_lines::issued(connection, month, &unit.plan, after).await? {
            comparison.issued(month, &issued.line)?;
        }
    }
    Ok(())
}

/// What the period before left, as the run of this one took it over.
async fn prior(office: &Office, run: &Run, month: Month, plan: &str) -> Result<Prior, OpError> {
    let Ok(before) = month.add(-1) else { return Ok(Prior::default()) };
    let unit = units::find_latest(office.store().read(), before, plan, run.number + 1).await?;
    Ok(unit.map_or_else(Prior::default, |unit| Prior {
        counters: unit.counters,
        paid_once: unit.paid_once,
        carried: Vec::new(),
    }))
}

/// Rates one plan; hours that must be split beyond those that the run had split are fetched.
async fn rate(
    office: &Office,
    task: &Task,
    rules: &Rules,
    facts: &mut Arc<Facts>,
    plan: &str,
    prior: Prior,
) -> Result<Rating, OpError> {
    for _ in 0..SPLITS_AT_MOST {
        let (bundle, known) = (rules.of(task.period), task.pins.latest());
        match chain::engine(bundle, plan, task.period, facts, known, prior.clone()).await {
            Err(OpError::Rate(RateError::HoursMustSplit(hours))) => {
                let split = dry::further(office, task, rules, Facts::clone(facts), &hours).await?;
                *facts = Arc::new(split);
            }
            done => return done,
        }
    }
    Err(OpError::Inconsistent("hours ask for their records again and again".to_owned()))
}

fn surroundings(facts: &Facts, around: &mut Surroundings) {
    for partner in facts.partners.iter().filter(|partner| !partner.country.is_empty()) {
        around.countries.insert(partner.partner.clone(), partner.country.clone());
    }
    for subscription in &facts.subscriptions {
        around.motions.insert(subscription.subscription.clone(), subscription.motion.clone());
    }
}
