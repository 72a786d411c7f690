//! People: who counts for the partner, and what they hold.

use std::collections::{BTreeMap, BTreeSet};

use values::{Date, Instant, Zone};

use super::Judge;
use crate::explain::Rejected;
use crate::facts::{Certification, FactRef, PersonLink};
use crate::model::{Holding, PeopleRules};
use crate::reason::Reason;

/// Who holds what is asked for, with the certifications that say so.
#[derive(Default)]
pub(crate) struct Holders {
    pub people: BTreeMap<String, Vec<FactRef>>,
    pub rejected: Vec<Rejected>,
}

/// People who count for the partner at `at` and hold one certification of every group then.
///
/// Rule: `program.people_count_as_the_program_says`: a leaver counts through the program's day, a
/// retired certification for its months, and a certification for the partner for as long as the
/// program says, whatever becomes of the person's own.
pub(crate) fn holders(judge: &Judge<'_>, holding: &Holding, at: Instant) -> Holders {
    let mut found = Holders::default();
    // Person to the groups of which they hold one.
    let mut groups: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for (number, active) in judge.certified(at).iter() {
        let Some(certification) = judge.ground.facts.certifications.get(*number) else { continue };
        let wanted: Vec<usize> = (0..holding.groups.len())
            .filter(|group| holding.groups[*group].has(&certification.certification, judge.day))
            .collect();
        if wanted.is_empty() {
            continue;
        }
        let fact = judge.ground.certification_ref(*number, certification);
        if !active {
            found.rejected.push(Rejected { fact, reason: Reason::NotLinked });
        } else if !in_force(judge, certification, at) {
            found.rejected.push(Rejected { fact, reason: Reason::NotCertified });
        } else {
            groups.entry(&certification.learner).or_default().extend(wanted);
            found.people.entry(certification.learner.clone()).or_default().push(fact);
        }
    }
    found
        .people
        .retain(|learner, _| groups.get(learner.as_str()).is_some_and(|held| held.len() == holding.groups.len()));
    found
}

/// The certifications of people who are or were linked to the partner, by their number among all, and whether the person
/// counts at `at`.
pub(super) fn of_linked(judge: &Judge<'_>, at: Instant) -> Vec<(usize, bool)> {
    let mut linked: BTreeMap<&str, bool> = BTreeMap::new();
    for link in judge.ground.facts.people.iter().filter(|link| judge.accounts.contains(&link.partner)) {
        *linked.entry(&link.learner).or_default() |= counts(judge, link, at);
    }
    let all = judge.ground.facts.certifications.iter().enumerate();
    all.filter_map(|(number, fact)| linked.get(fact.learner.as_str()).map(|active| (number, *active))).collect()
}

/// Linked at `at`, or gone for so short that the program still counts them.
fn counts(judge: &Judge<'_>, link: &PersonLink, at: Instant) -> bool {
    let until = linked_until(&judge.people, &judge.ground.zone, link);
    link.effective.start() <= at && until.is_none_or(|until| at < until)
}

/// The first instant at which a linked person no longer counts; none for one without end.
pub(crate) fn linked_until(rules: &PeopleRules, zone: &Zone, link: &PersonLink) -> Option<Instant> {
    let end = link.effective.end()?;
    let Some(day) = rules.counted_through_day else { return Some(end) };
    // The last day on which they were still there names the month.
    let left = zone.month(end.saturating_add(-1));
    let through =
        left.add(1).ok().and_then(|next| Date::new(next.year(), next.month_of_year(), day.cast_signed()).ok());
    let after = through.and_then(|through| through.add_days(1).ok());
    Some(after.map_or(end, |after| end.max(zone.start_of_day(after))))
}

fn in_force(judge: &Judge<'_>, certification: &Certification, at: Instant) -> bool {
    let until = certified_until(&judge.people, &judge.ground.zone, certification);
    certification.effective.start() <= at && until.is_none_or(|until| at < until)
}

/// The first instant at which a certification no longer counts; none for one without end.
pub(crate) fn certified_until(rules: &PeopleRules, zone: &Zone, certification: &Certification) -> Option<Instant> {
    let earned = certification.effective.start();
    let for_the_partner = rules
        .partner_months
        .and_then(|months| zone.date(earned).add_months_clamped(i32::from(months)).ok())
        .map(|end| zone.start_of_day(end));
    // A retired one counts through the end of the month so many months later.
    let by_catalog = rules.retired.get(&certification.certification).map(|day| zone.start_of_day(*day));
    let retired = [certification.retired, by_catalog].into_iter().flatten().min();
    let retired = retired.zip(rules.retired_months).map(|(retired, months)| {
        let last = zone.month(retired).add(i32::from(months));
        last.map_or(earned, |last| zone.whole_month(last).end().unwrap_or(Instant::MAX))
    });
    let own = match (certification.effective.end(), retired) {
        (Some(end), Some(retired)) => Some(end.min(retired)),
        (end, retired) => end.or(retired),
    };
    Some(own?.max(for_the_partner.unwrap_or(earned)))
}
