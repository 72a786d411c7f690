//! Whether a requirement holds, which of its leaves do, and why.

use values::{Date, Instant, Ratio, ratio_from_decimal};

use super::Judge;
use super::over::over_time;
use super::quick::holds;
use super::staff::{Filled, Staffing};
use crate::explain::{Explanation, Step};
use crate::facts::FactRef;
use crate::model::{Bound, Class, Requirement, Role, Value};
use crate::quantity::{Quantity, Unit};
use crate::reason::Reason;
use crate::tiers::{EvaluateError, RequirementResult};

/// The points that requirements about the score look at.
#[derive(Clone, Debug, Default)]
pub(crate) struct ScoreSoFar {
    pub total: Ratio,
    /// Line name and points.
    pub lines: Vec<(String, Ratio)>,
}

/// Whether a requirement holds, with its leaves.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub met: bool,
    pub leaves: Vec<RequirementResult>,
    pub explanation: Explanation,
    /// Why it does not hold: the reason of the first part that does not. An alternative that is not needed is no
    /// reason.
    pub reason: Option<Reason>,
}

impl Outcome {
    /// One that holds where all its leaves do.
    pub fn of(leaves: Vec<RequirementResult>, explanation: Explanation) -> Outcome {
        let reason = leaves.iter().filter(|leaf| !leaf.met).find_map(|leaf| leaf.reason);
        Outcome { met: leaves.iter().all(|leaf| leaf.met), leaves, explanation, reason }
    }
}

pub(crate) fn judge(
    judge: &Judge<'_>,
    requirement: &Requirement,
    score: &ScoreSoFar,
) -> Result<Outcome, EvaluateError> {
    if let Some(pinned) = judge.pins.outcome(requirement) {
        return Ok(pinned);
    }
    match requirement {
        Requirement::All(rule, parts) => nested(judge, rule, parts, score, parts.len(), "all of"),
        Requirement::Any(rule, parts) => nested(judge, rule, parts, score, 1, "any of"),
        Requirement::AtLeast(rule, count, parts) => {
            nested(judge, rule, parts, score, *count, &format!("at least {count} of"))
        }
        Requirement::None(rule, parts) => none(judge, rule, parts, score),
        Requirement::Metric { rule, metric, bound } => {
            let measured = judge.measure(metric)?;
            let title = if metric.title.is_empty() { &metric.name } else { &metric.title };
            let mut leaf = bounded(judge, rule, title, measured.value.clone(), measured.unit.clone(), bound)?;
            if let Some(reason) = measured.absent {
                leaf = RequirementResult { met: false, actual: None, missing: None, reason: Some(reason), ..leaf };
            }
            if let (false, Some(reason)) = (leaf.met, measured.reason) {
                leaf.reason = Some(reason);
            }
            let explanation = explain(&leaf).part(measured.explanation.clone());
            Ok(Outcome::of(vec![leaf], explanation))
        }
        Requirement::Score { rule, bound } => {
            let leaf = bounded(judge, rule, "score", score.total.clone(), Unit::Points, bound)?;
            let explanation = explain(&leaf);
            Ok(Outcome::of(vec![leaf], explanation))
        }
        Requirement::EveryLine { rule, bound } => every_line(judge, rule, bound, score),
        Requirement::Staffed { rule, roles, one_role_per_person, serves_at_most, source } => {
            let filled = Staffing::of(judge, roles, *one_role_per_person, *serves_at_most)?.filled();
            Ok(staffed(rule, source.as_ref(), roles, &filled))
        }
        Requirement::OverTime { rule, source, over, every, when } => {
            let found = super::over::over(judge, *over, when)?;
            Ok(over_time(rule, source.as_ref(), *every, &words(judge, when), &found))
        }
        Requirement::Age { rule, program, bound } => {
            let months = months_since_enrollment(judge, program);
            let title = format!("months since enrollment in {program}");
            let unit = Unit::thing("months");
            let mut leaf = bounded(judge, rule, &title, months.clone().unwrap_or_default(), unit, bound)?;
            leaf.met &= months.is_some();
            leaf.missing = None;
            let explanation = explain(&leaf);
            Ok(Outcome::of(vec![leaf], explanation))
        }
        _ => Ok(fact(judge, requirement)),
    }
}

