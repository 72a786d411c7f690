//! The way to the next level, found by solving the rules.
//!
//! Candidates are read off the requirement: every leaf that does not hold says by how much it fails,
//! `any` offers alternatives, `all` joins them, a bound on the score is a small knapsack over the
//! lines' steps. Every candidate is then verified by judging the level again with the change
//! supposed, and each of its parts is reduced as far as the level still holds
//! (`program.way_is_verified_and_minimal`). The rules are monotone in what is added, so one pass of
//! reductions leaves nothing that could be smaller.

mod effort;
mod knapsack;
mod steps;

use std::collections::{BTreeMap, BTreeSet};

use num_bigint::BigInt;
use num_traits::Zero;
use values::{Ratio, Rounding, round_ratio};

use super::scorecard::Way;
use super::{EvaluateError, levels};
use crate::conventions::PartSteps;
use crate::judge::points::{counted, points};
use crate::judge::quick::{holds, value};
use crate::judge::requirement::ScoreSoFar;
use crate::judge::{Judge, Supposed};
use crate::model::{Bound, Division, PointLine, Requirement, TierProgram};
use knapsack::LineOption;
use steps::{Known, grain, metrics, one, raise, step};

/// How many candidates are looked at before the search says that it stopped early.
const MAX_CANDIDATES: usize = 1_000;
/// How many candidates, the least effort first, are verified and reduced.
const MAX_VERIFIED: usize = 60;
/// How many ways are returned.
const MAX_WAYS: usize = 5;
/// How many steps one line is raised by at most.
const MAX_STEPS: usize = 60;

/// What a search found.
#[derive(Default)]
pub(crate) struct Search {
    pub ways: Vec<Way>,
    pub cut_short: bool,
}

struct Solver<'s, 'a> {
    on: &'s Judge<'a>,
    program: &'s TierProgram,
    division: &'s Division,
    /// The division's metrics, by rule.
    metrics: BTreeMap<String, Known<'s>>,
    cut_short: bool,
}

/// Finds the smallest ways to the level at `target`, an index into the day's levels.
///
/// Rule: `program.way_is_verified_and_minimal`.
pub(crate) fn search(
    on: &Judge<'_>,
    program: &TierProgram,
    division: &Division,
    target: usize,
) -> Result<Search, EvaluateError> {
    let rows = levels(on, division);
    let Some(level) = rows.get(target) else { return Ok(Search::default()) };
    let mut solver = Solver { on, program, division, metrics: metrics(on, division)?, cut_short: false };
    let below = if program.award.nested { 0 } else { target };
    let mut candidates = vec![Supposed::default()];
    for row in &rows[below..=target] {
        let more = solver.candidates(&row.when)?;
        candidates = solver.join(&candidates, &more);
    }
    let mut priced: Vec<(Ratio, Supposed)> = Vec::new();
    for candidate in candidates {
        priced.push((solver.effort(&candidate), candidate));
    }
    priced.sort();
    solver.cut_short |= priced.len() > MAX_VERIFIED;
    let mut minimal: BTreeSet<(Ratio, Supposed)> = BTreeSet::new();
    for (_, candidate) in priced.into_iter().take(MAX_VERIFIED) {
        if solver.reaches(&candidate, target)? {
            let reduced = solver.reduce(candidate, target)?;
            minimal.insert((solver.effort(&reduced), reduced));
        }
    }
    let mut ways = Vec::new();
    for (effort, supposed) in minimal.into_iter().take(MAX_WAYS) {
        ways.push(Way { level: level.name.clone(), effort, steps: solver.steps(&supposed) });
    }
    Ok(Search { ways, cut_short: solver.cut_short })
}

impl Solver<'_, '_> {
    /// Whether the level at `target` is held with `supposed` beside the facts.
    fn reaches(&self, supposed: &Supposed, target: usize) -> Result<bool, EvaluateError> {
        let score = self.score_with(supposed)?;
        let rows = levels(self.on, self.division);
        let from = if self.program.award.nested { 0 } else { target };
        let mut held = false;
        for (place, row) in rows.iter().enumerate().skip(from) {
            held = holds(self.on, &row.when, &score, supposed)?;
            let decided = match self.program.award.nested {
                true => !held || place >= target,
                false => held,
            };
            if decided {
                break;
            }
        }
        Ok(held)
    }

