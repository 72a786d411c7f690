//! People: who counts for the partner, and what they hold.

use std::collections::{BTreeMap, BTreeSet};

use values::{Date, Instant};

use super::Judge;
use crate::explain::Rejected;
use crate::facts::{Certification, Fact, FactRef, PersonLink};
use crate::model::Holding;
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
    let mut linked: BTreeMap<&str, bool> = BTreeMap::new();
    for link in judge.ground.facts.people.iter().filter(|link| judge.accounts.contains(&link.partner)) {
        *linked.entry(&link.learner).or_default() |= counts(judge, link, at);
    }
    // Person to the groups of which they hold one.
    let mut groups: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for certification in &judge.ground.facts.certifications {
        let wanted: Vec<usize> = (0..holding.groups.len())
            .filter(|group| holding.groups[*group].has(&certification.certification, judge.day))
            .collect();
        let Some(active) = linked.get(certification.learner.as_str()).filter(|_| !wanted.is_empty()) else { continue };
        let fact = FactRef::new("certification", certification.key());
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

/// Linked at `at`, or gone for so short that the program still counts them.
fn counts(judge: &Judge<'_>, link: &PersonLink, at: Instant) -> bool {
    if link.effective.contains(at) {
        return true;
    }
    let (Some(day), Some(end)) = (judge.people.counted_through_day, link.effective.end()) else { return false };
    let zone = &judge.ground.zone;
    // The last day on which they were still there names the month.
    let left = zone.month(end.saturating_add(-1));
    let through =
        left.add(1).ok().and_then(|next| Date::new(next.year(), next.month_of_year(), day.cast_signed()).ok());
    let after = through.and_then(|through| through.add_days(1).ok());
    end <= at && after.is_some_and(|after| at < zone.start_of_day(after))
}

fn in_force(judge: &Judge<'_>, certification: &Certification, at: Instant) -> bool {
    let zone = &judge.ground.zone;
    let earned = certification.effective.start();
    if let Some(months) = judge.people.partner_months
        && earned <= at
        && let Ok(end) = zone.date(earned).add_months_clamped(i32::from(months))
        && at < zone.start_of_day(end)
    {
        return true;
    }
    if !certification.effective.contains(at) {
        return false;
    }
    let (Some(retired), Some(months)) = (certification.retired, judge.people.retired_months) else { return true };
    // Through the end of the month so many months later.
    let last = zone.month(retired).add(i32::from(months));
    last.is_ok_and(|last| at < zone.whole_month(last).end().unwrap_or(Instant::MAX))
}
