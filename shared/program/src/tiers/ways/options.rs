//! The points a line can have, and the changes that give them: by raising a leg, by a requirement that
//! earns them, by opening gates. And the people whom a matching lacks.

use values::Ratio;

use super::knapsack::LineOption;
use super::steps::{one, step};
use super::{MAX_STEPS, Solver};
use crate::conventions::PartSteps;
use crate::judge::Supposed;
use crate::judge::points::{LineValue, line_value};
use crate::judge::requirement::ScoreSoFar;
use crate::judge::staff::fill;
use crate::model::{LegWorth, Legs, PointLine, Role};
use crate::tiers::EvaluateError;

/// How many numbers of points of one line are tried.
const MAX_OPTIONS: usize = 16;
/// How many orders of roles are tried.
const MAX_ORDERS: usize = 24;

impl Solver<'_, '_> {
    /// The points a line can have and the changes for each, rising, its present ones first.
    pub(super) fn options(&mut self, line: &PointLine) -> Result<Vec<LineOption>, EvaluateError> {
        let none = ScoreSoFar::default();
        let mut gates = vec![Supposed::default()];
        for gate in &line.gates {
            let more = self.of(gate, &none)?;
            gates = self.join(&gates, &more);
        }
        let open = gates.contains(&Supposed::default());
        let now = self.worth(line, &Supposed::default())?;
        let standing = if open { now.points.clone() } else { Ratio::default() };
        let mut options = vec![self.option(standing.clone(), vec![Supposed::default()])];
        if now.suspended {
            return Ok(options);
        }
        if !open && now.points > standing {
            options.push(self.option(now.points.clone(), gates.clone()));
        }
        for raised in self.raised(line, &now)? {
            let points = self.worth(line, &raised)?.points;
            if points > now.points {
                let changes = self.join(&gates, &[raised]);
                options.push(self.option(points, changes));
            }
        }
        let mut options = self.thinned(rising(options));
        for option in &mut options {
            self.cheapest(&mut option.changes, MAX_ALTERNATIVES);
        }
        Ok(options)
    }

    /// Some of many options, the first and the last among them.
    fn thinned(&mut self, options: Vec<LineOption>) -> Vec<LineOption> {
        let count = options.len();
        if count <= MAX_OPTIONS {
            return options;
        }
        self.cut_short = true;
        let wanted: Vec<usize> = (0..MAX_OPTIONS).map(|place| place * (count - 1) / (MAX_OPTIONS - 1)).collect();
        options.into_iter().enumerate().filter(|(place, _)| wanted.contains(place)).map(|(_, option)| option).collect()
    }

    /// Keeps the changes of the least effort.
    pub(super) fn cheapest(&self, changes: &mut Vec<Supposed>, most: usize) {
        if changes.len() > most {
            changes.sort_by_cached_key(|change| (self.effort(change), change.clone()));
            changes.dedup();
            changes.truncate(most);
        }
    }

    fn worth(&self, line: &PointLine, supposed: &Supposed) -> Result<LineValue, EvaluateError> {
        let parts = self.program.conventions.part_steps.unwrap_or(PartSteps::Exact);
        line_value(self.on, line, parts, supposed)
    }

    /// The changes by which a line can be raised. Of several legs the best wants one raised, a sum any
    /// number of them, the least all of them.
    fn raised(&mut self, line: &PointLine, now: &LineValue) -> Result<Vec<Supposed>, EvaluateError> {
        let mut by_leg: Vec<Vec<Supposed>> = Vec::new();
        for place in 0..line.legs.len() {
            by_leg.push(self.raised_leg(line, place, now)?);
        }
        match line.combine {
            Legs::One | Legs::Best => Ok(by_leg.into_iter().flatten().collect()),
            Legs::Sum | Legs::Least => {
                let mut joined = vec![Supposed::default()];
                for leg in by_leg {
                    let with_none: Vec<Supposed> = std::iter::once(Supposed::default()).chain(leg).collect();
                    joined = self.join(&joined, &with_none);
                }
                joined.retain(|change| *change != Supposed::default());
                Ok(joined)
            }
        }
    }

