//! Points of lines under supposed changes, each computed once: a search for ways supposes the same of a line again and
//! again, and most of what it supposes is about other lines.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use values::Ratio;

use super::Supposed;
use crate::model::{LegWorth, PointLine, Requirement};
use crate::tiers::EvaluateError;

/// What was computed, by the rule of the line.
#[derive(Default)]
pub(crate) struct Lines(RefCell<BTreeMap<String, Line>>);

struct Line {
    /// The rules by which changes concern the line.
    rules: BTreeSet<String>,
    /// What was supposed of them, and the points then.
    known: BTreeMap<Supposed, Ratio>,
}

impl Lines {
    /// The points of a line with `supposed` changes, computed by `compute` where they are not known.
    pub fn points(
        &self,
        line: &PointLine,
        supposed: &Supposed,
        compute: impl FnOnce() -> Result<Ratio, EvaluateError>,
    ) -> Result<Ratio, EvaluateError> {
        let concerning = {
            let mut lines = self.0.borrow_mut();
            if !lines.contains_key(&line.rule) {
                lines.insert(line.rule.clone(), Line { rules: rules_of(line), known: BTreeMap::new() });
            }
            let Some(found) = lines.get(&line.rule) else { return compute() };
            let concerning = found.concerning(supposed);
            if let Some(known) = found.known.get(&concerning) {
                return Ok(known.clone());
            }
            concerning
        };
        let points = compute()?;
        if let Some(found) = self.0.borrow_mut().get_mut(&line.rule) {
            found.known.insert(concerning, points.clone());
        }
        Ok(points)
    }
}

impl Line {
    fn concerning(&self, supposed: &Supposed) -> Supposed {
        let added = supposed.added.iter().filter(|(rule, _)| self.rules.contains(*rule));
        let obtained = supposed.obtained.iter().filter(|rule| self.rules.contains(*rule));
        Supposed {
            added: added.map(|(rule, ratio)| (rule.clone(), ratio.clone())).collect(),
            obtained: obtained.cloned().collect(),
        }
    }
}

fn rules_of(line: &PointLine) -> BTreeSet<String> {
    let mut rules = BTreeSet::new();
    for leg in &line.legs {
        match &leg.worth {
            LegWorth::Measured { metric, .. } => drop(rules.insert(metric.rule.clone())),
            LegWorth::When { when, .. } => add(when, &mut rules),
        }
    }
    line.gates.iter().for_each(|gate| add(gate, &mut rules));
    rules
}

/// The rule of a requirement and of everything in it.
fn add(requirement: &Requirement, rules: &mut BTreeSet<String>) {
    rules.insert(requirement.rule().to_owned());
    requirement.parts().into_iter().flatten().for_each(|part| add(part, rules));
    match requirement {
        Requirement::Metric { metric, .. } => drop(rules.insert(metric.rule.clone())),
        Requirement::OverTime { when, .. } => add(when, rules),
        Requirement::Staffed { roles, .. } => rules.extend(roles.iter().map(|role| role.rule.clone())),
        _ => {}
    }
}
