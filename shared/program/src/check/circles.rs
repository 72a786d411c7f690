//! Awards that need each other on the same day, and classes that depend on the award whose rules they decide.

use std::collections::{BTreeMap, BTreeSet};

use super::{Findings, asked};
use crate::bundle::Bundle;
use crate::model::{Division, LegWorth, Requirement, Stretch, TierProgram, TrackChoice, Value};

/// What can go in a circle.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    /// `vendor/program/award` and the division's name.
    Award(String, String),
    /// The program's id and the class's name.
    Class(String, String),
}

/// What each needs or depends on, with the rule that says so.
type Edges = BTreeMap<Node, Vec<(Node, String)>>;

/// The divisions of every award.
type Divisions = BTreeMap<String, Vec<String>>;

pub(crate) fn bundle(bundle: &Bundle, findings: &mut Findings<'_>) {
    let mut divisions: Divisions = BTreeMap::new();
    for program in bundle.tier_programs() {
        let names = divisions.entry(award(program)).or_default();
        names.extend(program.divisions.iter().map(|division| division.name.clone()));
        names.sort();
        names.dedup();
    }
    let (mut needs, mut depends): (Edges, Edges) = (BTreeMap::new(), BTreeMap::new());
    for program in bundle.tier_programs() {
        for division in &program.divisions {
            let node = Node::Award(award(program), division.name.clone());
            let needed = needs.entry(node.clone()).or_default();
            for level in division.levels.all().into_iter().flatten() {
                held(&level.when, &divisions, needed);
            }
            for gate in division.lines().flat_map(|line| &line.gates) {
                held(gate, &divisions, needed);
            }
            let asked = depends.entry(node).or_default();
            asked::division(division).into_iter().for_each(|requirement| looks_at(requirement, &divisions, asked));
            asked.extend(classified(program, division));
        }
        for class in &program.classes {
            let asked = depends.entry(Node::Class(program.id.clone(), class.name.clone())).or_default();
            class.cases.iter().for_each(|(_, when)| looks_at(when, &divisions, asked));
            asked.extend(class.cases.iter().flat_map(|(_, when)| bounds_split(program, when)));
        }
    }
    for start in needs.keys() {
        if let Some((rule, names)) = way_back(start, &needs) {
            let message = format!("{} needs itself on the same day: {}", shown(start), names.join(" needs "));
            findings.error("circular", &rule, message);
        }
    }
    for start in depends.keys().filter(|node| matches!(node, Node::Class(..))) {
        if let Some((rule, names)) = way_back(start, &depends) {
            let message = format!("{} depends on itself: {}", shown(start), names.join(" depends on "));
            findings.warn("circular", &rule, message);
        }
    }
}

fn award(program: &TierProgram) -> String {
    format!("{}/{}", program.id, program.award.name)
}

fn shown(node: &Node) -> String {
    let (name, division) = match node {
        Node::Award(award, division) => (award.rsplit('/').next().unwrap_or(award), division),
        Node::Class(_, class) => return format!("the class {class}"),
    };
    if division.is_empty() { name.to_owned() } else { format!("{name} of {division}") }
}

/// The awards that must be held; what must not be held, or is one of several, can be without.
fn held(requirement: &Requirement, divisions: &Divisions, edges: &mut Vec<(Node, String)>) {
    match requirement {
        Requirement::All(_, parts) => parts.iter().for_each(|part| held(part, divisions, edges)),
        Requirement::Any(_, parts) if parts.len() == 1 => held(&parts[0], divisions, edges),
        Requirement::AtLeast(_, count, parts) if *count == parts.len() => {
            parts.iter().for_each(|part| held(part, divisions, edges));
        }
        // Every day up to the judged one includes it.
        Requirement::OverTime {
            every: true, over: Stretch::DaysBack(_) | Stretch::FullMonthsBack(_), when, ..
        } => {
            held(when, divisions, edges);
        }
        Requirement::Holds { rule, award, of, .. } => {
            let Some(known) = divisions.get(award) else { return };
            let names = if of.is_empty() { known } else { of };
            // One of several divisions suffices, so only a single one is needed for sure.
            if let [only] = names.as_slice() {
                edges.push((Node::Award(award.clone(), only.clone()), rule.clone()));
            }
        }
        _ => {}
    }
}

