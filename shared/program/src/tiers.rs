//! Evaluates a tier program over the facts of one partner.

mod benefits;
mod capacity;
mod days;
mod hash;
mod history;
mod level;
mod line;
mod scorecard;
mod standings;
mod ways;

use values::{Date, Instant, Ratio};

use crate::bundle::Bundle;
use crate::explain::{Explanation, Rejected, Step};
use crate::facts::Facts;
use crate::ground::Ground;
use crate::judge::Judge;
use crate::judge::pins::Pins;
use crate::model::{Division, TierProgram};
use crate::recognition::RecognitionPolicy;
use line::text;
pub(crate) use standings::all_metrics;
use standings::{Standings, all_standings, metrics_of};

pub use benefits::{BenefitResult, benefits};
pub(crate) use capacity::judged;
pub use capacity::{CAPACITY_IS_MEASURED, CapacityResult, capacity};
pub(crate) use days::days_of_facts;
pub use history::{History, history};
pub use scorecard::{
    DivisionScore, LegResult, LevelResult, LineResult, RequirementResult, Scorecard, Standing, TrackScore, Way, WayStep,
};
pub use ways::deadlines;
pub(crate) use ways::name_of;

/// Rule id: a line gives at least nothing and at most its `max`.
pub const LINE_IS_FLOORED_AND_CAPPED: &str = "program.line_is_floored_and_capped";
/// Rule id: of a program's levels the highest that holds is held; a nested one also needs those below.
pub const HIGHEST_LEVEL_THAT_HOLDS: &str = "program.highest_level_that_holds";
/// Rule id: a way to the next level was verified, and nothing in it can be left out or reduced.
pub const WAY_IS_VERIFIED_AND_MINIMAL: &str = "program.way_is_verified_and_minimal";

/// Why an evaluation is refused. Missing facts never are: they make requirements unmet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvaluateError {
    /// The bundle has no tier program of this id.
    #[error("the bundle has no tier program `{0}`")]
    UnknownProgram(String),
    /// A sum left the range of exact decimals.
    #[error("{rule}: {what} is out of range")]
    OutOfRange {
        /// The rule that summed.
        rule: String,
        /// What was summed.
        what: String,
    },
    /// Amounts in two currencies meet without a rate of exchange.
    #[error("{rule}: {found} cannot be added to {expected} without a rate of exchange")]
    MixedCurrencies {
        /// The rule that summed.
        rule: String,
        /// The rule's currency.
        expected: String,
        /// The fact's currency.
        found: String,
    },
    /// A value is needed on a day on which the document has none.
    #[error("{rule} has no value on {day}")]
    NoValue {
        /// The path of the dated value.
        rule: String,
        /// The day.
        day: String,
    },
}

/// Evaluates the tier program `program` of `bundle` for `partner` as of `as_of`, as known at
/// `known_at`.
///
/// `partner` is the account the program judges: a global account, with the facts of all accounts
/// below it among `facts`. Other partners' facts may be there and are ignored, except where they
/// decide who holds an exclusive kind. Pure: equal arguments give equal results to the last byte.
///
/// # Errors
///
/// When the program is unknown, or numbers cannot be represented exactly.
pub fn evaluate(
    bundle: &Bundle,
    program: &str,
    facts: &Facts,
    partner: &str,
    as_of: Instant,
    known_at: Instant,
) -> Result<Scorecard, EvaluateError> {
    evaluate_pinned(bundle, program, facts, partner, (as_of, known_at), Pins::default(), Ways::Found)
}

/// As [`evaluate`], with the whole explanation and without the ways to the next level, which cost many times what
/// everything else does.
///
/// # Errors
///
/// As [`evaluate`].
pub fn evaluate_without_ways(
    bundle: &Bundle,
    program: &str,
    facts: &Facts,
    partner: &str,
    as_of: Instant,
    known_at: Instant,
) -> Result<Scorecard, EvaluateError> {
    evaluate_pinned(bundle, program, facts, partner, (as_of, known_at), Pins::default(), Ways::LeftOut)
}

/// Whether ways to the next level are searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ways {
    Found,
    LeftOut,
}

