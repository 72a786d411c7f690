//! Evaluates a tier program over the facts of one partner.

mod hash;
mod scorecard;
mod ways;

use values::{Date, Instant, Ratio, Rounding, round_ratio};

use crate::bundle::Bundle;
use crate::conventions::{CurrentMonth, PartSteps, PointsShown, RecognizedMonth};
use crate::explain::{Explanation, Rejected, Step};
use crate::facts::Facts;
use crate::ground::Ground;
use crate::judge::pins::{self, Pins};
use crate::judge::points::points;
use crate::judge::requirement::{Outcome, ScoreSoFar, judge};
use crate::judge::{Judge, Supposed};
use crate::model::{Division, Level, TierProgram};
use crate::quantity::Quantity;
use crate::reason::Reason;

pub use scorecard::{DivisionScore, LevelResult, LineResult, RequirementResult, Scorecard, Standing, Way, WayStep};

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
    evaluate_pinned(bundle, program, facts, partner, (as_of, known_at), Pins::default())
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
) -> Result<Scorecard, EvaluateError> {
    let (as_of, known_at) = at;
    let unknown = || EvaluateError::UnknownProgram(program.to_owned());
    let program = bundle.tier_program(program).ok_or_else(unknown)?;
    let policy = bundle.recognition_policy(&program.recognition).ok_or_else(unknown)?;
    let known = facts.known_at(known_at);
    let ground = Ground::new(&program.catalog, policy, program.conventions.zone.clone(), &known);
    let accounts = ground.accounts(partner, as_of);
    // Both conventions were asked for when the document was read.
    let current = program.conventions.current_month.unwrap_or(CurrentMonth::RunningMonth);
    let recognized = program.conventions.recognized_month.unwrap_or(RecognizedMonth::UsageStart);
    let mut judge = Judge::new(&ground, accounts, as_of, current, recognized);
    judge.pins = pins;
    let divisions = program.divisions.iter().map(|division| score(&judge, program, division));
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

fn in_preview(program: &TierProgram, day: Date) -> bool {
    let shown = program.shown_from.is_some_and(|from| from <= day);
    shown && program.effective.is_none_or(|from| day < from)
}

fn in_force(program: &TierProgram, division: &Division, day: Date) -> bool {
    program.effective.is_some_and(|from| from <= day)
        && program.until.is_none_or(|until| day < until)
        && division.from.is_none_or(|from| from <= day)
}

/// A division's lines and levels under some supposed changes.
pub(crate) struct Standings {
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
    division.levels.on(judge.day).map_or(&[], |found| found.value.as_slice())
}

/// Judges every line and level of a division, with `supposed` changes beside the facts.
pub(crate) fn standings(
    on: &Judge<'_>,
    program: &TierProgram,
    division: &Division,
    supposed: &Supposed,
) -> Result<Standings, EvaluateError> {
    let mut lines = Vec::new();
    let mut explanations = Vec::new();
    for line in &division.lines {
        let (mut result, mut explanation) = score_line(on, program, line, supposed)?;
        if let Some(pinned) = on.pins.points.get(&format!("{}/{}", division.name, line.name)) {
            result = LineResult {
                points: pinned.clone(),
                shown: shown(pinned, program.conventions.points_shown),
                reason: None,
                ..result
            };
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
        .map(|level| judge(on, &level.when, &so_far, supposed).map(|outcome| (level.name.clone(), outcome)));
    Ok(Standings { levels: judged.collect::<Result<_, _>>()?, lines, total, explanations })
}

/// Rule: `program.line_is_floored_and_capped`, after the line's gates.
fn score_line(
    on: &Judge<'_>,
    program: &TierProgram,
    line: &crate::model::PointLine,
    supposed: &Supposed,
) -> Result<(LineResult, Explanation), EvaluateError> {
    let measured = on.measure(&line.metric)?;
    let added = supposed.added.get(&line.metric.rule).cloned().unwrap_or_default();
    let quantity = Quantity::new(&measured.value + added, measured.unit.clone());
    let parts = program.conventions.part_steps.unwrap_or(PartSteps::Exact);
    let worth = points(line, &quantity.value, on.day, parts)?;
    let empty = ScoreSoFar::default();
    let mut gates = Vec::new();
    for gate in &line.gates {
        gates.push(judge(on, gate, &empty, supposed)?);
    }
    let open = gates.iter().all(|gate| gate.met);
    let counted = if open { worth.points.clone() } else { Ratio::default() };
    let reason = match (open, worth.points == Ratio::default() && worth.uncapped < Ratio::default()) {
        (false, _) => Some(Reason::GateShut),
        (true, true) => Some(Reason::BelowThreshold),
        (true, false) => None,
    };
    let title = if line.title.is_empty() { line.name.clone() } else { line.title.clone() };
    let explanation =
        Explanation::new(Step::Line, line.rule.clone(), title.clone(), format!("{} points", text(&counted)))
            .source(worth.source)
            .number("quantity", &quantity)
            .number("formula", worth.formula)
            .number("uncapped", text(&worth.uncapped))
            .number("max", text(&worth.max))
            .part(measured.explanation.clone())
            .parts(gates.into_iter().map(|gate| gate.explanation));
    let shown = shown(&counted, program.conventions.points_shown);
    let result = LineResult {
        line: line.name.clone(),
        rule: line.rule.clone(),
        title,
        quantity,
        uncapped: worth.uncapped,
        points: counted,
        max: worth.max,
        shown,
        reason,
    };
    Ok((result, explanation))
}

fn text(value: &Ratio) -> String {
    values::ratio_to_text(value)
}

/// Points rounded for display; two places, half up, where the document does not say.
fn shown(points: &Ratio, rule: Option<PointsShown>) -> String {
    let rule = rule.unwrap_or(PointsShown { decimals: 2, mode: Rounding::HalfUp });
    let scale = Ratio::from_integer(num_bigint::BigInt::from(10u32).pow(rule.decimals));
    let rounded = Ratio::from_integer(round_ratio(&(points * &scale), rule.mode)) / scale;
    text(&rounded)
}

fn score(on: &Judge<'_>, program: &TierProgram, division: &Division) -> Result<DivisionScore, EvaluateError> {
    let nested = program.award.nested;
    let found = standings(on, program, division, &Supposed::default())?;
    let in_force = in_force(program, division, on.day) || in_preview(program, on.day);
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
    let search = match next_level {
        Some(_) => ways::search(on, program, division, next)?,
        None => ways::Search::default(),
    };
    let level = (standing == Standing::Qualified).then(|| held.map(|held| names[held].clone())).flatten();
    let scored = !division.lines.is_empty();
    let possible: Ratio = found.lines.iter().map(|line| line.max.clone()).sum();
    let explanation = explain(program, division, &found, level.as_deref(), standing);
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
        ways: search.ways,
        ways_cut_short: search.cut_short,
        explanation,
    })
}

fn explain(
    program: &TierProgram,
    division: &Division,
    found: &Standings,
    level: Option<&str>,
    standing: Standing,
) -> Explanation {
    let title = if division.title.is_empty() { &division.name } else { &division.title };
    let mut top = Explanation::new(Step::Award, division.rule.clone(), title.clone(), level.unwrap_or("no level"))
        .number("standing", standing.name())
        .number("levels", if program.award.nested { "nested" } else { "each by itself" });
    if !division.lines.is_empty() {
        let score =
            Explanation::new(Step::Score, division.rule.clone(), "score", format!("{} points", text(&found.total)));
        top = top.part(score.parts(found.explanations.clone()));
    }
    for (name, outcome) in &found.levels {
        let value = if outcome.met { "met" } else { "not met" };
        let mut node = Explanation::new(Step::Award, outcome.explanation.rule.clone(), name.clone(), value);
        node.parts = outcome.explanation.parts.clone();
        top = top.part(node);
    }
    top
}

/// What the division's own metrics looked at and did not count.
fn rejected(on: &Judge<'_>, division: &Division) -> Vec<Rejected> {
    let mut rules: Vec<&str> = division.lines.iter().map(|line| line.metric.rule.as_str()).collect();
    for level in levels(on, division) {
        metrics_of(&level.when, &mut rules);
    }
    let measured = on.all_measured();
    let mut rejected: Vec<Rejected> = rules
        .into_iter()
        .filter_map(|rule| measured.get(rule))
        .flat_map(|metric| metric.rejected.iter().cloned())
        .collect();
    rejected.sort_by(|a, b| (&a.fact, a.reason).cmp(&(&b.fact, b.reason)));
    rejected.dedup();
    rejected
}

fn metrics_of<'r>(requirement: &'r crate::model::Requirement, rules: &mut Vec<&'r str>) {
    use crate::model::Requirement;
    match requirement {
        Requirement::All(_, parts)
        | Requirement::Any(_, parts)
        | Requirement::None(_, parts)
        | Requirement::AtLeast(_, _, parts) => parts.iter().for_each(|part| metrics_of(part, rules)),
        Requirement::Metric { metric, .. } => rules.push(&metric.rule),
        _ => {}
    }
}
