//! Whether a requirement holds, and nothing else: a history asks this for every day of a stretch.
//! Same rules as [`super::requirement`], without words.

use values::Ratio;

use super::Judge;
use super::over::over;
use super::requirement::{ScoreSoFar, is_there, months_since_enrollment};
use super::staff::Staffing;
use crate::model::{Bound, Requirement, Value};
use crate::tiers::EvaluateError;

/// Whether `requirement` holds.
pub(crate) fn holds(judge: &Judge<'_>, requirement: &Requirement, score: &ScoreSoFar) -> Result<bool, EvaluateError> {
    if judge.pins.met.contains(requirement.rule()) {
        return Ok(true);
    }
    let count = |parts: &[Requirement]| -> Result<usize, EvaluateError> {
        let mut held = 0;
        for part in parts {
            held += usize::from(holds(judge, part, score)?);
        }
        Ok(held)
    };
    Ok(match requirement {
        Requirement::All(_, parts) => count(parts)? == parts.len(),
        Requirement::Any(_, parts) => count(parts)? > 0,
        Requirement::AtLeast(_, needed, parts) => count(parts)? >= *needed,
        Requirement::None(_, parts) => count(parts)? == 0,
        Requirement::Metric { metric, bound, .. } => {
            let measured = judge.measure(metric)?;
            measured.absent.is_none() && inside(judge, bound, &measured.value)?
        }
        Requirement::Score { bound, .. } => inside(judge, bound, &score.total)?,
        Requirement::EveryLine { bound, .. } => {
            let mut all = true;
            for (_, points) in &score.lines {
                all &= inside(judge, bound, points)?;
            }
            all
        }
        Requirement::Staffed { roles, one_role_per_person, serves_at_most, .. } => {
            let filled = Staffing::of(judge, roles, *one_role_per_person, *serves_at_most)?.filled();
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
        fact => is_there(judge, fact),
    })
}

fn inside(judge: &Judge<'_>, bound: &Value<Bound>, value: &Ratio) -> Result<bool, EvaluateError> {
    let none = || EvaluateError::NoValue { rule: bound.rule.clone(), day: judge.day.to_string() };
    Ok(judge.find(bound).ok_or_else(none)?.value.holds(value))
}