/// As [`evaluate`], with results that a test states instead of computing them; `at` holds the judged
/// instant and the one up to which facts were known.
pub(crate) fn evaluate_pinned(
    bundle: &Bundle,
    program: &str,
    facts: &Facts,
    partner: &str,
    at: (Instant, Instant),
    pins: Pins,
    ways: Ways,
) -> Result<Scorecard, EvaluateError> {
    let (as_of, known_at) = at;
    let (program, policy) = version(bundle, program, as_of)?;
    let known = facts.as_known_at(known_at);
    let ground = Ground::new(&program.catalog, policy, program.conventions.zone.clone(), &known);
    let accounts = ground.accounts(partner, as_of);
    let judge = Judge::of(program, &ground, accounts, as_of, pins)?;
    let divisions = program.divisions.iter().map(|division| match score(&judge, program, division, ways) {
        // Before its first dated value a rule asks for nothing, and nobody is judged by it.
        Err(EvaluateError::NoValue { .. }) if !rules(program, division, judge.day) => Ok(blank(program, division)),
        scored => scored,
    });
    let divisions = divisions.collect::<Result<Vec<DivisionScore>, EvaluateError>>()?;
    let mut scorecard = Scorecard {
        program: program.id.clone(),
        partner: partner.to_owned(),
        as_of,
        known_at,
        bundle: bundle.hash(),
        preview: in_preview(program, judge.day),
        divisions,
        result_hash: bundle.hash(),
    };
    scorecard.result_hash = hash::of(&scorecard, &known);
    Ok(scorecard)
}

/// The version of a program that rules at an instant, with the policy it counts by.
pub(crate) fn version<'b>(
    bundle: &'b Bundle,
    program: &str,
    as_of: Instant,
) -> Result<(&'b TierProgram, &'b RecognitionPolicy), EvaluateError> {
    let unknown = || EvaluateError::UnknownProgram(program.to_owned());
    let zone = &bundle.tier_program(program).ok_or_else(unknown)?.conventions.zone;
    let found = bundle.tier_program_on(program, zone.date(as_of)).ok_or_else(unknown)?;
    let policy = bundle.recognition_policy(&found.recognition).ok_or_else(unknown)?;
    Ok((found, policy))
}

/// Whether a program is shown on a day before it takes effect: it grants nothing then.
pub fn in_preview(program: &TierProgram, day: Date) -> bool {
    let shown = program.shown_from.is_some_and(|from| from <= day);
    shown && program.effective.is_none_or(|from| day < from)
}

pub(crate) fn in_force(program: &TierProgram, division: &Division, day: Date) -> bool {
    program.effective.is_some_and(|from| from <= day)
        && program.until.is_none_or(|until| day < until)
        && division.from.is_none_or(|from| from <= day)
}

fn score(
    on: &Judge<'_>,
    program: &TierProgram,
    division: &Division,
    ways: Ways,
) -> Result<DivisionScore, EvaluateError> {
    let nested = program.award.nested;
    let mut tracks = all_standings(on, program, division)?;
    let place = standings::counts(&tracks, nested);
    let in_force = in_force(program, division, on.day) || in_preview(program, on.day);
    let others: Vec<TrackScore> = match tracks.len() {
        0 | 1 => Vec::new(),
        _ => tracks.iter().enumerate().map(|(at, track)| track_score(track, at == place, nested)).collect(),
    };
    let mut found = tracks.swap_remove(place);
    let held = found.held(nested);
    let retired = program.award.no_new_after.is_some_and(|last| last < on.day);
    let standing = match (in_force, held, retired) {
        (false, _, _) => Standing::NotInForce,
        (true, None, _) => Standing::InProgress,
        (true, Some(_), true) => Standing::Retired,
        (true, Some(_), false) => Standing::Qualified,
    };
    let next = held.map_or(0, |held| held + 1);
    let names: Vec<&String> = found.levels.iter().map(|(name, _)| name).collect();
    let next_level = (in_force && !retired).then(|| names.get(next).map(|name| (*name).clone())).flatten();
    let search = match (&next_level, ways) {
        (Some(_), Ways::Found) => ways::search(on, program, division, next)?,
        _ => ways::Search::default(),
    };
    let level = (standing == Standing::Qualified).then(|| held.map(|held| names[held].clone())).flatten();
    let scored = !found.lines.is_empty();
    let possible: Ratio = found.lines.iter().map(|line| line.max.clone()).sum();
    let explanation = explain(program, division, &mut found, level.as_deref(), standing, &others);
    Ok(DivisionScore {
        award: program.award.name.clone(),
        division: division.name.clone(),
        title: division.title.clone(),
        standing,
        level,
        next_level,
        points: scored.then(|| found.total.clone()),
        points_possible: scored.then_some(possible),
        rejected: rejected(on, division),
        levels: found
            .levels
            .into_iter()
            .map(|(level, outcome)| LevelResult { level, met: outcome.met, requirements: outcome.leaves })
            .collect(),
        lines: found.lines,
        track: found.track,
        tracks: others,
        ways: search.ways,
        ways_cut_short: search.cut_short,
        explanation,
    })
}

