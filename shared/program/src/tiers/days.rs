//! The days on which a level can change: facts begin and end, rules change, months begin, things leave
//! windows of days.

use std::collections::BTreeSet;

use values::{Date, Instant, Interval, Zone};

use crate::conventions::CurrentMonth;
use crate::facts::Facts;
use crate::model::metric::{Fold, Metric, Window};
use crate::model::{Division, Requirement, TierProgram, Value};

/// Days from `from` to `until`, both included. There may be more than needed, never fewer.
pub(crate) fn days_of_change(program: &TierProgram, known: &Facts, from: Date, until: Date) -> BTreeSet<Date> {
    let mut days = days_of_facts(program, known, from, until);
    let mut month = from.month();
    while month <= until.month() {
        days.extend(Some(month.first_day()).filter(|day| (from..=until).contains(day)));
        let Ok(next) = month.add(1) else { break };
        month = next;
    }
    days
}

/// As [`days_of_change`], without the first days of months.
pub(crate) fn days_of_facts(program: &TierProgram, known: &Facts, from: Date, until: Date) -> BTreeSet<Date> {
    let mut days = Days { zone: &program.conventions.zone, from, until, found: BTreeSet::new() };
    let mut shape = Shape::default();
    for division in &program.divisions {
        shape.division(division);
    }
    for class in &program.classes {
        class.cases.iter().for_each(|(_, when)| shape.requirement(when));
    }
    shape.rules.iter().for_each(|day| days.day(*day));
    let mut day = from;
    while shape.daily && day <= until {
        days.day(day);
        let Ok(next) = day.add_days(1) else { break };
        day = next;
    }
    intervals(&mut days, program, known);
    repeated(&mut days, known, &shape);
    let by_day = !shape.rolling.is_empty() || program.conventions.current_month == Some(CurrentMonth::RunningMonth);
    if by_day {
        moments(&mut days, known, &shape);
    }
    days.found
}

struct Days<'z> {
    zone: &'z Zone,
    from: Date,
    until: Date,
    found: BTreeSet<Date>,
}

impl Days<'_> {
    fn day(&mut self, day: Date) {
        if (self.from..=self.until).contains(&day) {
            self.found.insert(day);
        }
    }

    /// A day is judged at its end, so what happens on it counts on it.
    fn at(&mut self, at: Instant) {
        self.day(self.zone.date(at));
    }

    fn span(&mut self, interval: &Interval) {
        self.at(interval.start());
        if let Some(end) = interval.end() {
            self.at(end);
        }
    }

    fn months_after(&mut self, at: Instant, months: u16) {
        let day = self.zone.date(at);
        if let Ok(then) = day.add_months_clamped(i32::from(months)) {
            self.day(then);
            if let Ok(next) = then.add_days(1) {
                self.day(next);
            }
        }
    }
}

/// What the rules look at, as far as days matter.
#[derive(Default)]
struct Shape {
    rules: BTreeSet<Date>,
    /// Windows of days.
    rolling: Vec<Window>,
    /// Months after which a check or a fee no longer counts.
    lasting: BTreeSet<u16>,
    /// Whether every day may change something: a time that moves with the judged day.
    daily: bool,
}

impl Shape {
    fn division(&mut self, division: &Division) {
        self.rules.extend(division.from);
        self.value(&division.levels);
        for level in division.levels.all().into_iter().flatten() {
            self.requirement(&level.when);
        }
        for line in division.lines() {
            self.value(&line.max);
            line.weight
                .iter()
                .chain(line.legs.iter().filter_map(|leg| leg.weight.as_ref()))
                .for_each(|it| self.value(it));
            line.legs.iter().filter_map(|leg| leg.max.as_ref()).for_each(|it| self.value(it));
            line.suspended.iter().for_each(|suspended| self.value(suspended));
            line.gates.iter().for_each(|gate| self.requirement(gate));
            for leg in &line.legs {
                match &leg.worth {
                    crate::model::LegWorth::Measured { metric, scale } => {
                        self.value(scale);
                        self.metric(metric);
                    }
                    crate::model::LegWorth::When { when, earns } => {
                        self.value(earns);
                        self.requirement(when);
                    }
                }
            }
        }
    }

    fn value<T>(&mut self, value: &Value<T>) {
        self.rules.extend(value.days());
    }

    fn requirement(&mut self, requirement: &Requirement) {
        match requirement {
            Requirement::Metric { metric, bound, .. } => {
                self.value(bound);
                self.metric(metric);
            }
            Requirement::Score { bound, .. }
            | Requirement::EveryLine { bound, .. }
            | Requirement::Age { bound, .. } => {
                self.value(bound);
            }
            Requirement::Check { within_months, .. } => self.lasting.extend(*within_months),
            Requirement::Fee { every_months, .. } => drop(self.lasting.insert(*every_months)),
            Requirement::Staffed { roles, .. } => {
                for role in roles {
                    self.value(&role.people);
                    role.holding.groups.iter().for_each(|group| self.value(group));
                }
            }
            Requirement::OverTime { when, .. } => {
                self.daily = true;
                self.requirement(when);
            }
            other => other.parts().unwrap_or_default().iter().for_each(|part| self.requirement(part)),
        }
    }

