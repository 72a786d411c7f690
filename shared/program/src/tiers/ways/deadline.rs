//! Until when a way can be taken: facts age, and what they gave leaves windows.

use std::collections::BTreeSet;

use values::Date;

use super::changes::Changes;
use super::trial::Trial;
use crate::awards::{UsageGoesOn, goes_on};
use crate::bundle::Bundle;
use crate::facts::Facts;
use crate::ground::{Ground, last_instant};
use crate::judge::Judge;
use crate::judge::pins::Pins;
use crate::model::{Division, TierProgram};
use crate::tiers::days::days_of_change;
use crate::tiers::scorecard::{DivisionScore, Scorecard, Way};
use crate::tiers::standings::levels;
use crate::tiers::{EvaluateError, rules};

/// The last day on which each way of a scorecard still reaches its level, by division and way; none for one that does on
/// every day up to `until`.
///
/// A way reaches its level on a later day when the same additions to what the facts give on that day do, by the rules of
/// that day: what is known stays as it is known, `usage` goes on or stops, and nothing else happens.
///
/// # Errors
///
/// As of [`crate::tiers::evaluate`].
pub fn deadlines(
    bundle: &Bundle,
    facts: &Facts,
    card: &Scorecard,
    until: Date,
    usage: UsageGoesOn,
) -> Result<Vec<Vec<Option<Date>>>, EvaluateError> {
    let mut found: Vec<Vec<Option<Date>>> = card.divisions.iter().map(|score| vec![None; score.ways.len()]).collect();
    let versions: Vec<&TierProgram> = bundle.tier_programs().iter().filter(|one| one.id == card.program).collect();
    let unknown = || EvaluateError::UnknownProgram(card.program.clone());
    let zone = &versions.first().ok_or_else(unknown)?.conventions.zone;
    let today = zone.date(card.as_of);
    let Ok(tomorrow) = today.add_days(1) else { return Ok(found) };
    let mut future = facts.known_at(card.known_at);
    if let UsageGoesOn::As(month) = usage {
        goes_on(&mut future, month, until.month(), zone);
    }
    let mut days: BTreeSet<Date> = BTreeSet::new();
    for version in versions {
        days.extend(days_of_change(version, &future, tomorrow, until));
        days.extend(version.effective.into_iter().chain(version.until).filter(|day| (tomorrow..=until).contains(day)));
    }
    for day in days {
        if found.iter().flatten().all(Option::is_some) {
            break;
        }
        let version = bundle.tier_program_on(&card.program, day).ok_or_else(unknown)?;
        let policy = bundle.recognition_policy(&version.recognition).ok_or_else(unknown)?;
        let ground = Ground::new(&version.catalog, policy, version.conventions.zone.clone(), &future);
        let at = last_instant(&version.conventions.zone.day(day));
        let on = Judge::of(version, &ground, ground.accounts(&card.partner, at), at, Pins::default());
        for (score, found) in card.divisions.iter().zip(&mut found) {
            let reached = match &on {
                Ok(on) => reached(on, version, score, found, day),
                Err(error) => Err(error.clone()),
            };
            let reached = match reached {
                // Before its first dated value a rule gives no level.
                Err(EvaluateError::NoValue { .. }) => vec![false; found.len()],
                reached => reached?,
            };
            for (deadline, reached) in found.iter_mut().zip(reached) {
                if deadline.is_none() && !reached {
                    *deadline = day.add_days(-1).ok();
                }
            }
        }
    }
    Ok(found)
}

/// Which ways of a division still reach their level on a day.
fn reached(
    on: &Judge<'_>,
    version: &TierProgram,
    score: &DivisionScore,
    found: &[Option<Date>],
    day: Date,
) -> Result<Vec<bool>, EvaluateError> {
    let ruling = version.division(&score.division).filter(|division| rules(version, division, day));
    let (Some(division), true) = (ruling, found.iter().any(Option::is_none)) else {
        return Ok(vec![false; score.ways.len()]);
    };
    let trial = Trial::of(on, version, division)?;
    Ok(score.ways.iter().map(|way| reaches(&trial, on, division, way)).collect())
}

fn reaches(trial: &Trial<'_>, on: &Judge<'_>, division: &Division, way: &Way) -> bool {
    let target = levels(on, division).iter().position(|level| level.name == way.level);
    let changes = changes(trial, way);
    target.zip(changes).is_some_and(|(target, changes)| trial.reaches(&changes, target))
}

/// The additions of a way by the rules of a day; none where a rule is no longer there.
fn changes(trial: &Trial<'_>, way: &Way) -> Option<Changes> {
    let steps = way.steps.iter().map(|step| {
        let place = u32::try_from(trial.place(&step.rule)?).ok()?;
        Some(match &step.add {
            Some(add) => Changes::one(place, add.value.clone()),
            None => Changes::obtained(place),
        })
    });
    steps.into_iter().try_fold(Changes::default(), |all, step| Some(all.join(&step?)))
}
