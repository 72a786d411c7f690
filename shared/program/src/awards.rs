//! When a partner is given an award, keeps it, and loses it: pure steps from day to day.
//!
//! [`step`] takes an award as it stands in the evening of one day, the rule of its program and which
//! level held on which day, and says how it stands on another day. [`Lives`] steps the awards of a program
//! over days, as [`follow`] and [`forecast`] do for every day on which something can change; who records
//! awards asks it for the day of an evaluation, and for the next day on which one is needed.

mod agreements;
mod carried;
mod follow;
mod forecast;
mod lives;
mod windows;

use values::Date;

use crate::model::TierProgram;
use crate::model::life::{AnniversaryOf, Begins, Lasts, Moves};

pub use agreements::{EndingAgreement, ending_agreements};
pub use follow::{Event, Followed, follow};
pub use forecast::{Loss, UsageGoesOn, forecast};
pub(crate) use forecast::{goes_on, held};
pub use lives::{Levels, Lives};
pub use windows::{first_window, renewal_window};

/// Where an award stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// No level held in the window.
    InProgress,
    /// A level held on a day of the window, and the award has not begun: enrollment or the first of the
    /// month is missing.
    Qualified,
    /// It is held, and its requirements hold.
    Enrolled,
    /// It is held and kept, or about to be lost, while its requirements do not hold.
    AtRisk,
    /// It is held, and must be renewed soon.
    RenewalDue,
    /// Its anniversary is over and its renewal still possible.
    InGrace,
    /// It is given no more and may still be used.
    Legacy,
    /// It is over.
    Ended,
}

impl Status {
    /// All of them, in the order of a life.
    pub const ALL: [Status; 8] = [
        Status::InProgress,
        Status::Qualified,
        Status::Enrolled,
        Status::AtRisk,
        Status::RenewalDue,
        Status::InGrace,
        Status::Legacy,
        Status::Ended,
    ];

    /// The stable name: `renewal-due`.
    pub fn name(self) -> &'static str {
        match self {
            Status::InProgress => "in-progress",
            Status::Qualified => "qualified",
            Status::Enrolled => "enrolled",
            Status::AtRisk => "at-risk",
            Status::RenewalDue => "renewal-due",
            Status::InGrace => "in-grace",
            Status::Legacy => "legacy",
            Status::Ended => "ended",
        }
    }

    /// Whether the partner has the award.
    pub fn held(self) -> bool {
        !matches!(self, Status::InProgress | Status::Qualified | Status::Ended)
    }
}

/// An award, or the lack of one, in the evening of a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Where it stands.
    pub status: Status,
    /// The level held or qualified for.
    pub level: Option<String>,
    /// From when on it is held.
    pub since: Option<Date>,
    /// The day of its window on which the level held last.
    pub qualified_on: Option<Date>,
    /// The day on which it must be renewed.
    pub anniversary: Option<Date>,
    /// The last day on which it is held, as far as decided: a loss that was announced, or the end of its
    /// use.
    pub ends: Option<Date>,
}

impl Standing {
    /// No award, and none in sight.
    pub fn none() -> Standing {
        Standing {
            status: Status::InProgress,
            level: None,
            since: None,
            qualified_on: None,
            anniversary: None,
            ends: None,
        }
    }
}

/// What is known about a day beside the award itself.
pub struct Day<'a> {
    /// The day.
    pub day: Date,
    /// Which level held on a day; asked for days up to this one only.
    pub level_on: &'a dyn Fn(Date) -> Option<String>,
    /// The next anniversary of the partner's enrollment in the program after this day, where it is
    /// enrolled.
    pub enrollment: Option<Date>,
    /// The anniversary that the program's other held awards share, where one is held.
    pub shared_anniversary: Option<Date>,
}

/// How an award stands on a day, from how it stood before.
///
/// Rule: `program.award_life`:
///
/// - A level that held on some day of the first window qualifies; the award begins as its program says.
/// - A higher level is given, and a lower one taken, when the program says: at once, on its days, or with
///   the renewal. A loss may be announced first; who recovers in time keeps the level.
/// - On its anniversary it is renewed at the best level of the renewal window; until the window or the
///   grace is over it stays.
/// - After its retirement it is given and renewed no more and stays for as long as its program says.
pub fn step(program: &TierProgram, before: &Standing, today: &Day<'_>) -> Standing {
    if before.status.held() {
        return keep(program, before, today);
    }
    let given = give(program, today);
    // What has ended stays so until something new begins.
    let over = before.status == Status::Ended && given.status == Status::InProgress;
    if over { before.clone() } else { given }
}

