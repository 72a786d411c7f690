//! The time that metrics look at: windows, and the moments at which they are read.

use values::{Date, Instant, Interval, Month, Zone};

use super::Judge;
use crate::facts::Facts;
use crate::model::metric::Window;

/// A month that is current, and the day that belongs to it: the judged one, or one so many months before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    pub month: Month,
    pub day: Date,
}

impl Moment {
    pub fn now(judge: &Judge<'_>) -> Moment {
        Moment { month: judge.month, day: judge.day }
    }

    /// So many months earlier; after the 31st the month's last day.
    pub fn back(self, months: u16) -> Moment {
        let months = i32::from(months);
        Moment { month: back(self.month, months), day: self.day.add_months_clamped(-months).unwrap_or(self.day) }
    }

    /// The moment of a day.
    pub fn of(day: Date) -> Moment {
        Moment { month: day.month(), day }
    }
}

/// Years beyond the calendar hold no facts.
pub(crate) fn back(month: Month, months: i32) -> Month {
    month.add(-months).unwrap_or(month)
}

/// The instants a window holds at a moment, cut at the judged instant.
pub(crate) fn window(judge: &Judge<'_>, window: Window, at: Moment) -> Interval {
    let year = Year { fiscal_start: judge.fiscal_start, anniversary: &|day| anniversary(judge, day) };
    span(&judge.ground.zone, judge.as_of, &year, window, at)
}

/// When years begin that are not the calendar's.
pub(crate) struct Year<'a> {
    /// The first month of the fiscal year, 1 to 12.
    pub fiscal_start: i8,
    /// The last anniversary of the partner's enrollment up to a day.
    pub anniversary: &'a dyn Fn(Date) -> Option<Date>,
}

/// The instants a window holds at a moment, cut at `as_of`.
pub(crate) fn span(zone: &Zone, as_of: Instant, year: &Year<'_>, window: Window, at: Moment) -> Interval {
    let month = zone.whole_month(at.month);
    let next_day = at.day.add_days(1).unwrap_or(at.day);
    let start_of = |day: Date| zone.start_of_day(day);
    let day_end = start_of(next_day);
    let month_end = month.end().unwrap_or(day_end);
    let from = |first: Month| zone.whole_month(first).start();
    let (start, end) = match window {
        Window::CurrentMonth => (month.start(), month_end),
        Window::LastMonths(months) => (from(back(at.month, i32::from(months) - 1)), month_end),
        Window::FullMonths(months) => {
            let running = at.day.month();
            (from(back(running, i32::from(months))), from(running))
        }
        Window::RollingMonths(months) => {
            (start_of(next_day.add_months_clamped(-i32::from(months)).unwrap_or(at.day)), day_end)
        }
        Window::RollingDays(days) => (start_of(next_day.add_days(-i32::from(days)).unwrap_or(at.day)), day_end),
        Window::Calendar(months) => (from(block(at.month, 1, months)), month_end),
        Window::Fiscal(months) => (from(block(at.month, year.fiscal_start, months)), month_end),
        Window::AnniversaryYear => ((year.anniversary)(at.day).map_or(day_end, start_of), day_end),
        Window::Since(day) => (start_of(day), month_end),
    };
    let end = end.min(as_of.saturating_add(1));
    // What is judged before the window begins sees an empty window.
    Interval::new(start, Some(end)).unwrap_or(Interval::new(start, Some(start)).unwrap_or(Interval::since(start)))
}

/// The first month of the block of so many months, in a year that starts with `first`.
pub(super) fn block(month: Month, first: i8, months: u16) -> Month {
    let place = (i32::from(month.month_of_year()) - i32::from(first)).rem_euclid(12);
    back(month, place.rem_euclid(i32::from(months)))
}

/// The last anniversary of the enrollment up to `day`.
fn anniversary(judge: &Judge<'_>, day: Date) -> Option<Date> {
    let enrollments = judge.ground.facts.enrollments.iter();
    let mine = enrollments.filter(|fact| judge.accounts.contains(&fact.partner) && fact.program == judge.program);
    let mine = mine.filter(|fact| fact.effective.contains(judge.as_of));
    // An enrollment that names none has that of its first day.
    let anchors = mine.map(|fact| fact.anniversary.unwrap_or_else(|| judge.ground.zone.date(fact.effective.start())));
    last_anniversary(anchors.min()?, day)
}

/// The last anniversary of `anchor` up to `day`, counted from the anchor so that 29 February comes back.
pub(crate) fn last_anniversary(anchor: Date, day: Date) -> Option<Date> {
    let mut years = i32::from(day.year()) - i32::from(anchor.year());
    let at = |years: i32| anchor.add_months_clamped(years * 12).ok();
    if at(years)? > day {
        years -= 1;
    }
    at(years)
}

/// The next anniversary after `day` of the partner's enrollment in a program, where it is enrolled then.
/// An enrollment that names none has that of its first day.
pub(crate) fn anniversary_after(known: &Facts, partner: &str, program: &str, zone: &Zone, day: Date) -> Option<Date> {
    let at = crate::ground::last_instant(&zone.day(day));
    let mine = known.enrollments.iter().filter(|fact| fact.partner == partner && fact.program == program);
    let anchors = mine
        .filter(|fact| fact.effective.contains(at))
        .map(|fact| fact.anniversary.unwrap_or_else(|| zone.date(fact.effective.start())));
    let anchor = anchors.min()?;
    let mut years = i32::from(day.year()) - i32::from(anchor.year());
    let found = anchor.add_months_clamped(years * 12).ok()?;
    if found > day {
        return Some(found);
    }
    years += 1;
    anchor.add_months_clamped(years * 12).ok()
}
