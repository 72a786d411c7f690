//! Matching people to roles with sharing limits: exactly, never greedily.
//!
//! All who hold what a role asks for are alike in it, so a role with `n` people in each of `m` places, of
//! whom each serves at most `s`, is filled by `k` people exactly when `k >= n` and `k * s >= n * m`. What
//! is left is who takes which role: a matching, or a flow where a person's places over all roles are
//! limited.

use std::collections::{BTreeMap, VecDeque};

use num_traits::ToPrimitive;

use super::Judge;
use super::people::holders;
use crate::model::Role;
use crate::tiers::EvaluateError;

/// How a role is filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filled {
    /// Of people, or of places times people where a person's places are limited.
    pub needed: usize,
    pub filled: usize,
    /// How many hold what the role asks for.
    pub holders: usize,
}

/// The roles of a requirement, and the partner's people who can take them.
pub(crate) struct Staffing<'r> {
    roles: &'r [Role],
    one_role_per_person: bool,
    serves_at_most: Option<usize>,
    /// How many people each role asks for in each of its places.
    each: Vec<usize>,
    /// For every person the roles they can take.
    able: Vec<Vec<usize>>,
}

impl<'r> Staffing<'r> {
    pub fn of(
        judge: &Judge<'_>,
        roles: &'r [Role],
        one_role_per_person: bool,
        serves_at_most: Option<usize>,
    ) -> Result<Staffing<'r>, EvaluateError> {
        let mut each: Vec<usize> = Vec::new();
        for role in roles {
            let none = || EvaluateError::NoValue { rule: role.people.rule.clone(), day: judge.day.to_string() };
            let count = judge.find(&role.people).ok_or_else(none)?.value.value.to_integer();
            each.push(count.to_usize().unwrap_or(usize::MAX).min(MOST));
        }
        Ok(Staffing { roles, one_role_per_person, serves_at_most, each, able: able(judge, roles) })
    }

    /// The roles filled in the document's order.
    pub fn filled(&self) -> Vec<Filled> {
        let order: Vec<usize> = (0..self.roles.len()).collect();
        self.fill(&vec![0; order.len()], &order)
    }

    /// Fills the roles, those first that stand first in `order`: if not all can be filled, the last are short. So
    /// many newcomers beside the partner's people hold what each role asks for.
    ///
    /// Rule: `program.roles_are_matched_exactly`.
    pub fn fill(&self, newcomers: &[usize], order: &[usize]) -> Vec<Filled> {
        let mut able = self.able.clone();
        for (role, new) in newcomers.iter().enumerate() {
            able.extend(std::iter::repeat_n(vec![role], (*new).min(MOST)));
        }
        let holders = |role: usize| able.iter().filter(|person| person.contains(&role)).count();
        let needed = |role: usize| head_count(&self.roles[role], self.each[role]);
        let all = 0..self.roles.len();
        let found: Vec<(usize, usize)> = match (self.serves_at_most, self.one_role_per_person) {
            (Some(limit), _) => flow(self.roles, &|role| self.each[role], &able, limit, order),
            (None, true) => matching(&all.map(needed).collect::<Vec<_>>(), &able, order),
            (None, false) => all.map(|role| (needed(role), needed(role).min(holders(role)))).collect(),
        };
        let filled = found.into_iter().enumerate();
        filled.map(|(role, (needed, filled))| Filled { needed, filled, holders: holders(role) }).collect()
    }
}

/// Head counts beyond this ask for more people than any partner has.
const MOST: usize = 10_000;

/// How many people fill a role in all its places.
fn head_count(role: &Role, each: usize) -> usize {
    let places = role.places.len();
    let serves = role.serves_at_most.map_or(places, |most| most.min(places)).max(1);
    each.max((each * places).div_ceil(serves))
}

/// For every person the roles they can take.
fn able(judge: &Judge<'_>, roles: &[Role]) -> Vec<Vec<usize>> {
    let mut able: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (place, role) in roles.iter().enumerate() {
        for learner in holders(judge, &role.holding, judge.as_of).people.into_keys() {
            able.entry(learner).or_default().push(place);
        }
    }
    able.into_values().collect()
}

