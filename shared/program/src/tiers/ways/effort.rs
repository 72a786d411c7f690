//! What a way costs, and its steps in words.

use num_traits::Zero;
use values::Ratio;

use super::Solver;
use super::steps::{Known, name_of};
use crate::judge::Supposed;
use crate::quantity::{Quantity, Unit};
use crate::tiers::scorecard::WayStep;
use crate::tiers::standings::all_standings;

impl Solver<'_, '_> {
    /// A counted thing costs one each, a measure its share of what is needed, a fact one; times the
    /// price that the document gives.
    pub(super) fn effort(&self, supposed: &Supposed) -> Ratio {
        let raised: Ratio = supposed
            .added
            .iter()
            .filter_map(|(rule, add)| self.known.get(rule).map(|known| self.effort_of(known, add)))
            .sum();
        let obtained: Ratio = supposed.obtained.iter().map(|rule| self.price(name_of(rule))).sum();
        raised + obtained
    }

    fn effort_of(&self, known: &Known, add: &Ratio) -> Ratio {
        let then = &known.now + add;
        let size = match known.unit {
            Unit::Thing(_) => add.clone(),
            _ if then.is_zero() => add.clone(),
            _ => add / &then,
        };
        size * self.price(&known.name)
    }

    fn price(&self, name: &str) -> Ratio {
        self.program.effort.get(name).cloned().unwrap_or_else(|| Ratio::from_integer(1.into()))
    }

    pub(super) fn steps(&self, supposed: &Supposed) -> Vec<WayStep> {
        let mut steps = Vec::new();
        for (rule, add) in &supposed.added {
            let Some(known) = self.known.get(rule) else { continue };
            let quantity = Quantity::new(add.clone(), known.unit.clone());
            // Growth is raised by raising what grows: the baseline is what it is.
            let more = known.base.as_ref().map(|(base, unit)| {
                let more = add * base / Ratio::from_integer(100.into());
                format!(" ({} more)", Quantity::new(more, unit.clone()))
            });
            steps.push(WayStep {
                rule: rule.clone(),
                says: format!("{quantity} more: {}{}", known.title, more.unwrap_or_default()),
                what: known.name.clone(),
                add: Some(quantity),
                now: Some(Quantity::new(known.now.clone(), known.unit.clone())),
                then: Some(Quantity::new(&known.now + add, known.unit.clone())),
                effort: self.effort_of(known, add),
            });
        }
        for rule in &supposed.obtained {
            let name = name_of(rule).to_owned();
            let says = self.says(rule).unwrap_or_else(|| name.clone());
            let effort = self.price(&name);
            steps.push(WayStep { rule: rule.clone(), says, what: name, add: None, now: None, then: None, effort });
        }
        steps
    }

    /// The words of the leaf with this rule.
    fn says(&self, rule: &str) -> Option<String> {
        let found = all_standings(self.on, self.program, self.division, &Supposed::default()).ok()?;
        let leaves = found.into_iter().flat_map(|track| track.levels).flat_map(|(_, outcome)| outcome.leaves);
        leaves.into_iter().find(|leaf| leaf.rule == rule).map(|leaf| leaf.says)
    }
}
