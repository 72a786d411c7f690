//! From quantities to points, exactly.

use values::Ratio;

use super::Judge;
use super::quick::holds;
use super::requirement::ScoreSoFar;
use crate::conventions::PartSteps;
use crate::model::{Bound, Leg, LegWorth, Legs, PointLine, PointScale, Range, Value};
use crate::quantity::{Quantity, Unit};
use crate::reason::Reason;
use crate::tiers::EvaluateError;

/// What a leg gives before the line's cap.
#[derive(Clone, Debug)]
pub(crate) struct LegValue {
    pub quantity: Quantity,
    /// Before the line's cap, after the leg's own cap and weight.
    pub uncapped: Ratio,
    /// The most it gives before its weight, where it has a cap of its own.
    pub most: Option<Ratio>,
    /// In front of its points, where it has one.
    pub weight: Option<Ratio>,
    /// Why it gives nothing although there is something.
    pub reason: Option<Reason>,
}

/// What a line gives before its gates.
#[derive(Clone, Debug)]
pub(crate) struct LineValue {
    pub legs: Vec<LegValue>,
    /// The leg that alone counts, where one does.
    pub winner: Option<usize>,
    /// Before floor, cap and weight.
    pub uncapped: Ratio,
    /// Between zero and `max`, by its weight; zero while suspended.
    pub points: Ratio,
    /// Before the weight.
    pub max: Ratio,
    /// How much of the points counts; 1 where the document does not say.
    pub weight: Ratio,
    pub suspended: bool,
}

fn absent(judge: &Judge<'_>, rule: &str) -> EvaluateError {
    EvaluateError::NoValue { rule: rule.to_owned(), day: judge.day.to_string() }
}

pub(crate) fn needed<'v, T>(judge: &Judge<'_>, value: &'v Value<T>) -> Result<&'v T, EvaluateError> {
    judge.find(value).map(|found| found.value).ok_or_else(|| absent(judge, &value.rule))
}

/// The most points a line can give the partner on the judged day.
pub(crate) fn max_of(judge: &Judge<'_>, line: &PointLine) -> Result<Ratio, EvaluateError> {
    needed(judge, &line.max).map(|max| max.value.clone())
}

/// Rule: `program.line_is_floored_and_capped`: a line never gives less than nothing or more than its
/// `max`, whatever its scale says. Of legs the best or the least counts alone, or they are added; then
/// the cap. A weight applies after the cap it stands beside, of the leg and of the line.
pub(crate) fn line_value(judge: &Judge<'_>, line: &PointLine, parts: PartSteps) -> Result<LineValue, EvaluateError> {
    let max = max_of(judge, line)?;
    let mut legs = Vec::new();
    for leg in &line.legs {
        legs.push(leg_value(judge, leg, &max, parts)?);
    }
    let points: Vec<&Ratio> = legs.iter().map(|leg| &leg.uncapped).collect();
    let (winner, uncapped) = combined(line.combine, &points);
    let suspended = suspended(judge, line);
    let weight = weight_of(judge, line.weight.as_ref())?.unwrap_or_else(|| Ratio::whole(1));
    let points = if suspended { Ratio::ZERO } else { capped(&uncapped, &max) * &weight };
    Ok(LineValue { legs, winner, uncapped, points, max, weight, suspended })
}

/// The leg that alone counts, where one does, and the points of all together. Of equals the first in the document wins.
pub(crate) fn combined(combine: Legs, legs: &[&Ratio]) -> (Option<usize>, Ratio) {
    let by_points = |a: &usize, b: &usize| legs[*a].cmp(legs[*b]);
    let winner = match combine {
        Legs::Best => (0..legs.len()).rev().max_by(by_points),
        Legs::Least => (0..legs.len()).min_by(by_points),
        Legs::One | Legs::Sum => None,
    };
    let points = match winner {
        Some(winner) => legs[winner].clone(),
        None => legs.iter().copied().sum(),
    };
    (winner, points)
}

/// Between nothing and the most.
pub(crate) fn capped(uncapped: &Ratio, max: &Ratio) -> Ratio {
    uncapped.clone().or_nothing().min(max.clone())
}

/// What is in front of the points of a line or leg; none where the document says nothing.
pub(crate) fn weight_of(judge: &Judge<'_>, weight: Option<&Value<Ratio>>) -> Result<Option<Ratio>, EvaluateError> {
    weight.map(|weight| needed(judge, weight).cloned()).transpose()
}

/// Rule: `program.suspended_line_gives_nothing`: by the document's days, or while a decision about the
/// partner or about the rule is in force. The line's weight stays.
pub(crate) fn suspended(judge: &Judge<'_>, line: &PointLine) -> bool {
    if line.suspended.as_ref().and_then(|dated| judge.find(dated)).is_some_and(|found| *found.value) {
        return true;
    }
    let Some(name) = &line.suspended_by else { return false };
    let about = |subject: &String| judge.accounts.contains(subject) || *subject == line.rule;
    let mut decisions = judge.ground.facts.decisions.iter();
    decisions.any(|fact| fact.decision == *name && about(&fact.subject) && fact.effective.contains(judge.as_of))
}

