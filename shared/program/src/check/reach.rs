//! Levels, rows, bands and brackets that nothing can reach.

use std::collections::{BTreeMap, BTreeSet};

use num_traits::Zero;
use values::{Date, Ratio};

use super::Findings;
use crate::model::{
    Bound, Division, IncentivePlan, Level, PointLine, PointScale, Range, Requirement, TierProgram, Track, Value,
};
use crate::quantity::Quantity;

pub(crate) fn program(program: &TierProgram, findings: &mut Findings<'_>) {
    for division in &program.divisions {
        for day in days(program, division) {
            let levels = division.levels.on(day).map_or(&[][..], |found| found.value.as_slice());
            for level in levels {
                requirement(&level.when, division, day, findings);
            }
            shadowed(levels, day, findings);
            for line in division.lines() {
                self::line(line, day, findings);
            }
        }
        superseded(program, division, findings);
    }
}

pub(crate) fn plan(plan: &IncentivePlan, findings: &mut Findings<'_>) {
    let Some(day) = plan.effective else { return };
    for lever in &plan.levers {
        if let Some(eligible) = &lever.eligible {
            for requirement in eligible.when.all() {
                contradictions(requirement, day, findings);
            }
        }
    }
}

/// The days on which something in a division changes, from the program's first day on.
pub(crate) fn days(program: &TierProgram, division: &Division) -> Vec<Date> {
    let first = program.effective.max(division.from);
    let mut days: BTreeSet<Date> = division.levels.days().into_iter().collect();
    for level in division.levels.all().into_iter().flatten() {
        requirement_days(&level.when, &mut days);
    }
    for line in division.lines() {
        days.extend(line.measured().flat_map(|(_, scale)| scale.days()));
        days.extend(line.max.days());
        days.extend(line.weight.iter().flat_map(Value::days));
    }
    days.extend(first);
    days.into_iter().filter(|day| first.is_none_or(|first| first <= *day)).collect()
}

fn requirement_days(requirement: &Requirement, days: &mut BTreeSet<Date>) {
    for part in requirement.parts().unwrap_or_default() {
        requirement_days(part, days);
    }
    if let Requirement::Metric { bound, .. } | Requirement::Score { bound, .. } | Requirement::EveryLine { bound, .. } =
        requirement
    {
        days.extend(bound.days());
    }
}

fn requirement(requirement: &Requirement, division: &Division, day: Date, findings: &mut Findings<'_>) {
    contradictions(requirement, day, findings);
    scores(requirement, division, day, findings);
}

/// Bounds that all must hold and never do together, each told once, where it is nearest. Returns the
/// metrics that were told.
fn contradictions<'r>(requirement: &'r Requirement, day: Date, findings: &mut Findings<'_>) -> BTreeSet<&'r str> {
    let parts = requirement.parts().unwrap_or_default();
    let mut told: BTreeSet<&str> = parts.iter().flat_map(|part| contradictions(part, day, findings)).collect();
    let Requirement::All(rule, _) = requirement else { return told };
    for (metric, bounds) in bounds(requirement, day) {
        let lower = bounds.iter().filter(|bound| bound.asks_for_more()).max_by_key(strength);
        let upper = bounds.iter().filter(|bound| !bound.asks_for_more()).min_by_key(strength);
        if let (Some(lower), Some(upper)) = (lower, upper)
            && !meet(lower, upper)
            && told.insert(metric)
        {
            let name = metric.rsplit(['.', '/', '#']).next().unwrap_or(metric);
            findings.warn("unreachable", rule, format!("nothing is {lower} and {upper}: `{name}` is asked for both"));
        }
    }
    told
}

fn strength(bound: &&&Bound) -> Ratio {
    bound.quantity().value.clone()
}

fn meet(lower: &Bound, upper: &Bound) -> bool {
    let (low, high) = (&lower.quantity().value, &upper.quantity().value);
    low < high || (low == high && lower.holds(low) && upper.holds(high))
}

