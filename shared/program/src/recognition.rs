//! Who is recognized on a subscription, for what, and by which evidence.
//!
//! Many partners may be recognized on one subject at one instant; what each is recognized for is
//! the union of what its kinds of association grant. Evidence never multiplies: a partner with four
//! associations on a subject is credited once (`program.credit_counts_once`). A kind that is
//! exclusive has at most one holder per scope at any instant (`program.exclusive_kind_has_one_holder`).

mod attribution;
mod claims;
mod policy;
mod span;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use values::{Instant, Interval};

use crate::explain::{Explanation, Rejected, Step};
use crate::facts::{Association, FactRef};
use crate::reason::Reason;

pub use attribution::{AttributedRow, attributed};
pub use claims::{
    BusinessDays, ClaimEvent, ClaimMove, ClaimParty, ClaimRefusal, ClaimRules, ClaimStanding, ClaimState, ClaimTime,
    MOVES,
};
pub use policy::{
    DuplicateBy, DuplicateOrder, Duplicates, Grant, Kind, RecognitionPolicy, Restated, Sayer, Scope, SecondOne,
};
pub use span::{Span, changes, intervals};
pub(crate) use span::{lasts, spans_among};

/// Rule id: any number of evidences on one unit credit a partner once.
pub const CREDIT_COUNTS_ONCE: &str = "program.credit_counts_once";
/// Rule id: of an exclusive kind the latest designation holds the scope alone.
pub const EXCLUSIVE_KIND_HAS_ONE_HOLDER: &str = "program.exclusive_kind_has_one_holder";
/// Rule id: of several partners who could be paid, the first by attribution is.
pub const FIRST_BY_ATTRIBUTION_IS_PAID: &str = "program.first_by_attribution_is_paid";

/// What a question about recognition is about: a subscription, or some workloads of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The buying customer.
    pub customer: String,
    /// The subscription.
    pub subscription: String,
    /// The workloads asked about: all of the subscription's, or the one of a usage row. An
    /// association limited to a workload covers the subject when its workload is among these.
    pub workloads: Vec<String>,
    /// From the subscription's first instant to its end; none where nobody knows.
    pub lasts: Option<Interval>,
}

/// One association that counts on a subject.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Evidence {
    /// The association's kind.
    pub kind: String,
    /// The association's id.
    pub association: String,
    /// From when on it counts.
    pub since: Instant,
    /// The workload it is limited to.
    pub workload: Option<String>,
    /// The role it states.
    pub role: Option<String>,
}

/// A partner that is recognized on a subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recognized {
    /// The associated account.
    pub partner: String,
    /// What it is recognized for.
    pub grants: BTreeSet<Grant>,
    /// By what, ordered by kind and association.
    pub evidence: Vec<Evidence>,
}

/// Who is recognized on a subject at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recognition {
    /// Every recognized partner, once, ordered by id.
    pub partners: Vec<Recognized>,
    /// The one partner that kinds with the grant `incentive` name, with the association that does.
    pub payee: Option<Payee>,
    /// Whom an inquiry of the customer goes to.
    pub first_contact: Option<String>,
    /// Associations on the subject that do not count, and why.
    pub rejected: Vec<Rejected>,
}

/// Who is paid, and because of what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Payee {
    /// The paid account.
    pub partner: String,
    /// The kind of association.
    pub kind: String,
    /// The association's id.
    pub association: String,
    /// From when on it counts.
    pub since: Instant,
}

impl Recognition {
    /// The partners credited for `grant`, each once.
    pub fn credited(&self, grant: Grant) -> impl Iterator<Item = &Recognized> {
        self.partners.iter().filter(move |partner| partner.grants.contains(&grant))
    }

    /// Who is recognized by what, and why others are not, as a tree.
    pub fn explain(&self, policy: &RecognitionPolicy) -> Explanation {
        let payee = self.payee.as_ref().map_or("nobody", |payee| payee.partner.as_str());
        let mut top = Explanation::new(
            Step::Recognition,
            CREDIT_COUNTS_ONCE,
            "recognized partners",
            self.partners.len().to_string(),
        )
        .number("paid", payee)
        .rejecting(self.rejected.clone());
        for partner in &self.partners {
            for evidence in &partner.evidence {
                let kind = policy.kind_at(&evidence.kind, evidence.since);
                let grants: Vec<&str> = kind.iter().flat_map(|kind| &kind.grants).map(|grant| grant.name()).collect();
                top = top.part(
                    Explanation::new(
                        Step::Recognition,
                        kind.map_or_else(|| policy.id.clone(), |kind| kind.rule.clone()),
                        format!("{} by {}", partner.partner, evidence.kind),
                        grants.join(", "),
                    )
                    .source(kind.and_then(|kind| kind.source.as_ref()))
                    .number("since", evidence.since)
                    .counting(vec![FactRef::new("association", evidence.association.as_str())]),
                );
            }
        }
        top
    }
}

