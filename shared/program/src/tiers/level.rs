//! Which level holds, and nothing else: for searches over ways and over days.

use values::Ratio;

use super::EvaluateError;
use super::standings::{levels, tracks};
use crate::conventions::PartSteps;
use crate::judge::points::line_value;
use crate::judge::quick::holds;
use crate::judge::requirement::ScoreSoFar;
use crate::judge::{Judge, Supposed};
use crate::model::{Division, TierProgram, Track};

/// The points of a track's lines with `supposed` beside the facts.
pub(crate) fn score_with(
    on: &Judge<'_>,
    program: &TierProgram,
    track: &Track,
    supposed: &Supposed,
) -> Result<ScoreSoFar, EvaluateError> {
    let parts = program.conventions.part_steps.unwrap_or(PartSteps::Exact);
    let empty = ScoreSoFar::default();
    let mut score = ScoreSoFar::default();
    for line in &track.lines {
        let mut open = true;
        for gate in &line.gates {
            open &= holds(on, gate, &empty, supposed)?;
        }
        let points = if open { line_value(on, line, parts, supposed)?.points } else { Ratio::default() };
        score.total += &points;
        score.lines.push((line.name.clone(), points));
    }
    Ok(score)
}

/// The place of the highest level that holds by some track, as `Standings::held` says it.
pub(crate) fn held(on: &Judge<'_>, program: &TierProgram, division: &Division) -> Result<Option<usize>, EvaluateError> {
    let plain = Track::default();
    let judged = tracks(on, division);
    let mut best = None;
    for track in if judged.is_empty() { vec![&plain] } else { judged } {
        let score = score_with(on, program, track, &Supposed::default())?;
        let mut held = None;
        for (place, level) in levels(on, division).iter().enumerate() {
            match holds(on, &level.when, &score, &Supposed::default())? {
                true => held = Some(place),
                false if program.award.nested => break,
                false => {}
            }
        }
        best = best.max(held);
    }
    Ok(best)
}