/// The bounds that must hold together, by the rule of their metric.
pub(crate) fn bounds(requirement: &Requirement, day: Date) -> BTreeMap<&str, Vec<&Bound>> {
    let mut found: BTreeMap<&str, Vec<&Bound>> = BTreeMap::new();
    collect(requirement, day, &mut found);
    found
}

fn collect<'r>(requirement: &'r Requirement, day: Date, found: &mut BTreeMap<&'r str, Vec<&'r Bound>>) {
    match requirement {
        Requirement::All(_, parts) => parts.iter().for_each(|part| collect(part, day, found)),
        Requirement::Metric { metric, bound, .. } => {
            if let Some(bound) = bound.on(day) {
                found.entry(&metric.rule).or_default().push(bound.value);
            }
        }
        _ => {}
    }
}

/// The most that a line gives to the score on a day, by its weight.
fn most_of(line: &PointLine, day: Date) -> Option<Ratio> {
    let weight = line.weight.as_ref().and_then(|weight| weight.on(day)).map(|weight| weight.value.clone());
    let max = line.max.on(day)?.value.value.clone();
    Some(weight.map_or(max.clone(), |weight| max * weight))
}

/// Points that no score of the division can have.
fn scores(requirement: &Requirement, division: &Division, day: Date, findings: &mut Findings<'_>) {
    let most = |track: &Track| -> Ratio { track.lines.iter().filter_map(|line| most_of(line, day)).sum() };
    match requirement {
        Requirement::Score { rule, bound } => {
            let possible = division.tracks.iter().map(most).max().unwrap_or_default();
            if let Some(bound) = bound.on(day).map(|found| found.value)
                && bound.asks_for_more()
                && !bound.holds(&possible)
            {
                let most = Quantity::new(possible, bound.quantity().unit.clone());
                findings.warn("unreachable", rule, format!("{bound} is asked for, and the lines give at most {most}"));
            }
        }
        Requirement::EveryLine { rule, bound } => {
            let Some(bound) = bound.on(day).map(|found| found.value) else { return };
            for line in division.lines().filter(|_| bound.asks_for_more()) {
                let short = most_of(line, day).is_some_and(|max| !bound.holds(&max));
                if short {
                    let message = format!("{bound} is asked of every line, and `{}` gives less", line.name);
                    findings.warn("unreachable", rule, message);
                }
            }
        }
        _ => {
            for part in requirement.parts().unwrap_or_default() {
                scores(part, division, day, findings);
            }
        }
    }
}

/// A level that a higher one holds whenever it does is never anybody's.
fn shadowed(levels: &[Level], day: Date, findings: &mut Findings<'_>) {
    for pair in levels.windows(2) {
        let (lower, higher) = (bounds(&pair[0].when, day), bounds(&pair[1].when, day));
        let plain = only_bounds(&pair[0].when) && only_bounds(&pair[1].when);
        let implied = |(metric, asked): (&&str, &Vec<&Bound>)| {
            asked
                .iter()
                .all(|bound| lower.get(*metric).is_some_and(|known| known.iter().any(|own| implies(own, bound))))
        };
        if plain && higher.iter().all(implied) && facts(&pair[1].when).is_subset(&facts(&pair[0].when)) {
            let message =
                format!("whoever reaches `{}` also reaches `{}`: nobody ever has it", pair[0].name, pair[1].name);
            findings.warn("unreachable", &pair[0].rule, message);
        }
    }
}

/// Whether one bound holding means that the other does.
pub(crate) fn implies(one: &Bound, other: &Bound) -> bool {
    let (a, b) = (&one.quantity().value, &other.quantity().value);
    match (one, other) {
        (Bound::Above(_), Bound::AtLeast(_) | Bound::Above(_)) | (Bound::AtLeast(_), Bound::AtLeast(_)) => a >= b,
        (Bound::AtLeast(_), Bound::Above(_)) => a > b,
        (Bound::Below(_), Bound::AtMost(_) | Bound::Below(_)) | (Bound::AtMost(_), Bound::AtMost(_)) => a <= b,
        (Bound::AtMost(_), Bound::Below(_)) => a < b,
        _ => false,
    }
}

