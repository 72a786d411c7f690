//! The way to the next level, found by solving the rules.
//!
//! Candidates are read off the requirement: every leaf that does not hold says by how much it fails,
//! `any` offers alternatives, `all` joins them, a bound on the score is a small knapsack over the
//! lines' steps. Every candidate is then verified by judging the level again with the change
//! supposed, and each of its parts is reduced as far as the level still holds
//! (`program.way_is_verified_and_minimal`). The rules are monotone in what is added, so one pass of
//! reductions leaves nothing that could be smaller.

mod changes;
mod deadline;
mod effort;
mod knapsack;
mod options;
mod steps;
mod trial;

use std::collections::BTreeSet;
use std::rc::Rc;

use values::{Ratio, Rounding, round_ratio};

use super::EvaluateError;
use super::scorecard::Way;
use super::standings::levels;
use crate::judge::Judge;
use crate::model::{Bound, Division, TierProgram};
use changes::Changes;
pub use deadline::deadlines;
use effort::Efforts;
use knapsack::LineOption;
use options::MAX_ALTERNATIVES;
pub(crate) use steps::name_of;
use steps::{Known, grain, known, raise};
use trial::{Line, Need, Score, Trial};

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

struct Solver<'t, 's> {
    trial: &'t Trial<'s>,
    /// The track whose lines are raised.
    track: &'t [Line<'s>],
    /// The division's metrics and roles, by place.
    known: &'t [Option<Known>],
    efforts: &'t Efforts,
    /// What each line of the track can be raised to, once it was asked for: a score and its lines ask for the same.
    options: Vec<Option<Rc<Vec<LineOption>>>>,
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
    let trial = Trial::of(on, program, division)?;
    debug_assert_eq!(trial.disagreement(on, program, division), None, "the compiled rules of {}", division.rule);
    let known = known(on, division, &trial)?;
    let efforts = Efforts::of(program, &trial, &known);
    let mut minimal: BTreeSet<(Ratio, Changes)> = BTreeSet::new();
    let mut cut_short = false;
    for track in &trial.tracks {
        let options = track.iter().map(|_| None).collect();
        let mut solver = Solver { trial: &trial, track, known: &known, efforts: &efforts, options, cut_short: false };
        minimal.extend(solver.minimal(target));
        cut_short |= solver.cut_short;
    }
    let mut ways = Vec::new();
    for (effort, changes) in minimal.into_iter().take(MAX_WAYS) {
        let steps = steps::steps(on, division, &trial, &known, &efforts, &changes)?;
        ways.push(Way { level: level.name.clone(), effort, steps });
    }
    Ok(Search { ways, cut_short })
}

