//! Windows and bases that reach further back than there is anything to count.

use values::{Date, Instant, Zone};

use super::reach::span;
use super::{Findings, asked};
use crate::bundle::Bundle;
use crate::model::{Base, Change, IncentivePlan, Metric, Period, RecognizedBy, TierProgram, Window};
use crate::recognition::{Kind, RecognitionPolicy};

/// From when to when rules ask for what a metric counts.
#[derive(Clone, Copy)]
struct Asked<'z> {
    begins: Option<Date>,
    until: Option<Date>,
    zone: &'z Zone,
}

pub(crate) fn program(bundle: &Bundle, program: &TierProgram, findings: &mut Findings<'_>) {
    let Some(policy) = bundle.recognition_policy(&program.recognition) else { return };
    // What a place says from a day on is asked for from that day on.
    let (first, (_, until)) = (program.effective, span(bundle, &program.id, program.effective));
    let mut found: Vec<(Option<Date>, &Metric)> = Vec::new();
    for division in &program.divisions {
        let begins = first.max(division.from);
        found.extend(asked::metrics_of(division).into_iter().map(|metric| (begins, metric)));
    }
    let classes = program.classes.iter().flat_map(|class| &class.cases).map(|(_, when)| when);
    let others = asked::metrics(classes.chain(program.benefits.iter().map(|benefit| &benefit.needs)));
    found.extend(others.into_iter().map(|metric| (first, metric)));
    let asked = Asked { begins: None, until, zone: &program.conventions.zone };
    each(policy, asked, found, findings);
}

pub(crate) fn plan(bundle: &Bundle, plan: &IncentivePlan, findings: &mut Findings<'_>) {
    let Some(policy) = bundle.recognition_policy(&plan.recognition) else { return };
    let (first, (_, until)) = (plan.effective, span(bundle, &plan.id, plan.effective));
    let found = asked::metrics(asked::plan(plan)).into_iter().map(|metric| (first, metric)).collect();
    let asked = Asked { begins: None, until, zone: &plan.conventions.zone };
    each(policy, asked, found, findings);
}

fn each(
    policy: &RecognitionPolicy,
    asked: Asked<'_>,
    found: Vec<(Option<Date>, &Metric)>,
    findings: &mut Findings<'_>,
) {
    let family =
        found.into_iter().flat_map(|(begins, metric)| metric.family().into_iter().map(move |one| (begins, one)));
    let mut found: Vec<(Option<Date>, &Metric)> = family.collect();
    // The first division that uses a metric asks the most of its window.
    found.sort_by(|a, b| (&a.1.rule, a.0).cmp(&(&b.1.rule, b.0)));
    found.dedup_by(|a, b| a.1.rule == b.1.rule);
    for (begins, metric) in found {
        let asked = Asked { begins, ..asked };
        self::metric(policy, asked, metric, findings);
        fixed(asked, metric, findings);
    }
}

/// A window or a base at a fixed day that is still to come.
fn fixed(asked: Asked<'_>, metric: &Metric, findings: &mut Findings<'_>) {
    let base = match &metric.change {
        Change::Since(since) => match since.base {
            Base::MonthOf(day) => Some(("what it is compared with is of", day)),
            _ => None,
        },
        _ => None,
    };
    let window = match metric.window {
        Window::Since(day) => Some(("its window begins on", day)),
        _ => None,
    };
    for (what, day) in window.into_iter().chain(base) {
        if let Some(end) = asked.until.filter(|end| *end <= day) {
            let message = format!("{what} {day}, and nothing asks for it from {end} on");
            findings.warn("window-never-full", &metric.rule, message);
        } else if let Some(begins) = asked.begins.filter(|begins| *begins < day) {
            let message = format!("{what} {day}, and the rule begins on {begins}");
            findings.warn("window-not-full-yet", &metric.rule, message);
        }
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

fn metric(policy: &RecognitionPolicy, asked: Asked<'_>, metric: &Metric, findings: &mut Findings<'_>) {
    let Asked { begins, until, zone } = asked;
    let months = reach(metric);
    if months <= 1 {
        return;
    }
    let kinds: Vec<&Kind> = match &metric.recognized_by {
        RecognizedBy::Granting(grant) => policy.kinds_granting(*grant).collect(),
        RecognizedBy::Kinds(names) => names.iter().flat_map(|name| policy.versions(name)).collect(),
        _ => return,
    };
    let first = kinds.iter().map(|kind| kind.in_force.start()).min().filter(|first| *first > Instant::MIN);
    let last = kinds.iter().map(|kind| kind.in_force.end()).max_by_key(|end| end.unwrap_or(Instant::MAX)).flatten();
    let (Some(first), since) = (first.map(|first| zone.date(first)), metric.rule.as_str()) else { return };
    let Ok(full) = first.add_months_clamped(months) else { return };
    let ends: Option<Date> = [last.map(|last| zone.date(last)), until].into_iter().flatten().min();
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