    /// The points of all lines with `supposed` beside the facts.
    fn score_with(&self, supposed: &Supposed) -> Result<ScoreSoFar, EvaluateError> {
        let parts = self.program.conventions.part_steps.unwrap_or(PartSteps::Exact);
        let empty = ScoreSoFar::default();
        let mut score = ScoreSoFar::default();
        for line in &self.division.lines {
            let mut open = true;
            for gate in &line.gates {
                open &= holds(self.on, gate, &empty, supposed)?;
            }
            let quantity = value(self.on, &line.metric, supposed)?;
            let points = if open { counted(line, &quantity, self.on.day, parts)? } else { Ratio::default() };
            score.total += &points;
            score.lines.push((line.name.clone(), points));
        }
        Ok(score)
    }

    /// Sets of changes of which each makes the requirement hold, as far as it can be read off it.
    fn candidates(&mut self, requirement: &Requirement) -> Result<Vec<Supposed>, EvaluateError> {
        let score = self.score_with(&Supposed::default())?;
        self.of(requirement, &score)
    }

    fn of(&mut self, requirement: &Requirement, score: &ScoreSoFar) -> Result<Vec<Supposed>, EvaluateError> {
        if holds(self.on, requirement, score, &Supposed::default())? {
            return Ok(vec![Supposed::default()]);
        }
        match requirement {
            Requirement::All(_, parts) => self.all(parts, score),
            Requirement::Any(_, parts) => self.any(parts, score),
            Requirement::AtLeast(_, count, parts) => self.some(*count, parts, score),
            Requirement::Metric { metric, bound, .. } => {
                let measured = self.on.measure(metric)?;
                let Some(found) = bound.on(self.on.day) else { return Ok(Vec::new()) };
                Ok(raise(found.value, &measured.value, &measured.unit)
                    .map(|add| one(&metric.rule, add))
                    .into_iter()
                    .collect())
            }
            Requirement::Score { bound, .. } => {
                let needed = bound.on(self.on.day).map(|found| found.value.clone());
                needed.map_or(Ok(Vec::new()), |needed| self.score(&needed))
            }
            Requirement::EveryLine { bound, .. } => {
                let needed = bound.on(self.on.day).map(|found| found.value.clone());
                needed.map_or(Ok(Vec::new()), |needed| self.every_line(&needed))
            }
            Requirement::Agreement { rule, .. }
            | Requirement::Check { rule, .. }
            | Requirement::Fee { rule, .. }
            | Requirement::Enrolled { rule, .. }
            | Requirement::Holds { rule, .. } => {
                Ok(vec![Supposed { obtained: BTreeSet::from([rule.clone()]), ..Supposed::default() }])
            }
            // What must not hold, and what a person decides, is nothing a partner can add.
            Requirement::None(..) | Requirement::Decision { .. } => Ok(Vec::new()),
        }
    }

    fn all(&mut self, parts: &[Requirement], score: &ScoreSoFar) -> Result<Vec<Supposed>, EvaluateError> {
        let mut joined = vec![Supposed::default()];
        for part in parts {
            let more = self.of(part, score)?;
            joined = self.join(&joined, &more);
        }
        Ok(joined)
    }

    fn any(&mut self, parts: &[Requirement], score: &ScoreSoFar) -> Result<Vec<Supposed>, EvaluateError> {
        let mut found = Vec::new();
        for part in parts {
            found.extend(self.of(part, score)?);
        }
        Ok(self.limited(found))
    }

    fn some(
        &mut self,
        count: usize,
        parts: &[Requirement],
        score: &ScoreSoFar,
    ) -> Result<Vec<Supposed>, EvaluateError> {
        // By how many parts hold so far: each part is taken or left.
        let mut by_count: Vec<Vec<Supposed>> = vec![Vec::new(); count + 1];
        by_count[0].push(Supposed::default());
        for part in parts {
            let more = self.of(part, score)?;
            for held in (0..count).rev() {
                let joined = self.join(&by_count[held].clone(), &more);
                by_count[held + 1].extend(joined);
                by_count[held + 1] = self.limited(std::mem::take(&mut by_count[held + 1]));
            }
        }
        Ok(by_count.swap_remove(count))
    }

    /// Every pair together; what both ask for is asked for once.
    fn join(&mut self, left: &[Supposed], right: &[Supposed]) -> Vec<Supposed> {
        let mut joined = Vec::new();
        for a in left {
            for b in right {
                let mut both = a.clone();
                for (rule, add) in &b.added {
                    let slot = both.added.entry(rule.clone()).or_default();
                    *slot = slot.clone().max(add.clone());
                }
                both.obtained.extend(b.obtained.iter().cloned());
                joined.push(both);
            }
            if joined.len() > MAX_CANDIDATES {
                self.cut_short = true;
                break;
            }
        }
        self.limited(joined)
    }