/// What a requirement asks for, in the words of its leaves.
fn words(on: &Judge<'_>, when: &Requirement) -> String {
    let between = match when {
        Requirement::Any(..) | Requirement::AtLeast(..) => " or ",
        _ => " and ",
    };
    // Without a value for the judged day there are no words for it either: the rule's name stands for them.
    let outcome = judge(on, when, &ScoreSoFar::default()).ok();
    let says: Vec<String> = outcome.into_iter().flat_map(|outcome| outcome.leaves).map(|leaf| leaf.says).collect();
    if says.is_empty() { when.rule().to_owned() } else { says.join(between) }
}

fn nested(
    judge: &Judge<'_>,
    rule: &str,
    parts: &[Requirement],
    score: &ScoreSoFar,
    needed: usize,
    says: &str,
) -> Result<Outcome, EvaluateError> {
    let mut outcomes = Vec::with_capacity(parts.len());
    for part in parts {
        outcomes.push(self::judge(judge, part, score)?);
    }
    let held = outcomes.iter().filter(|outcome| outcome.met).count();
    let met = held >= needed;
    let explanation =
        Explanation::new(Step::Requirement, rule, format!("{says} {} requirements", parts.len()), word(met))
            .number("met", held)
            .number("needed", needed);
    let reason = if met { None } else { outcomes.iter().find_map(|outcome| outcome.reason) };
    let (leaves, inner): (Vec<_>, Vec<_>) =
        outcomes.into_iter().map(|outcome| (outcome.leaves, outcome.explanation)).unzip();
    let leaves = leaves.into_iter().flatten().collect();
    Ok(Outcome { met, leaves, explanation: explanation.parts(inner), reason })
}

fn none(judge: &Judge<'_>, rule: &str, parts: &[Requirement], score: &ScoreSoFar) -> Result<Outcome, EvaluateError> {
    let inner = nested(judge, rule, parts, score, 1, "none of")?;
    let met = !inner.met;
    let mut explanation = inner.explanation;
    explanation.value = word(met).into();
    let turned = |leaf: RequirementResult| RequirementResult {
        met: !leaf.met,
        says: format!("not {}", leaf.says),
        missing: None,
        ..leaf
    };
    Ok(Outcome { met, leaves: inner.leaves.into_iter().map(turned).collect(), explanation, reason: None })
}

fn word(met: bool) -> &'static str {
    if met { "met" } else { "not met" }
}

fn bounded(
    judge: &Judge<'_>,
    rule: &str,
    title: &str,
    value: Ratio,
    unit: Unit,
    bound: &Value<Bound>,
) -> Result<RequirementResult, EvaluateError> {
    let found = judge.find(bound);
    let found = found.ok_or_else(|| EvaluateError::NoValue { rule: bound.rule.clone(), day: judge.day.to_string() })?;
    let needed = found.value.quantity().clone();
    let met = found.value.holds(&value);
    let gap = &needed.value - &value;
    let missing = (!met && found.value.asks_for_more()).then(|| Quantity::new(gap, unit.clone()));
    Ok(RequirementResult {
        rule: rule.to_owned(),
        says: format!("{title} {}", found.value),
        met,
        actual: Some(Quantity::new(value, unit)),
        needed: Some(needed),
        missing,
        reason: (!met).then_some(Reason::BelowThreshold),
        source: found.source.map(str::to_owned),
        since: found.since,
    })
}

fn every_line(
    judge: &Judge<'_>,
    rule: &str,
    bound: &Value<Bound>,
    score: &ScoreSoFar,
) -> Result<Outcome, EvaluateError> {
    let mut leaves = Vec::new();
    for (line, points) in &score.lines {
        leaves.push(bounded(judge, rule, line, points.clone(), Unit::Points, bound)?);
    }
    let met = leaves.iter().all(|leaf| leaf.met);
    let explanation =
        Explanation::new(Step::Requirement, rule, "every line", word(met)).parts(leaves.iter().map(explain));
    Ok(Outcome::of(leaves, explanation))
}

