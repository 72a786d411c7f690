//! Names that nothing in the bundle has, where any name may stand, and that look like one that something has.

use std::collections::BTreeSet;

use super::{Findings, Severity, asked};
use crate::bundle::Bundle;
use crate::model::{Division, LegWorth, Requirement, TierProgram, Value};
use crate::parse::nearest::nearest;
use crate::parse::yaml::Node;

const CHECK: &str = "unknown-name";

pub(crate) fn bundle(bundle: &Bundle, findings: &mut Findings<'_>) {
    let documents: BTreeSet<&str> = bundle.documents().iter().map(|document| document.id.as_str()).collect();
    let awards: BTreeSet<String> =
        bundle.tier_programs().iter().map(|one| format!("{}/{}", one.id, one.award.name)).collect();
    let programs = bundle.tier_programs().iter().flat_map(asked::program);
    let plans = bundle.incentive_plans().iter().flat_map(asked::plan);
    let mut leaves = Vec::new();
    programs.chain(plans).for_each(|requirement| asked::leaves(requirement, &mut leaves));
    for leaf in leaves {
        match leaf {
            // What is recorded by hand may have any name; a name in full is that of a program.
            Requirement::Holds { rule, award, .. } if !awards.contains(award) => {
                let known =
                    awards.iter().map(String::as_str).filter(|known| known.contains('/') == award.contains('/'));
                near(rule, "award", award, known, findings);
            }
            Requirement::Enrolled { rule, program, .. } | Requirement::Age { rule, program, .. }
                if !documents.contains(program.as_str()) =>
            {
                near(rule, "program", program, documents.iter().copied(), findings);
            }
            _ => {}
        }
    }
    for plan in bundle.incentive_plans() {
        let program = plan.conventions.anniversary_of.iter().find(|program| !documents.contains(program.as_str()));
        if let Some(program) = program {
            let rule = format!("{}#conventions.anniversary-of", plan.id);
            near(&rule, "program", program, documents.iter().copied(), findings);
        }
    }
    for program in bundle.tier_programs() {
        program.divisions.iter().for_each(|division| splits(program, division, findings));
    }
    for (_, node) in bundle.trees() {
        sources(node, findings);
    }
}

/// A name that nothing in the bundle has is taken for a misspelt one where it is nearly spelt like another.
fn near<'n>(rule: &str, what: &str, name: &str, known: impl Iterator<Item = &'n str>, findings: &mut Findings<'_>) {
    if let Some(meant) = nearest(name, known) {
        let message = format!("the bundle has no {what} `{name}`");
        findings.suggest(Severity::Warning, CHECK, rule, message, Some(meant));
    }
}

/// Values of a program are split by its classes, or by the partner's country.
fn splits(program: &TierProgram, division: &Division, findings: &mut Findings<'_>) {
    for line in division.lines() {
        split(program, &line.max, findings);
        line.weight.iter().for_each(|weight| split(program, weight, findings));
        line.suspended.iter().for_each(|suspended| split(program, suspended, findings));
        for leg in &line.legs {
            leg.max.iter().for_each(|max| split(program, max, findings));
            leg.weight.iter().for_each(|weight| split(program, weight, findings));
            match &leg.worth {
                LegWorth::Measured { scale, .. } => split(program, scale, findings),
                LegWorth::When { earns, .. } => split(program, earns, findings),
            }
        }
    }
    split(program, &division.levels, findings);
    let mut leaves = Vec::new();
    asked::division(division).into_iter().for_each(|requirement| asked::leaves(requirement, &mut leaves));
    for leaf in leaves {
        if let Requirement::Metric { bound, .. }
        | Requirement::Score { bound, .. }
        | Requirement::EveryLine { bound, .. } = leaf
        {
            split(program, bound, findings);
        }
    }
}

fn split<T>(program: &TierProgram, value: &Value<T>, findings: &mut Findings<'_>) {
    for (field, cases) in value.splits().into_iter().filter(|(field, _)| *field != "partner-country") {
        let classes = || program.classes.iter().map(|class| class.name.as_str());
        let Some(class) = program.class(field) else {
            let message = format!("unknown class `{field}`: a program's values are split by its classes");
            findings.suggest(Severity::Error, CHECK, &value.rule, message, nearest(field, classes()));
            continue;
        };
        let known = || class.cases.iter().map(|(case, _)| case.as_str()).chain([class.otherwise.as_str()]);
        for case in cases.into_iter().filter(|case| !known().any(|known| known == *case)) {
            let message = format!("unknown case `{case}` of the class `{field}`");
            findings.suggest(Severity::Error, CHECK, &value.rule, message, nearest(case, known()));
        }
    }
}

/// A source in one word is the short name of a reference, and where a document names none of those it says nothing.
fn sources(document: &Node, findings: &mut Findings<'_>) {
    if document.entry("sources").is_some() {
        return;
    }
    let id = document.entry("id").and_then(Node::text).unwrap_or_default();
    let mut told = BTreeSet::new();
    let mut open: Vec<(String, &Node)> = vec![(String::new(), document)];
    while let Some((path, node)) = open.pop() {
        for (key, child) in node.entries() {
            let below = if path.is_empty() { key.text.clone() } else { format!("{path}.{}", key.text) };
            let word = child.text().filter(|word| key.text == "source" && !word.contains(' ') && !word.contains(':'));
            if let Some(word) = word.filter(|word| told.insert(*word)) {
                let message = format!("`{word}` is the short name of no source: `sources` is missing");
                findings.warn(CHECK, &format!("{id}#{below}"), message);
            }
            open.push((below, child));
        }
        for (place, item) in node.items().iter().enumerate() {
            open.push((format!("{path}/{}", crate::parse::change::item_name(item, place)), item));
        }
    }
}