fn track_score(track: &Standings, counts: bool, nested: bool) -> TrackScore {
    TrackScore {
        track: track.track.clone(),
        title: track.title.clone(),
        points: track.total.clone(),
        counts,
        level: track.held(nested).map(|held| track.levels[held].0.clone()),
        lines: track.lines.clone(),
    }
}

fn explain(
    program: &TierProgram,
    division: &Division,
    found: &mut Standings,
    level: Option<&str>,
    standing: Standing,
    tracks: &[TrackScore],
) -> Explanation {
    let title = if division.title.is_empty() { &division.name } else { &division.title };
    let mut top = Explanation::new(Step::Award, &division.rule, title, level.unwrap_or("no level"))
        .number("standing", standing.name())
        .number("levels", if program.award.nested { "nested" } else { "each by itself" });
    for track in tracks {
        let counts = if track.counts { "counts" } else { "does not count" };
        top = top.number(&format!("track {}", track.track), format!("{} points, {counts}", text(&track.points)));
    }
    if !found.lines.is_empty() {
        let rule = if found.track.is_empty() { &division.rule } else { &found.rule };
        let score = Explanation::new(Step::Score, rule.clone(), "score", format!("{} points", text(&found.total)));
        top = top.part(score.parts(std::mem::take(&mut found.explanations)));
    }
    for (name, outcome) in &mut found.levels {
        let value = if outcome.met { "met" } else { "not met" };
        let mut node = Explanation::new(Step::Award, outcome.explanation.rule.clone(), &*name, value);
        node.parts = std::mem::take(&mut outcome.explanation.parts);
        top = top.part(node);
    }
    top
}

/// Whether a division is in force or shown on a day.
pub(crate) fn rules(program: &TierProgram, division: &Division, day: Date) -> bool {
    in_force(program, division, day) || in_preview(program, day)
}

/// A division on a day before its rules.
fn blank(program: &TierProgram, division: &Division) -> DivisionScore {
    DivisionScore {
        award: program.award.name.clone(),
        division: division.name.clone(),
        title: division.title.clone(),
        standing: Standing::NotInForce,
        level: None,
        next_level: None,
        points: None,
        points_possible: None,
        lines: Vec::new(),
        track: String::new(),
        tracks: Vec::new(),
        levels: Vec::new(),
        ways: Vec::new(),
        ways_cut_short: false,
        rejected: Vec::new(),
        explanation: Explanation::new(Step::Award, &division.rule, &division.name, "no level")
            .number("standing", Standing::NotInForce.name()),
    }
}

/// What the division's own metrics looked at and did not count.
fn rejected(on: &Judge<'_>, division: &Division) -> Vec<Rejected> {
    let metrics = metrics_of(on, division).into_iter().filter_map(|metric| on.measured(&metric.rule));
    let mut rejected: Vec<Rejected> = metrics.flat_map(|metric| metric.rejected.clone()).collect();
    rejected.sort_by(|a, b| (&a.fact, a.reason).cmp(&(&b.fact, b.reason)));
    rejected.dedup();
    rejected
}
