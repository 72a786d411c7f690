//! Follows the awards of a partner from day to day.

use std::collections::{BTreeMap, BTreeSet};

use values::{Date, Instant};

use super::{Lives, Standing, Status};
use crate::bundle::Bundle;
use crate::facts::Facts;
use crate::model::TierProgram;
use crate::model::life::{Moves, Span};
use crate::tiers::{EvaluateError, History};

/// A change of an award.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The day.
    pub day: Date,
    /// The division; empty for the company.
    pub division: String,
    /// How it stood before.
    pub before: Standing,
    /// How it stands from then on.
    pub after: Standing,
}

/// What became of the awards of one program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Followed {
    /// Every change, by day and the document's order of divisions.
    pub events: Vec<Event>,
    /// How every division stands at the end.
    pub standings: BTreeMap<String, Standing>,
}

/// Follows the awards of `program` for `partner` from `from` to `until`, both included, beginning with
/// `held` (by division; none for what is not held), as known at `known_at`.
///
/// # Errors
///
/// As of [`crate::tiers::evaluate`].
pub fn follow(
    bundle: &Bundle,
    program: &str,
    facts: &Facts,
    partner: &str,
    days: (Date, Date),
    known_at: Instant,
    held: &BTreeMap<String, Standing>,
) -> Result<Followed, EvaluateError> {
    Lives { bundle, program, facts, partner, known_at, held }.follow(days, None)
}

/// The anniversary of the other held awards: all of them share one.
pub(super) fn shared(standings: &BTreeMap<String, Standing>, division: &str) -> Option<Date> {
    let others = standings.iter().filter(|(name, standing)| *name != division && standing.status.held());
    others.filter_map(|(_, standing)| standing.anniversary).max()
}

/// The first day that a window of `from` may reach back to.
pub(super) fn reach(program: &TierProgram, from: Date) -> Date {
    let life = &program.award.life;
    let spans = life.first_time.iter().chain(&life.renewal).flat_map(|spans| spans.all());
    let months = spans.map(|span| match span {
        Span::Back(months) | Span::BackFullMonths(months) | Span::AnniversaryMonthAndBack(months) => {
            i32::from(*months) + 2
        }
        Span::BeforeAnniversary(days) | Span::AroundAnniversary { before: days, .. } => i32::from(*days) / 28 + 2,
        Span::AfterAnniversary(_) | Span::TheDay => 1,
    });
    let grace = life.grace_days.map_or(0, |days| i32::from(days) / 28 + 1);
    let months = months.max().unwrap_or(0) + grace;
    from.add_months_clamped(-months).unwrap_or(from)
}

/// The days on which an award may change.
pub(super) fn agenda(
    versions: &[&TierProgram],
    levels: &[History],
    known: &Facts,
    from: Date,
    until: Date,
) -> BTreeSet<Date> {
    let mut days: BTreeSet<Date> = BTreeSet::new();
    days.extend(levels.iter().flat_map(|history| history.runs.iter().map(|(day, _)| *day)));
    for version in versions {
        let life = &version.award.life;
        let spans = life.first_time.iter().chain(&life.renewal).flat_map(|spans| spans.days());
        days.extend(spans.chain(version.effective).chain(version.until));
        days.extend(life.retired.and_then(|retired| retired.no_new_after.add_days(1).ok()));
        for moves in [&life.up, &life.down] {
            if let Moves::On(of_year) = moves {
                let years = from.year()..=until.year();
                days.extend(
                    years.flat_map(|year| of_year.iter().flat_map(move |(month, day)| Date::new(year, *month, *day))),
                );
            }
        }
        let zone = &version.conventions.zone;
        days.extend(known.enrollments.iter().map(|fact| zone.date(fact.effective.start())));
        // A level that ended leaves windows of days one after the other.
        for run in levels.iter().flat_map(|history| history.runs.windows(2)) {
            let last = run[1].0.add_days(-1).unwrap_or(run[1].0);
            days.extend(leaves(version, last));
        }
    }
    let mut month = from.month();
    while month <= until.month() {
        days.insert(month.first_day());
        let Ok(next) = month.add(1) else { break };
        month = next;
    }
    days.into_iter().filter(|day| (from..=until).contains(day)).collect()
}

/// Days on which a qualified day leaves the window of a first award, or its time to enroll is over.
pub(super) fn leaves(program: &TierProgram, last: Date) -> Vec<Date> {
    let life = &program.award.life;
    let mut found = Vec::new();
    for span in life.first_time.iter().flat_map(|spans| spans.all()) {
        if let Span::Back(months) = span {
            let then = last.add_months_clamped(i32::from(*months));
            found.extend((0..=4).filter_map(|more| then.clone().ok()?.add_days(more).ok()));
        }
    }
    if let Some(days) = life.enroll_within_days {
        found.extend(last.add_days(i32::from(days) + 1));
    }
    found
}

/// The days that an award itself brings.
pub(super) fn upcoming(program: &TierProgram, standing: &Standing) -> Vec<Date> {
    let life = &program.award.life;
    let mut found = Vec::new();
    if standing.status == Status::Ended {
        // What its window still holds gives it anew on the day after its end.
        found.extend(standing.ends.and_then(|last| last.add_days(2).ok()));
    }
    if !standing.status.held() {
        return found;
    }
    if let Some(anniversary) = standing.anniversary {
        found.push(anniversary);
        found.extend(life.due_days.and_then(|days| anniversary.add_days(-i32::from(days)).ok()));
    }
    if let Some(ends) = standing.ends {
        found.push(ends);
        found.extend(ends.add_days(1));
    }
    if standing.status == Status::InGrace {
        found.extend(standing.anniversary.and_then(|day| day.add_days(1).ok()));
    }
    found
}
