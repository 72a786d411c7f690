//! Documents of one id that rule one after the other.
//!
//! Every kind of document may have several versions. A version of a policy follows on in time: its kinds rule from its
//! day. A program or plan that uses a catalog with versions is read once for every stretch of time between them, so that
//! each day is judged and each line is priced by the catalog of its own day.

use std::collections::BTreeMap;

use values::Date;

use super::bundle::{Draft, Head};
use super::cursor::Fields;
use crate::bundle::DocumentKind;
use crate::catalog::Catalog;
use crate::conventions::CountersOnChange;
use crate::model::IncentivePlan;
use crate::recognition::RecognitionPolicy;

/// Something of each version of documents, by id.
pub(super) struct Versions<T> {
    by_id: BTreeMap<String, Vec<(Option<Date>, T)>>,
}

/// Catalogs by id and version.
pub(super) type Catalogs = Versions<Catalog>;

impl<T> Default for Versions<T> {
    fn default() -> Self {
        Versions { by_id: BTreeMap::new() }
    }
}

impl<T> Versions<T> {
    /// Adds a version; they come in the order of their days.
    pub fn add(&mut self, id: &str, effective: Option<Date>, version: T) {
        self.by_id.entry(id.to_owned()).or_default().push((effective, version));
    }

    /// The version that rules on a day: the last that began up to then, or else the first that has a day. Without a
    /// day, because it is undecided, the last.
    pub fn on(&self, id: &str, day: Option<Date>) -> Option<&T> {
        let versions = self.by_id.get(id)?;
        let begun = versions.iter().rev().find(|(from, _)| day.is_none() || from.is_some_and(|from| Some(from) <= day));
        let dated = || versions.iter().find(|(from, _)| from.is_some());
        begun.or_else(dated).or(versions.first()).map(|(_, version)| version)
    }

    /// Puts another in the place of the version of exactly this day, or between those that are there.
    pub fn replace(&mut self, id: &str, effective: Option<Date>, version: T) {
        let versions = self.by_id.entry(id.to_owned()).or_default();
        match versions.iter_mut().find(|(from, _)| *from == effective) {
            Some((_, known)) => *known = version,
            None => {
                versions.push((effective, version));
                versions.sort_by_key(|(from, _)| *from);
            }
        }
    }

    /// Every version, the last of each id first.
    pub fn latest(&self) -> impl Iterator<Item = &T> {
        self.by_id.values().flat_map(|versions| versions.iter().rev().map(|(_, version)| version))
    }

    /// The days of the versions of what a document uses.
    pub fn days(&self, uses: &[String]) -> Vec<Date> {
        let used = uses.iter().filter_map(|id| self.by_id.get(id)).filter(|versions| versions.len() > 1);
        used.flatten().filter_map(|(from, _)| *from).collect()
    }
}

/// The day from which the next version of a document rules.
pub(super) fn next_version(drafts: &[Draft<'_>], head: &Head) -> Option<Date> {
    let later = drafts.iter().filter(|draft| draft.head.id == head.id && draft.head.effective > head.effective);
    later.filter(|_| head.effective.is_some()).filter_map(|draft| draft.head.effective).min()
}

/// Adds a policy; one of an id that is there follows on from its first day.
pub(super) fn follow_on(policies: &mut Vec<RecognitionPolicy>, policy: RecognitionPolicy, fields: &Fields<'_>) {
    let Some(known) = policies.iter_mut().find(|known| known.id == policy.id) else {
        return policies.push(policy);
    };
    match (known.effective, policy.effective) {
        // One that is announced without a day comes first and rules nothing.
        (None, _) => *known = policy,
        (Some(_), Some(day)) => {
            if known.conventions.zone != policy.conventions.zone {
                fields.at.problem("versions of one policy have one `time-zone`");
            }
            let from = known.conventions.zone.start_of_day(day);
            known.followed_by(policy, from);
        }
        (Some(_), None) => {}
    }
}

/// A version ends where the next one begins.
pub(super) fn end_versions<T>(
    all: &mut [T],
    key: impl Fn(&T) -> (&String, Option<Date>),
    until: impl Fn(&mut T) -> &mut Option<Date>,
) {
    for place in 1..all.len() {
        let (before, after) = all.split_at_mut(place);
        if let (Some(old), Some(new)) = (before.last_mut(), after.first())
            && key(old).0 == key(new).0
        {
            let begins = key(new).1;
            let end = until(old);
            *end = [*end, begins].into_iter().flatten().min();
        }
    }
}

/// Counters of a plan go on under its next version, or begin anew where that version says so. A stretch that begins
/// because a catalog changed is no new version.
pub(super) fn restart_counters(plans: &mut [IncentivePlan], drafts: &[Draft<'_>]) {
    for place in 0..plans.len() {
        let plan = &plans[place];
        let earlier = plans[..place].iter().any(|other| other.id == plan.id && other.effective.is_some());
        // The version that it is a stretch of.
        let own = |draft: &&Draft<'_>| {
            draft.head.kind == DocumentKind::IncentivePlan
                && draft.head.id == plan.id
                && draft.head.effective.is_some_and(|from| Some(from) <= plan.effective)
        };
        let version = drafts.iter().filter(own).filter_map(|draft| draft.head.effective).max();
        let first = drafts.iter().filter(own).filter_map(|draft| draft.head.effective).min();
        let restarts = plan.conventions.counters_on_change == Some(CountersOnChange::Restart);
        plans[place].counted_from = version.filter(|_| restarts && earlier && version != first);
    }
}
