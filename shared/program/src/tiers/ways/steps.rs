//! By how much things change in a way, and its steps in words.

use num_bigint::BigInt;
use num_traits::Zero;
use values::{Ratio, Rounding, round_ratio};

use super::changes::{Changes, Place};
use super::effort::Efforts;
use super::trial::Trial;
use crate::judge::Judge;
use crate::judge::requirement::{ScoreSoFar, judge};
use crate::model::{Bound, Division, Metric, PointScale, Requirement, Role, Value};
use crate::quantity::{Quantity, Unit};
use crate::tiers::EvaluateError;
use crate::tiers::scorecard::WayStep;
use crate::tiers::standings::{levels, metrics_of, tracks};

/// What a step needs to know about what it raises: a metric, or the people of a role.
pub(crate) struct Known {
    pub name: String,
    pub title: String,
    pub unit: Unit,
    pub now: Ratio,
    /// Of growth in percent: the baseline and its unit.
    pub base: Option<(Ratio, Unit)>,
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

/// What is known of every metric and role of the division, by place.
pub(super) fn known(
    on: &Judge<'_>,
    division: &Division,
    trial: &Trial<'_>,
) -> Result<Vec<Option<Known>>, EvaluateError> {
    let mut known: Vec<Option<Known>> = trial.rules.iter().map(|_| None).collect();
    let asked = asked(on, division);
    for metric in metrics_of(on, division).into_iter().chain(asked.iter().filter_map(|leaf| metric_of(leaf))) {
        let Some(place) = trial.place(&metric.rule).and_then(|place| known.get_mut(place)) else { continue };
        if place.is_some() {
            continue;
        }
        let measured = on.measure(metric)?;
        if measured.absent.is_some() {
            continue;
        }
        let base = measured.base.clone().filter(|_| metric.unit != metric.folded_in);
        let title = if metric.title.is_empty() { metric.name.clone() } else { metric.title.clone() };
        *place = Some(Known {
            name: metric.name.clone(),
            title,
            unit: measured.unit.clone(),
            now: measured.value.clone(),
            base: base.map(|base| (base, metric.folded_in.clone())),
        });
    }
    for role in asked.into_iter().filter_map(roles_of).flatten() {
        let Some(place) = trial.place(&role.rule).and_then(|place| known.get_mut(place)) else { continue };
        let title = format!("holding what the role {} asks for", role.name);
        let (name, unit) = (role.name.clone(), Unit::thing("people"));
        *place = Some(Known { name, title, unit, now: Ratio::ZERO, base: None });
    }
    Ok(known)
}

/// Every leaf that the division's lines and levels ask for, those that are asked over a time among them.
fn asked<'p>(on: &Judge<'_>, division: &'p Division) -> Vec<&'p Requirement> {
    let mut leaves = Vec::new();
    for line in tracks(on, division).into_iter().flat_map(|track| &track.lines) {
        line.requirements().for_each(|when| when.leaves(&mut leaves));
    }
    levels(on, division).iter().for_each(|level| level.when.leaves(&mut leaves));
    leaves
}

fn metric_of(leaf: &Requirement) -> Option<&Metric> {
    match leaf {
        Requirement::Metric { metric, .. } => Some(metric),
        _ => None,
    }
}

fn roles_of(leaf: &Requirement) -> Option<&[Role]> {
    match leaf {
        Requirement::Staffed { roles, .. } => Some(roles),
        _ => None,
    }
}

/// The steps of a way, in words.
pub(super) fn steps(
    on: &Judge<'_>,
    division: &Division,
    trial: &Trial<'_>,
    known: &[Option<Known>],
    efforts: &Efforts,
    changes: &Changes,
) -> Result<Vec<WayStep>, EvaluateError> {
    let at = |place: Place| usize::try_from(place).unwrap_or(usize::MAX);
    let rule = |place: Place| trial.rules.get(at(place)).map(|rule| (*rule).to_owned()).unwrap_or_default();
    let mut steps = Vec::new();
    for (place, add) in changes.raises() {
        let Some(known) = known.get(at(*place)).and_then(Option::as_ref) else { continue };
        let quantity = Quantity::new(add.clone(), known.unit.clone());
        // Growth is raised by raising what grows: the baseline is what it is.
        let more = known.base.as_ref().map(|(base, unit)| {
            let more = add * base / Ratio::whole(100);
            format!(" ({} more)", Quantity::new(more, unit.clone()))
        });
        steps.push(WayStep {
            rule: rule(*place),
            says: format!("{quantity} more: {}{}", known.title, more.unwrap_or_default()),
            what: known.name.clone(),
            add: Some(quantity),
            now: Some(Quantity::new(known.now.clone(), known.unit.clone())),
            then: Some(Quantity::new(&known.now + add, known.unit.clone())),
            effort: efforts.raise(*place, add),
        });
    }
    let asked = asked(on, division);
    for place in changes.holds() {
        let rule = rule(*place);
        let what = name_of(&rule).to_owned();
        // The words of a fact are those of the leaf that asks for it.
        let leaf = asked.iter().find(|leaf| leaf.rule() == rule);
        let says = leaf.map(|leaf| judge(on, leaf, &ScoreSoFar::default())).transpose()?;
        let says = says.and_then(|outcome| Some(outcome.leaves.first()?.says.clone())).unwrap_or_else(|| what.clone());
        steps.push(WayStep { rule, says, what, add: None, now: None, then: None, effort: efforts.obtain(*place) });
    }
    Ok(steps)
}
