//! From what was counted to points and levels.

use std::cmp::Ordering;

use super::Worker;
use crate::model::Legs;
use crate::model::metric::{Losses, Pick};
use crate::number::Number;
use crate::population::decision::{Decision, Points};
use crate::population::plan::Compiled;
use crate::population::scores::{ChangePlan, DivisionPlan, LegPlan, LinePlan, MeasurePlan, Need, TrackPlan, Value};
use crate::population::states::State;
use crate::tiers::Standing;

/// The current partner's measures, each computed once, and its decisions.
pub(super) struct Scored {
    measures: Vec<Option<Value>>,
    decisions: Vec<Decision>,
}

/// The points of a track.
struct Track {
    lines: Vec<Number>,
    total: Number,
    held: Option<usize>,
}

impl Scored {
    pub fn new(plan: &Compiled<'_>) -> Scored {
        Scored { measures: vec![None; plan.measures.len()], decisions: Vec::new() }
    }
}

impl Worker<'_> {
    pub(super) fn score(&mut self) -> &[Decision] {
        let plan = self.plan;
        self.scored.measures.fill(None);
        self.scored.decisions.clear();
        let mut cases: Vec<&str> = Vec::new();
        for class in &plan.classes {
            let mut found = class.otherwise.as_str();
            for (case, when) in &class.cases {
                if self.met(when, None) {
                    found = case;
                    break;
                }
            }
            cases.push(found);
        }
        for division in &plan.divisions {
            let decision = self.division(division, &cases);
            self.scored.decisions.push(decision);
        }
        &self.scored.decisions
    }

    fn division(&mut self, division: &DivisionPlan, cases: &[&str]) -> Decision {
        if division.blank {
            let standing = Standing::NotInForce;
            return Decision { standing, held: None, track: None, points: None, lines: Vec::new() };
        }
        let mut best: Option<(usize, Track)> = None;
        for (place, track) in division.tracks.iter().enumerate() {
            if division.class.is_some_and(|class| cases.get(class) != Some(&track.name.as_str())) {
                continue;
            }
            let found = self.track(division, Some(track));
            // The higher level goes first, then more points, then the document's order.
            let better = best.as_ref().is_none_or(|(_, known)| {
                found.held.cmp(&known.held).then_with(|| found.total.cmp(&known.total)) == Ordering::Greater
            });
            if better {
                best = Some((place, found));
            }
        }
        let (place, track) = match best {
            Some((place, track)) => (Some(place), track),
            None => (None, self.track(division, None)),
        };
        Decision {
            standing: division.standing(track.held),
            held: track.held,
            track: place,
            points: (!track.lines.is_empty()).then_some(Points(track.total)),
            lines: track.lines.into_iter().map(Points).collect(),
        }
    }

    fn track(&mut self, division: &DivisionPlan, track: Option<&TrackPlan>) -> Track {
        let mut lines = Vec::new();
        let mut total = Number::ZERO;
        for line in track.into_iter().flat_map(|track| &track.lines) {
            let points = self.line(line);
            total = total.plus(&points);
            lines.push(points);
        }
        let score = Some((&total, &lines[..]));
        let mut held = None;
        for (place, level) in division.levels.iter().enumerate() {
            if self.met(level, score) {
                held = Some(place);
            } else if division.nested {
                break;
            }
        }
        Track { lines, total, held }
    }

    fn line(&mut self, line: &LinePlan) -> Number {
        if line.suspended || !line.gates.iter().all(|gate| self.met(gate, None)) {
            return Number::ZERO;
        }
        let mut uncapped: Option<Number> = None;
        for leg in &line.legs {
            let points = self.leg(leg);
            uncapped = Some(match (uncapped, line.combine) {
                (None, _) => points,
                (Some(known), Legs::Best) => known.max(points),
                (Some(known), Legs::Least) => known.min(points),
                (Some(known), Legs::One | Legs::Sum) => known.plus(&points),
            });
        }
        uncapped.unwrap_or(Number::ZERO).or_nothing().min(line.max.clone())
    }

    fn leg(&mut self, leg: &LegPlan) -> Number {
        match leg {
            LegPlan::When { when, earns } => {
                if self.met(when, None) {
                    earns.clone()
                } else {
                    Number::ZERO
                }
            }
            LegPlan::Measured { measure, scale } => {
                let value = self.measure(*measure);
                if value.absent { Number::ZERO } else { scale.points(&value) }
            }
        }
    }

    fn met(&mut self, need: &Need, score: Option<(&Number, &[Number])>) -> bool {
        match need {
            Need::All(parts) => parts.iter().all(|part| self.met(part, score)),
            Need::Any(parts) => parts.iter().any(|part| self.met(part, score)),
            Need::None(parts) => !parts.iter().any(|part| self.met(part, score)),
            Need::AtLeast(count, parts) => parts.iter().filter(|part| self.met(part, score)).count() >= *count,
            Need::Metric(measure, limit) => {
                let value = self.measure(*measure);
                !value.absent && limit.holds(&value.value)
            }
            Need::Score(limit) => limit.holds(score.map_or(&Number::ZERO, |(total, _)| total)),
            Need::EveryLine(limit) => score.is_none_or(|(_, lines)| lines.iter().all(|points| limit.holds(points))),
        }
    }

    fn measure(&mut self, number: u16) -> Value {
        let place = usize::from(number);
        if let Some(known) = &self.scored.measures[place] {
            return known.clone();
        }
        let plan = self.plan;
        let value = match &plan.measures[place] {
            MeasurePlan::State { now, change } => self.changed(*now, change),
            MeasurePlan::Share { of, whole } => {
                let (of, whole) = (self.measure(*of), self.measure(*whole));
                match whole.value.inverse() {
                    Some(inverse) => Value {
                        value: of.value.times(&inverse).times(&Number::whole(100)),
                        base: None,
                        absent: of.absent || whole.absent,
                    },
                    None => Value { value: Number::ZERO, base: None, absent: true },
                }
            }
            MeasurePlan::Combined { add, less } => {
                let mut sum = Value { value: Number::ZERO, base: None, absent: false };
                for (parts, sign) in [(add, 1), (less, -1)] {
                    for part in parts {
                        let part = self.measure(*part);
                        sum.value = sum.value.plus(&part.value.times(&Number::whole(sign)));
                        sum.absent |= part.absent;
                    }
                }
                sum
            }
        };
        self.scored.measures[place] = Some(value.clone());
        value
    }

    /// The value of a state, and whether it has none.
    fn state(&self, state: u16) -> (Number, bool) {
        let place = usize::from(state);
        let value = self.values[place];
        match &self.plan.states[place] {
            State::Count(_) | State::People(_) => (Number::whole(value), false),
            State::Sum(sum) => match sum.pick {
                None => (Number::attos(value), false),
                Some(pick) => match picked(pick, &self.picked[place]) {
                    Some(value) => (value, false),
                    None => (Number::ZERO, true),
                },
            },
        }
    }

    fn changed(&self, now: u16, change: &ChangePlan) -> Value {
        let (value, mut absent) = self.state(now);
        let ChangePlan::Since { bases, percent, base_at_least, now_at_least, losses, zero_base_full } = change else {
            return Value { value, base: None, absent };
        };
        let (base, change) = match &bases[..] {
            [] => {
                let place = usize::from(now);
                (Number::attos(self.bases[place]), Number::attos(self.changes[place]))
            }
            [base] => {
                let base = self.state(*base).0;
                let change = value.minus(&base);
                (base, change)
            }
            several => {
                let count = i128::try_from(several.len()).unwrap_or(i128::MAX);
                let sum = several.iter().fold(Number::ZERO, |sum, base| sum.plus(&self.state(*base).0));
                let base = sum.times(&Number::Small(1, count));
                let change = value.minus(&base);
                (base, change)
            }
        };
        let change = if *losses == Losses::Count { change } else { change.or_nothing() };
        let below = |minimum: &Option<Number>, value: &Number| minimum.as_ref().is_some_and(|minimum| value < minimum);
        let counts = !below(base_at_least, &base) && !below(now_at_least, &value);
        let value = match (counts, percent, base.inverse()) {
            (false, _, _) => Number::ZERO,
            (true, false, _) => change,
            (true, true, Some(inverse)) => change.times(&inverse).times(&Number::whole(100)),
            (true, true, None) if *zero_base_full && change.sign() == Ordering::Greater => Number::whole(100),
            (true, true, None) => {
                absent |= !zero_base_full;
                Number::ZERO
            }
        };
        Value { value, base: Some(base), absent }
    }
}

fn picked(pick: Pick, values: &[i128]) -> Option<Number> {
    let mut values = values.to_vec();
    values.sort_unstable();
    let middle = values.len() / 2;
    let at = |place: usize| values.get(place).map(|value| Number::attos(*value));
    let mean = |sum: Number, count: usize| sum.times(&Number::Small(1, i128::try_from(count).unwrap_or(i128::MAX)));
    match pick {
        Pick::Largest => values.last().map(|value| Number::attos(*value)),
        Pick::Smallest => at(0),
        Pick::Average if values.is_empty() => None,
        Pick::Average => {
            let sum = values.iter().fold(Number::ZERO, |sum, value| sum.plus(&Number::attos(*value)));
            Some(mean(sum, values.len()))
        }
        Pick::Median if values.len() % 2 == 1 => at(middle),
        Pick::Median => Some(mean(at(middle.checked_sub(1)?)?.plus(&at(middle)?), 2)),
    }
}