fn give(program: &TierProgram, today: &Day<'_>) -> Standing {
    let life = &program.award.life;
    let retired = life.retired.is_some_and(|retired| retired.no_new_after < today.day);
    let (from, until) = first_window(program, today.day);
    let Some((level, last)) = best(program, today, from, until).filter(|_| !retired) else { return Standing::none() };
    let expired =
        life.enroll_within_days.is_some_and(|days| last.add_days(i32::from(days)).is_ok_and(|limit| limit < today.day));
    if expired {
        return Standing::none();
    }
    let qualified =
        Standing { status: Status::Qualified, level: Some(level), qualified_on: Some(last), ..Standing::none() };
    let begins = match life.begins {
        Begins::AtOnce => true,
        // The first of the month after the first day on which it held.
        Begins::FirstOfNextMonth => {
            first_day_held(today, from, until).is_some_and(|first| first.month() < today.day.month())
        }
        Begins::WithEnrollment => today.enrollment.is_some(),
    };
    if !begins {
        return qualified;
    }
    // One day of the window gives it, also when the level no longer holds.
    let now = (today.level_on)(today.day);
    let status = if short(program, &qualified, now.as_deref()) { Status::AtRisk } else { Status::Enrolled };
    Standing {
        status,
        since: Some(today.day),
        anniversary: life.lasts.and_then(|lasts| anniversary(lasts, today)),
        ..qualified
    }
}

/// When an award that begins today must be renewed.
fn anniversary(lasts: Lasts, today: &Day<'_>) -> Option<Date> {
    let own = today.day.add_months_clamped(i32::from(lasts.months)).ok();
    match lasts.of {
        AnniversaryOf::ThisAward => own,
        AnniversaryOf::FirstAward => today.shared_anniversary.or(own),
        AnniversaryOf::Enrollment => today.enrollment.or(own),
    }
}

fn keep(program: &TierProgram, before: &Standing, today: &Day<'_>) -> Standing {
    let life = &program.award.life;
    if let Some(retired) = life.retired.filter(|retired| retired.no_new_after < today.day) {
        let usable = retired.usable_months;
        let usable = usable.and_then(|months| retired.no_new_after.add_months_clamped(i32::from(months)).ok());
        let last = before.anniversary.and_then(|anniversary| {
            let early = retired.renewed_in_advance && anniversary.year() == retired.no_new_after.year();
            let months = if early { life.lasts.map_or(12, |lasts| lasts.months) } else { 0 };
            anniversary.add_months_clamped(i32::from(months)).ok()?.add_days(-1).ok()
        });
        let ends = [usable, last].into_iter().flatten().min().unwrap_or(retired.no_new_after);
        let status = if today.day <= ends { Status::Legacy } else { Status::Ended };
        return Standing { status, ends: Some(ends), ..before.clone() };
    }
    let now = (today.level_on)(today.day);
    let mut next = moved(program, before, now.as_deref(), today);
    if !next.status.held() {
        return next;
    }
    let Some(anniversary) = next.anniversary else {
        next.status = if short(program, &next, now.as_deref()) { Status::AtRisk } else { Status::Enrolled };
        return next;
    };
    if today.day >= anniversary {
        return renew(program, next, anniversary, today);
    }
    let due = life.due_days.and_then(|days| anniversary.add_days(-i32::from(days)).ok());
    next.status = match (due.is_some_and(|due| due <= today.day), short(program, &next, now.as_deref())) {
        (true, _) => Status::RenewalDue,
        (false, true) => Status::AtRisk,
        (false, false) => Status::Enrolled,
    };
    next
}

/// Whether what holds today is less than what is held.
fn short(program: &TierProgram, award: &Standing, now: Option<&str>) -> bool {
    rank(program, now) < rank(program, award.level.as_deref())
}

/// The place of a level, lowest first; nothing is below all.
fn rank(program: &TierProgram, level: Option<&str>) -> Option<usize> {
    level.and_then(|level| program.level_names.iter().position(|name| name == level))
}

