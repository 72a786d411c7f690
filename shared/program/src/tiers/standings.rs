//! How a partner stands in a division, track by track.

use values::Ratio;

use super::EvaluateError;
use super::line::{score_line, shown, text};
use super::scorecard::LineResult;
use crate::explain::{Explanation, Step};
use crate::judge::Judge;
use crate::judge::pins;
use crate::judge::requirement::{Outcome, ScoreSoFar, judge};
use crate::model::{Division, LegWorth, Level, Metric, PointLine, Requirement, TierProgram, Track, TrackChoice};

/// A division's lines and levels by one of its tracks.
pub(crate) struct Standings {
    pub track: String,
    pub rule: String,
    pub title: String,
    pub lines: Vec<LineResult>,
    pub total: Ratio,
    pub levels: Vec<(String, Outcome)>,
    pub explanations: Vec<Explanation>,
}

impl Standings {
    /// Rule: `program.highest_level_that_holds`.
    pub fn held(&self, nested: bool) -> Option<usize> {
        match nested {
            true => self.levels.iter().take_while(|(_, outcome)| outcome.met).count().checked_sub(1),
            false => self.levels.iter().rposition(|(_, outcome)| outcome.met),
        }
    }
}

/// The levels of a division on the judged day; none before the first dated ones.
pub(crate) fn levels<'p>(judge: &Judge<'_>, division: &'p Division) -> &'p [Level] {
    judge.find(&division.levels).map_or(&[], |found| found.value.as_slice())
}

/// The tracks that are judged for the partner: all of them, or the one of its class.
pub(crate) fn tracks<'p>(judge: &Judge<'_>, division: &'p Division) -> Vec<&'p Track> {
    match &division.choice {
        TrackChoice::Best => division.tracks.iter().collect(),
        TrackChoice::ClassifiedBy(class) => {
            division.tracks.iter().filter(|track| judge.case(class) == Some(track.name.as_str())).collect()
        }
    }
}

/// The place of the track that counts.
///
/// Rule: `program.best_track_counts`: each track is judged by itself; the highest level goes first, then
/// more points, then the document's order. A track that fails is never rewarded for its points.
pub(crate) fn counts(tracks: &[Standings], nested: bool) -> usize {
    let rank = |place: &usize| (tracks[*place].held(nested), tracks[*place].total.clone());
    (0..tracks.len()).rev().max_by_key(rank).unwrap_or(0)
}

/// Judges every line and level of a division by each of its tracks. There is always at least one.
pub(crate) fn all_standings(
    on: &Judge<'_>,
    program: &TierProgram,
    division: &Division,
) -> Result<Vec<Standings>, EvaluateError> {
    let found = tracks(on, division);
    let empty = Track::default();
    let found = if found.is_empty() { vec![&empty] } else { found };
    found.into_iter().map(|track| standings(on, program, division, track)).collect()
}

fn standings(
    on: &Judge<'_>,
    program: &TierProgram,
    division: &Division,
    track: &Track,
) -> Result<Standings, EvaluateError> {
    let mut lines = Vec::with_capacity(track.lines.len());
    let mut explanations = Vec::with_capacity(track.lines.len());
    for line in &track.lines {
        let (mut result, mut explanation) = score_line(on, program, line)?;
        if let Some(pinned) = on.pins.points(&division.name, &track.name, &line.name) {
            let shown = shown(pinned, program.conventions.points_shown);
            result = LineResult { points: pinned.clone(), shown, reason: None, ..result };
            explanation = pins::node(Step::Line, &line.rule, &line.name, &format!("{} points", text(pinned)));
        }
        lines.push(result);
        explanations.push(explanation);
    }
    let total: Ratio = lines.iter().map(|line| line.points.clone()).sum();
    let so_far = ScoreSoFar {
        total: total.clone(),
        lines: lines.iter().map(|line| (line.line.clone(), line.points.clone())).collect(),
    };
    let judged = levels(on, division)
        .iter()
        .map(|level| judge(on, &level.when, &so_far).map(|outcome| (level.name.clone(), outcome)));
    Ok(Standings {
        levels: judged.collect::<Result<_, _>>()?,
        track: track.name.clone(),
        rule: track.rule.clone(),
        title: track.title.clone(),
        lines,
        total,
        explanations,
    })
}

/// Every metric of the division's judged tracks, gates and levels, as often as it is asked for.
pub(crate) fn metrics_of<'p>(on: &Judge<'_>, division: &'p Division) -> Vec<&'p Metric> {
    let mut found = Vec::new();
    for track in tracks(on, division) {
        track.lines.iter().for_each(|line| metrics_of_line(line, &mut found));
    }
    levels(on, division).iter().for_each(|level| collect(&level.when, &mut found));
    found
}

/// Every metric of a program: of its classes, and of all tracks and levels whenever they hold.
pub(crate) fn all_metrics(program: &TierProgram) -> Vec<&Metric> {
    let mut found = Vec::new();
    for division in &program.divisions {
        division.lines().for_each(|line| metrics_of_line(line, &mut found));
        for levels in division.levels.all() {
            levels.iter().for_each(|level| collect(&level.when, &mut found));
        }
    }
    for (_, when) in program.classes.iter().flat_map(|class| &class.cases) {
        collect(when, &mut found);
    }
    found
}

pub(crate) fn metrics_of_line<'p>(line: &'p PointLine, found: &mut Vec<&'p Metric>) {
    for leg in &line.legs {
        match &leg.worth {
            LegWorth::Measured { metric, .. } => found.push(metric),
            LegWorth::When { when, .. } => collect(when, found),
        }
    }
    line.gates.iter().for_each(|gate| collect(gate, found));
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
