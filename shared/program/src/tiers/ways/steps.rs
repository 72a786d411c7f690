//! By how much things change in a way: the smallest unit, the gap to a bound, the step of a line.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_traits::Zero;
use values::{Ratio, Rounding, round_ratio};

use crate::judge::{Judge, Supposed};
use crate::model::{Bound, Division, Metric, PointLine, PointScale, Requirement};
use crate::quantity::Unit;
use crate::tiers::{EvaluateError, levels};

/// What a step needs to know about a metric.
pub(crate) struct Known<'s> {
    pub metric: &'s Metric,
    pub unit: Unit,
    pub now: Ratio,
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

/// By how much a line is raised at a time: one thing, or a tenth of the way to its cap for what is
/// measured; the reduction afterwards finds the exact amount.
pub(crate) fn step(line: &PointLine, now: &Ratio, unit: &Unit, max: &Ratio) -> Ratio {
    let one = grain(unit);
    if matches!(unit, Unit::Thing(_)) {
        return one;
    }
    let full = line.scale.all().into_iter().filter_map(|scale| match scale {
        PointScale::Each { each, earns } if !earns.value.is_zero() => Some(max / &earns.value * &each.value),
        PointScale::FullAt(full) => Some(full.value.clone()),
        _ => None,
    });
    let gap = full.max().unwrap_or_else(|| one.clone()) - now;
    (gap / Ratio::from_integer(10.into())).max(one)
}

/// Every metric that a requirement asks for.
pub(crate) fn collect<'r>(requirement: &'r Requirement, metrics: &mut Vec<&'r Metric>) {
    match requirement {
        Requirement::All(_, parts)
        | Requirement::Any(_, parts)
        | Requirement::None(_, parts)
        | Requirement::AtLeast(_, _, parts) => parts.iter().for_each(|part| collect(part, metrics)),
        Requirement::Metric { metric, .. } => metrics.push(metric),
        _ => {}
    }
}

/// The last part of a rule's path.
pub(crate) fn name_of(rule: &str) -> &str {
    rule.rsplit(['.', '/', '#']).next().unwrap_or(rule)
}

/// Every metric that the division's lines, gates and levels ask for.
pub(crate) fn metrics<'s>(
    on: &Judge<'_>,
    division: &'s Division,
) -> Result<BTreeMap<String, Known<'s>>, EvaluateError> {
    let mut found: Vec<&Metric> = Vec::new();
    for line in &division.lines {
        found.push(&line.metric);
        line.gates.iter().for_each(|gate| collect(gate, &mut found));
    }
    levels(on, division).iter().for_each(|level| collect(&level.when, &mut found));
    let mut known = BTreeMap::new();
    for metric in found {
        let measured = on.measure(metric)?;
        known.insert(metric.rule.clone(), Known { metric, unit: measured.unit.clone(), now: measured.value.clone() });
    }
    Ok(known)
}
