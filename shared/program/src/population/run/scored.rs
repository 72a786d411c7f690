//! From what was counted to points and levels.

use std::cmp::Ordering;

use values::Ratio;

use super::{Totals, Worker};
use crate::model::Legs;
use crate::model::metric::{Losses, Pick};
use crate::population::decision::{Decision, Points};
use crate::population::plan::Compiled;
use crate::population::scores::{ChangePlan, DivisionPlan, LegPlan, LinePlan, MeasurePlan, Need, TrackPlan, Value};
use crate::population::states::State;
use crate::tiers::Standing;

/// The current partner's measures, each computed once, and its decisions.
pub(super) struct Scored {
    measures: Vec<Option<Value>>,
    computed: Vec<u16>,
    decisions: Vec<Decision>,
    /// How a partner stands of whom nothing was counted; empty before the first was judged.
    nobody: Vec<Decision>,
    /// Whether a decision is that of nobody.
    of_nobody: Vec<bool>,
    /// Whether measures were given and nothing was counted.
    given: bool,
    /// The points of each line of nobody, by division and track.
    lines_of_nobody: Vec<Vec<Vec<Ratio>>>,
    best: Track,
    other: Track,
}

/// The points of a track.
#[derive(Default)]
struct Track {
    lines: Vec<Points>,
    total: Ratio,
    held: Option<usize>,
}

impl Scored {
    pub fn new(plan: &Compiled<'_>) -> Scored {
        Scored {
            measures: vec![None; plan.measures.len()],
            computed: Vec::new(),
            decisions: Vec::new(),
            nobody: Vec::new(),
            of_nobody: vec![false; plan.divisions.len()],
            given: false,
            lines_of_nobody: Vec::new(),
            best: Track::default(),
            other: Track::default(),
        }
    }
}

impl<'p> Worker<'p> {
    pub(super) fn score(&mut self) -> &[Decision] {
        let plan = self.plan;
        if self.scored.nobody.is_empty() {
            self.score_nobody();
        }
        let mut cases: Option<Vec<&str>> = None;
        for (place, division) in plan.divisions.iter().enumerate() {
            if division.blank || !self.totals.touched.meet(&division.reads) {
                if !std::mem::replace(&mut self.scored.of_nobody[place], true) {
                    self.scored.decisions[place].clone_from(&self.scored.nobody[place]);
                }
                continue;
            }
            if division.class.is_some() && cases.is_none() {
                cases = Some(self.cases());
            }
            self.scored.of_nobody[place] = false;
            self.division(place, division, cases.as_deref().unwrap_or_default());
        }
        &self.scored.decisions
    }

    /// How somebody stands in a division of whom these measures are known, and no facts: all that the division reads.
    pub(in crate::population) fn given(
        &mut self,
        number: usize,
        measures: impl Iterator<Item = (u16, Value)>,
    ) -> Option<&Decision> {
        let plan = self.plan;
        let division = plan.divisions.get(number)?;
        self.forget();
        if self.scored.nobody.is_empty() {
            self.score_nobody();
        }
        for (measure, value) in measures {
            self.scored.measures[usize::from(measure)] = Some(value);
            self.scored.computed.push(measure);
        }
        self.scored.given = true;
        self.scored.of_nobody[number] = false;
        let cases = if division.class.is_some() { self.cases() } else { Vec::new() };
        self.division(number, division, &cases);
        self.scored.given = false;
        self.forget_measures();
        self.scored.decisions.get(number)
    }

    /// Forgets what measures were of the last partner.
    pub(super) fn forget_measures(&mut self) {
        for measure in self.scored.computed.drain(..).map(usize::from) {
            self.scored.measures[measure] = None;
        }
    }

    /// Whether anything was counted of what a measure depends on.
    pub(in crate::population) fn counted_of(&self, measure: u16) -> bool {
        self.totals.touched.meet(&self.plan.measure_reads[usize::from(measure)])
    }

    /// Judges somebody of whom nothing was counted.
    fn score_nobody(&mut self) {
        let plan = self.plan;
        let totals = std::mem::replace(&mut self.totals, Totals::new(plan.states.len()));
        let bases = std::mem::replace(&mut self.bases, vec![0; plan.states.len()]);
        let changes = std::mem::replace(&mut self.changes, vec![0; plan.states.len()]);
        let picked = std::mem::replace(&mut self.picked, vec![Vec::new(); plan.states.len()]);
        let cases = self.cases();
        self.scored.lines_of_nobody = Vec::new();
        for division in &plan.divisions {
            let tracks = division.tracks.iter();
            let lines = tracks.map(|track| track.lines.iter().map(|line| self.line(line)).collect()).collect();
            self.scored.lines_of_nobody.push(lines);
        }
        let standing = Standing::NotInForce;
        let blank = Decision { standing, held: None, track: None, points: None, lines: Vec::new() };
        self.scored.decisions = vec![blank; plan.divisions.len()];
        for (place, division) in plan.divisions.iter().enumerate().filter(|(_, division)| !division.blank) {
            self.division(place, division, &cases);
        }
        self.scored.nobody = self.scored.decisions.clone();
        self.scored.of_nobody.fill(true);
        (self.totals, self.bases, self.changes, self.picked) = (totals, bases, changes, picked);
        self.forget_measures();
    }