/// One leaf for each role.
fn staffed(rule: &str, source: Option<&String>, roles: &[Role], filled: &[Filled]) -> Outcome {
    let leaf = |(role, filled): (&Role, &Filled)| {
        let met = filled.filled >= filled.needed;
        let people = |count: usize| Quantity::new(Ratio::from_integer(count.into()), Unit::thing("people"));
        RequirementResult {
            rule: role.rule.clone(),
            says: format!("role {} filled by {}", role.name, people(filled.needed)),
            met,
            actual: Some(people(filled.filled)),
            needed: Some(people(filled.needed)),
            missing: (!met).then(|| people(filled.needed - filled.filled)),
            reason: (!met).then_some(Reason::BelowThreshold),
            source: source.cloned(),
            since: None,
        }
    };
    let leaves: Vec<RequirementResult> = roles.iter().zip(filled).map(leaf).collect();
    let met = leaves.iter().all(|leaf| leaf.met);
    let node = |(leaf, filled): (&RequirementResult, &Filled)| explain(leaf).number("who hold it", filled.holders);
    let explanation = Explanation::new(Step::Requirement, rule, "every role is filled", word(met))
        .source(source.cloned())
        .parts(leaves.iter().zip(filled).map(node));
    Outcome::of(leaves, explanation)
}

/// Whole months since the enrollment in force began.
pub(crate) fn months_since_enrollment(judge: &Judge<'_>, program: &str) -> Option<Ratio> {
    let enrollments = judge.ground.facts.enrollments.iter();
    let mine = enrollments.filter(|fact| judge.accounts.contains(&fact.partner) && fact.program == *program);
    let start = mine.filter(|fact| fact.effective.contains(judge.as_of)).map(|fact| fact.effective.start()).min()?;
    let start = judge.ground.zone.date(start);
    let apart = |day: Date| i32::from(day.year()) * 12 + i32::from(day.month_of_year());
    let mut months = apart(judge.day) - apart(start);
    if start.add_months_clamped(months).is_ok_and(|day| day > judge.day) {
        months -= 1;
    }
    Some(Ratio::from_integer(months.into()))
}

/// The first case of a class whose requirement holds for the partner.
pub(crate) fn case_of(on: &Judge<'_>, class: &Class) -> Result<String, EvaluateError> {
    for (case, when) in &class.cases {
        if holds(on, when, &ScoreSoFar::default())? {
            return Ok(case.clone());
        }
    }
    Ok(class.otherwise.clone())
}

pub(super) fn explain(leaf: &RequirementResult) -> Explanation {
    let mut node =
        Explanation::new(Step::Requirement, &leaf.rule, &leaf.says, word(leaf.met)).source(leaf.source.as_ref());
    if let Some(actual) = &leaf.actual {
        node = node.number("actual", actual);
    }
    // At a bound that is not in, nothing is missing but the bound still is not passed.
    let at_bound = leaf.missing.as_ref().is_some_and(|missing| missing.value == Ratio::default());
    if let Some(needed) = &leaf.needed {
        node = node.number("needed", if at_bound { format!("more than {needed}") } else { needed.to_string() });
    }
    if let Some(missing) = leaf.missing.as_ref().filter(|_| !at_bound) {
        node = node.number("missing", missing);
    }
    if let Some(since) = leaf.since {
        node = node.number("rule since", since);
    }
    if let Some(reason) = leaf.reason {
        node = node.number("reason", reason);
    }
    node
}

/// A fact that is there or not: agreement, check, fee, award, enrollment, decision.
fn fact(judge: &Judge<'_>, requirement: &Requirement) -> Outcome {
    let (found, says, reason, source) = look(judge, requirement);
    let met = found.is_some();
    let leaf = RequirementResult {
        rule: requirement.rule().to_owned(),
        says,
        met,
        actual: None,
        needed: None,
        missing: None,
        reason: (!met).then_some(reason),
        source,
        since: None,
    };
    let explanation = explain(&leaf).counting(found.into_iter().collect());
    Outcome::of(vec![leaf], explanation)
}

/// Whether a fact is there that the requirement asks for.
pub(crate) fn is_there(judge: &Judge<'_>, requirement: &Requirement) -> bool {
    look(judge, requirement).0.is_some()
}

