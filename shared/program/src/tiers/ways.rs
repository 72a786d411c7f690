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
mod options;
mod steps;

use std::collections::{BTreeMap, BTreeSet};

use num_bigint::BigInt;
use num_traits::Zero;
use values::{Ratio, Rounding, round_ratio};

use super::EvaluateError;
use super::level::score_with;
use super::scorecard::Way;
use super::standings::{levels, tracks};
use crate::judge::quick::holds;
use crate::judge::requirement::ScoreSoFar;
use crate::judge::{Judge, Supposed};
use crate::model::{Bound, Division, Requirement, TierProgram, Track};
use options::MAX_ALTERNATIVES;
use steps::{Known, grain, known, one, raise};

/// How many candidates are looked at before the search says that it stopped early.
const MAX_CANDIDATES: usize = 1_000;
/// How many candidates, the least effort first, are verified and reduced.
const MAX_VERIFIED: usize = 40;
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
    /// The track whose lines are raised.
    track: &'s Track,
    /// The division's metrics and roles, by rule.
    known: &'s BTreeMap<String, Known>,
    cut_short: bool,
}

/// Finds the smallest ways to the level at `target`, an index into the day's levels.
///
/// Rule: `program.way_is_verified_and_minimal`. The partner's classes are taken as they are.
pub(crate) fn search(
    on: &Judge<'_>,
    program: &TierProgram,
    division: &Division,
    target: usize,
) -> Result<Search, EvaluateError> {
    let Some(level) = levels(on, division).get(target) else { return Ok(Search::default()) };
    let known = known(on, division)?;
    let mut minimal: BTreeSet<(Ratio, Supposed)> = BTreeSet::new();
    let mut steps = BTreeMap::new();
    let mut cut_short = false;
    let plain = Track::default();
    let judged = tracks(on, division);
    for track in if judged.is_empty() { vec![&plain] } else { judged } {
        let mut solver = Solver { on, program, division, track, known: &known, cut_short: false };
        for found in solver.minimal(target)? {
            steps.insert(found.1.clone(), solver.steps(&found.1));
            minimal.insert(found);
        }
        cut_short |= solver.cut_short;
    }
    let ways = minimal.into_iter().take(MAX_WAYS).map(|(effort, supposed)| Way {
        level: level.name.clone(),
        effort,
        steps: steps.remove(&supposed).unwrap_or_default(),
    });
    Ok(Search { ways: ways.collect(), cut_short })
}

impl Solver<'_, '_> {
    /// The smallest ways by this track, with their efforts.
    fn minimal(&mut self, target: usize) -> Result<BTreeSet<(Ratio, Supposed)>, EvaluateError> {
        let rows = levels(self.on, self.division);
        let below = if self.program.award.nested { 0 } else { target };
        let mut candidates = vec![Supposed::default()];
        for row in rows.iter().take(target + 1).skip(below) {
            let more = self.candidates(&row.when)?;
            candidates = self.join(&candidates, &more);
        }
        let mut priced: Vec<(Ratio, Supposed)> = Vec::new();
        for candidate in candidates {
            priced.push((self.effort(&candidate), candidate));
        }
        priced.sort();
        self.cut_short |= priced.len() > MAX_VERIFIED;
        let mut minimal = BTreeSet::new();
        for (_, candidate) in priced.into_iter().take(MAX_VERIFIED) {
            if self.reaches(&candidate, target)? {
                let reduced = self.reduce(candidate, target)?;
                minimal.insert((self.effort(&reduced), reduced));
            }
        }
        Ok(minimal)
    }

    /// Whether the level at `target` is held with `supposed` beside the facts, by whatever track.
    fn reaches(&self, supposed: &Supposed, target: usize) -> Result<bool, EvaluateError> {
        let judged = tracks(self.on, self.division);
        for track in if judged.is_empty() { vec![self.track] } else { judged } {
            if self.reaches_by(track, supposed, target)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn reaches_by(&self, track: &Track, supposed: &Supposed, target: usize) -> Result<bool, EvaluateError> {
        let score = score_with(self.on, self.program, track, supposed)?;
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

    /// Sets of changes of which each makes the requirement hold, as far as it can be read off it.
    fn candidates(&mut self, requirement: &Requirement) -> Result<Vec<Supposed>, EvaluateError> {
        let score = score_with(self.on, self.program, self.track, &Supposed::default())?;
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
                let (Some(found), None) = (self.on.find(bound), measured.absent) else { return Ok(Vec::new()) };
                Ok(raise(found.value, &measured.value, &measured.unit)
                    .map(|add| one(&metric.rule, add))
                    .into_iter()
                    .collect())
            }
            Requirement::Score { bound, .. } => {
                let needed = self.on.find(bound).map(|found| found.value.clone());
                needed.map_or(Ok(Vec::new()), |needed| self.score(&needed))
            }
            Requirement::EveryLine { bound, .. } => {
                let needed = self.on.find(bound).map(|found| found.value.clone());
                needed.map_or(Ok(Vec::new()), |needed| self.every_line(&needed))
            }
            Requirement::Agreement { rule, .. }
            | Requirement::Check { rule, .. }
            | Requirement::Fee { rule, .. }
            | Requirement::Enrolled { rule, .. }
            | Requirement::Holds { rule, .. } => {
                Ok(vec![Supposed { obtained: BTreeSet::from([rule.clone()]), ..Supposed::default() }])
            }
            Requirement::Staffed { roles, one_role_per_person, serves_at_most, .. } => {
                self.staffed(roles, *one_role_per_person, *serves_at_most)
            }
            // What must not hold, what a person decides and what only time brings is nothing to add.
            Requirement::None(..)
            | Requirement::Decision { .. }
            | Requirement::Age { .. }
            | Requirement::OverTime { .. } => Ok(Vec::new()),
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
            self.cheapest(&mut found, MAX_CANDIDATES);
        }
        found
    }

    fn every_line(&mut self, needed: &Bound) -> Result<Vec<Supposed>, EvaluateError> {
        let mut joined = vec![Supposed::default()];
        for line in &self.track.lines {
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
        for line in &self.track.lines {
            lines.push(self.options(line)?);
        }
        let (chosen, cut_short) = knapsack::choices(needed, &lines);
        self.cut_short |= cut_short;
        let mut found = Vec::new();
        for choice in chosen {
            let mut joined = vec![Supposed::default()];
            for (line, place) in lines.iter().zip(choice) {
                joined = self.join(&joined, &line[place].changes);
                self.cheapest(&mut joined, MAX_ALTERNATIVES);
            }
            found.extend(joined);
        }
        Ok(self.limited(found))
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
            let Some(grain) = self.known.get(&rule).map(|known| grain(&known.unit)) else { continue };
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
