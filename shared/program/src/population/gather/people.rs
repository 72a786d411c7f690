//! Partners and the people who count for them.

use std::collections::BTreeSet;

use foldhash::{HashMap, HashMapExt as _};
use values::Instant;

use super::{Sorted, micros, number};
use crate::facts::{Certification, PersonLink};
use crate::ground::Ground;
use crate::judge::people::{certified_until, linked_until};
use crate::population::columns::{Certificate, Person};
use crate::population::wants::NotCompiled;

/// The global accounts in the order of their ids, and of every account the number of its own.
pub(super) fn global_accounts(ground: &Ground<'_>, as_of: Instant) -> (Vec<String>, HashMap<String, u32>) {
    let facts = ground.facts;
    let named = facts.partners.iter().map(|fact| fact.partner.as_str());
    let named = named.chain(facts.associations.iter().map(|fact| fact.partner.as_str()));
    let accounts: BTreeSet<&str> = named.chain(facts.people.iter().map(|fact| fact.partner.as_str())).collect();
    let tops: Vec<(&str, String)> =
        accounts.into_iter().map(|account| (account, ground.global_account(account, as_of))).collect();
    let ids: BTreeSet<&str> = tops.iter().map(|(_, top)| top.as_str()).collect();
    let numbers: HashMap<&str, u32> = ids.iter().enumerate().map(|(place, id)| (*id, number(place))).collect();
    let mut found = HashMap::with_capacity(tops.len());
    for (account, top) in &tops {
        found.insert((*account).to_owned(), numbers[top.as_str()]);
    }
    (ids.into_iter().map(str::to_owned).collect(), found)
}

impl Sorted<'_, '_> {
    /// Writes the people of every partner, and what they hold while it counts.
    pub(super) fn people(&mut self) -> Result<(), NotCompiled> {
        let facts = self.ground.facts;
        let rules = self.columns.wants.people.clone();
        let zone = self.ground.zone.clone();
        let mut names: BTreeSet<&str> = BTreeSet::new();
        let mut held: HashMap<&str, Vec<&Certification>> = HashMap::new();
        for fact in &facts.certifications {
            names.insert(&fact.certification);
            held.entry(&fact.learner).or_default().push(fact);
        }
        self.columns.certifications = names.iter().map(|name| (*name).to_owned()).collect();
        let too_many = |_| NotCompiled::Facts("there are more than 65,536 certifications".to_owned());
        let mut numbers: HashMap<&str, u16> = HashMap::new();
        for (place, name) in names.into_iter().enumerate() {
            numbers.insert(name, u16::try_from(place).map_err(too_many)?);
        }
        let mut links: Vec<(u32, &PersonLink)> =
            facts.people.iter().filter_map(|link| Some((*self.accounts.get(&link.partner)?, link))).collect();
        links.sort_by(|(a, x), (b, y)| (a, &x.learner).cmp(&(b, &y.learner)));
        let columns = &mut self.columns;
        for group in links.chunk_by(|(a, x), (b, y)| (a, &x.learner) == (b, &y.learner)) {
            let (partner, learner) = (group[0].0 as usize, &group[0].1.learner);
            let first = (number(columns.links.len()), number(columns.held.len()));
            for (_, link) in group {
                let until = end(linked_until(&rules, &zone, link));
                columns.links.push((micros(&link.effective).0, until));
            }
            for fact in held.get(learner.as_str()).into_iter().flatten() {
                let until = end(certified_until(&rules, &zone, fact));
                let from = micros(&fact.effective).0;
                columns.held.push(Certificate { certification: numbers[fact.certification.as_str()], from, until });
            }
            let place = number(columns.people.len());
            columns.people.push(Person {
                links: first.0..number(columns.links.len()),
                held: first.1..number(columns.held.len()),
            });
            let people = &mut columns.partners[partner].people;
            *people = if people.start == people.end { place..place + 1 } else { people.start..place + 1 };
        }
        Ok(())
    }
}

fn end(until: Option<Instant>) -> i64 {
    until.map_or(i64::MAX, Instant::micros)
}
