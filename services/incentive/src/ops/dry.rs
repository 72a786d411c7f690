//! Facts for a rating that keeps nothing: previews, corrections and simulations. The single records that a run would
//! keep are fetched and held for the time of the rating.

use std::collections::btree_map::Entry;

use program::Facts;
use program::facts::UsageKey;
use values::Month;

use super::chain::Task;
use super::drive::WORKERS;
use super::gather::{self, Asking, SplitHours};
use super::rules::Rules;
use super::{Office, OpError};
use crate::domain::parts::PartCount;
use crate::store::{corrections, simulations};

/// Everything that rating these units may read, hours that must be split replaced by their records.
///
/// # Errors
/// The database's; [`OpError::Unreachable`] while association does not answer.
pub async fn facts(
    office: &Office,
    task: &Task,
    rules: &Rules,
    todo: &[(Month, String)],
    parts: PartCount,
    held: SplitHours,
) -> Result<Facts, OpError> {
    let (first, last) = ends(task, todo);
    let asking = Asking::months(rules, task.pins.clone(), first, last)?;
    let mut facts = gather::facts(office, &asking, parts, WORKERS).await?;
    let mut split = held;
    for hour in gather::hours_to_split(rules, todo, &facts, task.pins.latest())? {
        if let Entry::Vacant(place) = split.entry(hour) {
            let records = gather::fetch(office, &asking, place.key()).await?;
            place.insert(records);
        }
    }
    gather::split(&mut facts, &split, task.pins.known)?;
    Ok(facts)
}

/// The same facts with further hours replaced by their records, when a rating asked for them.
///
/// # Errors
/// As of [`facts`].
pub async fn further(
    office: &Office,
    task: &Task,
    rules: &Rules,
    mut facts: Facts,
    hours: &[UsageKey],
) -> Result<Facts, OpError> {
    let asking = Asking::months(rules, task.pins.clone(), task.period, task.period)?;
    let mut split = SplitHours::new();
    for hour in hours {
        split.insert(hour.clone(), gather::fetch(office, &asking, hour).await?);
    }
    gather::split(&mut facts, &split, task.pins.known)?;
    Ok(facts)
}

fn ends(task: &Task, todo: &[(Month, String)]) -> (Month, Month) {
    let first = todo.first().map_or(task.period, |(month, _)| *month);
    let last = todo.last().map_or(task.period, |(month, _)| *month);
    (first, last)
}

/// Who is told how far a computation is.
#[derive(Clone, Copy, Debug)]
pub enum Watched {
    /// A correction.
    Correction(i64),
    /// A simulation.
    Simulation(i64),
}

/// Tells how much of a computation is done, out of so much.
///
/// # Errors
/// [`OpError::Cancelled`] when somebody asked to stop it.
pub async fn tell(office: &Office, watched: Watched, done: usize, of: usize) -> Result<(), OpError> {
    let percent = i32::try_from(5 + 90 * done / of.max(1)).unwrap_or(95);
    let told = office.store().transact(|tx| {
        Box::pin(async move {
            match watched {
                Watched::Correction(number) => corrections::progress(&*tx, number, percent).await,
                Watched::Simulation(number) => simulations::progress(&*tx, number, percent).await,
            }
        })
    });
    let stop = told.await?;
    office.changes().announce();
    if stop { Err(OpError::Cancelled) } else { Ok(()) }
}