/// Whether a requirement asks for nothing but bounds and facts, all of them.
pub(crate) fn only_bounds(requirement: &Requirement) -> bool {
    match requirement {
        Requirement::All(_, parts) => parts.iter().all(only_bounds),
        Requirement::Score { .. } | Requirement::EveryLine { .. } => false,
        other => other.parts().is_none(),
    }
}

/// The rules of leaves that are no bounds on metrics.
pub(crate) fn facts(requirement: &Requirement) -> BTreeSet<&str> {
    match requirement {
        Requirement::All(_, parts) => parts.iter().flat_map(facts).collect(),
        Requirement::Metric { .. } => BTreeSet::new(),
        other => BTreeSet::from([other.rule()]),
    }
}

/// Bands with gaps, overlaps, ends and falls, and steps that give nothing.
fn line(line: &PointLine, day: Date, findings: &mut Findings<'_>) {
    line.measured().for_each(|(_, scale)| bands(scale, day, findings));
}

fn bands(scale: &Value<PointScale>, day: Date, findings: &mut Findings<'_>) {
    let Some(found) = scale.on(day) else { return };
    let PointScale::Bands(bands) = found.value else { return };
    let rule = |place: usize| crate::cases::band_rule(found.rule, place + 1);
    for (place, pair) in bands.windows(2).enumerate() {
        match (&pair[0].0.upper, &pair[1].0.lower) {
            (Some(upper), Some(lower)) => joint(upper, lower, &rule(place + 1), findings),
            (None, _) => {
                let message = "the band before it is open: nothing is left for this one".to_owned();
                findings.warn("unreachable", &rule(place + 1), message);
            }
            (Some(_), None) => {
                findings.error(
                    "band-overlap",
                    &rule(place + 1),
                    "this band also holds what the one before it does".to_owned(),
                );
            }
        }
        if pair[1].1.value < pair[0].1.value {
            let message = format!("more earns less here: {} after {}", pair[1].1, pair[0].1);
            findings.warn("not-monotone", &rule(place + 1), message);
        }
    }
    if let Some((Range { upper: Some(upper), .. }, _)) = bands.last() {
        let message = format!("the last band ends {upper}: what is more earns nothing");
        findings.warn("closed-end", &rule(bands.len().saturating_sub(1)), message);
    }
    for (place, (range, _)) in bands.iter().enumerate() {
        if let (Some(lower), Some(upper)) = (&range.lower, &range.upper)
            && !meet(lower, upper)
        {
            findings.warn("unreachable", &rule(place), format!("nothing is {lower} and {upper}"));
        }
    }
}

fn joint(upper: &Bound, lower: &Bound, rule: &str, findings: &mut Findings<'_>) {
    let (end, begin) = (&upper.quantity().value, &lower.quantity().value);
    let both = upper.holds(end) && lower.holds(begin);
    let neither = !upper.holds(end) && !lower.holds(begin);
    if begin < end || (begin == end && both) {
        findings.error("band-overlap", rule, format!("bands overlap: one ends {upper}, the next begins {lower}"));
    } else if begin > end || (neither && !end.is_zero()) {
        findings.warn("band-gap", rule, format!("bands leave a gap: one ends {upper}, the next begins {lower}"));
    }
}

/// Dated rows that a later one replaces before the program begins, or that begin after its end.
fn superseded(program: &TierProgram, division: &Division, findings: &mut Findings<'_>) {
    let days = division.levels.days();
    let first = program.effective.max(division.from);
    for (place, day) in days.iter().enumerate() {
        let rule = format!("{}.{day}", division.levels.rule);
        if let (Some(first), Some(next)) = (first, days.get(place + 1))
            && *next <= first
        {
            findings.warn("unreachable", &rule, format!("replaced on {next}, before the program begins on {first}"));
        }
        if let Some(until) = program.until.filter(|until| until <= day) {
            findings.warn("unreachable", &rule, format!("begins when the program has ended ({until})"));
        }
    }
}