/// Who is recognized on `subject` at `at`, as known at `known_at`.
///
/// `associations` may hold the whole history and associations of other subjects.
pub fn recognize(
    policy: &RecognitionPolicy,
    associations: &[Association],
    subject: &Subject,
    at: Instant,
    known_at: Instant,
) -> Recognition {
    let known = crate::facts::last(associations, known_at);
    let mut recognition = among(policy, known.iter(), subject, at);
    let later = associations.iter().filter(|association| {
        association.recorded.at > known_at && covers(association, subject) && association.effective.contains(at)
    });
    let unknown = later
        .filter(|later| known.iter().all(|known| known.association != later.association))
        .map(|later| reject(later, Reason::NotKnownYet));
    recognition.rejected.extend(unknown);
    recognition.rejected.sort_by(|a, b| (&a.fact, a.reason).cmp(&(&b.fact, b.reason)));
    recognition.rejected.dedup();
    recognition
}

/// As [`recognize`], over associations of which the last known record was already chosen.
pub(crate) fn among<'a>(
    policy: &'a RecognitionPolicy,
    associations: impl Iterator<Item = &'a Association>,
    subject: &Subject,
    at: Instant,
) -> Recognition {
    let mut rejected = Vec::new();
    let counted = counted(policy, associations, subject, at, &mut rejected);
    rejected.sort_by(|a, b| (&a.fact, a.reason).cmp(&(&b.fact, b.reason)));
    Recognition {
        partners: credit(&counted),
        payee: paid(policy, &counted),
        first_contact: first(policy, &counted, Grant::FirstContact).map(|(_, association)| association.partner.clone()),
        rejected,
    }
}

/// The associations that count on a subject at an instant, with their kinds.
pub(crate) fn holding<'a>(
    policy: &'a RecognitionPolicy,
    associations: impl Iterator<Item = &'a Association>,
    subject: &Subject,
    at: Instant,
) -> Vec<(&'a Kind, &'a Association)> {
    counted(policy, associations, subject, at, &mut Vec::new())
}

fn counted<'a>(
    policy: &'a RecognitionPolicy,
    associations: impl Iterator<Item = &'a Association>,
    subject: &Subject,
    at: Instant,
    rejected: &mut Vec<Rejected>,
) -> Vec<(&'a Kind, &'a Association)> {
    let about: Vec<&Association> = associations.filter(|association| covers(association, subject)).collect();
    let mut found: Vec<(&Kind, &Association)> = Vec::new();
    for association in &about {
        match counts(policy, association, subject, at) {
            Ok(kind) if superseded(kind, association, &about) || came_second(kind, association, &about) => {
                rejected.push(reject(association, Reason::SameScopeClaimedTwice));
            }
            Ok(kind) => found.push((kind, association)),
            Err(reason) => rejected.push(reject(association, reason)),
        }
    }
    exclusive_holders(found, rejected)
}

/// Rule: `program.full_restatement_rewrites_the_past`: of a kind that is restated in full, the holder who
/// came last is taken to have held the scope always, and those before never.
fn superseded(kind: &Kind, association: &Association, about: &[&Association]) -> bool {
    let rank = |one: &Association| (one.effective.start(), one.association.clone());
    let same =
        |other: &&&Association| other.kind == association.kind && kind.scope_key(other) == kind.scope_key(association);
    kind.restated == Restated::Full && about.iter().filter(same).any(|other| rank(other) > rank(association))
}

/// Rule: `program.the_first_keeps_what_is_refused_to_the_second`: where a kind does not let a second one take a scope
/// over, an association that began while another partner held the scope never counts.
fn came_second(kind: &Kind, association: &Association, about: &[&Association]) -> bool {
    if !kind.exclusive || kind.second_one == SecondOne::Replaces {
        return false;
    }
    let same =
        |other: &&&Association| other.kind == association.kind && kind.scope_key(other) == kind.scope_key(association);
    let mut said: Vec<&Association> = about.iter().filter(same).copied().collect();
    said.sort_by_key(|one| (one.effective.start(), &one.association));
    let mut first: Vec<&Association> = Vec::new();
    for one in said {
        let start = one.effective.start();
        let taken =
            first.iter().any(|first| first.partner != one.partner && kind.held(first.effective).contains(start));
        if one.association == association.association {
            return taken;
        }
        if !taken {
            first.push(one);
        }
    }
    false
}