    /// The partner's case of each class.
    fn cases(&mut self) -> Vec<&'p str> {
        let plan = self.plan;
        let mut cases: Vec<&'p str> = Vec::new();
        for class in &plan.classes {
            let case = class.cases.iter().find(|(_, when)| self.met(when, None));
            cases.push(case.map_or(class.otherwise.as_str(), |(case, _)| case));
        }
        cases
    }

    fn division(&mut self, number: usize, division: &DivisionPlan, cases: &[&str]) {
        let mut best: Option<usize> = None;
        for (place, track) in division.tracks.iter().enumerate() {
            if division.class.is_some_and(|class| cases.get(class) != Some(&track.name.as_str())) {
                continue;
            }
            self.track(division, Some((number, place, track)));
            // The higher level goes first, then more points, then the document's order.
            let (found, known) = (&self.scored.other, &self.scored.best);
            let better = found.held.cmp(&known.held).then_with(|| found.total.cmp(&known.total)) == Ordering::Greater;
            if best.is_none() || better {
                best = Some(place);
                std::mem::swap(&mut self.scored.best, &mut self.scored.other);
            }
        }
        if best.is_none() {
            self.track(division, None);
            std::mem::swap(&mut self.scored.best, &mut self.scored.other);
        }
        let (track, decision) = (&mut self.scored.best, &mut self.scored.decisions[number]);
        decision.standing = division.standing(track.held);
        decision.held = track.held;
        decision.track = best;
        decision.points = (!track.lines.is_empty()).then(|| Points(track.total.clone()));
        std::mem::swap(&mut decision.lines, &mut track.lines);
    }

    fn track(&mut self, division: &DivisionPlan, track: Option<(usize, usize, &TrackPlan)>) {
        let mut found = std::mem::take(&mut self.scored.other);
        found.lines.clear();
        found.total = Ratio::ZERO;
        if let Some((number, place, track)) = track {
            for (line_number, line) in track.lines.iter().enumerate() {
                let points = match self.scored.given || self.totals.touched.meet(&line.reads) {
                    true => self.line(line),
                    false => self.scored.lines_of_nobody[number][place][line_number].clone(),
                };
                found.total += &points;
                found.lines.push(Points(points));
            }
        }
        found.held = None;
        for (place, level) in division.levels.iter().enumerate() {
            if self.met(level, Some((&found.total, &found.lines))) {
                found.held = Some(place);
            } else if division.nested {
                break;
            }
        }
        self.scored.other = found;
    }

    fn line(&mut self, line: &LinePlan) -> Ratio {
        if line.suspended || !line.gates.iter().all(|gate| self.met(gate, None)) {
            return Ratio::ZERO;
        }
        let mut uncapped: Option<Ratio> = None;
        for leg in &line.legs {
            let points = self.leg(leg);
            uncapped = Some(match (uncapped, line.combine) {
                (None, _) => points,
                (Some(known), Legs::Best) => known.max(points),
                (Some(known), Legs::Least) => known.min(points),
                (Some(known), Legs::One | Legs::Sum) => known + points,
            });
        }
        uncapped.unwrap_or(Ratio::ZERO).or_nothing().min(line.max.clone())
    }

    fn leg(&mut self, leg: &LegPlan) -> Ratio {
        match leg {
            LegPlan::When { when, earns } => {
                if self.met(when, None) {
                    earns.clone()
                } else {
                    Ratio::ZERO
                }
            }
            LegPlan::Measured { measure, scale } => {
                let value = self.value_of(*measure);
                if value.absent { Ratio::ZERO } else { scale.points(value) }
            }
        }
    }

    fn met(&mut self, need: &Need, score: Option<(&Ratio, &[Points])>) -> bool {
        match need {
            Need::All(parts) => parts.iter().all(|part| self.met(part, score)),
            Need::Any(parts) => parts.iter().any(|part| self.met(part, score)),
            Need::None(parts) => !parts.iter().any(|part| self.met(part, score)),
            Need::AtLeast(count, parts) => parts.iter().filter(|part| self.met(part, score)).count() >= *count,
            Need::Metric(measure, limit) => {
                let value = self.value_of(*measure);
                !value.absent && limit.holds(&value.value)
            }
            Need::Score(limit) => limit.holds(score.map_or(&Ratio::ZERO, |(total, _)| total)),
            Need::EveryLine(limit) => score.is_none_or(|(_, lines)| lines.iter().all(|points| limit.holds(&points.0))),
        }
    }

    /// What a measure is of the current partner.
    pub(in crate::population) fn value_of(&mut self, number: u16) -> &Value {
        let place = usize::from(number);
        if self.scored.measures[place].is_none() {
            let value = self.measured_anew(place);
            self.scored.measures[place] = Some(value);
            self.scored.computed.push(number);
        }
        match &self.scored.measures[place] {
            Some(value) => value,
            None => &Value::NOTHING,
        }
    }

    fn measured_anew(&mut self, place: usize) -> Value {
        let plan = self.plan;
        match &plan.measures[place] {
            MeasurePlan::State { now, change } => self.changed(*now, change),
            MeasurePlan::Share { of, whole } => {
                let (of, whole) = (self.value_of(*of).clone(), self.value_of(*whole));
                match whole.value.inverse() {
                    Some(inverse) => Value {
                        value: of.value * inverse * Ratio::whole(100),
                        base: None,
                        absent: of.absent || whole.absent,
                    },
                    None => Value { absent: true, ..Value::NOTHING },
                }
            }
            MeasurePlan::Combined { add, less } => {
                let mut sum = Value::NOTHING;
                for (parts, sign) in [(add, 1), (less, -1)] {
                    for part in parts {
                        let part = self.value_of(*part);
                        sum.value += &part.value * Ratio::whole(sign);
                        sum.absent |= part.absent;
                    }
                }
                sum
            }
        }
    }

    /// The value of a state, and whether it has none.
    fn state(&self, state: u16) -> (Ratio, bool) {
        let place = usize::from(state);
        let value = self.totals.values[place];
        match &self.plan.states[place] {
            State::Count(_) | State::People(_) => (Ratio::whole(value), false),
            State::Sum(sum) => match sum.pick {
                None => (Ratio::attos(value), false),
                Some(pick) => match picked(pick, &self.picked[place]) {
                    Some(value) => (value, false),
                    None => (Ratio::ZERO, true),
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
                (Ratio::attos(self.bases[place]), Ratio::attos(self.changes[place]))
            }
            [base] => {
                let base = self.state(*base).0;
                let change = &value - &base;
                (base, change)
            }
            several => {
                let count = i128::try_from(several.len()).unwrap_or(i128::MAX);
                let sum = several.iter().fold(Ratio::ZERO, |sum, base| sum + self.state(*base).0);
                let base = sum * Ratio::of(1, count);
                let change = &value - &base;
                (base, change)
            }
        };
        let change = if *losses == Losses::Count { change } else { change.or_nothing() };
        let below = |minimum: &Option<Ratio>, value: &Ratio| minimum.as_ref().is_some_and(|minimum| value < minimum);
        let counts = !below(base_at_least, &base) && !below(now_at_least, &value);
        let value = match (counts, percent, base.inverse()) {
            (false, _, _) => Ratio::ZERO,
            (true, false, _) => change,
            (true, true, Some(inverse)) => change * inverse * Ratio::whole(100),
            (true, true, None) if *zero_base_full && change.sign() == Ordering::Greater => Ratio::whole(100),
            (true, true, None) => {
                absent |= !zero_base_full;
                Ratio::ZERO
            }
        };
        Value { value, base: Some(base), absent }
    }
}

fn picked(pick: Pick, values: &[i128]) -> Option<Ratio> {
    let mut values = values.to_vec();
    values.sort_unstable();
    let middle = values.len() / 2;
    let at = |place: usize| values.get(place).map(|value| Ratio::attos(*value));
    let mean = |sum: Ratio, count: usize| sum * Ratio::of(1, i128::try_from(count).unwrap_or(i128::MAX));
    match pick {
        Pick::Largest => values.last().map(|value| Ratio::attos(*value)),
        Pick::Smallest => at(0),
        Pick::Average if values.is_empty() => None,
        Pick::Average => {
            let sum = values.iter().fold(Ratio::ZERO, |sum, value| sum + Ratio::attos(*value));
            Some(mean(sum, values.len()))
        }
        Pick::Median if values.len() % 2 == 1 => at(middle),
        Pick::Median => Some(mean(at(middle.checked_sub(1)?)? + at(middle)?, 2)),
    }
}
