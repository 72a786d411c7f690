//! Whether a requirement holds, and nothing else: the search for ways asks this thousands of times.
//! Same rules as [`super::requirement`], without words; a property test holds the two together.

use values::Ratio;

use super::over::over;
use super::requirement::{ScoreSoFar, is_there, months_since_enrollment};
use super::staff::fill;
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
        Requirement::Metric { metric, bound, .. } => match value(judge, metric, supposed)? {
            Some(value) => inside(judge, bound, &value)?,
            None => false,
        },
        Requirement::Score { bound, .. } => inside(judge, bound, &score.total)?,
        Requirement::EveryLine { bound, .. } => {
            let mut all = true;
            for (_, points) in &score.lines {
                all &= inside(judge, bound, points)?;
            }
            all
        }
        Requirement::Staffed { roles, one_role_per_person, serves_at_most, .. } => {
            let order: Vec<usize> = (0..roles.len()).collect();
            let filled = fill(judge, roles, *one_role_per_person, *serves_at_most, supposed, &order)?;
            filled.iter().all(|role| role.filled >= role.needed)
        }
        Requirement::Age { program, bound, .. } => match months_since_enrollment(judge, program) {
            Some(months) => inside(judge, bound, &months)?,
            None => false,
        },
        Requirement::OverTime { over: stretch, every, when, .. } => {
            let found = over(judge, *stretch, when)?;
            if *every { found.missed.is_none() } else { found.met.is_some() }
        }
        fact => supposed.obtained.contains(fact.rule()) || is_there(judge, fact),
    })
}

/// A metric's value with what is supposed to be added; none where there is no value.
fn value(judge: &Judge<'_>, metric: &Metric, supposed: &Supposed) -> Result<Option<Ratio>, EvaluateError> {
    let measured = judge.measure(metric)?;
    Ok(match (measured.absent, supposed.added.get(&metric.rule)) {
        (Some(_), _) => None,
        (None, Some(added)) => Some(&measured.value + added),
        (None, None) => Some(measured.value.clone()),
    })
}

fn inside(judge: &Judge<'_>, bound: &Value<Bound>, value: &Ratio) -> Result<bool, EvaluateError> {
    let none = || EvaluateError::NoValue { rule: bound.rule.clone(), day: judge.day.to_string() };
    Ok(judge.find(bound).ok_or_else(none)?.value.holds(value))
}
