//! Tables of claims with states that no claim comes into, or that time leads round.

use std::collections::BTreeSet;

use super::Findings;
use crate::recognition::{ClaimRules, RecognitionPolicy};

pub(crate) fn policy(policy: &RecognitionPolicy, findings: &mut Findings<'_>) {
    let Some(claims) = &policy.claims else { return };
    let rule = |state: &str| format!("{}#claims.states.{state}", policy.id);
    let reached = reached(claims);
    for name in claims.states.keys().filter(|name| !reached.contains(name.as_str())) {
        findings.warn("unreachable", &rule(name), format!("no claim ever becomes `{name}`"));
    }
    let holds = |name: &&str| claims.states.get(*name).is_some_and(|state| state.holds_association);
    if !reached.iter().any(holds) {
        let message = "no state that a claim can come into holds its association: every claim is in vain".to_owned();
        findings.warn("unreachable", &format!("{}#claims.states", policy.id), message);
    }
    let ends = |name: &&str| claims.states.get(*name).is_some_and(|state| state.is_final);
    if !reached.iter().any(ends) {
        let message = "no state that a claim can come into is final: claims never end".to_owned();
        findings.warn("unreachable", &format!("{}#claims.states", policy.id), message);
    }
    for name in claims.states.keys().filter(|name| goes_round(claims, name)) {
        findings.error("circular", &rule(name), format!("deadlines lead from `{name}` back to it, for ever"));
    }
}

/// The states that some claim comes into, from the one in which claims begin.
fn reached(claims: &ClaimRules) -> BTreeSet<&str> {
    let mut reached: BTreeSet<&str> = BTreeSet::new();
    let mut open: Vec<&str> = vec![&claims.begins];
    while let Some(name) = open.pop() {
        let Some(state) = claims.states.get(name).filter(|_| reached.insert(name)) else { continue };
        open.extend(state.lasts.iter().map(|(_, then)| then.as_str()));
        for next in state.moves.values() {
            open.push(&next.to);
            open.extend(next.if_refused.as_deref());
        }
    }
    reached
}

/// Whether time alone leads from a state back to it.
fn goes_round(claims: &ClaimRules, from: &str) -> bool {
    let next =
        |name: &str| claims.states.get(name).and_then(|state| state.lasts.as_ref()).map(|(_, then)| then.as_str());
    let mut now = next(from);
    for _ in 0..claims.states.len() {
        match now {
            Some(name) if name == from => return true,
            Some(name) => now = next(name),
            None => return false,
        }
    }
    false
}
