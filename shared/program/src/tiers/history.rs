//! Which level held on which day: for windows of which one day suffices, and for what will be lost.

use std::collections::BTreeSet;

use values::{Date, Instant};

use super::days::days_of_change;
use super::{EvaluateError, in_force, level};
use crate::bundle::Bundle;
use crate::facts::Facts;
use crate::ground::{Ground, last_instant};
use crate::judge::Judge;
use crate::judge::pins::Pins;
use crate::model::{Division, TierProgram};

/// The levels of one division over some days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// The division's name.
    pub division: String,
    /// From each day on until the next: the level that held at the end of each of those days.
    pub runs: Vec<(Date, Option<String>)>,
}

impl History {
    /// The level that held on `day`; none before the first day.
    pub fn on(&self, day: Date) -> Option<&str> {
        let run = self.runs.iter().rev().find(|(from, _)| *from <= day)?;
        run.1.as_deref()
    }
}

/// The levels of every division of `program` for `partner` on each day from `from` to `until`, both
/// included, as known at `known_at`. A day is judged at its last instant, by its own rules and facts.
///
/// Days on which a rule has no value yet have no level. Days on which nothing can change are not judged
/// again; a property test holds this to judging every day.
///
/// # Errors
///
/// As of [`super::evaluate`].
pub fn history(
    bundle: &Bundle,
    program: &str,
    facts: &Facts,
    partner: &str,
    days: (Date, Date),
    known_at: Instant,
) -> Result<Vec<History>, EvaluateError> {
    let versions: Vec<&TierProgram> = bundle.tier_programs().iter().filter(|one| one.id == program).collect();
    let unknown = || EvaluateError::UnknownProgram(program.to_owned());
    let first = versions.first().ok_or_else(unknown)?;
    let known = facts.known_at(known_at);
    let (from, until) = days;
    let mut change: BTreeSet<Date> = BTreeSet::from([from]);
    for version in &versions {
        change.extend(days_of_change(version, &known, from, until));
        change.extend(version.effective.into_iter().chain(version.until).filter(|day| (from..=until).contains(day)));
    }
    let mut found: Vec<History> = Vec::new();
    for version in &versions {
        for division in &version.divisions {
            if !found.iter().any(|known| known.division == division.name) {
                found.push(History { division: division.name.clone(), runs: Vec::new() });
            }
        }
    }
    for day in change {
        let version = bundle.tier_program_on(program, day).unwrap_or(first);
        let policy = bundle.recognition_policy(&version.recognition).ok_or_else(unknown)?;
        let ground = Ground::new(&version.catalog, policy, version.conventions.zone.clone(), &known);
        let as_of = last_instant(&version.conventions.zone.day(day));
        let accounts = ground.accounts(partner, as_of);
        let on = Judge::of(version, &ground, accounts, as_of, Pins::default());
        for history in &mut found {
            let division = version.division(&history.division).filter(|division| in_force(version, division, day));
            let held = match (&on, division) {
                (_, None) => Ok(None),
                (Err(error), Some(_)) => Err(error.clone()),
                (Ok(on), Some(division)) => holding(on, version, division),
            };
            let held = match held {
                // Before its first dated value a rule gives no level.
                Err(EvaluateError::NoValue { .. }) => None,
                held => held?,
            };
            if history.runs.last().is_none_or(|(_, last)| *last != held) {
                history.runs.push((day, held));
            }
        }
    }
    Ok(found)
}

/// The level that holds in a division.
fn holding(on: &Judge<'_>, version: &TierProgram, division: &Division) -> Result<Option<String>, EvaluateError> {
    let held = level::held(on, version, division)?;
    Ok(held.and_then(|place| super::standings::levels(on, division).get(place)).map(|level| level.name.clone()))
}
