//! Levels, rows, bands and brackets that nothing can reach.

use std::collections::BTreeSet;

use num_traits::Zero;
use values::{Date, Ratio};

use super::implies::{Then, meet, most_of};
use super::{Findings, asked};
use crate::bundle::Bundle;
use crate::conventions::RulesDatedBy;
use crate::model::metric::{Change, Counted, Fold};
use crate::model::value::Form;
use crate::model::{
    Bound, Division, IncentivePlan, Level, Metric, PointLine, PointScale, Range, Requirement, TierProgram, Track, Value,
};
use crate::quantity::Quantity;

pub(crate) fn program(bundle: &Bundle, program: &TierProgram, findings: &mut Findings<'_>) {
    for division in &program.divisions {
        for day in days(program, division) {
            let levels = division.levels.on(day).map_or(&[][..], |found| found.value.as_slice());
            for level in levels {
                requirement(&level.when, division, day, findings);
            }
            shadowed(levels, &Then::new(Some(division), day), findings);
            for line in division.lines() {
                self::line(line, day, findings);
            }
        }
        let (first, until) = span(bundle, &program.id, program.effective);
        let span = (first.max(division.from), until);
        superseded(&division.levels, span, "program", findings);
        for line in division.lines() {
            superseded(&line.max, span, "program", findings);
            line.measured().for_each(|(_, scale)| superseded(scale, span, "program", findings));
        }
    }
    if let Some(day) = program.effective {
        let classes = program.classes.iter().flat_map(|class| &class.cases).map(|(_, when)| when);
        for requirement in classes.chain(program.benefits.iter().map(|benefit| &benefit.needs)) {
            contradictions(requirement, &Then::new(None, day), findings);
        }
    }
}

/// The first day of the version that a document stands for, and the day after its last.
pub(super) fn span(bundle: &Bundle, id: &str, day: Option<Date>) -> (Option<Date>, Option<Date>) {
    let own = bundle.documents().iter().filter(|document| document.id == id);
    let version = own.clone().filter(|document| document.effective <= day).max_by_key(|document| document.effective);
    let first = version.and_then(|version| version.effective);
    let next = own.filter_map(|document| document.effective).filter(|from| Some(*from) > first).min();
    (first, [version.and_then(|version| version.until), next].into_iter().flatten().min())
}

pub(crate) fn plan(bundle: &Bundle, plan: &IncentivePlan, findings: &mut Findings<'_>) {
    rates(bundle, plan, findings);
    let Some(day) = plan.effective else { return };
    for requirement in asked::plan(plan) {
        contradictions(requirement, &Then::new(None, day), findings);
    }
}

/// The days on which something in a division changes, from the program's first day on.
pub(super) fn days(program: &TierProgram, division: &Division) -> Vec<Date> {
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
    // What rules from a later day on is said by the version of that day.
    let own = |day: &Date| first.is_none_or(|first| first <= *day) && program.until.is_none_or(|until| *day < until);
    days.into_iter().filter(own).collect()
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
    contradictions(requirement, &Then::new(Some(division), day), findings);
    scores(requirement, division, day, findings);
}

/// With how many others a part is compared.
const MOST_PAIRS: usize = 100;

/// What all must hold and never does together, each told once, where it is nearest. Returns what was told.
fn contradictions<'r>(requirement: &'r Requirement, then: &Then<'_>, findings: &mut Findings<'_>) -> BTreeSet<&'r str> {
    let inner = match requirement {
        Requirement::OverTime { when, .. } => std::slice::from_ref(&**when),
        other => other.parts().unwrap_or_default(),
    };
    let mut told: BTreeSet<&str> = inner.iter().flat_map(|part| contradictions(part, then, findings)).collect();
    if let Requirement::Metric { rule, metric, bound } = requirement {
        things(rule, metric, bound, then.day, findings);
    }
    let Requirement::All(rule, _) = requirement else { return told };
    let mut asked = Vec::new();
    conjuncts(requirement, &mut asked);
    for (place, one) in asked.iter().enumerate() {
        for other in asked[place + 1..].iter().take(MOST_PAIRS).filter(|other| then.excludes(one, other)) {
            if told.contains(one.rule()) || told.contains(other.rule()) {
                continue;
            }
            told.extend([one.rule(), other.rule()]);
            findings.warn("unreachable", rule, both(one, other, then.day));
        }
    }
    told
}

/// That two requirements never hold together, in words.
fn both(one: &Requirement, other: &Requirement, day: Date) -> String {
    if let (Requirement::Metric { metric, bound: x, .. }, Requirement::Metric { bound: y, .. }) = (one, other)
        && let (Some(x), Some(y)) = (x.on(day), y.on(day))
    {
        let (lower, upper) = if x.value.asks_for_more() { (x.value, y.value) } else { (y.value, x.value) };
        return format!("nothing is {lower} and {upper}: `{}` is asked for both", metric.name);
    }
    format!("nobody ever has {} and {}: they exclude each other", shown(one, day), shown(other, day))
}

/// What is asked for, in words.
pub(super) fn shown(requirement: &Requirement, day: Date) -> String {
    let on = |bound: &Value<Bound>| bound.on(day).map(|found| found.value.to_string()).unwrap_or_default();
    match requirement {
        Requirement::Metric { metric, bound, .. } => format!("`{}` {}", metric.name, on(bound)),
        Requirement::Score { bound, .. } => format!("a score {}", on(bound)),
        Requirement::EveryLine { bound, .. } => format!("every line {}", on(bound)),
        other => format!("`{}`", other.rule().rsplit('#').next().unwrap_or_default()),
    }
}

