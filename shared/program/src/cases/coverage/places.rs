//! Every place of a bundle that tests can reach.

use std::collections::BTreeSet;

use values::Date;

use super::CellKind;
use crate::bundle::{Bundle, DocumentKind};
use crate::model::value::Form;
use crate::model::{Bound, IncentivePlan, Leg, LegWorth, Limit, PointScale, Requirement, TierProgram};
use crate::parse::change::item_name;
use crate::parse::yaml::{Node, Value};

/// A place, and under which name it is counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub rule: String,
    pub kind: CellKind,
    pub counted: String,
}

/// Places so far, each once.
#[derive(Default)]
struct Places {
    found: Vec<Place>,
    known: BTreeSet<Place>,
}

/// Every place, in the order of programs, plans and texts.
pub(super) fn places(bundle: &Bundle) -> Vec<Place> {
    let mut places = Places::default();
    bundle.tier_programs().iter().for_each(|program| places.program(program));
    bundle.incentive_plans().iter().for_each(|plan| places.plan(plan));
    for (_, node) in bundle.trees() {
        let id = node.entry("id").and_then(Node::text).unwrap_or_default();
        let kind = node.entry("kind").and_then(Node::text).unwrap_or_default();
        if kind == DocumentKind::IncentivePlan.name() {
            places.amounts(node, id, "");
        }
    }
    for kind in bundle.recognition_policies().iter().flat_map(|policy| &policy.kinds) {
        places.add(&kind.rule, CellKind::Association);
    }
    places.found
}

/// The name under which the band of this number, from 1, is covered.
pub(crate) fn band(scale: &str, place: usize) -> String {
    format!("{scale}.bands/{place}")
}

/// The name under which the target of this number, from 1, is covered.
pub(crate) fn target(scale: &str, place: usize) -> String {
    format!("{scale}.targets/{place}")
}

/// The name under which a bound is counted from one of its days on.
pub(super) fn since(rule: &str, day: &str) -> String {
    format!("{rule}@{day}")
}

impl Places {
    fn add(&mut self, rule: &str, kind: CellKind) {
        self.counted(rule, kind, rule.to_owned());
    }

    fn counted(&mut self, rule: &str, kind: CellKind, counted: String) {
        let place = Place { rule: rule.to_owned(), kind, counted };
        if self.known.insert(place.clone()) {
            self.found.push(place);
        }
    }

    fn program(&mut self, program: &TierProgram) {
        for division in &program.divisions {
            for line in division.tracks.iter().flat_map(|track| &track.lines) {
                line.legs.iter().for_each(|leg| self.worth(leg));
                line.gates.iter().for_each(|gate| self.leaves(gate));
            }
            for level in division.levels.all().into_iter().flatten() {
                self.leaves(&level.when);
            }
        }
        let classes = program.classes.iter().flat_map(|class| &class.cases);
        classes.for_each(|(_, when)| self.leaves(when));
        program.benefits.iter().for_each(|benefit| self.leaves(&benefit.needs));
    }

    fn plan(&mut self, plan: &IncentivePlan) {
        for lever in &plan.levers {
            let when = lever.eligible.iter().flat_map(|eligible| eligible.when.all());
            when.for_each(|requirement| self.leaves(requirement));
            let growth = lever.basis.growth.iter().flat_map(|growth| &growth.targets);
            growth.for_each(|target| self.add(&target.rule, CellKind::Band));
            for part in lever.accelerators.steps.iter().flat_map(|step| &step.parts) {
                self.add(&part.share.rule, CellKind::Accelerator);
            }
            lever.limits.iter().for_each(|limit| self.limit(limit));
        }
        plan.limits.iter().for_each(|limit| self.limit(limit));
        let needs = plan.splits.values().flat_map(|split| &split.parts).filter_map(|part| part.needs.as_ref());
        let least = plan.payment.minimum.iter().map(|minimum| &minimum.least).chain(needs.map(|needs| &needs.least));
        for rule in least.flat_map(|least| least.rules()) {
            self.add(rule, CellKind::Minimum);
        }
        plan.payment.hold.iter().for_each(|hold| self.leaves(&hold.until));
    }