/// Everybody takes one role: a bipartite matching by augmenting paths.
fn matching(needed: &[usize], able: &[Vec<usize>], order: &[usize]) -> Vec<(usize, usize)> {
    let mut taken: Vec<Option<usize>> = vec![None; able.len()];
    let mut filled = vec![0; needed.len()];
    for &role in order {
        while filled[role] < needed[role] && find_person(role, able, &mut taken) {
            filled[role] += 1;
        }
    }
    needed.iter().copied().zip(filled).collect()
}

/// Frees a person for `role`, moving others to roles they can take too; the number of people in each of
/// those stays.
fn find_person(role: usize, able: &[Vec<usize>], taken: &mut [Option<usize>]) -> bool {
    // Breadth first over roles: which person would have to leave which role.
    let mut came: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
    let mut open = VecDeque::from([role]);
    let mut seen = vec![role];
    while let Some(wanting) = open.pop_front() {
        for person in (0..able.len()).filter(|person| able[*person].contains(&wanting)) {
            match taken[person] {
                None => {
                    let (mut person, mut to) = (person, wanting);
                    loop {
                        taken[person] = Some(to);
                        let Some((left, next)) = came.get(&to).copied() else { return true };
                        (person, to) = (left, next);
                    }
                }
                Some(other) if !seen.contains(&other) => {
                    seen.push(other);
                    came.insert(other, (person, wanting));
                    open.push_back(other);
                }
                Some(_) => {}
            }
        }
    }
    false
}

/// A person serves at most `limit` places over all roles, and each place of a role once: a flow from
/// people through their roles to the places.
fn flow(
    roles: &[Role],
    each: &dyn Fn(usize) -> usize,
    able: &[Vec<usize>],
    limit: usize,
    order: &[usize],
) -> Vec<(usize, usize)> {
    let mut net = Net::default();
    let (source, sink) = (net.node(), net.node());
    let slots: Vec<Vec<usize>> = roles.iter().map(|role| role.places.iter().map(|_| net.node()).collect()).collect();
    for person in able {
        let node = net.node();
        net.edge(source, node, limit);
        for &role in person {
            let serving = net.node();
            net.edge(node, serving, roles[role].serves_at_most.unwrap_or(usize::MAX).min(limit));
            slots[role].iter().for_each(|slot| net.edge(serving, *slot, 1));
        }
    }
    let mut found = vec![(0, 0); roles.len()];
    for &role in order {
        for slot in &slots[role] {
            net.edge(*slot, sink, each(role));
        }
        let mut filled = 0;
        while net.augment(source, sink) {
            filled += 1;
        }
        found[role] = (each(role) * slots[role].len(), filled);
    }
    found
}

/// A network with unit augmentations; graphs are small.
#[derive(Default)]
struct Net {
    edges: Vec<(usize, usize)>,
    from: Vec<Vec<usize>>,
}

impl Net {
    fn node(&mut self) -> usize {
        self.from.push(Vec::new());
        self.from.len() - 1
    }

    /// Edge and its reverse stand beside each other.
    fn edge(&mut self, from: usize, to: usize, capacity: usize) {
        self.from[from].push(self.edges.len());
        self.edges.push((to, capacity));
        self.from[to].push(self.edges.len());
        self.edges.push((from, 0));
    }

    fn augment(&mut self, source: usize, sink: usize) -> bool {
        let mut by: Vec<Option<usize>> = vec![None; self.from.len()];
        let mut open = VecDeque::from([source]);
        while let Some(node) = open.pop_front() {
            for &edge in &self.from[node] {
                let (to, capacity) = self.edges[edge];
                if capacity > 0 && to != source && by[to].is_none() {
                    by[to] = Some(edge);
                    open.push_back(to);
                }
            }
        }
        let mut node = sink;
        while let Some(edge) = by[node] {
            self.edges[edge].1 -= 1;
            self.edges[edge ^ 1].1 += 1;
            node = self.edges[edge ^ 1].0;
        }
        node == source
    }
}
