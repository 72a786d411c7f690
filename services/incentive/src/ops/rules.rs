//! Which bundle rules which month, and which months are rated.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use program::Bundle;
use values::{Digest, Instant, Month, Zone};

use super::chain::Task;
use super::{Office, OpError, bundles};
use crate::domain::correction::{Correction, CorrectionState};
use crate::domain::plan::touches;
use crate::domain::run::{Pins, Source};
use crate::store::{books, cells, corrections, received, runs, units};
use crate::wire::known;

/// The bundles by which a task rates.
#[derive(Clone, Debug)]
pub struct Rules {
    own: Arc<Bundle>,
    earlier: BTreeMap<Month, Arc<Bundle>>,
    /// The correction that the task makes or, approved, posts.
    correction: Option<Correction>,
}

impl Rules {
    /// One bundle rules every month: what a correction or a simulation asks.
    pub fn all_by(bundle: Arc<Bundle>) -> Rules {
        Rules { own: bundle, earlier: BTreeMap::new(), correction: None }
    }

    /// The same, with a correction that the task makes.
    #[must_use]
    pub fn correcting(self, correction: Correction) -> Rules {
        Rules { correction: Some(correction), ..self }
    }

    /// The bundle that rules a month.
    pub fn of(&self, month: Month) -> &Arc<Bundle> {
        self.earlier.get(&month).unwrap_or(&self.own)
    }

    /// Every bundle that rules some month, each once.
    pub fn bundles(&self) -> Vec<&Arc<Bundle>> {
        let mut seen = BTreeSet::new();
        let all = std::iter::once(&self.own).chain(self.earlier.values());
        all.filter(|bundle| seen.insert(*bundle.hash().bytes())).collect()
    }

    /// The correction whose months include this one, if the task posts one.
    pub fn corrected(&self, month: Month) -> Option<&Correction> {
        self.correction.as_ref().filter(|correction| (correction.first..=correction.last).contains(&month))
    }
}

/// The bundles of a task: its own for its period, and for each closed month the one by which that was closed or last
/// corrected. A correction that the task posts moves its months to the task's own bundle.
///
/// Rule: `incentive.changed-rules-are-approved`. A month that was closed keeps its rules until somebody approves a
/// correction of it.
///
/// # Errors
/// The database's; [`OpError::BundleNotStaged`].
pub async fn of(office: &Office, task: &Task) -> Result<Rules, OpError> {
    let connection = office.store().read();
    let own = bundles::load(office, task.pins.bundle).await?;
    let correction = match task.before {
        i64::MAX => approved(office, task.pins.bundle).await?,
        run => corrections::of_run(connection, run).await?,
    };
    let mut rules = Rules { own, earlier: BTreeMap::new(), correction };
    for (month, ruling) in rulings(office, task.before).await? {
        if month < task.period && rules.corrected(month).is_none() {
            rules.earlier.insert(month, bundles::load(office, ruling).await?);
        }
    }
    Ok(rules)
}

/// The approved correction by a bundle, which the next close by it posts.
async fn approved(office: &Office, bundle: Digest) -> Result<Option<Correction>, OpError> {
    let found = corrections::in_states(office.store().read(), &[CorrectionState::Approved]).await?;
    Ok(found.into_iter().find(|correction| correction.bundle == bundle))
}

/// The bundle that rules each month that was closed by a run before `before`, corrections that such runs posted
/// included.
///
/// # Errors
/// The database's.
pub async fn rulings(office: &Office, before: i64) -> Result<BTreeMap<Month, Digest>, OpError> {
    let connection = office.store().read();
    let mut rulings = BTreeMap::new();
    for (month, number) in books::load(connection).await?.closed {
        if number < before {
            let run = runs::find(connection, number).await?;
            let run = run.ok_or_else(|| OpError::Inconsistent("a closed period has no run".to_owned()))?;
            rulings.insert(month, run.pins.bundle);
        }
    }
    let mut posted = corrections::in_states(connection, &[CorrectionState::Posted]).await?;
    posted.retain(|correction| correction.run.is_some_and(|run| run < before));
    posted.sort_by_key(|correction| correction.run);
    for correction in posted {
        for (_, ruling) in rulings.range_mut(correction.first..=correction.last) {
            *ruling = correction.bundle;
        }
    }
    Ok(rulings)
}

