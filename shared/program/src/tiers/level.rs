//! Which level holds, and nothing else: for searches over days.

use values::Ratio;

use super::EvaluateError;
use super::standings::{levels, tracks};
use crate::conventions::PartSteps;
use crate::judge::Judge;
use crate::judge::points::line_value;
use crate::judge::quick::holds;
use crate::judge::requirement::ScoreSoFar;
use crate::model::{Division, PointLine, TierProgram, Track};

/// The points of a track's lines.
fn score(on: &Judge<'_>, program: &TierProgram, track: &Track) -> Result<ScoreSoFar, EvaluateError> {
    let parts = program.conventions.part_steps.unwrap_or(PartSteps::Exact);
    let mut score = ScoreSoFar::default();
    for line in &track.lines {
        let points = points_of(on, line, parts)?;
        score.total += &points;
        score.lines.push((line.name.clone(), points));
    }
    Ok(score)
}

fn points_of(on: &Judge<'_>, line: &PointLine, parts: PartSteps) -> Result<Ratio, EvaluateError> {
    let empty = ScoreSoFar::default();
    for gate in &line.gates {
        if !holds(on, gate, &empty)? {
            return Ok(Ratio::default());
        }
    }
    Ok(line_value(on, line, parts)?.points)
}

/// The place of the highest level that holds by some track, as `Standings::held` says it.
pub(crate) fn held(on: &Judge<'_>, program: &TierProgram, division: &Division) -> Result<Option<usize>, EvaluateError> {
    let plain = Track::default();
    let judged = tracks(on, division);
    let mut best = None;
    for track in if judged.is_empty() { vec![&plain] } else { judged } {
        let score = score(on, program, track)?;
        let mut held = None;
        for (place, level) in levels(on, division).iter().enumerate() {
            match holds(on, &level.when, &score)? {
                true => held = Some(place),
                false if program.award.nested => break,
                false => {}
            }
        }
        best = best.max(held);
    }
    Ok(best)
}
