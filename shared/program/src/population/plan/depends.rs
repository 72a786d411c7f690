//! What scores depend on: states, and the numbers made of them.

use super::Planner;
use crate::population::scores::{ChangePlan, DivisionPlan, LegPlan, MeasurePlan, Need, Scale};
use crate::population::sheet::Figure;
use crate::population::states::States;

impl Planner<'_, '_> {
    /// Finds which states each line and each division depends on: where nothing was counted of these, a partner stands
    /// as one does of whom nothing was counted at all.
    pub(super) fn dependencies(&mut self) {
        let states = self.plan.states.len();
        let measures: Vec<States> = (0..self.plan.measures.len()).map(|measure| self.states_of(measure)).collect();
        let mut classes = States::none(states);
        for need in self.plan.classes.iter().flat_map(|class| class.cases.iter().map(|(_, need)| need)) {
            reads(need, &measures, &mut classes);
        }
        for division in &mut self.plan.divisions {
            let mut all = States::none(states);
            for line in division.tracks.iter_mut().flat_map(|track| &mut track.lines) {
                line.reads = States::none(states);
                for leg in &line.legs {
                    match leg {
                        LegPlan::Measured { measure, .. } => line.reads.join(&measures[usize::from(*measure)]),
                        LegPlan::When { when, .. } => reads(when, &measures, &mut line.reads),
                    }
                }
                line.gates.iter().for_each(|gate| reads(gate, &measures, &mut line.reads));
                all.join(&line.reads);
            }
            division.levels.iter().for_each(|level| reads(level, &measures, &mut all));
            if division.class.is_some() {
                all.join(&classes);
            }
            division.reads = all;
        }
        self.plan.measure_reads = measures;
        self.figures();
    }

    /// Finds which numbers each division asks for.
    fn figures(&mut self) {
        for division in &mut self.plan.divisions {
            let mut found = Vec::new();
            for leg in division.tracks.iter().flat_map(|track| &track.lines).flat_map(|line| &line.legs) {
                match leg {
                    LegPlan::When { when, .. } => figures(when, &mut found),
                    LegPlan::Measured { measure, scale } => {
                        found.push(Figure { measure: *measure, base: false });
                        let compared = matches!(
                            self.plan.measures[usize::from(*measure)],
                            MeasurePlan::State { change: ChangePlan::Since { .. }, .. }
                        );
                        if compared && matches!(scale, Scale::Targets { .. }) {
                            found.push(Figure { measure: *measure, base: true });
                        }
                    }
                }
            }
            needs(division).for_each(|need| figures(need, &mut found));
            if division.class.is_some() {
                let cases = self.plan.classes.iter().flat_map(|class| &class.cases);
                cases.for_each(|(_, when)| figures(when, &mut found));
            }
            for figure in found {
                if !division.figures.contains(&figure) {
                    division.figures.push(figure);
                }
                if !self.plan.figures.contains(&figure) {
                    self.plan.figures.push(figure);
                }
            }
        }
    }

    fn states_of(&self, measure: usize) -> States {
        let mut found = States::none(self.plan.states.len());
        match &self.plan.measures[measure] {
            MeasurePlan::State { now, change } => {
                found.add(usize::from(*now));
                if let ChangePlan::Since { bases, .. } = change {
                    for base in bases {
                        found.add(usize::from(*base));
                    }
                }
            }
            MeasurePlan::Share { of, whole } => {
                [of, whole].into_iter().for_each(|part| found.join(&self.states_of(usize::from(*part))));
            }
            MeasurePlan::Combined { add, less } => {
                add.iter().chain(less).for_each(|part| found.join(&self.states_of(usize::from(*part))));
            }
        }
        found
    }
}

fn reads(need: &Need, measures: &[States], found: &mut States) {
    match need {
        Need::All(parts) | Need::Any(parts) | Need::None(parts) | Need::AtLeast(_, parts) => {
            parts.iter().for_each(|part| reads(part, measures, found));
        }
        Need::Metric(measure, _) => found.join(&measures[usize::from(*measure)]),
        Need::Score(_) | Need::EveryLine(_) => {}
    }
}

/// The gates of all lines, and the levels.
fn needs(division: &DivisionPlan) -> impl Iterator<Item = &Need> {
    let lines = division.tracks.iter().flat_map(|track| &track.lines);
    lines.flat_map(|line| &line.gates).chain(&division.levels)
}

fn figures(need: &Need, found: &mut Vec<Figure>) {
    match need {
        Need::All(parts) | Need::Any(parts) | Need::None(parts) | Need::AtLeast(_, parts) => {
            parts.iter().for_each(|part| figures(part, found));
        }
        Need::Metric(measure, _) => found.push(Figure { measure: *measure, base: false }),
        Need::Score(_) | Need::EveryLine(_) => {}
    }
}