/// The most that a leg gives to its line, before its weight, where it has a cap of its own.
pub(crate) fn own_max(judge: &Judge<'_>, leg: &Leg) -> Result<Option<Ratio>, EvaluateError> {
    let max = leg.max.as_ref().map(|max| needed(judge, max)).transpose()?;
    Ok(max.map(|max| max.value.clone()))
}

/// A leg's points after its own cap and weight.
pub(crate) fn weighed(points: Ratio, own_max: Option<&Ratio>, weight: Option<&Ratio>) -> Ratio {
    let points = own_max.map_or_else(|| points.clone(), |max| capped(&points, max));
    weight.map_or_else(|| points.clone(), |weight| &points * weight)
}

fn leg_value(judge: &Judge<'_>, leg: &Leg, line_max: &Ratio, parts: PartSteps) -> Result<LegValue, EvaluateError> {
    let own = own_max(judge, leg)?;
    let max = own.as_ref().unwrap_or(line_max);
    let (quantity, points, reason) = match &leg.worth {
        LegWorth::Measured { metric, scale } => {
            let measured = judge.measure(metric)?;
            let points = match measured.absent {
                Some(_) => Ratio::default(),
                None => scaled(needed(judge, scale)?, &measured.value, measured.base.as_ref(), max, parts),
            };
            let quantity = Quantity::new(measured.value.clone(), measured.unit.clone());
            (quantity, points, measured.absent.or(measured.reason))
        }
        LegWorth::When { when, earns } => {
            let met = holds(judge, when, &ScoreSoFar::default())?;
            let points = if met { needed(judge, earns)?.value.clone() } else { Ratio::default() };
            (Quantity::new(points.clone(), Unit::Points), points, (!met).then_some(Reason::BelowThreshold))
        }
    };
    let weight = weight_of(judge, leg.weight.as_ref())?;
    let uncapped = weighed(points, own.as_ref(), weight.as_ref());
    Ok(LegValue { quantity, uncapped, most: own, weight, reason })
}

/// The points of a quantity, before floor and cap.
pub(crate) fn scaled(
    scale: &PointScale,
    quantity: &Ratio,
    base: Option<&Ratio>,
    max: &Ratio,
    parts: PartSteps,
) -> Ratio {
    match scale {
        PointScale::Each { each, earns } => {
            let steps = quantity / &each.value;
            let steps = match parts {
                PartSteps::Exact => steps,
                PartSteps::Whole => steps.floor(),
            };
            steps * &earns.value
        }
        PointScale::FullAt(full) => quantity / &full.value * max,
        PointScale::Bands(bands) => {
            let band = bands.iter().find(|(range, _)| range.holds(quantity));
            band.map_or_else(Ratio::default, |(_, earns)| earns.value.clone())
        }
        PointScale::Targets { targets, earns } => {
            let target = base.and_then(|base| targets.iter().find(|(range, _)| range.holds(base)));
            match target {
                Some((_, bound)) if bound.holds(quantity) => earns.value.clone(),
                _ => Ratio::default(),
            }
        }
    }
}

/// The formula of a leg in words.
pub(crate) fn formula(judge: &Judge<'_>, leg: &Leg, max: &Ratio) -> (String, Option<String>) {
    let LegWorth::Measured { metric, scale } = &leg.worth else {
        return ("all or nothing".to_owned(), None);
    };
    let Some(found) = judge.find(scale) else { return (String::new(), None) };
    let measured = judge.measure(metric).ok();
    let value = measured.as_ref().map(|measured| measured.value.clone()).unwrap_or_default();
    let text = match found.value {
        PointScale::Each { each, earns } => format!("{earns} for each {each}"),
        PointScale::FullAt(full) => {
            format!("all {} at {full}, in proportion below", values::ratio_to_text(max))
        }
        PointScale::Bands(bands) => {
            let band = bands.iter().find(|(range, _)| range.holds(&value));
            band.map_or("no band".to_owned(), |(range, earns)| format!("{earns} for {range}"))
        }
        PointScale::Targets { targets, earns } => {
            let base = measured.and_then(|measured| measured.base.clone());
            let target = base.and_then(|base| targets.iter().find(|(range, _)| range.holds(&base)));
            target.map_or("the baseline has no target".to_owned(), |target| of_target(earns, target))
        }
    };
    (text, found.source.map(str::to_owned))
}

/// A target of a baseline in words; those of one leg differ by their baselines.
pub(crate) fn of_target(earns: &Quantity, (range, bound): &(Range, Bound)) -> String {
    format!("{earns} for {bound}, by the baseline {range}")
}
