//! A division's rules for one partner, compiled for a search that asks thousands of times what would hold if:
//! measured values, the values of the day and the places of rules are looked up once.
//!
//! Same rules as `judge::requirement` and `judge::points`, without words; wherever assertions are on, every search
//! first compares the two.

use std::collections::BTreeSet;
use std::rc::Rc;

use num_traits::ToPrimitive;
use values::Ratio;

use super::changes::{Changes, Place};
use crate::conventions::PartSteps;
use crate::judge::metric::Measured;
use crate::judge::over::held_besides;
use crate::judge::points::{capped, combined, max_of, needed, own_max, scaled, suspended, weighed, weight_of};
use crate::judge::quick::holds;
use crate::judge::requirement::{ScoreSoFar, is_there};
use crate::judge::staff::Staffing;
use crate::judge::{self, Judge};
use crate::model::{
    Bound, Division, Leg, LegWorth, Legs, PointLine, PointScale, Requirement, Role, Stretch, TierProgram, Value,
};
use crate::tiers::EvaluateError;
use crate::tiers::standings::{all_standings, levels, tracks};

/// A division's rules for one partner.
pub(super) struct Trial<'t> {
    /// Every metric, role and requirement, in the order of their names.
    pub rules: Vec<&'t str>,
    /// The lines of each track that is judged; one track without lines where there is none.
    pub tracks: Vec<Vec<Line<'t>>>,
    /// The day's levels, lowest first.
    pub levels: Vec<Need<'t>>,
    nested: bool,
    parts: PartSteps,
}

/// A line of a score.
pub(super) struct Line<'t> {
    pub legs: Vec<Part<'t>>,
    pub combine: Legs,
    pub gates: Vec<Need<'t>>,
    pub max: Ratio,
    pub weight: Option<Ratio>,
    pub suspended: bool,
}

/// A leg with its own cap and weight.
pub(super) struct Part<'t> {
    pub worth: Worth<'t>,
    pub most: Option<Ratio>,
    pub weight: Option<Ratio>,
}

/// What gives a leg its points.
pub(super) enum Worth<'t> {
    Measured { place: Place, measured: Rc<Measured>, scale: &'t PointScale, scales: &'t Value<PointScale> },
    When { when: Need<'t>, earns: Ratio },
}

