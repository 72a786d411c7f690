//! The awards of other programs in days to come: who holds one now holds it as its own program will have it.

use std::collections::BTreeSet;

use values::{Date, Interval};

use super::forecast::held;
use super::{Followed, Lives};
use crate::bundle::Bundle;
use crate::facts::{Award, Facts};
use crate::model::{LegWorth, Requirement};
use crate::tiers::EvaluateError;

/// Puts the awards that the program asks for, as far as the partner holds them on the first day, in `future` as they
/// will be held: beyond their anniversary where they will be renewed, and until their last day where they will not.
///
/// Programs that ask for each other are followed once, in the order in which they are asked for.
pub(super) fn carry(lives: &Lives<'_>, future: &mut Facts, days: (Date, Date)) -> Result<(), EvaluateError> {
    let mut seen = BTreeSet::from([lives.program.to_owned()]);
    others(lives, future, days, &mut seen)
}

fn others(
    lives: &Lives<'_>,
    future: &mut Facts,
    days: (Date, Date),
    seen: &mut BTreeSet<String>,
) -> Result<(), EvaluateError> {
    for program in asked_for(lives.bundle, lives.program) {
        let Some(version) = lives.bundle.tier_program_on(&program, days.0) else { continue };
        if !seen.insert(program.clone()) {
            continue;
        }
        let zone = &version.conventions.zone;
        let held = held(future, lives.partner, &program, zone, days.0);
        if held.is_empty() {
            continue;
        }
        others(&Lives { program: &program, ..*lives }, future, days, seen)?;
        let own = Lives { program: &program, facts: future, held: &held, ..*lives };
        let followed = own.follow(days, None)?;
        let at = crate::ground::last_instant(&zone.day(days.0));
        let mine =
            |fact: &Award| fact.partner == lives.partner && fact.program == program && fact.effective.contains(at);
        let (now, rest): (Vec<Award>, Vec<Award>) = future.awards.drain(..).partition(mine);
        future.awards = rest;
        for fact in now {
            future.awards.extend(spans(&fact, &followed, zone));
        }
    }
    Ok(())
}

/// An award as it is held from level to level, without an end where it does not end in the followed days.
fn spans(fact: &Award, followed: &Followed, zone: &values::Zone) -> Vec<Award> {
    let mut found = Vec::new();
    let mut open = from(fact.effective.start()).map(|effective| Award { effective, ..fact.clone() });
    let own = followed.events.iter().filter(|event| event.division == fact.division);
    for event in own.filter(|event| event.before.level != event.after.level || !event.after.status.held()) {
        // An end may be noticed later than it came.
        let last = event.after.ends.and_then(|last| last.add_days(1).ok()).filter(|_| !event.after.status.held());
        let day = zone.start_of_day(last.map_or(event.day, |last| last.min(event.day)));
        if let Some(award) = open.take()
            && let Ok(effective) = Interval::new(award.effective.start(), Some(day))
        {
            found.push(Award { effective, ..award });
        }
        if event.after.status.held() {
            let level = event.after.level.clone().unwrap_or_default();
            open = from(day).map(|effective| Award { level, effective, ..fact.clone() });
        }
    }
    found.extend(open);
    found
}

fn from(start: values::Instant) -> Option<Interval> {
    Interval::new(start, None).ok()
}

/// The other programs whose awards a program's levels and points ask for, in whatever version.
fn asked_for(bundle: &Bundle, program: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for version in bundle.tier_programs().iter().filter(|version| version.id == program) {
        for division in &version.divisions {
            division.levels.all().into_iter().flatten().for_each(|level| add(&level.when, &mut found));
            for line in division.lines() {
                line.gates.iter().for_each(|gate| add(gate, &mut found));
                for leg in &line.legs {
                    if let LegWorth::When { when, .. } = &leg.worth {
                        add(when, &mut found);
                    }
                }
            }
        }
        version.classes.iter().flat_map(|class| &class.cases).for_each(|(_, when)| add(when, &mut found));
    }
    found.remove(program);
    found
}

fn add(requirement: &Requirement, found: &mut BTreeSet<String>) {
    requirement.parts().into_iter().flatten().for_each(|part| add(part, found));
    match requirement {
        Requirement::OverTime { when, .. } => add(when, found),
        Requirement::Holds { award, .. } => found.extend(award.rsplit_once('/').map(|(program, _)| program.to_owned())),
        _ => {}
    }
}
