//! Which level holds, and nothing else: for searches over ways and over days.

use values::Ratio;

use super::EvaluateError;
use super::standings::{levels, tracks};
use crate::conventions::PartSteps;
use crate::judge::points::line_value;
use crate::judge::quick::holds;
use crate::judge::requirement::ScoreSoFar;
use crate::judge::{Judge, Supposed};
use crate::model::{Division, PointLine, TierProgram, Track};

/// The points of a track's lines with `supposed` beside the facts.
pub(crate) fn score_with(
    on: &Judge<'_>,
    program: &TierProgram,
    track: &Track,
    supposed: &Supposed,
) -> Result<ScoreSoFar, EvaluateError> {
    let parts = program.conventions.part_steps.unwrap_or(PartSteps::Exact);
    let mut score = ScoreSoFar::default();
    for line in &track.lines {
        let points = on.lines.points(line, supposed, || points_of(on, line, parts, supposed))?;
        score.total += &points;
        score.lines.push((line.name.clone(), points));
    }
    Ok(score)
}

fn points_of(on: &Judge<'_>, line: &PointLine, parts: PartSteps, supposed: &Supposed) -> Result<Ratio, EvaluateError> {
    let empty = ScoreSoFar::default();
    for gate in &line.gates {
        if !holds(on, gate, &empty, supposed)? {
            return Ok(Ratio::default());
        }
    }
    Ok(line_value(on, line, parts, supposed)?.points)
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
