//! What the cases of a bundle reached: brackets, rates, bands, bounds, limits, minima, metrics, kinds of association.

mod places;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::bundle::Bundle;
use crate::explain::{Explanation, Step};
use crate::judge::pins::PINNED;
use crate::reason::Reason;

use places::{Place, places, since};
pub(crate) use places::{band, target};

/// The number of a requirement's node that says from which day on its bound rules.
const RULE_SINCE: &str = "rule since";

/// What kind of place a cell is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CellKind {
    /// A bracket of a table: covered when something fell into it.
    Bracket,
    /// A rate outside a table, a package, or one of several amounts: covered when something was paid by it.
    Rate,
    /// A band of points, or of the base of targets: covered when a quantity fell into it.
    Band,
    /// A leaf of a requirement: covered when it was met once and missed once.
    Requirement,
    /// A date of a dated bound: covered when something was judged by it.
    Bound,
    /// An amount of a floor or cap: covered when it changed what a line is paid.
    Limit,
    /// An amount below which nothing is paid, or not as what it was earned: covered when it was reached once and missed once.
    Minimum,
    /// An accelerator of a lever: covered when it changed an amount.
    Accelerator,
    /// A metric: covered when it was computed.
    Metric,
    /// A kind of association: covered when it recognized somebody.
    Association,
}

/// How often one place was reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// Its rule id.
    pub rule: String,
    /// What it is.
    pub kind: CellKind,
    /// How often it applied; of a requirement, how often it was met.
    pub met: u64,
    /// How often a requirement was missed, or one of several amounts was computed and another one paid.
    pub missed: u64,
    /// How often a test stated its result instead of computing it.
    pub pinned: u64,
}

/// Every place of a bundle with how often it was reached.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Coverage {
    /// The places, in the order of their documents and rules.
    pub cells: Vec<Cell>,
}

/// Which rules one case reached.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    rules: BTreeMap<String, (u64, u64, u64)>,
}

impl Seen {
    /// Counts every node of an explanation.
    pub(crate) fn tree(&mut self, explanation: &Explanation) {
        let entry = self.rules.entry(explanation.rule.to_string()).or_default();
        let pinned = explanation.numbers.iter().any(|number| number.name == PINNED);
        match (pinned, explanation.value.as_str()) {
            (true, _) => entry.2 += 1,
            (false, "not met") => entry.1 += 1,
            // An amount that was computed beside the one that is paid.
            (false, _) if lost(explanation) => entry.1 += 1,
            // A thing that a metric counted is no result of a rule.
            (false, _) if explanation.step != Step::Group => entry.0 += 1,
            _ => {}
        }
        if let Some(from) = explanation.numbers.iter().find(|number| number.name == RULE_SINCE) {
            self.rule(since(&explanation.rule, &from.value));
        }
        explanation.parts.iter().for_each(|part| self.tree(part));
    }

    /// Counts a rule that no explanation names.
    pub(crate) fn rule(&mut self, rule: String) {
        self.rules.entry(rule).or_default().0 += 1;
    }
}

/// Whether another one of several amounts was paid instead.
fn lost(explanation: &Explanation) -> bool {
    let reason = Reason::LostToABetterAlternative.name();
    explanation.step == Step::Amount
        && explanation.numbers.iter().any(|one| one.name == "reason" && one.value == reason)
}

impl Cell {
    /// Whether the tests show what it does.
    pub fn covered(&self) -> bool {
        match self.kind {
            CellKind::Requirement | CellKind::Minimum => self.met > 0 && self.missed > 0,
            _ => self.met > 0,
        }
    }

    /// In words, why it is not covered; none where it is.
    pub fn gap(&self) -> Option<String> {
        if self.covered() {
            return None;
        }
        let what = match (self.kind, self.met, self.missed) {
            (CellKind::Requirement | CellKind::Minimum, 0, 0) => "neither met nor missed",
            (CellKind::Requirement | CellKind::Minimum, 0, _) => "never met",
            (CellKind::Requirement | CellKind::Minimum, _, _) => "never missed",
            (CellKind::Rate, 0, 1..) => "computed and never paid",
            _ => "never reached",
        };
        let pinned = if self.pinned > 0 { format!(", pinned {} times", self.pinned) } else { String::new() };
        Some(format!("{what}{pinned}"))
    }
}

impl Coverage {
    /// Adds up what cases reached.
    pub fn of<'s>(bundle: &Bundle, seen: impl IntoIterator<Item = &'s Seen>) -> Coverage {
        let mut together: BTreeMap<&str, (u64, u64, u64)> = BTreeMap::new();
        for seen in seen {
            for (rule, counts) in &seen.rules {
                let entry = together.entry(rule).or_default();
                *entry = (entry.0 + counts.0, entry.1 + counts.1, entry.2 + counts.2);
            }
        }
        let cell = |Place { rule, kind, counted }: Place| {
            let (met, missed, pinned) = together.get(counted.as_str()).copied().unwrap_or_default();
            Cell { rule, kind, met, missed, pinned }
        };
        Coverage { cells: places(bundle).into_iter().map(cell).collect() }
    }

    /// How many places are covered, and how many there are.
    pub fn counts(&self) -> (usize, usize) {
        (self.cells.iter().filter(|cell| cell.covered()).count(), self.cells.len())
    }
}
