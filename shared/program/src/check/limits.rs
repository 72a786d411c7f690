//! Floors above caps, and payment minimums above them: amounts that can never be paid.

use std::collections::BTreeSet;

use values::Date;

use super::Findings;
use crate::model::{CounterOver, IncentivePlan, Limit, LimitOwner, Value};
use crate::quantity::Quantity;

pub(crate) fn plan(plan: &IncentivePlan, findings: &mut Findings<'_>) {
    let Some(first) = plan.effective else { return };
    for lever in &plan.levers {
        let limits: Vec<&Limit> = lever.limits.iter().chain(&plan.limits).collect();
        for (place, floor) in limits.iter().enumerate() {
            for (other, cap) in limits.iter().enumerate() {
                // A floor of a line is felt under every cap; others meet those of their own total.
                let meet = place == other || floor.over.is_none() || (floor.per == cap.per && floor.over == cap.over);
                if let (Some(least), Some(most)) = (&floor.least, cap.most.as_ref().filter(|_| meet)) {
                    compare(first, least, most, |least, most| {
                        findings.warn(
                            "cap-below-floor",
                            &cap.rule,
                            format!("at most {most}, and the floor is {least}: what the floor says is never paid"),
                        );
                    });
                }
            }
        }
    }
    minimum(plan, first, findings);
}

/// A balance that a cap keeps below the payment minimum is never paid: one that is forfeited where it does not
/// reach the minimum, and one whose cap never begins anew.
fn minimum(plan: &IncentivePlan, first: Date, findings: &mut Findings<'_>) {
    let Some(minimum) = &plan.payment.minimum else { return };
    let levers = plan.levers.iter().flat_map(|lever| &lever.limits);
    // With several levers each cap holds a part of the balance only.
    let caps = plan.limits.iter().chain(levers.filter(|_| plan.levers.len() == 1));
    for cap in caps.filter(|cap| cap.per == [LimitOwner::Partner]) {
        let over = cap.over == Some(CounterOver::Ever) || (cap.over.is_some() && cap.over == minimum.forfeited_over);
        if let Some(most) = cap.most.as_ref().filter(|_| over) {
            compare(first, &minimum.least, most, |least, most| {
                findings.warn(
                    "minimum-above-cap",
                    &cap.rule,
                    format!("at most {most}, and nothing below {least} is paid: nothing is ever paid"),
                );
            });
        }
    }
}

/// Tells of the first day on which the least is above the most.
fn compare(first: Date, least: &Value<Quantity>, most: &Value<Quantity>, tell: impl FnOnce(&Quantity, &Quantity)) {
    let days: BTreeSet<Date> = least.days().into_iter().chain(most.days()).chain([first]).collect();
    for day in days.into_iter().filter(|day| first <= *day) {
        if let (Some(least), Some(most)) = (least.on(day), most.on(day))
            && least.value.value > most.value.value
        {
            return tell(least.value, most.value);
        }
    }
}
