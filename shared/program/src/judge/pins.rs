//! Results that a test states instead of computing them. What lies below a pin is not evaluated.

use std::collections::{BTreeMap, BTreeSet};

use values::Ratio;

use super::metric::Measured;
use super::requirement::Outcome;
use crate::explain::{Explanation, Step};
use crate::model::{Metric, Requirement};
use crate::quantity::Quantity;

/// The number that marks a pinned node in an explanation.
pub(crate) const PINNED: &str = "pinned";

/// What a test pins.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pins {
    /// Values of metrics, by the metric's rule.
    pub metrics: BTreeMap<String, Quantity>,
    /// Points of lines, by `division/line` or `division/track/line`.
    pub points: BTreeMap<String, Ratio>,
    /// Requirements that hold, by their rule.
    pub met: BTreeSet<String>,
}

impl Pins {
    /// The pinned points of a line.
    pub fn points(&self, division: &str, track: &str, line: &str) -> Option<&Ratio> {
        if self.points.is_empty() {
            return None;
        }
        let of_track = self.points.get(&format!("{division}/{track}/{line}"));
        of_track.or_else(|| self.points.get(&format!("{division}/{line}")))
    }

    /// The pinned value of a metric.
    pub fn measured(&self, metric: &Metric) -> Option<Measured> {
        let pinned = self.metrics.get(&metric.rule)?;
        let title = if metric.title.is_empty() { &metric.name } else { &metric.title };
        let explanation = node(Step::Metric, &metric.rule, title, &pinned.to_string());
        let (value, unit) = (pinned.value.clone(), pinned.unit.clone());
        Some(Measured { value, unit, base: None, absent: None, reason: None, rejected: Vec::new(), explanation })
    }

    /// That a requirement holds, where that is pinned.
    pub fn outcome(&self, requirement: &Requirement) -> Option<Outcome> {
        let rule = requirement.rule();
        self.met.contains(rule).then(|| Outcome {
            met: true,
            leaves: Vec::new(),
            explanation: node(Step::Requirement, rule, "requirement", "met"),
            reason: None,
        })
    }
}

/// An explanation of something pinned.
pub(crate) fn node(step: Step, rule: &str, says: &str, value: &str) -> Explanation {
    Explanation::new(step, rule, says, value).number(PINNED, "by the test")
}
