//! What the cases of a bundle reached: brackets, rates, bands, bounds, metrics, kinds of association.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::bundle::{Bundle, DocumentKind};
use crate::explain::{Explanation, Step};
use crate::judge::pins::PINNED;
use crate::model::{Leg, LegWorth, PointScale, Requirement};
use crate::parse::change::item_name;
use crate::parse::yaml::{Node, Value};
use crate::reason::Reason;

/// What kind of place a cell is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CellKind {
    /// A bracket of a table: covered when something fell into it.
    Bracket,
    /// A rate outside a table, a package, or one of several amounts: covered when something was paid by it.
    Rate,
    /// A band of points: covered when a quantity fell into it.
    Band,
    /// A leaf of a requirement: covered when it was met once and missed once.
    Requirement,
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
            CellKind::Requirement => self.met > 0 && self.missed > 0,
            _ => self.met > 0,
        }
    }

    /// In words, why it is not covered; none where it is.
    pub fn gap(&self) -> Option<String> {
        if self.covered() {
            return None;
        }
        let what = match (self.kind, self.met, self.missed) {
            (CellKind::Requirement, 0, 0) => "neither met nor missed",
            (CellKind::Requirement, 0, _) => "never met",
            (CellKind::Requirement, _, _) => "never missed",
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
        let cell = |(rule, kind): (String, CellKind)| {
            let (met, missed, pinned) = together.get(rule.as_str()).copied().unwrap_or_default();
            Cell { rule, kind, met, missed, pinned }
        };
        Coverage { cells: places(bundle).into_iter().map(cell).collect() }
    }

    /// How many places are covered, and how many there are.
    pub fn counts(&self) -> (usize, usize) {
        (self.cells.iter().filter(|cell| cell.covered()).count(), self.cells.len())
    }
}

/// Every place that tests can reach.
fn places(bundle: &Bundle) -> Vec<(String, CellKind)> {
    let mut found: Vec<(String, CellKind)> = Vec::new();
    for program in bundle.tier_programs() {
        for division in &program.divisions {
            for line in division.tracks.iter().flat_map(|track| &track.lines) {
                line.legs.iter().for_each(|leg| worth(leg, &mut found));
                line.gates.iter().for_each(|gate| leaves(gate, &mut found));
            }
            for level in division.levels.all().into_iter().flatten() {
                leaves(&level.when, &mut found);
            }
        }
        let classes = program.classes.iter().flat_map(|class| &class.cases);
        classes.for_each(|(_, when)| leaves(when, &mut found));
        program.benefits.iter().for_each(|benefit| leaves(&benefit.needs, &mut found));
    }
    for plan in bundle.incentive_plans() {
        for lever in &plan.levers {
            let when = lever.eligible.iter().flat_map(|eligible| eligible.when.all());
            when.for_each(|requirement| leaves(requirement, &mut found));
        }
    }
    for (_, node) in bundle.trees() {
        let id = node.entry("id").and_then(Node::text).unwrap_or_default();
        let kind = node.entry("kind").and_then(Node::text).unwrap_or_default();
        if kind == DocumentKind::IncentivePlan.name() {
            amounts(node, id, "", &mut found);
        } else if kind == DocumentKind::RecognitionPolicy.name() {
            let kinds = node.entry("kinds").map(Node::entries).unwrap_or_default();
            found.extend(kinds.iter().map(|(key, _)| (format!("{id}#kinds.{}", key.text), CellKind::Association)));
        }
    }
    let mut known = std::collections::BTreeSet::new();
    found.retain(|place| known.insert(place.clone()));
    found
}

/// What gives a leg its points.
fn worth(leg: &Leg, found: &mut Vec<(String, CellKind)>) {
    match &leg.worth {
        LegWorth::When { when, .. } => leaves(when, found),
        LegWorth::Measured { metric, scale } => {
            found.push((metric.rule.clone(), CellKind::Metric));
            for form in scale.all() {
                if let PointScale::Bands(bands) = form {
                    found.extend((1..=bands.len()).map(|place| (band(&scale.rule, place), CellKind::Band)));
                }
            }
        }
    }
}

/// The name under which the band of this number, from 1, is covered.
pub(crate) fn band(scale: &str, place: usize) -> String {
    format!("{scale}.bands/{place}")
}

fn leaves(requirement: &Requirement, found: &mut Vec<(String, CellKind)>) {
    match requirement.parts() {
        Some(parts) => parts.iter().for_each(|part| leaves(part, found)),
        None => {
            found.push((requirement.rule().to_owned(), CellKind::Requirement));
            if let Requirement::Metric { metric, .. } = requirement {
                found.push((metric.rule.clone(), CellKind::Metric));
            }
        }
    }
}

/// Brackets, and rates outside of them, wherever a plan says them.
fn amounts(node: &Node, id: &str, path: &str, found: &mut Vec<(String, CellKind)>) {
    for (key, child) in node.entries() {
        let below = if path.is_empty() { key.text.clone() } else { format!("{path}.{}", key.text) };
        match key.text.as_str() {
            "brackets" => {
                for (place, item) in child.items().iter().enumerate() {
                    found.push((format!("{id}#{below}/{}", item_name(item, place)), CellKind::Bracket));
                }
            }
            "rate" => rates(child, id, &below, found),
            "announced" | "conventions" => {}
            _ => amounts(child, id, &below, found),
        }
    }
}

/// The plain values of a rate: its own, or those of its dates and cases.
fn rates(node: &Node, id: &str, path: &str, found: &mut Vec<(String, CellKind)>) {
    if let Value::Text { text, .. } = &node.value {
        if text != "null" {
            found.push((format!("{id}#{path}"), CellKind::Rate));
        }
        return;
    }
    if node.entry("brackets").is_some() {
        return amounts(node, id, path, found);
    }
    if node.entry("each").is_some() || node.entry("package").is_some() {
        found.push((format!("{id}#{path}"), CellKind::Rate));
        return;
    }
    for pick in ["least-of", "best-of"] {
        if let Some(several) = node.entry(pick) {
            let names = several.entries().iter().map(|(name, _)| &name.text);
            found.extend(names.map(|name| (format!("{id}#{path}.{pick}.{name}"), CellKind::Rate)));
            return;
        }
    }
    for (key, child) in node.entries() {
        if !matches!(key.text.as_str(), "by" | "source" | "sample" | "title" | "note" | "announced") {
            rates(child, id, &format!("{path}.{}", key.text), found);
        }
    }
}