/// Every award whose holding decides something, wherever it is asked for.
fn looks_at(requirement: &Requirement, divisions: &Divisions, edges: &mut Vec<(Node, String)>) {
    let mut leaves = Vec::new();
    requirement.leaves(&mut leaves);
    for leaf in leaves {
        let Requirement::Holds { rule, award, of, .. } = leaf else { continue };
        let known = divisions.get(award).map(Vec::as_slice).unwrap_or_default();
        for name in known.iter().filter(|name| of.is_empty() || of.contains(name)) {
            edges.push((Node::Award(award.clone(), name.clone()), rule.clone()));
        }
    }
}

/// The classes that decide which numbers or which track of a division rule for a partner.
fn classified(program: &TierProgram, division: &Division) -> Vec<(Node, String)> {
    let mut found = Vec::new();
    let mut by = |rule: &str, fields: Vec<&str>| {
        let classes = fields.into_iter().filter(|field| program.class(field).is_some());
        found.extend(classes.map(|class| (Node::Class(program.id.clone(), class.to_owned()), rule.to_owned())));
    };
    if let TrackChoice::ClassifiedBy(class) = &division.choice {
        by(&division.rule, vec![class]);
    }
    by(&division.levels.rule, division.levels.split_by());
    for line in division.lines() {
        by(&line.rule, line.max.split_by());
        by(&line.rule, line.weight.iter().flat_map(Value::split_by).collect());
        for leg in &line.legs {
            by(&leg.rule, leg.max.iter().flat_map(Value::split_by).collect());
            by(&leg.rule, leg.weight.iter().flat_map(Value::split_by).collect());
            match &leg.worth {
                LegWorth::Measured { scale, .. } => by(&leg.rule, scale.split_by()),
                LegWorth::When { earns, .. } => by(&leg.rule, earns.split_by()),
            }
        }
    }
    found.extend(asked::division(division).into_iter().flat_map(|when| bounds_split(program, when)));
    found
}

/// The classes by which the bounds of a requirement are split.
fn bounds_split(program: &TierProgram, requirement: &Requirement) -> Vec<(Node, String)> {
    let mut leaves = Vec::new();
    requirement.leaves(&mut leaves);
    let bounds = leaves.into_iter().filter_map(|leaf| match leaf {
        Requirement::Metric { rule, bound, .. }
        | Requirement::Score { rule, bound }
        | Requirement::EveryLine { rule, bound } => Some((rule, bound)),
        _ => None,
    });
    let by = bounds.flat_map(|(rule, bound)| bound.split_by().into_iter().map(move |field| (field, rule)));
    let classes = by.filter(|(field, _)| program.class(field).is_some());
    classes.map(|(class, rule)| (Node::Class(program.id.clone(), class.to_owned()), rule.clone())).collect()
}

/// The rule of the first step of a way that leads back to where it starts, and the names along it.
fn way_back(start: &Node, edges: &Edges) -> Option<(String, Vec<String>)> {
    let mut path = Vec::new();
    let rule = circle(start, start, edges, &mut BTreeSet::new(), &mut path)?;
    Some((rule, path.iter().map(shown).collect()))
}

fn circle(
    start: &Node,
    at: &Node,
    edges: &Edges,
    visited: &mut BTreeSet<Node>,
    path: &mut Vec<Node>,
) -> Option<String> {
    path.push(at.clone());
    for (next, rule) in edges.get(at).map(Vec::as_slice).unwrap_or_default() {
        if next == start {
            path.push(next.clone());
            return Some(rule.clone());
        }
        if visited.insert(next.clone()) && circle(start, next, edges, visited, path).is_some() {
            return Some(rule.clone());
        }
    }
    path.pop();
    None
}
