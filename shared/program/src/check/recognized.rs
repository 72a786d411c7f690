//! Metrics whose rows nobody can be recognized on.

use std::collections::BTreeSet;

use super::Findings;
use crate::bundle::Bundle;
use crate::model::{Metric, PointLine, RecognizedBy, Requirement, Stream, TierProgram};
use crate::recognition::{Kind, RecognitionPolicy};

pub(crate) fn program(bundle: &Bundle, program: &TierProgram, findings: &mut Findings<'_>) {
    let Some(policy) = bundle.recognition_policy(&program.recognition) else { return };
    let mut metrics: Vec<&Metric> = Vec::new();
    for division in &program.divisions {
        metrics.extend(division.lines().flat_map(PointLine::measured).map(|(metric, _)| metric));
        let levels = division.levels.all().into_iter().flatten().map(|level| &level.when);
        for requirement in levels.chain(division.lines().flat_map(|line| &line.gates)) {
            asked(requirement, &mut metrics);
        }
    }
    metrics.extend(program.capacity.iter().flat_map(|one| &one.places).flat_map(|place| &place.measures));
    let mut told = BTreeSet::new();
    for metric in metrics.into_iter().flat_map(Metric::family) {
        if let Some(message) = nobody(program, policy, metric).filter(|_| told.insert(&metric.rule)) {
            findings.warn("empty-recognition", &metric.rule, message);
        }
    }
}

fn asked<'r>(requirement: &'r Requirement, metrics: &mut Vec<&'r Metric>) {
    requirement.parts().unwrap_or_default().iter().for_each(|part| asked(part, metrics));
    if let Requirement::Metric { metric, .. } = requirement {
        metrics.push(metric);
    }
}

/// Why nobody is ever recognized on the rows of a metric.
fn nobody(program: &TierProgram, policy: &RecognitionPolicy, metric: &Metric) -> Option<String> {
    if !matches!(metric.stream, Stream::Usage | Stream::Transactions) {
        return None;
    }
    let kinds: Vec<&Kind> = match &metric.recognized_by {
        RecognizedBy::Transacting if metric.stream == Stream::Usage => {
            return Some("usage names no transacting partner: nobody is recognized on it".to_owned());
        }
        RecognizedBy::Granting(grant) => policy.kinds_granting(*grant).collect(),
        RecognizedBy::Kinds(names) | RecognizedBy::FirstPresent(names) => {
            names.iter().filter_map(|name| policy.kind(name)).collect()
        }
        RecognizedBy::Transacting | RecognizedBy::Anyone | RecognizedBy::Open => return None,
    };
    let zone = &program.conventions.zone;
    let over = |kind: &&Kind| {
        let ended = kind.in_force.end().map(|end| zone.date(end));
        let begun = zone.date(kind.in_force.start());
        ended.zip(program.effective).is_some_and(|(end, first)| end <= first)
            || program.until.is_some_and(|until| until <= begun)
    };
    let names: Vec<&str> = kinds.iter().map(|kind| kind.name.as_str()).collect();
    (!kinds.is_empty() && kinds.iter().all(over)).then(|| {
        format!("nobody is ever recognized by {}: it is not in force while the program is", names.join(" or "))
    })
}
