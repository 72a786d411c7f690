//! Gates that never keep anybody out.

use std::collections::BTreeSet;

use num_traits::Zero;
use values::{Date, Ratio};

use super::Findings;
use super::implies::implies;
use super::reach::days;
use crate::model::metric::{Counted, Fold};
use crate::model::{Bound, Metric, PointLine, Requirement, TierProgram};

pub(crate) fn program(program: &TierProgram, findings: &mut Findings<'_>) {
    for division in &program.divisions {
        let mut all: BTreeSet<Date> = days(program, division).into_iter().collect();
        let first = all.first().copied();
        let gates = division.lines().flat_map(|line| &line.gates);
        for gate in gates {
            if let Requirement::Metric { bound, .. } = gate {
                all.extend(bound.days().into_iter().filter(|day| first.is_none_or(|first| first <= *day)));
            }
        }
        for day in all {
            for line in division.lines() {
                self::line(line, day, findings);
            }
        }
    }
}

fn line(line: &PointLine, day: Date, findings: &mut Findings<'_>) {
    let gates: Vec<(&str, &Metric, &Bound)> = line
        .gates
        .iter()
        .filter_map(|gate| match gate {
            Requirement::Metric { rule, metric, bound } => Some((rule.as_str(), &**metric, bound.on(day)?.value)),
            _ => None,
        })
        .collect();
    for (place, (rule, metric, bound)) in gates.iter().enumerate() {
        if bound.asks_for_more() && bound.holds(&Ratio::zero()) {
            findings.warn("dead-gate", rule, format!("the gate is always open: nobody at all is {bound}"));
            continue;
        }
        let implied = gates.iter().enumerate().find(|(other, (_, wider, stronger))| {
            let same = *other != place && implies(stronger, bound) && covers(metric, wider, day);
            // Of two that are alike the later one is told.
            let alike = implies(bound, stronger) && covers(wider, metric, day);
            same && (!alike || *other < place)
        });
        if let Some((_, (other, ..))) = implied {
            let name = other.rsplit(['.', '/']).next().unwrap_or(other);
            findings.warn("dead-gate", rule, format!("whoever passes the gate `{name}` passes this one too"));
        }
    }
}

/// Whether everybody whom `narrow` counts is counted by `wide`: people who hold one of more certifications.
fn covers(wide: &Metric, narrow: &Metric, day: Date) -> bool {
    let (Fold::Count(Counted::People), Fold::Count(Counted::People)) = (&wide.fold, &narrow.fold) else { return false };
    let (Some(wide), Some(narrow)) = (&wide.holding, &narrow.holding) else { return false };
    wide.groups.iter().all(|group| {
        narrow.groups.iter().any(|own| {
            let words = own.words(day);
            !words.is_empty() && words.iter().all(|word| group.has(word, day))
        })
    })
}