    /// Growing changes of one leg, until the line's cap alone by it.
    fn raised_leg(&mut self, line: &PointLine, place: usize, now: &LineValue) -> Result<Vec<Supposed>, EvaluateError> {
        let leg = &line.legs[place];
        let (metric, scale) = match &leg.worth {
            LegWorth::When { when, .. } => return self.of(when, &ScoreSoFar::default()),
            LegWorth::Measured { metric, scale } => (metric, scale),
        };
        let measured = self.on.measure(metric)?;
        if measured.absent.is_some() || measured.reason.is_some() {
            // Without a baseline, or below a minimum, no amount is known to help.
            return Ok(Vec::new());
        }
        let step = step(scale, &measured.value, &measured.unit, &now.max);
        let mut found = Vec::new();
        let mut highest = now.legs[place].uncapped.clone();
        for count in 1..=MAX_STEPS {
            let change = one(&metric.rule, &step * Ratio::from_integer(count.into()));
            let then = self.worth(line, &change)?.legs[place].uncapped.clone();
            if then > highest {
                highest = then;
                found.push(change);
            }
            if highest >= now.max {
                break;
            }
        }
        Ok(found)
    }

    pub(super) fn option(&self, points: Ratio, changes: Vec<Supposed>) -> LineOption {
        let effort = changes.iter().map(|change| self.effort(change)).min().unwrap_or_default();
        LineOption { points, effort, changes }
    }

    /// Newcomers for the roles that a matching cannot fill; which role is short depends on who fills
    /// which, so several orders are tried.
    pub(super) fn staffed(
        &mut self,
        roles: &[Role],
        one_role_per_person: bool,
        serves_at_most: Option<usize>,
    ) -> Result<Vec<Supposed>, EvaluateError> {
        let mut found = Vec::new();
        let orders = orders(roles.len());
        self.cut_short |= orders.len() >= MAX_ORDERS && roles.len() > 4;
        for order in orders {
            let mut supposed = Supposed::default();
            // Every round adds somebody, and nobody is asked for more often than the roles have places.
            for _ in 0..10_000 {
                let filled = fill(self.on, roles, one_role_per_person, serves_at_most, &supposed, &order)?;
                let Some(short) = order.iter().find(|role| filled[**role].filled < filled[**role].needed) else {
                    found.push(supposed);
                    break;
                };
                *supposed.added.entry(roles[*short].rule.clone()).or_default() += Ratio::from_integer(1.into());
            }
        }
        Ok(self.limited(found))
    }
}

/// All orders of a few roles, or as many rotations.
fn orders(count: usize) -> Vec<Vec<usize>> {
    let mut found: Vec<Vec<usize>> = vec![Vec::new()];
    if count > 4 {
        return (0..count).map(|first| (0..count).map(|place| (first + place) % count).collect()).collect();
    }
    for role in 0..count {
        found = found
            .iter()
            .flat_map(|order| {
                (0..=order.len()).map(|place| {
                    let mut longer = order.clone();
                    longer.insert(place, role);
                    longer
                })
            })
            .collect();
    }
    found
}

/// One option for each number of points, with all its changes, rising.
fn rising(mut options: Vec<LineOption>) -> Vec<LineOption> {
    // The present points stay first; what gives the same is one option.
    options.sort_by(|a, b| a.points.cmp(&b.points));
    let mut found: Vec<LineOption> = Vec::new();
    for option in options {
        match found.last_mut() {
            Some(last) if last.points == option.points => {
                last.effort = last.effort.clone().min(option.effort);
                last.changes.extend(option.changes);
            }
            _ => found.push(option),
        }
    }
    found
}

/// How many alternatives for one number of points are kept: a few more than ways are returned.
pub(super) const MAX_ALTERNATIVES: usize = 6;