fn conjuncts<'r>(requirement: &'r Requirement, found: &mut Vec<&'r Requirement>) {
    match requirement {
        Requirement::All(_, parts) => parts.iter().for_each(|part| conjuncts(part, found)),
        other => found.push(other),
    }
}

/// More workloads than there are.
fn things(rule: &str, metric: &Metric, bound: &Value<Bound>, day: Date, findings: &mut Findings<'_>) {
    let Fold::Count(Counted::Workloads) = metric.fold else { return };
    let named = metric.filters.iter().filter(|filter| filter.field == "workload");
    let lists = named.filter_map(|filter| filter.any_of.as_ref());
    let counts = lists.map(|list| list.all().into_iter().flatten().collect::<BTreeSet<_>>().len());
    let Some((most, bound)) = counts.min().zip(bound.on(day).map(|found| found.value)) else { return };
    let plain = matches!(metric.change, Change::None);
    if plain && bound.asks_for_more() && !bound.holds(&Ratio::from_integer(most.into())) {
        findings.warn("unreachable", rule, format!("{bound} is asked for, and `{}` counts among {most}", metric.name));
    }
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
fn shadowed(levels: &[Level], then: &Then<'_>, findings: &mut Findings<'_>) {
    for pair in levels.windows(2) {
        if then.implies(&pair[0].when, &pair[1].when) {
            let message =
                format!("whoever reaches `{}` also reaches `{}`: nobody ever has it", pair[0].name, pair[1].name);
            findings.warn("unreachable", &pair[0].rule, message);
        }
    }
}

/// Bands with gaps, overlaps, ends and falls, and steps that give nothing.
fn line(line: &PointLine, day: Date, findings: &mut Findings<'_>) {
    line.measured().for_each(|(_, scale)| bands(scale, day, findings));
}

fn bands(scale: &Value<PointScale>, day: Date, findings: &mut Findings<'_>) {
    let Some(found) = scale.on(day) else { return };
    let bands = match found.value {
        PointScale::Bands(bands) => bands,
        PointScale::Targets { targets, .. } => return bases(found.rule, targets, findings),
        _ => return,
    };
    let rule = |place: usize| crate::cases::band_rule(found.rule, place + 1);
    let ranges: Vec<&Range> = bands.iter().map(|(range, _)| range).collect();
    joints(&ranges, &rule, findings);
    for (place, pair) in bands.windows(2).enumerate() {
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

/// Bands one after another.
fn joints(ranges: &[&Range], rule: &dyn Fn(usize) -> String, findings: &mut Findings<'_>) {
    for (place, pair) in ranges.windows(2).enumerate() {
        match (&pair[0].upper, &pair[1].lower) {
            (Some(upper), Some(lower)) => joint(upper, lower, &rule(place + 1), findings),
            (None, _) => {
                let message = "the band before it is open: nothing is left for this one".to_owned();
                findings.warn("unreachable", &rule(place + 1), message);
            }
            (Some(_), None) => {
                let message = "this band also holds what the one before it does".to_owned();
                findings.error("band-overlap", &rule(place + 1), message);
            }
        }
    }
}

/// Bands of the base of a target: below the first one nothing is asked for, and nothing is given.
fn bases(rule: &str, targets: &[(Range, Bound)], findings: &mut Findings<'_>) {
    let ranges: Vec<&Range> = targets.iter().map(|(range, _)| range).collect();
    let place = |place: usize| format!("{rule}.targets/{}", place + 1);
    joints(&ranges, &place, findings);
    if let Some(Range { upper: Some(upper), .. }) = ranges.last() {
        let message = format!("the last band ends {upper}: a larger base earns nothing");
        findings.warn("closed-end", &place(ranges.len().saturating_sub(1)), message);
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

/// Dated values of a plan's levers that never rule. What was sold before keeps its rule, so there every one may.
fn rates(bundle: &Bundle, plan: &IncentivePlan, findings: &mut Findings<'_>) {
    let span = span(bundle, &plan.id, plan.effective);
    for lever in &plan.levers {
        if lever.dated_by.or(plan.conventions.rules_dated_by) == Some(RulesDatedBy::FirstSaleDate) {
            continue;
        }
        superseded(&lever.charge, span, "plan", findings);
        lever.less.iter().for_each(|less| superseded(less, span, "plan", findings));
        lever.basis.range.iter().for_each(|range| superseded(range, span, "plan", findings));
        for limit in lever.limits.iter().chain(&plan.limits) {
            let amounts = limit.least.iter().chain(&limit.most);
            amounts.for_each(|amount| superseded(amount, span, "plan", findings));
        }
    }
}

/// Dated rows that a later one replaces before their document begins, or that begin after its end.
fn superseded<T>(
    value: &Value<T>,
    (first, until): (Option<Date>, Option<Date>),
    what: &str,
    findings: &mut Findings<'_>,
) {
    let Form::Dated(entries) = &value.form else { return };
    for (place, (day, _)) in entries.iter().enumerate() {
        let rule = format!("{}.{day}", value.rule);
        if let (Some(first), Some((next, _))) = (first, entries.get(place + 1))
            && *next <= first
        {
            findings.warn("unreachable", &rule, format!("replaced on {next}, before the {what} begins on {first}"));
        }
        if let Some(until) = until.filter(|until| until <= day) {
            findings.warn("unreachable", &rule, format!("begins when the {what} has ended ({until})"));
        }
    }
}