/// A requirement.
pub(super) enum Need<'t> {
    All(Vec<Need<'t>>),
    Any(Vec<Need<'t>>),
    None(Vec<Need<'t>>),
    AtLeast(usize, Vec<Need<'t>>),
    /// A metric's bound; there may be no value.
    Metric {
        place: Place,
        measured: Rc<Measured>,
        bound: &'t Bound,
    },
    Score(&'t Bound),
    EveryLine(&'t Bound),
    Staffed {
        roles: &'t [Role],
        places: Vec<Place>,
        staffing: Staffing<'t>,
    },
    /// A fact that can be obtained.
    Fact {
        place: Place,
        there: bool,
    },
    /// Over a time to which the judged day belongs: what is added now counts on that day.
    OverTime {
        every: bool,
        /// Whether it held at every other moment, or at some other one where one is enough.
        besides: bool,
        today: Box<Need<'t>>,
    },
    /// What nothing that a partner adds can change.
    Settled(bool),
}

/// The points of a track.
pub(super) struct Score {
    pub total: Ratio,
    pub lines: Vec<Ratio>,
}

impl Score {
    /// Of gates and of what legs ask for, which know no score.
    pub const NONE: Score = Score { total: Ratio::ZERO, lines: Vec::new() };
}

impl<'t> Trial<'t> {
    pub fn of(on: &Judge<'_>, program: &'t TierProgram, division: &'t Division) -> Result<Trial<'t>, EvaluateError> {
        let judged = tracks(on, division);
        let levels = levels(on, division);
        let mut rules = BTreeSet::new();
        judged.iter().flat_map(|track| &track.lines).for_each(|line| rules_of(line, &mut rules));
        levels.iter().for_each(|level| add(&level.when, &mut rules));
        let compiler = Compiler { on, rules: rules.into_iter().collect() };
        let mut compiled = Vec::new();
        for track in judged {
            compiled.push(track.lines.iter().map(|line| compiler.line(line)).collect::<Result<Vec<_>, _>>()?);
        }
        if compiled.is_empty() {
            compiled.push(Vec::new());
        }
        Ok(Trial {
            tracks: compiled,
            levels: levels.iter().map(|level| compiler.need(&level.when)).collect::<Result<Vec<_>, _>>()?,
            rules: compiler.rules,
            nested: program.award.nested,
            parts: program.conventions.part_steps.unwrap_or(PartSteps::Exact),
        })
    }

    /// Where these rules say something else of the present than the judge does.
    pub fn disagreement(&self, on: &Judge<'_>, program: &TierProgram, division: &Division) -> Option<String> {
        // Pinned points are a test's own words: no rule gives them.
        if !on.pins.points.is_empty() {
            return None;
        }
        let judged = all_standings(on, program, division).ok()?;
        let nothing = Changes::default();
        judged.iter().zip(&self.tracks).find_map(|(standings, track)| {
            let score = self.score(track, &nothing);
            let points = standings.lines.iter().zip(&score.lines);
            let line = points.into_iter().find(|(line, points)| line.points != **points);
            let mut levels = standings.levels.iter().zip(&self.levels);
            let level = levels.find(|((_, outcome), need)| outcome.met != need.holds(&score, &nothing));
            line.map(|(line, _)| line.rule.clone()).or(level.map(|((name, _), _)| name.clone()))
        })
    }

    /// The place of a rule; none for a rule that the division does not ask for.
    pub fn place(&self, rule: &str) -> Option<usize> {
        self.rules.binary_search(&rule).ok()
    }

    /// The levels that must hold for the one at `target` to be held, it among them.
    pub fn asked(&self, target: usize) -> &[Need<'t>] {
        let from = if self.nested { 0 } else { target };
        self.levels.get(from..=target).unwrap_or_default()
    }

    /// Whether the level at `target`, or one above it where levels stand each by itself, is held with `changes` beside
    /// the facts, by whatever track.
    pub fn reaches(&self, changes: &Changes, target: usize) -> bool {
        self.tracks.iter().any(|track| {
            let score = self.score(track, changes);
            let met = |need: &Need<'_>| need.holds(&score, changes);
            match self.nested {
                true => self.asked(target).iter().all(met),
                false => self.levels.iter().skip(target).any(met),
            }
        })
    }

    /// The points of a track's lines with `changes` beside the facts.
    pub fn score(&self, track: &[Line<'_>], changes: &Changes) -> Score {
        let lines: Vec<Ratio> = track.iter().map(|line| self.points(line, changes)).collect();
        Score { total: lines.iter().sum(), lines }
    }

    /// The points of a line behind its gates.
    fn points(&self, line: &Line<'_>, changes: &Changes) -> Ratio {
        match line.gates.iter().all(|gate| gate.holds(&Score::NONE, changes)) {
            true => self.before_gates(line, changes),
            false => Ratio::ZERO,
        }
    }

    /// The points of a line without its gates.
    pub fn before_gates(&self, line: &Line<'_>, changes: &Changes) -> Ratio {
        if line.suspended {
            return Ratio::ZERO;
        }
        let points = if let [leg] = line.legs.as_slice() {
            capped(&self.leg(line, leg, changes), &line.max)
        } else {
            let legs: Vec<Ratio> = line.legs.iter().map(|leg| self.leg(line, leg, changes)).collect();
            capped(&combined(line.combine, &legs.iter().collect::<Vec<_>>()).1, &line.max)
        };
        match &line.weight {
            Some(weight) => points * weight,
            None => points,
        }
    }

    /// The points of a leg before the line's cap.
    pub fn leg(&self, line: &Line<'_>, leg: &Part<'_>, changes: &Changes) -> Ratio {
        let max = leg.most.as_ref().unwrap_or(&line.max);
        let points = self.worth(&leg.worth, max, changes);
        match (&leg.most, &leg.weight) {
            (None, None) => points,
            (most, weight) => weighed(points, most.as_ref(), weight.as_ref()),
        }
    }

    fn worth(&self, worth: &Worth<'_>, max: &Ratio, changes: &Changes) -> Ratio {
        match worth {
            Worth::Measured { measured, .. } if measured.absent.is_some() => Ratio::ZERO,
            Worth::Measured { place, measured, scale, .. } => {
                let points = |value: &Ratio| scaled(scale, value, measured.base.as_ref(), max, self.parts);
                changes.add_of(*place).map_or_else(|| points(&measured.value), |add| points(&(&measured.value + add)))
            }
            Worth::When { when, earns } if when.holds(&Score::NONE, changes) => earns.clone(),
            Worth::When { .. } => Ratio::ZERO,
        }
    }
}

impl Need<'_> {
    /// Whether it holds with `changes` beside the facts.
    pub fn holds(&self, score: &Score, changes: &Changes) -> bool {
        match self {
            Need::All(parts) => parts.iter().all(|part| part.holds(score, changes)),
            Need::Any(parts) => parts.iter().any(|part| part.holds(score, changes)),
            Need::None(parts) => !parts.iter().any(|part| part.holds(score, changes)),
            Need::AtLeast(count, parts) => {
                parts.iter().filter(|part| part.holds(score, changes)).take(*count).count() >= *count
            }
            Need::Metric { measured, .. } if measured.absent.is_some() => false,
            Need::Metric { place, measured, bound } => match changes.add_of(*place) {
                Some(add) => bound.holds(&(&measured.value + add)),
                None => bound.holds(&measured.value),
            },
            Need::Score(bound) => bound.holds(&score.total),
            Need::EveryLine(bound) => score.lines.iter().all(|points| bound.holds(points)),
            Need::Staffed { places, staffing, .. } => {
                let order: Vec<usize> = (0..places.len()).collect();
                let filled = staffing.fill(&newcomers(places, changes), &order);
                filled.iter().all(|role| role.filled >= role.needed)
            }
            Need::Fact { place, there } => *there || changes.has(*place),
            Need::OverTime { every: true, besides, today } => *besides && today.holds(&Score::NONE, changes),
            Need::OverTime { every: false, besides, today } => *besides || today.holds(&Score::NONE, changes),
            Need::Settled(holds) => *holds,
        }
    }
}

/// How many people are supposed to come for each role.
pub(super) fn newcomers(places: &[Place], changes: &Changes) -> Vec<usize> {
    let count = |place: &Place| changes.add_of(*place).and_then(|add| add.to_integer().to_usize()).unwrap_or(0);
    places.iter().map(count).collect()
}

struct Compiler<'j, 'a, 't> {
    on: &'j Judge<'a>,
    rules: Vec<&'t str>,
}

impl<'t> Compiler<'_, '_, 't> {
    /// Every rule was collected before.
    fn place(&self, rule: &str) -> Place {
        let place = self.rules.binary_search(&rule).ok().and_then(|place| Place::try_from(place).ok());
        place.unwrap_or(Place::MAX)
    }

    fn line(&self, line: &'t PointLine) -> Result<Line<'t>, EvaluateError> {
        Ok(Line {
            legs: line.legs.iter().map(|leg| self.leg(leg)).collect::<Result<_, _>>()?,
            combine: line.combine,
            gates: self.needs(&line.gates)?,
            max: max_of(self.on, line)?,
            weight: weight_of(self.on, line.weight.as_ref())?,
            suspended: suspended(self.on, line),
        })
    }

    fn leg(&self, leg: &'t Leg) -> Result<Part<'t>, EvaluateError> {
        let (most, weight) = (own_max(self.on, leg)?, weight_of(self.on, leg.weight.as_ref())?);
        Ok(Part { worth: self.worth(leg)?, most, weight })
    }

    fn worth(&self, leg: &'t Leg) -> Result<Worth<'t>, EvaluateError> {
        Ok(match &leg.worth {
            LegWorth::Measured { metric, scale } => Worth::Measured {
                place: self.place(&metric.rule),
                measured: self.on.measure(metric)?,
                scale: needed(self.on, scale)?,
                scales: scale,
            },
            LegWorth::When { when, earns } => {
                Worth::When { when: self.need(when)?, earns: needed(self.on, earns)?.value.clone() }
            }
        })
    }

    fn needs(&self, parts: &'t [Requirement]) -> Result<Vec<Need<'t>>, EvaluateError> {
        parts.iter().map(|part| self.need(part)).collect()
    }

    fn need(&self, requirement: &'t Requirement) -> Result<Need<'t>, EvaluateError> {
        if self.on.pins.met.contains(requirement.rule()) {
            return Ok(Need::Settled(true));
        }
        Ok(match requirement {
            Requirement::All(_, parts) => Need::All(self.needs(parts)?),
            Requirement::Any(_, parts) => Need::Any(self.needs(parts)?),
            Requirement::None(_, parts) => Need::None(self.needs(parts)?),
            Requirement::AtLeast(_, count, parts) => Need::AtLeast(*count, self.needs(parts)?),
            Requirement::Metric { metric, bound, .. } => Need::Metric {
                place: self.place(&metric.rule),
                measured: self.on.measure(metric)?,
                bound: needed(self.on, bound)?,
            },
            Requirement::Score { bound, .. } => Need::Score(needed(self.on, bound)?),
            Requirement::EveryLine { bound, .. } => Need::EveryLine(needed(self.on, bound)?),
            Requirement::Staffed { roles, one_role_per_person, serves_at_most, .. } => Need::Staffed {
                roles,
                places: roles.iter().map(|role| self.place(&role.rule)).collect(),
                staffing: Staffing::of(self.on, roles, *one_role_per_person, *serves_at_most)?,
            },
            Requirement::Agreement { rule, .. }
            | Requirement::Check { rule, .. }
            | Requirement::Fee { rule, .. }
            | Requirement::Enrolled { rule, .. }
            | Requirement::Holds { rule, .. } => {
                Need::Fact { place: self.place(rule), there: is_there(self.on, requirement) }
            }
            // What a person decides, and what only time brings.
            Requirement::Decision { .. } | Requirement::Age { .. } => {
                Need::Settled(holds(self.on, requirement, &ScoreSoFar::default())?)
            }
            Requirement::OverTime { over, every, when, .. } => self.over_time(*over, *every, when)?,
        })
    }

    /// Through the judged day, where it is one of the moments; every other one is past, or has not come yet.
    fn over_time(&self, over: Stretch, every: bool, when: &'t Requirement) -> Result<Need<'t>, EvaluateError> {
        let Some(besides) = held_besides(self.on, over, every, when)? else {
            let found = judge::over::over(self.on, over, when)?;
            return Ok(Need::Settled(if every { found.missed.is_none() } else { found.met.is_some() }));
        };
        let today = match self.need(when) {
            // Before its first dated value a rule is met by nobody.
            Err(EvaluateError::NoValue { .. }) => Need::Settled(false),
            today => today?,
        };
        Ok(Need::OverTime { every, besides, today: Box::new(today) })
    }
}

fn rules_of<'t>(line: &'t PointLine, rules: &mut BTreeSet<&'t str>) {
    for leg in &line.legs {
        match &leg.worth {
            LegWorth::Measured { metric, .. } => drop(rules.insert(&metric.rule)),
            LegWorth::When { when, .. } => add(when, rules),
        }
    }
    line.gates.iter().for_each(|gate| add(gate, rules));
}

/// The rule of a requirement and of everything in it.
fn add<'t>(requirement: &'t Requirement, rules: &mut BTreeSet<&'t str>) {
    rules.insert(requirement.rule());
    requirement.parts().into_iter().flatten().for_each(|part| add(part, rules));
    match requirement {
        Requirement::Metric { metric, .. } => drop(rules.insert(&metric.rule)),
        Requirement::Staffed { roles, .. } => rules.extend(roles.iter().map(|role| role.rule.as_str())),
        Requirement::OverTime { when, .. } => add(when, rules),
        _ => {}
    }
}