/// The months and plans to rate, in order: closed months that something recorded since touches or that are corrected,
/// then the period.
///
/// # Errors
/// The database's.
pub async fn units_to_rate(office: &Office, task: &Task, rules: &Rules) -> Result<Vec<(Month, String)>, OpError> {
    let mut months = corrected_months(office, task, rules).await?;
    months.push(task.period);
    let mut found = Vec::new();
    for month in months {
        found.extend(plans(office, rules, month, task.before).await?.into_iter().map(|plan| (month, plan)));
    }
    Ok(found)
}

/// The plans to rate for a month: those that pay in it, and in a corrected month also those of its new bundle that
/// paid in it before. A plan that the new bundle does not have at all keeps what it paid.
///
/// # Errors
/// The database's.
pub async fn plans(office: &Office, rules: &Rules, month: Month, before: i64) -> Result<Vec<String>, OpError> {
    let all = rules.of(month).incentive_plans();
    let pays = all.iter().filter(|plan| touches(plan.effective, None, month));
    let mut found: Vec<String> = pays.map(|plan| plan.id.clone()).collect();
    // Versions of one plan stand beside each other, and are rated together.
    found.dedup();
    if rules.corrected(month).is_some() {
        let paid = units::plans(office.store().read(), month, before).await?;
        let known = |plan: &String| all.iter().any(|one| one.id == *plan) && !found.contains(plan);
        let paid: Vec<String> = paid.into_iter().filter(known).collect();
        found.extend(paid);
    }
    Ok(found)
}

/// The closed months that something recorded since the last close may change, or that the task corrects, oldest first.
async fn corrected_months(office: &Office, task: &Task, rules: &Rules) -> Result<Vec<Month>, OpError> {
    let connection = office.store().read();
    let books = books::load(connection).await?;
    let mut closed: Vec<(Month, i64)> = books.closed.into_iter().filter(|(month, _)| *month < task.period).collect();
    closed.sort();
    let Some((_, last)) = closed.last().copied() else { return Ok(Vec::new()) };
    let last = runs::find(connection, last).await?;
    let last = last.ok_or_else(|| OpError::Inconsistent("a closed period has no run".to_owned()))?;
    let affected = first_affected(office, &last.pins, &task.pins).await?;
    // A day more: in another zone it may still be the month before.
    let affected = affected.map(|first| Zone::utc().month(first.saturating_add(-DAY_MICROS)));
    let corrected = rules.correction.as_ref().map(|correction| correction.first);
    let Some(first) = [affected, corrected].into_iter().flatten().min() else { return Ok(Vec::new()) };
    Ok(closed.into_iter().map(|(month, _)| month).filter(|month| *month >= first).collect())
}

const DAY_MICROS: i64 = 24 * 3_600 * 1_000_000;

/// The earliest instant that anything recorded between two pins may change something for.
async fn first_affected(office: &Office, then: &Pins, now: &Pins) -> Result<Option<Instant>, OpError> {
    let connection = office.store().read();
    let unread = known::bundle_kind();
    let mut first: Option<Instant> = None;
    let mut note = |found: Option<Instant>| {
        first = [first, found].into_iter().flatten().min();
    };
    for source in Source::ALL {
        let up_to = |pins: &Pins| pins.feeds.get(&source).map_or(pins.known, |pin| pin.known);
        note(received::first_affected(connection, source, up_to(then), up_to(now), &unread).await?);
        if source == Source::Association {
            note(cells::touched(connection, up_to(then), up_to(now)).await?);
        }
    }
    Ok(first)
}