    fn metric(&mut self, metric: &Metric) {
        for part in metric.family() {
            if matches!(part.window, Window::RollingMonths(_) | Window::RollingDays(_) | Window::AnniversaryYear)
                && !matches!(part.fold, Fold::Share { .. } | Fold::Combined { .. })
            {
                self.rolling.push(part.window);
            }
            for filter in &part.filters {
                filter.any_of.iter().chain(&filter.none_of).for_each(|words| self.value(words));
            }
            part.tests.iter().for_each(|test| self.value(&test.range));
            part.holding.iter().flat_map(|holding| &holding.groups).for_each(|group| self.value(group));
            if let Some(population) = &part.among {
                population.metric.tests.iter().for_each(|test| self.value(&test.range));
            }
            if let crate::model::Change::Since(since) = &part.change {
                since.base_at_least.iter().chain(&since.now_at_least).for_each(|minimum| self.value(minimum));
            }
        }
    }
}

fn intervals(days: &mut Days<'_>, program: &TierProgram, known: &Facts) {
    known.partners.iter().for_each(|fact| days.span(&fact.effective));
    known.enrollments.iter().for_each(|fact| days.span(&fact.effective));
    known.agreements.iter().for_each(|fact| days.span(&fact.effective));
    known.checks.iter().for_each(|fact| days.span(&fact.effective));
    known.customers.iter().for_each(|fact| days.span(&fact.effective));
    known.subscriptions.iter().for_each(|fact| days.span(&fact.effective));
    known.awards.iter().for_each(|fact| days.span(&fact.effective));
    known.decisions.iter().for_each(|fact| days.span(&fact.effective));
    known.seats.iter().for_each(|fact| days.at(fact.from));
    for fact in &known.associations {
        days.span(&fact.effective);
        // One that counts only from when it was learned.
        days.at(fact.recorded.at);
    }
    for fact in &known.people {
        days.span(&fact.effective);
        if let (Some(day), Some(end)) = (program.people.counted_through_day, fact.effective.end()) {
            let next = days.zone.month(end.saturating_add(-1)).add(1);
            let through = next.ok().and_then(|next| next.first_day().add_days(i32::from(day)).ok());
            through.into_iter().for_each(|day| days.day(day));
        }
    }
    for fact in &known.certifications {
        days.span(&fact.effective);
        if let Some(months) = program.people.partner_months {
            days.months_after(fact.effective.start(), months);
        }
        // A retired one is over with a month, which is among the days anyway.
    }
}

/// Checks, fees and enrollments whose age counts.
fn repeated(days: &mut Days<'_>, known: &Facts, shape: &Shape) {
    for months in &shape.lasting {
        known.checks.iter().for_each(|fact| days.months_after(fact.effective.start(), *months));
        known.fees.iter().for_each(|fact| days.months_after(fact.paid, *months));
    }
    known.fees.iter().for_each(|fact| days.at(fact.paid));
    for fact in &known.enrollments {
        let mut day = days.zone.date(fact.effective.start());
        let start = day;
        let mut months = 0;
        while day <= days.until {
            days.day(day);
            months += 1;
            let Ok(next) = start.add_months_clamped(months) else { break };
            day = next;
        }
        if let Some(anniversary) = fact.anniversary {
            for year in days.from.year()..=days.until.year() {
                let years = i32::from(year) - i32::from(anniversary.year());
                anniversary.add_months_clamped(years * 12).into_iter().for_each(|day| days.day(day));
            }
        }
    }
}

/// Usage and transactions on their own days, and when they leave windows of days.
fn moments(days: &mut Days<'_>, known: &Facts, shape: &Shape) {
    let at = known.usage.iter().map(|fact| fact.start).chain(known.transactions.iter().map(|fact| fact.at));
    for at in at {
        days.at(at);
        let day = days.zone.date(at);
        for window in &shape.rolling {
            match window {
                Window::RollingMonths(months) => {
                    // Which days clamp to this one depends on their months: three days hold them all.
                    if let Ok(then) = day.add_months_clamped(i32::from(*months)) {
                        for more in -1..=3 {
                            then.add_days(more).into_iter().for_each(|day| days.day(day));
                        }
                    }
                }
                Window::RollingDays(count) => {
                    day.add_days(i32::from(*count)).into_iter().for_each(|day| days.day(day));
                }
                _ => {}
            }
        }
    }
}