/// Whether the association speaks about the subject at all, whenever it was in force.
pub(crate) fn covers(association: &Association, subject: &Subject) -> bool {
    covers_some(association, &subject.customer, &subject.subscription, |workload| subject.workloads.contains(workload))
}

/// Whether the association speaks about a subscription of a customer, or about one of the workloads in question.
pub(crate) fn covers_some(
    association: &Association,
    customer: &str,
    subscription: &str,
    in_question: impl FnOnce(&String) -> bool,
) -> bool {
    association.customer == customer
        && association.subscription.as_ref().is_none_or(|id| id == subscription)
        && association.workload.as_ref().is_none_or(in_question)
}

fn counts<'p>(
    policy: &'p RecognitionPolicy,
    association: &Association,
    subject: &Subject,
    at: Instant,
) -> Result<&'p Kind, Reason> {
    let kind = policy.kind_at(&association.kind, at).ok_or(Reason::UnknownKind)?;
    if !kind.in_force.contains(at) {
        return Err(Reason::KindNotInForce);
    }
    let started = kind.counted_since(association) <= at;
    let begun = kind.restated == Restated::Full || association.effective.start() <= at;
    let lasting = kind.counted_until(association).is_none_or(|end| at < end);
    let on_it = subject.lasts.is_none_or(|lasts| kind.counts_on(association, lasts, at));
    if started && begun && lasting && on_it { Ok(kind) } else { Err(Reason::OutsideWindow) }
}

/// Rule: `program.exclusive_kind_has_one_holder`: where two associations of an exclusive kind hold
/// one scope, the one that began later does; a designation ends the one before it. Where the kind refuses who comes
/// second, [`came_second`] has left only the first.
fn exclusive_holders<'a>(
    mut counted: Vec<(&'a Kind, &'a Association)>,
    rejected: &mut Vec<Rejected>,
) -> Vec<(&'a Kind, &'a Association)> {
    counted.sort_by(|(_, a), (_, b)| (b.effective.start(), &b.association).cmp(&(a.effective.start(), &a.association)));
    let mut held: BTreeSet<(&str, String)> = BTreeSet::new();
    counted.retain(|(kind, association)| {
        let free = !kind.exclusive || held.insert((&kind.name, kind.scope_key(association)));
        if !free {
            rejected.push(reject(association, Reason::SameScopeClaimedTwice));
        }
        free
    });
    counted
}

/// Rule: `program.credit_counts_once`: one entry per partner, whatever number of associations.
fn credit(counted: &[(&Kind, &Association)]) -> Vec<Recognized> {
    let mut partners: BTreeMap<&str, Recognized> = BTreeMap::new();
    for (kind, association) in counted {
        let entry = partners.entry(&association.partner).or_insert_with(|| Recognized {
            partner: association.partner.clone(),
            grants: BTreeSet::new(),
            evidence: Vec::new(),
        });
        entry.grants.extend(kind.grants.iter().copied());
        entry.evidence.push(Evidence {
            kind: kind.name.clone(),
            association: association.association.clone(),
            since: kind.counted_since(association),
            workload: association.workload.clone(),
            role: association.role.clone(),
        });
    }
    let mut partners: Vec<Recognized> = partners.into_values().collect();
    for partner in &mut partners {
        partner.evidence.sort();
    }
    partners
}

fn paid(policy: &RecognitionPolicy, counted: &[(&Kind, &Association)]) -> Option<Payee> {
    first(policy, counted, Grant::Incentive).map(|(kind, association)| Payee {
        partner: association.partner.clone(),
        kind: kind.name.clone(),
        association: association.association.clone(),
        since: kind.counted_since(association),
    })
}

/// Rule: `program.first_by_attribution_is_paid`: the lowest number of the policy's attribution goes
/// first, then the order of the kinds in the document, then the earlier association, then the
/// partner's id.
fn first<'a>(
    policy: &RecognitionPolicy,
    counted: &[(&'a Kind, &'a Association)],
    grant: Grant,
) -> Option<(&'a Kind, &'a Association)> {
    let candidates = counted.iter().filter(|(kind, _)| kind.grants.contains(&grant));
    candidates
        .min_by_key(|(kind, association)| {
            (policy.priority(kind), kind.counted_since(association), &association.partner, &association.association)
        })
        .copied()
}

fn reject(association: &Association, reason: Reason) -> Rejected {
    Rejected { fact: FactRef::new("association", association.association.as_str()), reason }
}