type Looked = (Option<FactRef>, String, Reason, Option<String>);

fn look(judge: &Judge<'_>, requirement: &Requirement) -> Looked {
    let facts = judge.ground.facts;
    let mine = |partner: &String| judge.accounts.contains(partner);
    let now = judge.as_of;
    match requirement {
        Requirement::Agreement { agreement, source, .. } => {
            let mut found = facts.agreements.iter().filter(|fact| mine(&fact.partner) && fact.agreement == *agreement);
            let found = found.find(|fact| fact.effective.contains(now));
            (found.map(reference), format!("agreement {agreement}"), Reason::MissingAgreement, source.clone())
        }
        Requirement::Check { check, source, within_months, .. } => {
            let passed = facts.checks.iter().filter(|fact| mine(&fact.partner) && fact.check == *check && fact.passed);
            let found = match within_months {
                None => passed.filter(|fact| fact.effective.contains(now)).min_by_key(|fact| fact.effective.start()),
                Some(months) => {
                    let since = since(judge, *months);
                    let recent = passed.filter(|fact| fact.effective.start() > since && fact.effective.start() <= now);
                    recent.max_by_key(|fact| fact.effective.start())
                }
            };
            (found.map(reference), format!("{check} passed"), Reason::MissingProof, source.clone())
        }
        Requirement::Fee { fee, paid, every_months, source, .. } => {
            let since = since(judge, *every_months);
            let enough = |fact: &&crate::facts::Fee| {
                mine(&fact.partner)
                    && fact.fee == *fee
                    && fact.paid > since
                    && fact.paid <= now
                    && paid.unit == Unit::Money(fact.amount.currency)
                    && ratio_from_decimal(fact.amount.value) >= paid.value
            };
            let found = facts.fees.iter().find(enough);
            (found.map(reference), format!("fee {fee} of {paid} paid"), Reason::MissingProof, source.clone())
        }
        Requirement::Enrolled { program, source, .. } => {
            let mut found = facts.enrollments.iter().filter(|fact| mine(&fact.partner) && fact.program == *program);
            let found = found.find(|fact| fact.effective.contains(now));
            (found.map(reference), format!("enrolled in {program}"), Reason::MissingProof, source.clone())
        }
        Requirement::Decision { decision, source, .. } => {
            let mut found = facts.decisions.iter().filter(|fact| mine(&fact.subject) && fact.decision == *decision);
            let found = found.find(|fact| fact.effective.contains(now));
            (found.map(reference), format!("decision {decision}"), Reason::MissingProof, source.clone())
        }
        Requirement::Holds { award, of, levels, source, .. } => {
            let fits = |fact: &&crate::facts::Award| {
                let name = if fact.program.is_empty() {
                    fact.award.clone()
                } else {
                    format!("{}/{}", fact.program, fact.award)
                };
                mine(&fact.partner)
                    && name == *award
                    && (of.is_empty() || of.contains(&fact.division))
                    && (levels.is_empty() || levels.contains(&fact.level))
                    && fact.effective.contains(now)
                    && !(fact.program.is_empty() && judge.former.contains(&fact.award))
            };
            let found = facts.awards.iter().find(fits);
            let mut says = format!("holds {award}");
            if !of.is_empty() {
                says.push_str(&format!(" of {}", of.join(" or ")));
            }
            if !levels.is_empty() {
                says.push_str(&format!(" at {}", levels.join(" or ")));
            }
            (found.map(reference), says, Reason::NotEligibleYet, source.clone())
        }
        // Every other form was judged before; a nested one has no fact of its own.
        _ => (None, String::new(), Reason::NotEligibleYet, None),
    }
}

fn reference<F: crate::facts::Fact>(fact: &F) -> FactRef {
    FactRef::new(F::KIND, fact.key())
}

/// The instant `months` before the judged day's end, clamped to the month's last day.
fn since(judge: &Judge<'_>, months: u16) -> Instant {
    let day = judge.day.add_months_clamped(-i32::from(months));
    day.map_or(Instant::MIN, |day| judge.ground.zone.start_of_day(day))
}