    fn limited(&mut self, mut found: Vec<Supposed>) -> Vec<Supposed> {
        found.sort();
        found.dedup();
        if found.len() > MAX_CANDIDATES {
            self.cut_short = true;
            found.truncate(MAX_CANDIDATES);
        }
        found
    }

    fn every_line(&mut self, needed: &Bound) -> Result<Vec<Supposed>, EvaluateError> {
        let mut joined = vec![Supposed::default()];
        for line in &self.division.lines {
            let options = self.options(line)?;
            let enough = options.into_iter().find(|option| needed.holds(&option.points));
            let Some(enough) = enough else { return Ok(Vec::new()) };
            joined = self.join(&joined, &enough.changes);
        }
        Ok(joined)
    }

    /// A knapsack over the lines: how far each is raised, until the total is inside the bound. The
    /// cheapest choices by the sum of their efforts are kept; what lines share makes them cheaper still.
    fn score(&mut self, needed: &Bound) -> Result<Vec<Supposed>, EvaluateError> {
        let mut lines = Vec::new();
        for line in &self.division.lines {
            lines.push(self.options(line)?);
        }
        let (chosen, cut_short) = knapsack::choices(needed, &lines);
        self.cut_short |= cut_short;
        let mut found = Vec::new();
        for choice in chosen {
            let mut joined = vec![Supposed::default()];
            for (line, place) in lines.iter().zip(choice) {
                joined = self.join(&joined, &line[place].changes);
            }
            found.extend(joined);
        }
        Ok(self.limited(found))
    }

    /// The points a line can have and the changes for each, rising, its present ones first.
    fn options(&mut self, line: &PointLine) -> Result<Vec<LineOption>, EvaluateError> {
        let measured = self.on.measure(&line.metric)?;
        let parts = self.program.conventions.part_steps.unwrap_or(PartSteps::Exact);
        let mut gates = vec![Supposed::default()];
        let none = ScoreSoFar::default();
        for gate in &line.gates {
            let more = self.of(gate, &none)?;
            gates = self.join(&gates, &more);
        }
        let open = gates.contains(&Supposed::default());
        let now = points(line, &measured.value, self.on.day, parts)?;
        let standing = if open { now.points.clone() } else { Ratio::default() };
        let mut options = vec![self.option(standing.clone(), vec![Supposed::default()])];
        if !open && now.points > standing {
            options.push(self.option(now.points.clone(), gates.clone()));
        }
        let step = step(line, &measured.value, &measured.unit, &now.max);
        let mut highest = options.last().map(|option| option.points.clone()).unwrap_or_default();
        for count in 1..=MAX_STEPS {
            let add = &step * Ratio::from_integer(count.into());
            let then = counted(line, &(&measured.value + &add), self.on.day, parts)?;
            if then > highest {
                highest = then.clone();
                let changes = self.join(&gates, &[one(&line.metric.rule, add)]);
                options.push(self.option(then, changes));
            }
            if highest >= now.max {
                break;
            }
        }
        Ok(options)
    }

    fn option(&self, points: Ratio, changes: Vec<Supposed>) -> LineOption {
        let effort = changes.iter().map(|change| self.effort(change)).min().unwrap_or_default();
        LineOption { points, effort, changes }
    }

    /// Takes every part back as far as the target still holds.
    fn reduce(&self, mut supposed: Supposed, target: usize) -> Result<Supposed, EvaluateError> {
        for rule in supposed.obtained.clone() {
            let mut without = supposed.clone();
            without.obtained.remove(&rule);
            if self.reaches(&without, target)? {
                supposed = without;
            }
        }
        for rule in supposed.added.keys().cloned().collect::<Vec<_>>() {
            let Some(grain) = self.metrics.get(&rule).map(|known| grain(&known.unit)) else { continue };
            let units = round_ratio(&(&supposed.added[&rule] / &grain), Rounding::Up);
            let (mut low, mut high) = (BigInt::zero(), units);
            // The least number of grains in [low, high] that reaches the target; high does.
            while low < high {
                let middle = (&low + &high) / BigInt::from(2);
                let mut less = supposed.clone();
                less.added.insert(rule.clone(), Ratio::from_integer(middle.clone()) * &grain);
                if self.reaches(&less, target)? {
                    high = middle;
                } else {
                    low = middle + 1;
                }
            }
            match high.is_zero() {
                true => supposed.added.remove(&rule),
                false => supposed.added.insert(rule.clone(), Ratio::from_integer(high) * &grain),
            };
        }
        Ok(supposed)
    }
}
