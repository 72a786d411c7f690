//! Requirements over a time: the moments at which they are judged.

use values::{Date, Instant, Month};

use super::Judge;
use super::quick::holds;
use super::requirement::{Outcome, ScoreSoFar, explain};
use super::window::block;
use crate::ground::last_instant;
use crate::model::{Requirement, Stretch};
use crate::reason::Reason;
use crate::tiers::{EvaluateError, RequirementResult};

/// How a requirement came out over its time.
pub(crate) struct Held {
    /// How many moments were judged.
    pub judged: usize,
    /// At how many it held.
    pub held: usize,
    /// The first moment at which it did not.
    pub missed: Option<Date>,
    /// The first moment at which it did.
    pub met: Option<Date>,
    /// The first and the last day.
    pub between: Option<(Date, Date)>,
}

/// Judges a requirement at every moment of a stretch.
///
/// Rule: `program.each_moment_by_its_own_rules`: by the rules of its own day, over the facts known now.
pub(crate) fn over(judge: &Judge<'_>, over: Stretch, when: &Requirement) -> Result<Held, EvaluateError> {
    let days = days(judge, over);
    let between = days.first().copied().zip(days.last().copied());
    let mut found = Held { judged: days.len(), held: 0, missed: None, met: None, between };
    for day in days {
        let held = held_on(judge, day, when)?;
        found.held += usize::from(held);
        match held {
            true => found.met = found.met.or(Some(day)),
            false => found.missed = found.missed.or(Some(day)),
        }
    }
    Ok(found)
}

/// Whether it held at every other moment than the judged day, or, where one is enough, at some other one; none where
/// the judged day is none of the moments, so that nothing that happens on it matters.
pub(crate) fn held_besides(
    judge: &Judge<'_>,
    over: Stretch,
    every: bool,
    when: &Requirement,
) -> Result<Option<bool>, EvaluateError> {
    let days = days(judge, over);
    if !days.contains(&judge.day) {
        return Ok(None);
    }
    for day in days.into_iter().filter(|day| *day != judge.day) {
        if held_on(judge, day, when)? != every {
            return Ok(Some(!every));
        }
    }
    Ok(Some(every))
}

/// What has not happened yet holds for nobody; the judged day itself is asked as it is.
fn held_on(judge: &Judge<'_>, day: Date, when: &Requirement) -> Result<bool, EvaluateError> {
    let end = last_instant(&judge.ground.zone.day(day));
    let now = end.min(judge.as_of.max(judge.ground.zone.start_of_day(day)));
    Ok(day <= judge.day && met(judge, now, when)?)
}

/// Before its first dated value a rule asks for nothing, and nobody meets it.
fn met(judge: &Judge<'_>, at: Instant, when: &Requirement) -> Result<bool, EvaluateError> {
    match holds(&judge.then(at), when, &ScoreSoFar::default()) {
        Err(EvaluateError::NoValue { .. }) => Ok(false),
        other => other,
    }
}

fn days(judge: &Judge<'_>, over: Stretch) -> Vec<Date> {
    let today = judge.day;
    let block_of = |first: i8, months: u16| ends(judge, block(today.month(), first, months), today.month());
    match over {
        Stretch::DaysBack(months) => each(today.add_months_clamped(-i32::from(months)).unwrap_or(today), today),
        Stretch::FullMonthsBack(months) => {
            let first = today.month().add(-i32::from(months)).unwrap_or(today.month());
            each(first.first_day(), today)
        }
        Stretch::Calendar(months) => block_of(1, months),
        Stretch::Fiscal(months) => block_of(judge.fiscal_start(), months),
        Stretch::Months(first, last) => {
            let mut days = Vec::new();
            let mut month = first;
            while month <= last {
                days.push(month.last_day());
                let Ok(next) = month.add(1) else { break };
                month = next;
            }
            days
        }
    }
}

fn each(first: Date, last: Date) -> Vec<Date> {
    let mut days = Vec::new();
    let mut day = first;
    while day <= last {
        days.push(day);
        let Ok(next) = day.add_days(1) else { break };
        day = next;
    }
    days
}

/// The last days of months, the running one by the judged day.
fn ends(judge: &Judge<'_>, first: Month, last: Month) -> Vec<Date> {
    let mut days = Vec::new();
    let mut month = first;
    while month <= last {
        days.push(month.last_day().min(judge.day));
        let Ok(next) = month.add(1) else { break };
        month = next;
    }
    days
}

/// One leaf for the whole time.
pub(super) fn over_time(rule: &str, source: Option<&String>, every: bool, asks: &str, found: &Held) -> Outcome {
    let met = if every { found.missed.is_none() } else { found.met.is_some() };
    let time = found.between.map(|(first, last)| format!("{first}..{last}")).unwrap_or_default();
    let leaf = RequirementResult {
        rule: rule.to_owned(),
        says: format!("{asks}, {} of {time}", if every { "at every moment" } else { "at some moment" }),
        met,
        actual: None,
        needed: None,
        missing: None,
        reason: (!met).then_some(Reason::BelowThreshold),
        source: source.cloned(),
        since: None,
    };
    let mut explanation = explain(&leaf).number("moments", found.judged).number("held", found.held);
    for (name, day) in [("first held on", found.met), ("first missed on", found.missed)] {
        explanation = match day {
            Some(day) => explanation.number(name, day),
            None => explanation,
        };
    }
    Outcome::of(vec![leaf], explanation)
}