/// The level as it is moved today: up and down at their own times.
fn moved(program: &TierProgram, before: &Standing, now: Option<&str>, today: &Day<'_>) -> Standing {
    let life = &program.award.life;
    let (has, holds) = (rank(program, before.level.as_deref()), rank(program, now));
    let mut next = before.clone();
    if holds > has {
        next.ends = None;
        if on_time(&life.up, today.day) {
            next.level = now.map(str::to_owned);
            next.qualified_on = Some(today.day);
        }
        return next;
    }
    if holds == has {
        // Recovered in time: an announced loss is off.
        next.ends = None;
        next.qualified_on = Some(today.day);
        return next;
    }
    if life.kept || matches!(life.down, Moves::AtRenewal) {
        return next;
    }
    let first_told = next.ends.is_none();
    let notice = i32::from(life.notice_days.unwrap_or(0));
    let takes_effect = match next.ends {
        Some(last) => last.add_days(1).unwrap_or(last),
        None => next_time(&life.down, today.day.add_days(notice).unwrap_or(today.day)),
    };
    if takes_effect > today.day || (first_told && notice > 0) {
        next.ends = Some(takes_effect.add_days(-1).unwrap_or(takes_effect));
        return next;
    }
    next.ends = None;
    next.level = now.map(str::to_owned);
    if next.level.is_none() {
        let last = today.day.add_days(-1).unwrap_or(today.day);
        return Standing { status: Status::Ended, level: before.level.clone(), ends: Some(last), ..next };
    }
    next
}

fn on_time(moves: &Moves, day: Date) -> bool {
    match moves {
        Moves::AtOnce => true,
        Moves::AtRenewal => false,
        Moves::On(days) => days.iter().any(|(month, of)| day.month_of_year() == *month && day.day() == *of),
    }
}

/// The first day from `day` on, that day included, on which a move takes effect.
fn next_time(moves: &Moves, day: Date) -> Date {
    let Moves::On(days) = moves else { return day };
    let years = [day.year(), day.year().saturating_add(1)];
    let all = years.iter().flat_map(|year| days.iter().map(|(month, of)| Date::new(*year, *month, *of)));
    all.flatten().filter(|then| *then >= day).min().unwrap_or(day)
}

/// On the anniversary and after it.
fn renew(program: &TierProgram, award: Standing, anniversary: Date, today: &Day<'_>) -> Standing {
    let life = &program.award.life;
    let (from, until) = renewal_window(program, anniversary, today.day);
    if let Some((level, on)) = best(program, today, from, until) {
        let months = life.lasts.map_or(12, |lasts| lasts.months);
        let next = match life.lasts.map(|lasts| lasts.of) {
            // Awards that end together are renewed together, to the same day.
            Some(AnniversaryOf::FirstAward) => {
                let shared = today.shared_anniversary.filter(|shared| *shared > anniversary);
                shared.or_else(|| anniversary.add_months_clamped(i32::from(months)).ok())
            }
            _ => anniversary.add_months_clamped(i32::from(months)).ok(),
        };
        let status = if short_of(program, &level, today) { Status::AtRisk } else { Status::Enrolled };
        return Standing {
            status,
            level: Some(level),
            qualified_on: Some(on),
            anniversary: next,
            ends: None,
            since: award.since,
        };
    }
    let grace = life.grace_days.and_then(|days| anniversary.add_days(i32::from(days)).ok());
    let last = [Some(until), grace].into_iter().flatten().max().unwrap_or(until);
    if today.day <= last && last >= anniversary {
        return Standing { status: Status::InGrace, ends: Some(last), ..award };
    }
    let ended = last.max(anniversary.add_days(-1).unwrap_or(anniversary));
    Standing { status: Status::Ended, ends: Some(ended), ..award }
}

fn short_of(program: &TierProgram, level: &str, today: &Day<'_>) -> bool {
    rank(program, (today.level_on)(today.day).as_deref()) < rank(program, Some(level))
}

/// The highest level that held on some day of a window up to today, and the last day on which it did.
fn best(program: &TierProgram, today: &Day<'_>, from: Date, until: Date) -> Option<(String, Date)> {
    let mut found: Option<(String, Date)> = None;
    let mut day = until.min(today.day);
    while day >= from {
        if let Some(level) = (today.level_on)(day)
            && found.as_ref().is_none_or(|(best, _)| rank(program, Some(&level)) > rank(program, Some(best)))
        {
            let highest = program.level_names.last() == Some(&level);
            found = Some((level, day));
            if highest {
                break;
            }
        }
        let Ok(before) = day.add_days(-1) else { break };
        day = before;
    }
    found
}

/// The first day of a window on which some level held.
fn first_day_held(today: &Day<'_>, from: Date, until: Date) -> Option<Date> {
    let mut day = from;
    while day <= until.min(today.day) {
        if (today.level_on)(day).is_some() {
            return Some(day);
        }
        day = day.add_days(1).ok()?;
    }
    None
}
