//! Levels of an award of which a higher one is paid less.

use std::collections::BTreeSet;

use values::Date;

use super::Findings;
use crate::bundle::Bundle;
use crate::incentives::LEVEL_OF;
use crate::model::value::Form;
use crate::model::{Charge, IncentivePlan, Value};
use crate::quantity::{Quantity, Unit};

pub(crate) fn plan(bundle: &Bundle, plan: &IncentivePlan, findings: &mut Findings<'_>) {
    let Some(first) = plan.effective else { return };
    for lever in &plan.levers {
        let days: BTreeSet<Date> = lever.charge.days().into_iter().filter(|day| *day > first).chain([first]).collect();
        for day in days {
            split(bundle, &lever.charge, day, findings);
        }
    }
}

/// Looks for splits by level in a value as it is on a day.
fn split(bundle: &Bundle, value: &Value<Charge>, day: Date, findings: &mut Findings<'_>) {
    match &value.form {
        Form::Is(_) => {}
        Form::Dated(entries) => {
            let begun = entries.iter().rev().find(|(from, _)| *from <= day);
            begun.iter().filter_map(|(_, value)| value.as_ref()).for_each(|value| split(bundle, value, day, findings));
        }
        Form::Split { by, cases, otherwise } => {
            cases.values().chain(otherwise.as_deref()).for_each(|value| split(bundle, value, day, findings));
            let Some(award) = by.strip_prefix(LEVEL_OF) else { return };
            let award = award.split_once(" in ").map_or(award, |(award, _)| award);
            let Some(program) = bundle.tier_programs().iter().rev().find(|program| {
                award.strip_prefix(program.id.as_str()).and_then(|rest| rest.strip_prefix('/'))
                    == Some(&program.award.name)
            }) else {
                return;
            };
            let names = ["none"].into_iter().chain(program.level_names.iter().map(String::as_str));
            let paid: Vec<(&str, &str, Quantity)> = names
                .filter_map(|name| {
                    let found = cases.get(name).or(otherwise.as_deref())?.on(day)?;
                    Some((name, found.rule, plain(found.value)?))
                })
                .collect();
            for pair in paid.windows(2) {
                let ((lower, _, before), (higher, rule, after)) = (&pair[0], &pair[1]);
                if before.unit == after.unit && after.value < before.value {
                    let message =
                        format!("a higher level is paid less: {after} at `{higher}` after {before} at `{lower}`");
                    findings.warn("not-monotone", rule, message);
                }
            }
        }
    }
}

/// A charge that is one number.
fn plain(charge: &Charge) -> Option<Quantity> {
    match charge {
        Charge::Rate(rate) => Some(Quantity::new(rate * values::Ratio::from_integer(100.into()), Unit::Percent)),
        Charge::Fixed(amount) => Some(amount.clone()),
        _ => None,
    }
}
