//! The points a line can have, and the changes that give them: by raising a leg, by a requirement that
//! earns them, by opening gates. And the people whom a matching lacks.

use values::Ratio;

use super::changes::{Changes, Place};
use super::knapsack::LineOption;
use super::steps::step;
use super::trial::{Line, Part, Score, Worth, newcomers};
use super::{MAX_STEPS, Solver};
use crate::judge::points::weighed;
use crate::judge::staff::Staffing;
use crate::model::{Legs, Role};

/// How many numbers of points of one line are tried.
const MAX_OPTIONS: usize = 16;
/// Up to how many changes are compared with one another.
const MAX_COMPARED: usize = 300;
/// How many orders of roles are tried.
const MAX_ORDERS: usize = 24;

impl<'t> Solver<'t, '_> {
    /// The points a line can have and the changes for each, rising, its present ones first.
    pub(super) fn options(&mut self, line: &'t Line<'_>) -> Vec<LineOption> {
        let nothing = Changes::default();
        let mut gates = vec![nothing.clone()];
        for gate in &line.gates {
            let more = self.of(gate, &Score::NONE);
            gates = self.join(&gates, &more);
        }
        let open = gates.contains(&nothing);
        let now = self.trial.before_gates(line, &nothing);
        let standing = if open { now.clone() } else { Ratio::ZERO };
        let mut options = vec![self.option(standing.clone(), vec![nothing])];
        if line.suspended {
            return options;
        }
        if !open && now > standing {
            options.push(self.option(now.clone(), gates.clone()));
        }
        for raised in self.raised(line) {
            let points = self.trial.before_gates(line, &raised);
            if points > now {
                let changes = self.join(&gates, &[raised]);
                options.push(self.option(points, changes));
            }
        }
        let mut options = self.thinned(rising(options));
        for option in &mut options {
            self.cheapest(&mut option.changes, MAX_ALTERNATIVES);
        }
        options
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

    /// Keeps the changes of the least effort, none of which could be smaller.
    pub(super) fn cheapest(&self, changes: &mut Vec<Changes>, most: usize) {
        if changes.len() > most && changes.len() <= MAX_COMPARED {
            smallest(changes);
        }
        if changes.len() > most {
            let price = |change: Changes| (self.efforts.of_all(&change), change);
            let mut priced: Vec<(Ratio, Changes)> = changes.drain(..).map(price).collect();
            priced.sort_unstable();
            priced.dedup();
            changes.extend(priced.into_iter().take(most).map(|(_, change)| change));
        }
    }

    /// The changes by which a line can be raised. Of several legs the best wants one raised, a sum any
    /// number of them, the least all of them.
    fn raised(&mut self, line: &'t Line<'_>) -> Vec<Changes> {
        let by_leg: Vec<Vec<Changes>> = line.legs.iter().map(|leg| self.raised_leg(line, leg)).collect();
        match line.combine {
            Legs::One | Legs::Best => by_leg.into_iter().flatten().collect(),
            Legs::Sum | Legs::Least => {
                let mut joined = vec![Changes::default()];
                for leg in by_leg {
                    let with_none: Vec<Changes> = std::iter::once(Changes::default()).chain(leg).collect();
                    joined = self.join(&joined, &with_none);
                }
                joined.retain(|change| !change.is_empty());
                joined
            }
        }
    }

    /// Growing changes of one leg, until the line's cap alone by it.
    fn raised_leg(&mut self, line: &Line<'_>, leg: &'t Part<'_>) -> Vec<Changes> {
        let (place, measured, scales) = match &leg.worth {
            Worth::When { when, .. } => return self.of(when, &Score::NONE),
            Worth::Measured { place, measured, scales, .. } => (*place, measured, scales),
        };
        if measured.absent.is_some() || measured.reason.is_some() {
            // Without a baseline, or below a minimum, no amount is known to help.
            return Vec::new();
        }
        let cap = leg.most.as_ref().unwrap_or(&line.max);
        let step = step(scales, &measured.value, &measured.unit, cap);
        let mut found = Vec::new();
        let mut highest = self.trial.leg(line, leg, &Changes::default());
        let mut add = Ratio::ZERO;
        for _ in 0..MAX_STEPS {
            add += &step;
            let change = Changes::one(place, add.clone());
            let then = self.trial.leg(line, leg, &change);
            if then > highest {
                highest = then;
                found.push(change);
            }
            if highest >= weighed(cap.clone(), None, leg.weight.as_ref()) {
                break;
            }
        }
        found
    }

    pub(super) fn option(&self, points: Ratio, changes: Vec<Changes>) -> LineOption {
        let effort = changes.iter().map(|change| self.efforts.of_all(change)).min().unwrap_or_default();
        LineOption { points, effort, changes }
    }

    /// Newcomers for the roles that a matching cannot fill; which role is short depends on who fills
    /// which, so several orders are tried.
    pub(super) fn staffed(&mut self, roles: &[Role], places: &[Place], staffing: &Staffing<'_>) -> Vec<Changes> {
        let mut found = Vec::new();
        let orders = orders(roles.len());
        self.cut_short |= orders.len() >= MAX_ORDERS && roles.len() > 4;
        for order in orders {
            let mut changes = Changes::default();
            // Every round adds somebody, and nobody is asked for more often than the roles have places.
            for _ in 0..10_000 {
                let filled = staffing.fill(&newcomers(places, &changes), &order);
                let Some(short) = order.iter().find(|role| filled[**role].filled < filled[**role].needed) else {
                    found.push(changes);
                    break;
                };
                let more = changes.add_of(places[*short]).cloned().unwrap_or_default() + Ratio::whole(1);
                changes.set(places[*short], more);
            }
        }
        self.limited(found)
    }
}

/// Drops changes that include others of the same effect: they would be reduced to those.
fn smallest(changes: &mut Vec<Changes>) {
    changes.sort_unstable();
    changes.dedup();
    let larger: Vec<bool> =
        changes.iter().map(|change| changes.iter().any(|other| other != change && change.includes(other))).collect();
    let mut larger = larger.into_iter();
    changes.retain(|_| !larger.next().unwrap_or_default());
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
