//! Lines, tracks and levels of a program, compiled.

use values::Ratio;

use super::{Planner, index};
use crate::judge::window::Moment;
use crate::limit::{Limit, Limits};
use crate::model::metric::{Base, Change, Fold, Losses, Metric, Since};
use crate::model::{Class, Division, LegWorth, Level, PointLine, PointScale, Requirement, TrackChoice};
use crate::population::scores::{
    ChangePlan, ClassPlan, DivisionPlan, LegPlan, LinePlan, MeasurePlan, Need, Scale, TrackPlan,
};
use crate::population::states::States;
use crate::population::wants::NotCompiled;
use crate::tiers::{EvaluateError, in_force, in_preview, rules};

impl Planner<'_, '_> {
    fn measure(&mut self, metric: &Metric) -> Result<u16, NotCompiled> {
        if let Some(known) = self.measures.get(&metric.rule) {
            return Ok(*known);
        }
        let plan = match &metric.fold {
            Fold::Share { of, whole } if matches!(metric.change, Change::None) => {
                MeasurePlan::Share { of: self.measure(of)?, whole: self.measure(whole)? }
            }
            Fold::Combined { add, less } if matches!(metric.change, Change::None) => {
                let mut all = |parts: &[Metric]| parts.iter().map(|part| self.measure(part)).collect::<Result<_, _>>();
                MeasurePlan::Combined { add: all(add)?, less: all(less)? }
            }
            _ => {
                let at = self.plan.clock.now().back(metric.months_back);
                let now = self.state(metric, at)?;
                MeasurePlan::State { now, change: self.change(metric, at)? }
            }
        };
        let number = index(self.plan.measures.len())?;
        self.plan.measures.push(plan);
        self.measures.insert(metric.rule.clone(), number);
        Ok(number)
    }

    fn change(&mut self, metric: &Metric, at: Moment) -> Result<ChangePlan, NotCompiled> {
        let since: &Since = match &metric.change {
            Change::None => return Ok(ChangePlan::None),
            Change::BeganInLast(_) | Change::ComingsAndGoings { .. } => {
                return Err(self.shape(&metric.rule, "what began lately"));
            }
            Change::Since(since) => since,
        };
        let place_by_place = matches!(metric.fold, Fold::Sum(_))
            && (since.not_before_association || since.losses == Losses::EachBecomesZero);
        // Compared with another month, what counted already when its association began is not left out.
        let plain = Metric { not_if_already: false, ..metric.clone() };
        let bases = match since.base {
            _ if place_by_place => Vec::new(),
            Base::MonthsBack(months) => vec![self.state(&plain, at.back(months))?],
            Base::MonthOf(day) => vec![self.state(&plain, Moment::of(day))?],
            Base::AverageOfLast { count, months } => {
                let times = (1..=count).map(|place| at.back(place.saturating_mul(months)));
                times.map(|at| self.state(&plain, at)).collect::<Result<_, _>>()?
            }
        };
        let minimum = |value: &Option<crate::model::Value<crate::quantity::Quantity>>| match value {
            None => Ok(None),
            Some(value) => match self.value(value) {
                Ok(found) => Ok(Some(found.value.clone())),
                // A minimum that has no value on the day asks for nothing.
                Err(NotCompiled::Evaluate(EvaluateError::NoValue { .. })) => Ok(None),
                Err(error) => Err(error),
            },
        };
        Ok(ChangePlan::Since {
            bases,
            percent: since.percent,
            base_at_least: minimum(&since.base_at_least)?,
            now_at_least: minimum(&since.now_at_least)?,
            losses: since.losses,
            zero_base_full: since.zero_base_full,
        })
    }

    fn need(&mut self, requirement: &Requirement) -> Result<Need, NotCompiled> {
        let mut all = |parts: &[Requirement]| parts.iter().map(|part| self.need(part)).collect::<Result<_, _>>();
        Ok(match requirement {
            Requirement::All(_, parts) => Need::All(all(parts)?),
            Requirement::Any(_, parts) => Need::Any(all(parts)?),
            Requirement::None(_, parts) => Need::None(all(parts)?),
            Requirement::AtLeast(_, count, parts) => Need::AtLeast(*count, all(parts)?),
            Requirement::Metric { metric, bound, .. } => {
                let measure = self.measure(metric)?;
                Need::Metric(measure, Limit::of(self.value(bound)?))
            }
            Requirement::Score { bound, .. } => Need::Score(Limit::of(self.value(bound)?)),
            Requirement::EveryLine { bound, .. } => Need::EveryLine(Limit::of(self.value(bound)?)),
            other => return Err(self.shape(other.rule(), "a requirement about single facts")),
        })
    }

