//! The lives of the awards of one program, from some days to others.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use values::{Date, Instant};

use super::agreements::ending_agreements;
use super::follow::{agenda, leaves, reach, shared, upcoming};
use super::{Day, Event, Followed, Standing, Status, step};
use crate::bundle::Bundle;
use crate::facts::Facts;
use crate::judge::anniversary_after;
use crate::model::TierProgram;
use crate::model::life::{AnniversaryOf, Begins};
use crate::tiers::{EvaluateError, History, days_of_facts, history};

/// Which level holds in each division; a division that is not named has none.
pub type Levels = BTreeMap<String, Option<String>>;

/// The awards of one program, with everything that their lives depend on.
#[derive(Clone, Copy, Debug)]
pub struct Lives<'a> {
    /// The rules.
    pub bundle: &'a Bundle,
    /// The tier program.
    pub program: &'a str,
    /// What is known.
    pub facts: &'a Facts,
    /// The partner.
    pub partner: &'a str,
    /// The instant up to which facts count.
    pub known_at: Instant,
    /// How the awards stand in the evening before the first day, by division; none for what is not held.
    pub held: &'a BTreeMap<String, Standing>,
}

impl<'a> Lives<'a> {
    /// Follows the awards over `days`, first and last included. `found` says which levels hold on the last
    /// day, where an evaluation at an instant of it has said so; otherwise a day is judged at its end.
    /// Days before are judged only where the life of an award asks for them.
    ///
    /// # Errors
    ///
    /// As of [`crate::tiers::evaluate`].
    pub fn follow(&self, days: (Date, Date), found: Option<&Levels>) -> Result<Followed, EvaluateError> {
        let (from, until) = days;
        let versions = self.versions()?;
        let past = Past::new(self, &versions, days, found);
        let mut standings = self.held.clone();
        let mut events = Vec::new();
        let mut agenda = match from < until {
            true => agenda(&versions, past.histories()?, past.known(), from, until),
            false => BTreeSet::new(),
        };
        agenda.insert(from);
        agenda.extend(found.is_some().then_some(until));
        while let Some(day) = agenda.pop_first() {
            let version = self.version_on(&versions, day);
            for division in divisions(&versions) {
                let before = standings.get(division).cloned().unwrap_or_else(Standing::none);
                let today = Day {
                    day,
                    level_on: &|day| past.level_on(division, day),
                    enrollment: self.enrollment(version, &past, day),
                    shared_anniversary: shared(&standings, division),
                };
                let after = step(version, &before, &today);
                agenda.extend(upcoming(version, &after).into_iter().filter(|next| *next > day && *next <= until));
                let moved = (before.status, &before.level, before.anniversary)
                    != (after.status, &after.level, after.anniversary);
                if moved {
                    events.push(Event { day, division: division.to_owned(), before, after: after.clone() });
                }
                standings.insert(division.to_owned(), after);
            }
        }
        past.failure()?;
        Ok(Followed { events, standings })
    }

    /// The first day after `day` on which a level or an award may stand differently, or the partner is told of the end of
    /// an agreement, although no fact changes: at the latest the first one of the next month. There may be days on which nothing happens,
    /// never one too few. The awards are those of the evening of `day`.
    ///
    /// What happens in the course of a day is over with it: the day after is one of them.
    ///
    /// # Errors
    ///
    /// As of [`crate::tiers::evaluate`].
    pub fn next_day(&self, day: Date) -> Result<Option<Date>, EvaluateError> {
        let versions = self.versions()?;
        let Ok(month) = day.month().add(1) else { return Ok(None) };
        let until = month.first_day();
        let mut days = agenda(&versions, &[], self.facts, day, until);
        days.insert(until);
        for version in &versions {
            let endings = ending_agreements(version, self.facts, self.partner, self.known_at);
            days.extend(endings.into_iter().map(|ending| ending.told_from));
            for happens in days_of_facts(version, self.facts, day, until) {
                days.insert(happens);
                days.extend(happens.add_days(1));
            }
        }
        let version = self.version_on(&versions, day);
        for standing in self.held.values() {
            days.extend(upcoming(version, standing));
            if standing.status == Status::Qualified {
                days.extend(standing.qualified_on.into_iter().flat_map(|last| leaves(version, last)));
            }
        }
        Ok(days.into_iter().find(|next| *next > day))
    }

