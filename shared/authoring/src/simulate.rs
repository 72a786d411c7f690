//! `accolade program simulate`: who moves, who gains, who loses and what it costs, nothing recorded.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Result, bail};
use indicatif::ProgressBar;
use program::reform::{as_announced, reformed};
use program::{Bundle, Facts};
use rayon::prelude::*;
use values::{Date, Instant, Month, Zone};

use crate::earned::{self, Earned};
use crate::explain::end_of;
use crate::moved::Moved;
use crate::outcome::{Outcome, Standings, compared};
use crate::population::Population;
use crate::{Printed, documents, facts, moved, outcome};

/// What is simulated.
#[derive(Clone, Debug, Default)]
pub struct Simulation {
    /// The proposed documents.
    pub new: Vec<PathBuf>,
    /// The documents in force; the proposed ones before `changes` where there is none.
    pub against: Vec<PathBuf>,
    /// Values that the proposal changes: `(vendor/name#path, value)`.
    pub changes: Vec<(String, String)>,
    /// The facts of the population.
    pub population: Vec<PathBuf>,
    /// The day that tier programs judge, to its end.
    pub as_of: Option<Date>,
    /// The first and the last month that plans rate.
    pub period: Option<(Month, Month)>,
    /// By which field of partners results are added up: `country`, `business-type`, `status`.
    pub segment: Option<String>,
    /// What was known at the end of this day; everything without it.
    pub known_at: Option<Date>,
    /// As if everything that the proposal announces were in force from this day on.
    pub as_announced_for: Option<Date>,
}

/// Simulates, with a progress bar on standard error where that is a terminal.
///
/// # Errors
/// When something cannot be read or does not load, or nothing is asked for.
pub fn run(simulation: &Simulation) -> Result<Printed> {
    let proposed = documents::bundle(&simulation.new)?;
    let current = match simulation.against.is_empty() {
        true => proposed.clone(),
        false => documents::bundle(&simulation.against)?,
    };
    let announced = match simulation.as_announced_for {
        Some(day) => as_announced(&proposed, day),
        None => Ok(proposed),
    };
    let proposed = match announced.and_then(|bundle| reformed(&bundle, &simulation.changes)) {
        Ok(bundle) => bundle,
        Err(problems) => bail!("{}", documents::listed(&problems)),
    };
    if simulation.as_of.is_none() && simulation.period.is_none() {
        bail!("nothing is asked: name a day with --as-of for tier programs, months with --period for plans");
    }
    let zone = zone(&proposed);
    let facts = facts::read(&simulation.population, &zone)?;
    let known_at = simulation.known_at.map_or(Instant::MAX, |day| end_of(day, &zone));
    let moment = match (simulation.as_of, simulation.period) {
        (Some(day), _) => end_of(day, &zone),
        (None, Some((_, last))) => zone.whole_month(last).start(),
        (None, None) => Instant::MAX,
    };
    let population = Population::new(&facts, moment);
    let partners = population.partners();
    let bar = ProgressBar::new(partners.len() as u64);
    let before = earnings(&current, &facts, simulation.period, known_at)?;
    let after = earnings(&proposed, &facts, simulation.period, known_at)?;
    let moved = match simulation.as_of {
        Some(day) => moved::partners(&current, &proposed, &facts, (day, known_at))?,
        None => Moved::Nobody,
    };
    let outcomes: Result<Vec<Outcome>> = partners
        .par_iter()
        .map(|partner| {
            let segment = segment(&population, partner, simulation.segment.as_deref());
            let accounts = population.accounts(partner);
            let outcome = Outcome::new(partner, segment);
            if !moved.among(partner) {
                bar.inc(1);
                let none = Standings::default();
                return Ok(compared(&accounts, outcome, (&none, &none), (&before, &after)));
            }
            let own = population.of(partner);
            let standing = |bundle: &Bundle| match simulation.as_of {
                Some(day) => Standings::of(bundle, &own, partner, (day, known_at)),
                None => Ok(Standings::default()),
            };
            let (old, new) = (standing(&current)?, standing(&proposed)?);
            bar.inc(1);
            Ok(compared(&accounts, outcome, (&old, &new), (&before, &after)))
        })
        .collect();
    bar.finish_and_clear();
    Ok(outcome::told(&current, &proposed, outcomes?, (&before, &after)))
}

fn zone(bundle: &Bundle) -> Zone {
    let programs = bundle.tier_programs().iter().map(|program| &program.conventions);
    let plans = bundle.incentive_plans().iter().map(|plan| &plan.conventions);
    programs.chain(plans).next().map_or_else(Zone::utc, |conventions| conventions.zone.clone())
}

/// What every plan of a bundle pays over the months, by plan.
fn earnings(
    bundle: &Bundle,
    facts: &Facts,
    period: Option<(Month, Month)>,
    known_at: Instant,
) -> Result<BTreeMap<String, Earned>> {
    let Some(period) = period else { return Ok(BTreeMap::new()) };
    // A plan may have several versions; each line is rated by the one of its day.
    let mut seen = std::collections::BTreeSet::new();
    let plans = bundle.incentive_plans().iter().filter(|plan| seen.insert(plan.id.as_str()));
    plans.map(|plan| Ok((plan.id.clone(), earned::over(bundle, plan, facts, period, known_at)?))).collect()
}

/// The value of the segment's field, as the population's rows say it last.
fn segment(population: &Population<'_>, partner: &str, field: Option<&str>) -> String {
    let found = population.account(partner);
    let value = match (field, found) {
        (Some("country"), Some(fact)) => fact.country.clone(),
        (Some("status"), Some(fact)) => fact.status.clone(),
        (Some("business-type"), Some(fact)) => fact.business_types.first().cloned().unwrap_or_default(),
        (None, _) => "all".to_owned(),
        _ => String::new(),
    };
    if value.is_empty() { "unknown".to_owned() } else { value }
}
