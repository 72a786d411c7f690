//! What a partner is told before an agreement of the time before ends.

use values::{Date, Instant};

use crate::facts::Facts;
use crate::model::TierProgram;

/// An agreement that ends, and since when its partner is told so.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EndingAgreement {
    /// The first day on which the partner is told.
    pub told_from: Date,
    /// The last day of the agreement.
    pub last_day: Date,
    /// The agreement, as documents name it.
    pub agreement: String,
    /// The rule that says so.
    pub rule: String,
}

/// The agreements of `partner` that end, as known at `known_at`, by the day on which it is told; none where the program
/// tells nobody. An agreement that is signed again for the time after does not end.
///
/// Rule: `program.told_before_an_agreement_ends`.
pub fn ending_agreements(
    program: &TierProgram,
    facts: &Facts,
    partner: &str,
    known_at: Instant,
) -> Vec<EndingAgreement> {
    let Some(transition) = program.transition.as_ref().filter(|one| one.notice_days.is_some()) else {
        return Vec::new();
    };
    let known = facts.known_at(known_at);
    let own: Vec<_> = known.agreements.iter().filter(|fact| fact.partner == partner).collect();
    let mut found = Vec::new();
    for fact in &own {
        let Some(end) = fact.effective.end() else { continue };
        if own.iter().any(|other| other.agreement == fact.agreement && other.effective.contains(end)) {
            continue;
        }
        let last_day = program.conventions.zone.date(end.saturating_add(-1));
        let Some(told_from) = program.notice_of_end(last_day) else { continue };
        let rule = transition.rule.clone();
        found.push(EndingAgreement { told_from, last_day, agreement: fact.agreement.clone(), rule });
    }
    found.sort();
    found
}