    fn versions(&self) -> Result<Vec<&'a TierProgram>, EvaluateError> {
        let versions: Vec<_> = self.bundle.tier_programs().iter().filter(|one| one.id == self.program).collect();
        match versions.is_empty() {
            true => Err(EvaluateError::UnknownProgram(self.program.to_owned())),
            false => Ok(versions),
        }
    }

    fn version_on(&self, versions: &[&'a TierProgram], day: Date) -> &'a TierProgram {
        self.bundle.tier_program_on(self.program, day).unwrap_or(versions[0])
    }

    /// The next anniversary of the enrollment, where the program goes by it.
    fn enrollment(&self, version: &TierProgram, past: &Past<'_, '_>, day: Date) -> Option<Date> {
        let life = &version.award.life;
        let asked = life.begins == Begins::WithEnrollment
            || life.lasts.is_some_and(|lasts| lasts.of == AnniversaryOf::Enrollment);
        let zone = &version.conventions.zone;
        asked.then(|| anniversary_after(past.known(), self.partner, self.program, zone, day)).flatten()
    }
}

/// The divisions of all versions, each once, in the order of the document.
fn divisions<'p>(versions: &[&'p TierProgram]) -> Vec<&'p str> {
    let mut found: Vec<&str> = Vec::new();
    for division in versions.iter().flat_map(|version| &version.divisions) {
        if !found.contains(&division.name.as_str()) {
            found.push(&division.name);
        }
    }
    found
}

/// Which level held on which day: what was found for the last one, and for those before it the history,
/// which is made when somebody asks.
struct Past<'l, 'a> {
    lives: &'l Lives<'a>,
    days: (Date, Date),
    found: Option<&'l Levels>,
    until: Date,
    known: OnceCell<Facts>,
    histories: OnceCell<Result<Vec<History>, EvaluateError>>,
}

impl<'l, 'a> Past<'l, 'a> {
    fn new(
        lives: &'l Lives<'a>,
        versions: &[&TierProgram],
        days: (Date, Date),
        found: Option<&'l Levels>,
    ) -> Past<'l, 'a> {
        let (from, until) = days;
        // Windows reach back: the longest one of any version is looked at from its first day.
        let earliest = versions.iter().map(|version| reach(version, from)).min().unwrap_or(from);
        let last = if found.is_some() { until.add_days(-1).unwrap_or(until) } else { until };
        let days = (earliest.min(last), last);
        Past { lives, days, found, until, known: OnceCell::new(), histories: OnceCell::new() }
    }

    fn known(&self) -> &Facts {
        self.known.get_or_init(|| self.lives.facts.known_at(self.lives.known_at))
    }

    fn made(&self) -> &Result<Vec<History>, EvaluateError> {
        let Lives { bundle, program, facts, partner, known_at, .. } = *self.lives;
        self.histories.get_or_init(|| history(bundle, program, facts, partner, self.days, known_at))
    }

    fn histories(&self) -> Result<&[History], EvaluateError> {
        self.made().as_deref().map_err(Clone::clone)
    }

    /// A history that cannot be made has no levels; [`Past::failure`] tells it in the end.
    fn level_on(&self, division: &str, day: Date) -> Option<String> {
        if let (Some(found), true) = (self.found, day == self.until) {
            return found.get(division).cloned().flatten();
        }
        let histories = self.made().as_ref().ok()?;
        histories.iter().find(|history| history.division == division)?.on(day).map(str::to_owned)
    }

    fn failure(self) -> Result<(), EvaluateError> {
        match self.histories.into_inner() {
            Some(Err(error)) => Err(error),
            _ => Ok(()),
        }
    }
}