    fn limit(&mut self, limit: &Limit) {
        let rules = limit.least.iter().chain(&limit.most).flat_map(|amount| amount.rules());
        rules.for_each(|rule| self.add(rule, CellKind::Limit));
    }

    /// What gives a leg its points.
    fn worth(&mut self, leg: &Leg) {
        match &leg.worth {
            LegWorth::When { when, .. } => self.leaves(when),
            LegWorth::Measured { metric, scale } => {
                self.add(&metric.rule, CellKind::Metric);
                for form in scale.all() {
                    match form {
                        PointScale::Bands(bands) => {
                            (1..=bands.len()).for_each(|place| self.add(&band(&scale.rule, place), CellKind::Band));
                        }
                        PointScale::Targets { targets, .. } => {
                            (1..=targets.len()).for_each(|place| self.add(&target(&scale.rule, place), CellKind::Band));
                        }
                        PointScale::Each { .. } | PointScale::FullAt(_) => {}
                    }
                }
            }
        }
    }

    fn leaves(&mut self, requirement: &Requirement) {
        if let Some(parts) = requirement.parts() {
            return parts.iter().for_each(|part| self.leaves(part));
        }
        self.add(requirement.rule(), CellKind::Requirement);
        if let Requirement::Metric { metric, .. } = requirement {
            self.add(&metric.rule, CellKind::Metric);
        }
        if let Requirement::Metric { rule, bound, .. }
        | Requirement::Score { rule, bound }
        | Requirement::EveryLine { rule, bound }
        | Requirement::Age { rule, bound, .. } = requirement
        {
            self.dates(rule, bound, None);
        }
    }

    /// Each date of a dated bound, counted under the requirement and the day.
    fn dates(&mut self, requirement: &str, bound: &crate::model::Value<Bound>, from: Option<Date>) {
        match &bound.form {
            Form::Is(_) => {
                if let Some(from) = from {
                    self.counted(&bound.rule, CellKind::Bound, since(requirement, &from.to_string()));
                }
            }
            Form::Dated(entries) => {
                let values = entries.iter().filter_map(|(from, value)| Some((from, value.as_ref()?)));
                values.for_each(|(from, value)| self.dates(requirement, value, Some(*from)));
            }
            Form::Split { cases, otherwise, .. } => {
                cases.values().chain(otherwise.as_deref()).for_each(|value| self.dates(requirement, value, from));
            }
        }
    }

    /// Brackets, and rates outside of them, wherever a plan says them.
    fn amounts(&mut self, node: &Node, id: &str, path: &str) {
        for (key, child) in node.entries() {
            let below = if path.is_empty() { key.text.clone() } else { format!("{path}.{}", key.text) };
            match key.text.as_str() {
                "brackets" => {
                    for (place, item) in child.items().iter().enumerate() {
                        self.add(&format!("{id}#{below}/{}", item_name(item, place)), CellKind::Bracket);
                    }
                }
                "rate" => self.rates(child, id, &below),
                "announced" | "conventions" => {}
                _ => self.amounts(child, id, &below),
            }
        }
    }

    /// The plain values of a rate: its own, or those of its dates and cases.
    fn rates(&mut self, node: &Node, id: &str, path: &str) {
        if let Value::Text { text, .. } = &node.value {
            if text != "null" {
                self.add(&format!("{id}#{path}"), CellKind::Rate);
            }
            return;
        }
        if node.entry("brackets").is_some() {
            return self.amounts(node, id, path);
        }
        if node.entry("each").is_some() || node.entry("package").is_some() {
            return self.add(&format!("{id}#{path}"), CellKind::Rate);
        }
        for pick in ["least-of", "best-of"] {
            if let Some(several) = node.entry(pick) {
                for (name, _) in several.entries() {
                    self.add(&format!("{id}#{path}.{pick}.{}", name.text), CellKind::Rate);
                }
                return;
            }
        }
        for (key, child) in node.entries() {
            if !matches!(key.text.as_str(), "by" | "source" | "sample" | "title" | "note" | "announced") {
                self.rates(child, id, &format!("{path}.{}", key.text));
            }
        }
    }
}
