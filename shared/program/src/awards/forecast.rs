//! What will be lost on which date if nothing changes.

use std::collections::BTreeMap;

use values::{Date, Instant, Month, Zone};

use super::carried::carry;
use super::{Event, Lives, Standing, Status};
use crate::bundle::Bundle;
use crate::facts::{Award, Facts};
use crate::ground::last_instant;
use crate::tiers::{EvaluateError, RequirementResult, evaluate};

/// What is taken for granted about usage in months to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsageGoesOn {
    /// Every coming month is used as the given one was.
    As(Month),
    /// There is none.
    Stops,
}

/// A loss to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The day.
    pub day: Date,
    /// The division; empty for the company.
    pub division: String,
    /// How the award stood before.
    pub before: Standing,
    /// How it stands from then on.
    pub after: Standing,
    /// The requirements of the lost level that do not hold on that day.
    pub because: Vec<RequirementResult>,
}

/// What `partner` will lose of its awards of `program` from the day after `day` to `until`, if nothing
/// changes: by the facts known at `known_at`, the rules as they are dated, and `usage` in the months to
/// come. Losses are ends, lower levels, and awards that begin to be at risk.
///
/// The awards held are those among the facts on `day`. Awards of other programs that this one asks for are followed
/// too: what will be renewed stays held, what will not ends with its life.
///
/// Rule: `program.forecast_takes_facts_as_they_are`.
///
/// # Errors
///
/// As of [`evaluate`].
pub fn forecast(
    bundle: &Bundle,
    program: &str,
    facts: &Facts,
    partner: &str,
    days: (Date, Date),
    known_at: Instant,
    usage: UsageGoesOn,
) -> Result<Vec<Loss>, EvaluateError> {
    let unknown = || EvaluateError::UnknownProgram(program.to_owned());
    let zone = &bundle.tier_program_on(program, days.0).ok_or_else(unknown)?.conventions.zone;
    let held = held(&facts.known_at(known_at), partner, program, zone, days.0);
    Lives { bundle, program, facts, partner, known_at, held: &held }.forecast(days, usage)
}

impl Lives<'_> {
    /// As [`forecast`], where the awards stand as they are given.
    ///
    /// # Errors
    ///
    /// As of [`evaluate`].
    pub fn forecast(&self, days: (Date, Date), usage: UsageGoesOn) -> Result<Vec<Loss>, EvaluateError> {
        let Lives { bundle, program, partner, known_at, .. } = *self;
        let (day, until) = days;
        let unknown = || EvaluateError::UnknownProgram(program.to_owned());
        let zone = &bundle.tier_program_on(program, day).ok_or_else(unknown)?.conventions.zone;
        let mut future = self.facts.known_at(known_at);
        if let UsageGoesOn::As(month) = usage {
            goes_on(&mut future, month, until.month(), zone);
        }
        carry(self, &mut future, days)?;
        let followed = Lives { facts: &future, ..*self }.follow((day, until), None)?;
        let mut losses = Vec::new();
        for event in followed.events.into_iter().filter(|event| event.day > day && loses(event)) {
            let lost = event.before.level.clone();
            let at = last_instant(&zone.day(event.day));
            let card = evaluate(bundle, program, &future, partner, at, at.max(known_at))?;
            let division = card.divisions.iter().find(|division| division.division == event.division);
            let level =
                division.and_then(|division| division.levels.iter().find(|level| Some(&level.level) == lost.as_ref()));
            let because = level.map(|level| level.requirements.iter().filter(|leaf| !leaf.met).cloned().collect());
            losses.push(Loss {
                day: event.day,
                division: event.division,
                before: event.before,
                after: event.after,
                because: because.unwrap_or_default(),
            });
        }
        Ok(losses)
    }
}

fn loses(event: &Event) -> bool {
    let (before, after) = (&event.before, &event.after);
    let qualified = |standing: &Standing| standing.status == Status::Qualified || standing.status.held();
    match (qualified(before), qualified(after)) {
        (true, false) => true,
        (true, true) => {
            let risks = matches!(after.status, Status::AtRisk | Status::InGrace) && after.status != before.status;
            risks || (before.level != after.level && after.ends.is_none() && before.status.held())
        }
        (false, _) => false,
    }
}

/// The awards among the facts on a day.
pub(crate) fn held(known: &Facts, partner: &str, program: &str, zone: &Zone, day: Date) -> BTreeMap<String, Standing> {
    let at = last_instant(&zone.day(day));
    let mine = |fact: &&Award| fact.partner == partner && fact.program == program && fact.effective.contains(at);
    let awards = known.awards.iter().filter(mine).map(|fact| {
        let since = zone.date(fact.effective.start());
        // An award ends with its anniversary unless it is renewed.
        let anniversary = fact.effective.end().map(|end| zone.date(end));
        let standing = Standing {
            status: Status::Enrolled,
            level: Some(fact.level.clone()),
            since: Some(since),
            qualified_on: None,
            anniversary,
            ends: None,
        };
        (fact.division.clone(), standing)
    });
    awards.collect()
}

/// Copies the usage of one month to every later one that has none.
pub(crate) fn goes_on(facts: &mut Facts, month: Month, until: Month, zone: &Zone) {
    let span = zone.whole_month(month);
    let pattern: Vec<_> = facts.usage.iter().filter(|usage| span.contains(usage.start)).cloned().collect();
    let Ok(mut next) = month.add(1) else { return };
    while next <= until {
        let whole = zone.whole_month(next);
        if !facts.usage.iter().any(|usage| whole.contains(usage.start)) {
            for usage in &pattern {
                let offset = usage.start.micros() - span.start().micros();
                let last = last_instant(&whole);
                let start = whole.start().saturating_add(offset).min(last);
                facts.usage.push(crate::facts::Usage { start, ..usage.clone() });
            }
        }
        let Ok(after) = next.add(1) else { return };
        next = after;
    }
}
