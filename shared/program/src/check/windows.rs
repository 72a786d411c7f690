//! Windows and bases that reach further back than there is anything to count.

use values::{Date, Instant};

use super::Findings;
use crate::bundle::Bundle;
use crate::model::{Base, Change, Metric, Period, PointLine, RecognizedBy, Requirement, TierProgram, Window};
use crate::recognition::{Kind, RecognitionPolicy};

pub(crate) fn program(bundle: &Bundle, program: &TierProgram, findings: &mut Findings<'_>) {
    let Some(policy) = bundle.recognition_policy(&program.recognition) else { return };
    let mut found: Vec<(Option<Date>, &Metric)> = Vec::new();
    for division in &program.divisions {
        let mut metrics: Vec<&Metric> =
            division.lines().flat_map(PointLine::measured).map(|(metric, _)| metric).collect();
        for level in division.levels.all().into_iter().flatten() {
            of(&level.when, &mut metrics);
        }
        for gate in division.lines().flat_map(|line| &line.gates) {
            of(gate, &mut metrics);
        }
        let begins = program.effective.max(division.from);
        found.extend(metrics.into_iter().map(|metric| (begins, metric)));
    }
    // The first division that uses a metric asks the most of its window.
    found.sort_by(|a, b| (&a.1.rule, a.0).cmp(&(&b.1.rule, b.0)));
    found.dedup_by(|a, b| a.1.rule == b.1.rule);
    for (begins, metric) in found {
        self::metric(program, policy, begins, metric, findings);
    }
}

fn of<'r>(requirement: &'r Requirement, metrics: &mut Vec<&'r Metric>) {
    requirement.parts().unwrap_or_default().iter().for_each(|part| of(part, metrics));
    if let Requirement::Metric { metric, .. } = requirement {
        metrics.push(metric);
    }
}

/// How many months a metric looks back, the current one included.
fn reach(metric: &Metric) -> i32 {
    let months = |window: Window| match window {
        Window::LastMonths(months) | Window::FullMonths(months) | Window::RollingMonths(months) => i32::from(months),
        Window::Calendar(months) | Window::Fiscal(months) => i32::from(months),
        Window::AnniversaryYear => 12,
        Window::CurrentMonth | Window::RollingDays(_) | Window::Since(_) => 1,
    };
    let tests = metric.tests.iter().map(|test| match test.period {
        Period::InLast(months) | Period::InAnyOfLast(months) | Period::InEveryOfLast(months) => i32::from(months),
        Period::SameMonthLastYear => 13,
        Period::Own => 1,
    });
    let own = tests.chain([months(metric.window)]).max().unwrap_or(1) + i32::from(metric.months_back);
    match &metric.change {
        Change::Since(since) => match since.base {
            Base::MonthsBack(months) => own + i32::from(months),
            Base::AverageOfLast { count, months } => own + i32::from(count) * i32::from(months),
            Base::MonthOf(_) => own,
        },
        Change::None | Change::BeganInLast(_) => own,
        Change::ComingsAndGoings { months, .. } => own + i32::from(*months),
    }
}

fn metric(
    program: &TierProgram,
    policy: &RecognitionPolicy,
    begins: Option<Date>,
    metric: &Metric,
    findings: &mut Findings<'_>,
) {
    let months = reach(metric);
    if months <= 1 {
        return;
    }
    let kinds: Vec<&Kind> = match &metric.recognized_by {
        RecognizedBy::Granting(grant) => policy.kinds_granting(*grant).collect(),
        RecognizedBy::Kinds(names) => names.iter().flat_map(|name| policy.versions(name)).collect(),
        _ => return,
    };
    let zone = &program.conventions.zone;
    let first = kinds.iter().map(|kind| kind.in_force.start()).min().filter(|first| *first > Instant::MIN);
    let last = kinds.iter().map(|kind| kind.in_force.end()).max_by_key(|end| end.unwrap_or(Instant::MAX)).flatten();
    let (Some(first), since) = (first.map(|first| zone.date(first)), metric.rule.as_str()) else { return };
    let Ok(full) = first.add_months_clamped(months) else { return };
    let ends: Option<Date> = [last.map(|last| zone.date(last)), program.until].into_iter().flatten().min();
    if let Some(end) = ends.filter(|end| *end < full) {
        let message =
            format!("a window of {months} months can never be full: what it counts exists from {first} to {end} only");
        findings.warn("window-never-full", since, message);
    } else if let Some(begins) = begins.filter(|begins| *begins < full) {
        let message = format!(
            "a window of {months} months is not full before {full}: what it counts begins on {first}, and the rule on {begins}"
        );
        findings.warn("window-not-full-yet", since, message);
    }
}
