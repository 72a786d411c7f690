//! Awards that need each other on the same day.

use std::collections::{BTreeMap, BTreeSet};

use super::Findings;
use crate::bundle::Bundle;
use crate::model::Requirement;

/// An award of a division: `vendor/program/award` and the division's name.
type Node = (String, String);

/// What an award needs, each with the rule that says so.
type Needs = BTreeMap<Node, Vec<(Node, String)>>;

pub(crate) fn bundle(bundle: &Bundle, findings: &mut Findings<'_>) {
    let mut needs: Needs = BTreeMap::new();
    let mut divisions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for program in bundle.tier_programs() {
        let award = format!("{}/{}", program.id, program.award.name);
        let names = program.divisions.iter().map(|division| division.name.clone()).collect();
        divisions.insert(award, names);
    }
    for program in bundle.tier_programs() {
        let award = format!("{}/{}", program.id, program.award.name);
        for division in &program.divisions {
            let edges = needs.entry((award.clone(), division.name.clone())).or_default();
            for level in division.levels.all().into_iter().flatten() {
                held(&level.when, &divisions, edges);
            }
            for gate in division.lines().flat_map(|line| &line.gates) {
                held(gate, &divisions, edges);
            }
        }
    }
    for start in needs.keys() {
        let mut path = Vec::new();
        if let Some(rule) = circle(start, start, &needs, &mut BTreeSet::new(), &mut path) {
            let names: Vec<String> = path.iter().map(shown).collect();
            let message = format!("{} needs itself on the same day: {}", shown(start), names.join(" needs "));
            findings.error("circular", &rule, message);
        }
    }
}

fn shown((award, division): &Node) -> String {
    let name = award.rsplit('/').next().unwrap_or(award);
    if division.is_empty() { name.to_owned() } else { format!("{name} of {division}") }
}

/// The awards that must be held; what must not be held, or is one of several, can be without.
fn held(requirement: &Requirement, divisions: &BTreeMap<String, Vec<String>>, edges: &mut Vec<(Node, String)>) {
    match requirement {
        Requirement::All(_, parts) => parts.iter().for_each(|part| held(part, divisions, edges)),
        Requirement::Holds { rule, award, of, .. } => {
            let Some(known) = divisions.get(award) else { return };
            let names = if of.is_empty() { known } else { of };
            // One of several divisions suffices, so only a single one is needed for sure.
            if let [only] = names.as_slice() {
                edges.push(((award.clone(), only.clone()), rule.clone()));
            }
        }
        _ => {}
    }
}

/// The rule of the first step of a way from `at` back to `start`.
fn circle(
    start: &Node,
    at: &Node,
    needs: &Needs,
    visited: &mut BTreeSet<Node>,
    path: &mut Vec<Node>,
) -> Option<String> {
    path.push(at.clone());
    for (next, rule) in needs.get(at).map(Vec::as_slice).unwrap_or_default() {
        if next == start {
            path.push(next.clone());
            return Some(rule.clone());
        }
        if visited.insert(next.clone()) && circle(start, next, needs, visited, path).is_some() {
            return Some(rule.clone());
        }
    }
    path.pop();
    None
}
