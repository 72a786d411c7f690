//! By how much things change in a way: the smallest unit, the gap to a bound, the step of a line.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_traits::Zero;
use values::{Ratio, Rounding, round_ratio};

use crate::judge::{Judge, Supposed};
use crate::model::{Bound, Division, PointScale, Requirement, Value};
use crate::quantity::Unit;
use crate::tiers::EvaluateError;
use crate::tiers::standings::{levels, metrics_of};

/// What a step needs to know about what it raises: a metric, or the people of a role.
pub(crate) struct Known {
    pub name: String,
    pub title: String,
    pub unit: Unit,
    pub now: Ratio,
    /// Of growth in percent: the baseline and its unit.
    pub base: Option<(Ratio, Unit)>,
}

/// One metric raised by `add`.
pub(crate) fn one(rule: &str, add: Ratio) -> Supposed {
    Supposed { added: [(rule.to_owned(), add)].into(), ..Supposed::default() }
}

/// How much is missing for a bound to hold, in whole units; none where more never helps.
pub(crate) fn raise(bound: &Bound, now: &Ratio, unit: &Unit) -> Option<Ratio> {
    let grain = grain(unit);
    let gap = &bound.quantity().value - now;
    let units = round_ratio(&(&gap / &grain), Rounding::Up).max(BigInt::zero());
    let add = Ratio::from_integer(units) * &grain;
    match bound {
        Bound::AtLeast(_) => Some(add),
        Bound::Above(_) if bound.holds(&(now + &add)) => Some(add),
        Bound::Above(_) => Some(add + grain),
        Bound::AtMost(_) | Bound::Below(_) => None,
    }
}

/// The smallest amount by which something can change: one thing, one minor unit of money, a
/// hundredth of a percent.
pub(crate) fn grain(unit: &Unit) -> Ratio {
    let fraction = |digits: u32| Ratio::new(1.into(), BigInt::from(10u32).pow(digits));
    match unit {
        Unit::Money(currency) => fraction(currency.exponent()),
        Unit::Percent | Unit::Times | Unit::Points => fraction(2),
        Unit::Thing(_) => fraction(0),
    }
}

/// In how many steps a leg is raised to the line's cap.
const STEPS: u32 = 20;

/// By how much a leg is raised at a time: one thing, or a part of the way to the line's cap where that is
/// long; the reduction afterwards finds the exact amount.
pub(crate) fn step(scale: &Value<PointScale>, now: &Ratio, unit: &Unit, max: &Ratio) -> Ratio {
    let one = grain(unit);
    let full = scale.all().into_iter().filter_map(|scale| match scale {
        PointScale::Each { each, earns } if !earns.value.is_zero() => Some(max / &earns.value * &each.value),
        PointScale::FullAt(full) => Some(full.value.clone()),
        PointScale::Targets { targets, .. } => targets.iter().map(|(_, bound)| bound.quantity().value.clone()).max(),
        PointScale::Bands(bands) => {
            bands.iter().filter_map(|(range, _)| range.lower.as_ref()).map(|lower| lower.quantity().value.clone()).max()
        }
        PointScale::Each { .. } => None,
    });
    let gap = full.max().unwrap_or_else(|| one.clone()) - now;
    let units = round_ratio(&(gap / &one / Ratio::from_integer(STEPS.into())), Rounding::Up).max(BigInt::from(1));
    Ratio::from_integer(units) * one
}

/// The last part of a rule's path.
pub(crate) fn name_of(rule: &str) -> &str {
    rule.rsplit(['.', '/', '#']).next().unwrap_or(rule)
}

/// Every metric and role that the division's lines, gates and levels ask for, by rule.
pub(crate) fn known(on: &Judge<'_>, division: &Division) -> Result<BTreeMap<String, Known>, EvaluateError> {
    let mut known = BTreeMap::new();
    for metric in metrics_of(on, division) {
        let measured = on.measure(metric)?;
        if measured.absent.is_some() {
            continue;
        }
        let base = measured.base.clone().filter(|_| metric.unit != metric.folded_in);
        let title = if metric.title.is_empty() { metric.name.clone() } else { metric.title.clone() };
        known.insert(
            metric.rule.clone(),
            Known {
                name: metric.name.clone(),
                title,
                unit: measured.unit.clone(),
                now: measured.value.clone(),
                base: base.map(|base| (base, metric.folded_in.clone())),
            },
        );
    }
    for level in levels(on, division) {
        roles(&level.when, &mut known);
    }
    Ok(known)
}

fn roles(requirement: &Requirement, known: &mut BTreeMap<String, Known>) {
    match requirement {
        Requirement::All(_, parts)
        | Requirement::Any(_, parts)
        | Requirement::None(_, parts)
        | Requirement::AtLeast(_, _, parts) => parts.iter().for_each(|part| roles(part, known)),
        Requirement::Staffed { roles, .. } => {
            for role in roles {
                let title = format!("holding what the role {} asks for", role.name);
                let (name, unit) = (role.name.clone(), Unit::thing("people"));
                known.insert(role.rule.clone(), Known { name, title, unit, now: Ratio::default(), base: None });
            }
        }
        _ => {}
    }
}
