//! Requests into commands. Every reader complains about everything that is wrong and answers
//! `None` if anything was; nothing is looked up here.

mod bundles;
mod partners;
mod people;

pub use bundles::*;
pub use partners::*;
pub use people::*;

use rpc::name::Pattern;
use rpc::validate::Violations;
use values::{Id, Instant, Interval};

use super::call::Call;
use crate::domain::ids::{AgreementId, LearnerId, Owned, PartnerId};
use crate::domain::text::Reason;
use crate::ops::{End, Target};

/// `partners/acme`.
pub const PARTNER: Pattern = Pattern::new("partners/{partner}");
/// `learners/l-1001`.
pub const LEARNER: Pattern = Pattern::new("learners/{learner}");
/// `agreements/partner-connect-2020`.
pub const AGREEMENT: Pattern = Pattern::new("agreements/{agreement}");
/// `partners/acme/contacts/primary`.
pub const CONTACT: Pattern = Pattern::new("partners/{partner}/contacts/{contact}");
/// `partners/acme/agreementAcceptances/partner-connect`.
pub const ACCEPTANCE: Pattern = Pattern::new("partners/{partner}/agreementAcceptances/{agreement_acceptance}");
/// `partners/acme/enrollments/partner-connect`.
pub const ENROLLMENT: Pattern = Pattern::new("partners/{partner}/enrollments/{enrollment}");
/// `partners/acme/complianceFacts/ethics-2024`.
pub const FACT: Pattern = Pattern::new("partners/{partner}/complianceFacts/{compliance_fact}");
/// `partners/acme/supplyRelations/disti-north`.
pub const RELATION: Pattern = Pattern::new("partners/{partner}/supplyRelations/{supply_relation}");
/// `learners/l-1001/links/2023-01`.
pub const LINK: Pattern = Pattern::new("learners/{learner}/links/{link}");
/// `learners/l-1001/certifications/az-104`.
pub const CERTIFICATION: Pattern = Pattern::new("learners/{learner}/certifications/{certification}");

/// At most so many requests in a batch.
pub const BATCH: usize = 1_000;

pub fn partner_id(wrong: &mut Violations, field: &str, name: &str) -> Option<PartnerId> {
    wrong.name(field, name, PARTNER).map(|[id]| PartnerId(id))
}

pub fn learner_id(wrong: &mut Violations, field: &str, name: &str) -> Option<LearnerId> {
    wrong.name(field, name, LEARNER).map(|[id]| LearnerId(id))
}

pub fn agreement_id(wrong: &mut Violations, field: &str, name: &str) -> Option<AgreementId> {
    wrong.name(field, name, AGREEMENT).map(|[id]| AgreementId(id))
}

/// The key of something that belongs to a partner.
pub fn of_partner(wrong: &mut Violations, field: &str, name: &str, pattern: Pattern) -> Option<Owned<PartnerId>> {
    wrong.name(field, name, pattern).map(|[owner, id]| Owned { owner: PartnerId(owner), id })
}

/// The key of something that belongs to a learner.
pub fn of_learner(wrong: &mut Violations, field: &str, name: &str, pattern: Pattern) -> Option<Owned<LearnerId>> {
    wrong.name(field, name, pattern).map(|[owner, id]| Owned { owner: LearnerId(owner), id })
}

/// The id that the caller chose, or a new one.
fn chosen_id(wrong: &mut Violations, field: &str, text: &str, call: &Call) -> Option<Id> {
    if text.is_empty() { Some(call.fresh_id()) } else { wrong.id(field, text) }
}

fn owned_by_partner(wrong: &mut Violations, parent: &str, id: (&str, &str), call: &Call) -> Option<Owned<PartnerId>> {
    let owner = partner_id(wrong, "parent", parent);
    let id = chosen_id(wrong, id.0, id.1, call);
    Some(Owned { owner: owner?, id: id? })
}

/// A resource and the etag the caller knows.
pub fn target<Key>(key: Option<Key>, etag: &str) -> Option<Target<Key>> {
    Some(Target { key: key?, etag: etag.to_owned() })
}

/// Why something is done.
pub fn reason(wrong: &mut Violations, text: &str) -> Option<Reason> {
    wrong.take("reason", Reason::parse(text))
}

/// The end of something dated; links may not end ahead of now.
pub fn end<Key>(
    wrong: &mut Violations,
    key: Option<Key>,
    etag: &str,
    end_time: Option<&prost_types::Timestamp>,
) -> Option<End<Key>> {
    let at = wrong.optional_instant("end_time", end_time);
    Some(End { target: target(key, etag)?, at })
}

/// An interval whose start may be left to now and whose end may be open.
fn interval(
    wrong: &mut Violations,
    start: Option<Instant>,
    end: (&str, Option<&prost_types::Timestamp>),
    now: Instant,
) -> Option<Interval> {
    let found = wrong.optional_instant(end.0, end.1);
    let start = start.unwrap_or(now);
    if let Some(end_at) = found
        && end_at <= start
    {
        wrong.add(end.0, format!("must lie after the start, {start}"));
        return None;
    }
    wrong.take(end.0, Interval::new(start, found))
}

/// Refuses an instant ahead of now: what is told has happened.
pub fn not_ahead(wrong: &mut Violations, field: &str, at: Option<Instant>, now: Instant) {
    if at.is_some_and(|at| at > now) {
        wrong.add(field, format!("must not be ahead of now, {now}"));
    }
}

/// The requests of a batch, each read with its place in the paths of its complaints.
fn batch<'a, Q, C>(
    wrong: &mut Violations,
    requests: &'a [Q],
    mut read: impl FnMut(&mut Violations, &'a Q) -> Option<C>,
) -> Option<Vec<C>> {
    if !wrong.count("requests", requests, 1..=BATCH) {
        return None;
    }
    let commands: Vec<Option<C>> = requests
        .iter()
        .enumerate()
        .map(|(index, request)| wrong.within(format!("requests[{index}]"), |wrong| read(wrong, request)))
        .collect();
    commands.into_iter().collect()
}

/// Complains about what only the batch as a whole may say.
fn only_in_batch(wrong: &mut Violations, request_id: &str, validate_only: bool) {
    if !request_id.is_empty() {
        wrong.add("request_id", "must be empty: the batch has one");
    }
    if validate_only {
        wrong.add("validate_only", "must be false: the batch has one");
    }
}