impl<'t> Solver<'t, '_> {
    /// The smallest ways by this track, with their efforts.
    fn minimal(&mut self, target: usize) -> BTreeSet<(Ratio, Changes)> {
        let trial = self.trial;
        let score = trial.score(self.track, &Changes::default());
        let mut candidates = vec![Changes::default()];
        for need in trial.asked(target) {
            let more = self.of(need, &score);
            candidates = self.join(&candidates, &more);
        }
        let mut priced: Vec<(Ratio, Changes)> =
            candidates.into_iter().map(|candidate| (self.efforts.of_all(&candidate), candidate)).collect();
        priced.sort();
        self.cut_short |= priced.len() > MAX_VERIFIED;
        let mut minimal = BTreeSet::new();
        for (_, candidate) in priced.into_iter().take(MAX_VERIFIED) {
            if trial.reaches(&candidate, target) {
                let reduced = self.reduce(candidate, target);
                minimal.insert((self.efforts.of_all(&reduced), reduced));
            }
        }
        minimal
    }

    /// Sets of changes of which each makes the requirement hold, as far as it can be read off it.
    fn of(&mut self, need: &'t Need<'_>, score: &Score) -> Vec<Changes> {
        if need.holds(score, &Changes::default()) {
            return vec![Changes::default()];
        }
        match need {
            Need::All(parts) => self.all(parts, score),
            Need::Any(parts) => {
                let found = parts.iter().flat_map(|part| self.of(part, score)).collect();
                self.limited(found)
            }
            Need::AtLeast(count, parts) => self.some(*count, parts, score),
            Need::Metric { measured, .. } if measured.absent.is_some() => Vec::new(),
            Need::Metric { place, measured, bound } => {
                let raised = raise(bound, &measured.value, &measured.unit);
                raised.map(|add| Changes::one(*place, add)).into_iter().collect()
            }
            Need::Score(bound) => self.score(bound),
            Need::EveryLine(bound) => self.every_line(bound),
            Need::Fact { place, .. } => vec![Changes::obtained(*place)],
            Need::Staffed { roles, places, staffing } => self.staffed(roles, places, staffing),
            // Where another day failed that has to hold, nothing that happens now helps.
            Need::OverTime { every: true, besides: false, .. } => Vec::new(),
            Need::OverTime { today, .. } => self.of(today, &Score::NONE),
            // What must not hold, and what no partner adds.
            Need::None(_) | Need::Settled(_) => Vec::new(),
        }
    }

    fn all(&mut self, parts: &'t [Need<'_>], score: &Score) -> Vec<Changes> {
        let mut joined = vec![Changes::default()];
        for part in parts {
            let more = self.of(part, score);
            joined = self.join(&joined, &more);
        }
        joined
    }

    fn some(&mut self, count: usize, parts: &'t [Need<'_>], score: &Score) -> Vec<Changes> {
        // By how many parts hold so far: each part is taken or left.
        let mut by_count: Vec<Vec<Changes>> = vec![Vec::new(); count + 1];
        by_count[0].push(Changes::default());
        for part in parts {
            let more = self.of(part, score);
            for held in (0..count).rev() {
                let joined = self.join(&by_count[held], &more);
                by_count[held + 1].extend(joined);
                by_count[held + 1] = self.limited(std::mem::take(&mut by_count[held + 1]));
            }
        }
        by_count.swap_remove(count)
    }

    /// Every pair together; what both ask for is asked for once.
    fn join(&mut self, left: &[Changes], right: &[Changes]) -> Vec<Changes> {
        match (left, right) {
            ([], _) | (_, []) => return Vec::new(),
            // Most requirements hold already, and ask for nothing more.
            ([only], found) | (found, [only]) if only.is_empty() => return self.limited(found.to_vec()),
            _ => {}
        }
        let mut joined = Vec::with_capacity((left.len() * right.len()).min(2 * MAX_CANDIDATES));
        for a in left {
            joined.extend(right.iter().map(|b| a.join(b)));
            if joined.len() > MAX_CANDIDATES {
                self.cut_short = true;
                break;
            }
        }
        self.limited(joined)
    }

    fn limited(&mut self, mut found: Vec<Changes>) -> Vec<Changes> {
        found.sort_unstable();
        found.dedup();
        if found.len() > MAX_CANDIDATES {
            self.cut_short = true;
            self.cheapest(&mut found, MAX_CANDIDATES);
        }
        found
    }

    fn every_line(&mut self, needed: &Bound) -> Vec<Changes> {
        let mut joined = vec![Changes::default()];
        for line in 0..self.track.len() {
            let options = self.options_of(line);
            let Some(first) = options.iter().position(|option| needed.holds(&option.points)) else {
                return Vec::new();
            };
            let enough = knapsack::reached_otherwise(&options, first);
            let changes: Vec<Changes> = enough.into_iter().flat_map(|place| options[place].changes.clone()).collect();
            joined = self.join(&joined, &changes);
        }
        joined
    }

    fn options_of(&mut self, line: usize) -> Rc<Vec<LineOption>> {
        if let Some(known) = &self.options[line] {
            return known.clone();
        }
        let track = self.track;
        let found = Rc::new(self.options(&track[line]));
        self.options[line] = Some(found.clone());
        found
    }

    /// A knapsack over the lines: how far each is raised, until the total is inside the bound. The
    /// cheapest choices by the sum of their efforts are kept; what lines share makes them cheaper still.
    fn score(&mut self, needed: &Bound) -> Vec<Changes> {
        let lines: Vec<_> = (0..self.track.len()).map(|line| self.options_of(line)).collect();
        let (chosen, cut_short) = knapsack::choices(needed, &lines);
        self.cut_short |= cut_short;
        let mut found = Vec::new();
        for choice in chosen {
            let mut joined = vec![Changes::default()];
            for (line, place) in lines.iter().zip(choice) {
                joined = self.join(&joined, &line[place].changes);
                self.cheapest(&mut joined, MAX_ALTERNATIVES);
            }
            found.extend(joined);
        }
        self.limited(found)
    }

    /// Takes every part back as far as the target still holds.
    fn reduce(&self, mut changes: Changes, target: usize) -> Changes {
        for place in changes.holds().to_vec() {
            let without = changes.without(place);
            if self.trial.reaches(&without, target) {
                changes = without;
            }
        }
        for (place, add) in changes.raises().to_vec() {
            let Some(known) = usize::try_from(place).ok().and_then(|place| self.known.get(place)?.as_ref()) else {
                continue;
            };
            let grain = grain(&known.unit);
            let mut reaches = |grains: &Ratio| {
                changes.set(place, grains * &grain);
                self.trial.reaches(&changes, target)
            };
            let least = least(Ratio::from_integer(round_ratio(&(&add / &grain), Rounding::Up)), &mut reaches);
            changes.set(place, least * grain);
        }
        changes
    }
}

/// The least whole number up to `high` that suffices; `high` does.
fn least(mut high: Ratio, suffices: &mut dyn FnMut(&Ratio) -> bool) -> Ratio {
    let one = Ratio::whole(1);
    let mut low = Ratio::ZERO;
    // What was read off a bound is mostly needed to its last unit.
    if high > low {
        let less = &high - &one;
        if !suffices(&less) {
            return high;
        }
        high = less;
    }
    while low < high {
        let middle = ((&low + &high) / Ratio::whole(2)).floor();
        if suffices(&middle) {
            high = middle;
        } else {
            low = middle + &one;
        }
    }
    high
}
