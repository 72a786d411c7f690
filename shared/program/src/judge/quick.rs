//! Whether a requirement holds, and nothing else: the search for ways asks this thousands of times.
//! Same rules as [`super::requirement`], without words; a property test holds the two together.

use values::Ratio;

use super::requirement::{ScoreSoFar, is_there};
use super::{Judge, Supposed};
use crate::model::{Bound, Metric, Requirement, Value};
use crate::tiers::EvaluateError;

/// Whether `requirement` holds with `supposed` beside the facts.
pub(crate) fn holds(
    judge: &Judge<'_>,
    requirement: &Requirement,
    score: &ScoreSoFar,
    supposed: &Supposed,
) -> Result<bool, EvaluateError> {
    if judge.pins.met.contains(requirement.rule()) {
        return Ok(true);
    }
    let count = |parts: &[Requirement]| -> Result<usize, EvaluateError> {
        let mut held = 0;
        for part in parts {
            held += usize::from(holds(judge, part, score, supposed)?);
        }
        Ok(held)
    };
    Ok(match requirement {
        Requirement::All(_, parts) => count(parts)? == parts.len(),
        Requirement::Any(_, parts) => count(parts)? > 0,
        Requirement::AtLeast(_, needed, parts) => count(parts)? >= *needed,
        Requirement::None(_, parts) => count(parts)? == 0,
        Requirement::Metric { metric, bound, .. } => inside(judge, bound, &value(judge, metric, supposed)?)?,
        Requirement::Score { bound, .. } => inside(judge, bound, &score.total)?,
        Requirement::EveryLine { bound, .. } => {
            let mut all = true;
            for (_, points) in &score.lines {
                all &= inside(judge, bound, points)?;
            }
            all
        }
        fact => supposed.obtained.contains(fact.rule()) || is_there(judge, fact),
    })
}

/// A metric's value with what is supposed to be added.
pub(crate) fn value(judge: &Judge<'_>, metric: &Metric, supposed: &Supposed) -> Result<Ratio, EvaluateError> {
    let measured = judge.measure(metric)?;
    Ok(match supposed.added.get(&metric.rule) {
        Some(added) => &measured.value + added,
        None => measured.value.clone(),
    })
}

fn inside(judge: &Judge<'_>, bound: &Value<Bound>, value: &Ratio) -> Result<bool, EvaluateError> {
    let none = || EvaluateError::NoValue { rule: bound.rule.clone(), day: judge.day.to_string() };
    Ok(bound.on(judge.day).ok_or_else(none)?.value.holds(value))
}