    pub(super) fn class(&mut self, class: &Class) -> Result<(), NotCompiled> {
        let mut cases = Vec::new();
        for (case, when) in &class.cases {
            cases.push((case.clone(), self.need(when)?));
        }
        self.plan.classes.push(ClassPlan { name: class.name.clone(), cases, otherwise: class.otherwise.clone() });
        Ok(())
    }

    pub(super) fn division(&mut self, division: &Division) -> Result<(), NotCompiled> {
        let day = self.plan.clock.day;
        let plan = match self.judged(division) {
            // Before its first dated value a rule asks for nothing, and nobody is judged by it.
            Err(NotCompiled::Evaluate(EvaluateError::NoValue { .. })) if !rules(self.program, division, day) => {
                DivisionPlan {
                    blank: true,
                    in_force: false,
                    retired: false,
                    nested: false,
                    tracks: Vec::new(),
                    class: None,
                    levels: Vec::new(),
                    reads: States::none(0),
                    figures: Vec::new(),
                }
            }
            judged => judged?,
        };
        self.plan.divisions.push(plan);
        Ok(())
    }

    fn judged(&mut self, division: &Division) -> Result<DivisionPlan, NotCompiled> {
        let program = self.program;
        let day = self.plan.clock.day;
        let mut tracks = Vec::new();
        for track in &division.tracks {
            let lines = track.lines.iter().map(|line| self.line(line)).collect::<Result<_, _>>()?;
            tracks.push(TrackPlan { name: track.name.clone(), lines });
        }
        let class = match &division.choice {
            TrackChoice::Best => None,
            TrackChoice::ClassifiedBy(class) => self.plan.classes.iter().position(|known| known.name == *class),
        };
        let levels: &[Level] = match self.value(&division.levels) {
            Ok(levels) => levels,
            Err(NotCompiled::Evaluate(_)) => &[],
            Err(error) => return Err(error),
        };
        Ok(DivisionPlan {
            blank: false,
            in_force: in_force(program, division, day) || in_preview(program, day),
            retired: program.award.no_new_after.is_some_and(|last| last < day),
            nested: program.award.nested,
            tracks,
            class,
            levels: levels.iter().map(|level| self.need(&level.when)).collect::<Result<_, _>>()?,
            reads: States::none(0),
            figures: Vec::new(),
        })
    }

    fn line(&mut self, line: &PointLine) -> Result<LinePlan, NotCompiled> {
        if line.suspended_by.is_some() {
            return Err(self.shape(&line.rule, "a line that a decision suspends"));
        }
        if line.weight.is_some() || line.legs.iter().any(|leg| leg.weight.is_some() || leg.max.is_some()) {
            return Err(self.shape(&line.rule, "a weight, or a cap of a leg"));
        }
        let max = self.value(&line.max)?.value.clone();
        let mut legs = Vec::new();
        for leg in &line.legs {
            legs.push(match &leg.worth {
                LegWorth::Measured { metric, scale } => {
                    LegPlan::Measured { measure: self.measure(metric)?, scale: self.scale(self.value(scale)?, &max) }
                }
                LegWorth::When { when, earns } => {
                    LegPlan::When { when: self.need(when)?, earns: self.value(earns)?.value.clone() }
                }
            });
        }
        let suspended = match &line.suspended {
            None => false,
            Some(dated) => match self.value(dated) {
                Ok(suspended) => *suspended,
                Err(NotCompiled::Evaluate(_)) => false,
                Err(error) => return Err(error),
            },
        };
        let gates = line.gates.iter().map(|gate| self.need(gate)).collect::<Result<_, _>>()?;
        Ok(LinePlan { legs, combine: line.combine, max, gates, suspended, reads: States::none(0) })
    }

    fn scale(&self, scale: &PointScale, max: &Ratio) -> Scale {
        let number = |quantity: &crate::quantity::Quantity| quantity.value.clone();
        match scale {
            PointScale::Each { each, earns } => Scale::each(number(each), number(earns), self.plan.parts),
            PointScale::FullAt(full) => Scale::full_at(&number(full), max),
            PointScale::Bands(bands) => {
                Scale::Bands(bands.iter().map(|(range, earns)| (Limits::of(range), number(earns))).collect())
            }
            PointScale::Targets { targets, earns } => Scale::Targets {
                targets: targets.iter().map(|(range, bound)| (Limits::of(range), Limit::of(bound))).collect(),
                earns: number(earns),
            },
        }
    }
}
