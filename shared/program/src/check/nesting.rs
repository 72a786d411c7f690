//! Nested levels of which a higher one can hold while a lower one fails.

use super::Findings;
use super::implies::Then;
use super::reach::{days, shown};
use crate::model::{Requirement, TierProgram};

pub(crate) fn program(program: &TierProgram, findings: &mut Findings<'_>) {
    if !program.award.nested {
        return;
    }
    for division in &program.divisions {
        for day in days(program, division) {
            let then = Then::new(Some(division), day);
            let levels = division.levels.on(day).map_or(&[][..], |found| found.value.as_slice());
            for pair in levels.windows(2) {
                let (lower, higher) = (&pair[0], &pair[1]);
                let mut asked = Vec::new();
                conjuncts(&lower.when, &mut asked);
                for part in asked.into_iter().filter(|part| comparable(part) && !then.implies(&higher.when, part)) {
                    let message = format!(
                        "`{}` can hold while `{}` fails: it does not ask for {}",
                        higher.name,
                        lower.name,
                        shown(part, day)
                    );
                    findings.warn("not-nested", &higher.rule, message);
                }
            }
        }
    }
}

/// What must hold together.
fn conjuncts<'r>(requirement: &'r Requirement, found: &mut Vec<&'r Requirement>) {
    match requirement {
        Requirement::All(_, parts) => parts.iter().for_each(|part| conjuncts(part, found)),
        other => found.push(other),
    }
}

/// Whether it is known of a requirement what it follows from: people who take roles and what holds over a time follow
/// from much that looks otherwise.
fn comparable(requirement: &Requirement) -> bool {
    match requirement {
        Requirement::Staffed { .. } | Requirement::OverTime { .. } => false,
        Requirement::Metric { bound, .. } | Requirement::Score { bound, .. } | Requirement::EveryLine { bound, .. } => {
            bound.split_by().is_empty()
        }
        other => other.parts().unwrap_or_default().iter().all(comparable),
    }
}
