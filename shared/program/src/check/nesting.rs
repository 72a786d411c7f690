//! Nested levels of which a higher one can hold while a lower one fails.

use super::Findings;
use super::reach::{bounds, days, facts, implies, only_bounds};
use crate::model::TierProgram;

pub(crate) fn program(program: &TierProgram, findings: &mut Findings<'_>) {
    if !program.award.nested {
        return;
    }
    for division in &program.divisions {
        for day in days(program, division) {
            let levels = division.levels.on(day).map_or(&[][..], |found| found.value.as_slice());
            for pair in levels.windows(2) {
                let (lower, higher) = (&pair[0], &pair[1]);
                if !only_bounds(&lower.when) || !only_bounds(&higher.when) {
                    continue;
                }
                let own = bounds(&higher.when, day);
                for (metric, asked) in bounds(&lower.when, day) {
                    let known = own.get(metric).map(Vec::as_slice).unwrap_or_default();
                    if let Some(bound) = asked.iter().find(|bound| !known.iter().any(|own| implies(own, bound))) {
                        let name = metric.rsplit(['.', '/', '#']).next().unwrap_or(metric);
                        let message = format!(
                            "`{}` can hold while `{}` fails: it does not ask for `{name}` {bound}",
                            higher.name, lower.name
                        );
                        findings.warn("not-nested", &higher.rule, message);
                    }
                }
                for missing in facts(&lower.when).difference(&facts(&higher.when)) {
                    let name = missing.rsplit('#').next().unwrap_or(missing);
                    let message = format!(
                        "`{}` can hold while `{}` fails: it does not ask for `{name}`",
                        higher.name, lower.name
                    );
                    findings.warn("not-nested", &higher.rule, message);
                }
            }
        }
    }
}
