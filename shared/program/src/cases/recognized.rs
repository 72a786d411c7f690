//! What a case expects of recognition: who is recognized on a subscription, for what, and who is paid.

use values::Instant;

use super::coverage::Seen;
use super::document::when;
use super::judged::Question;
use crate::ground::Ground;
use crate::parse::cursor::{Cursor, Fields};
use crate::recognition::{Grant, RecognitionPolicy, Subject, attributed, lasts, recognize};

/// `recognized: [{customer: c, at: 2024-05-01, partners: [p], paid: p, first-contact: p, not: {a: reason}}]`.
pub(crate) fn recognized(question: &Question<'_>, fields: &Fields<'_>, seen: &mut Seen) {
    let Some(cursor) = fields.get("recognized") else { return };
    let Some(policy) = question.tested.policy else {
        return cursor.problem("this is expected of a recognition policy, and `of` names none");
    };
    for item in cursor.items() {
        one(question, policy, &item, seen);
    }
}

fn one(question: &Question<'_>, policy: &RecognitionPolicy, cursor: &Cursor<'_>, seen: &mut Seen) {
    let Some(fields) = cursor.fields() else { return };
    let text = |key: &'static str| fields.get(key).and_then(|cursor| cursor.text());
    let at = fields.get("at").and_then(|cursor| when(&cursor)).map(|when| when.instant(&question.tested.zone));
    let Some(at) = at.or(question.as_of) else {
        return cursor.problem("`at` is missing: at which instant?");
    };
    let facts = question.given.facts.known_at(question.known_at);
    let named = (text("customer"), text("subscription"));
    let mut subscriptions = facts.subscriptions.iter().filter(|subscription| {
        named.0.is_none_or(|customer| subscription.customer == customer)
            && named.1.is_none_or(|id| subscription.subscription == id)
    });
    let Some(subscription) = subscriptions.next() else {
        return cursor.problem("no given subscription is meant: `customer` or `subscription` must name one");
    };
    let workloads = match text("workload") {
        Some(workload) => vec![workload.to_owned()],
        None => subscription.workloads.clone(),
    };
    let subject = Subject {
        customer: subscription.customer.clone(),
        subscription: subscription.subscription.clone(),
        workloads,
        lasts: lasts(facts.subscriptions.iter().filter(|one| one.subscription == subscription.subscription)),
    };
    let associations = &question.given.facts.associations;
    let found = recognize(policy, associations, &subject, at, question.known_at);
    let why = found.explain(policy);
    seen.tree(&why);
    let compare = question.compare;
    if let Some(at) = fields.get("partners") {
        let partners: Vec<String> = found.partners.iter().map(|one| one.partner.clone()).collect();
        compare.set(&at, &partners, Some(&why));
    }
    for (grant, key) in Grant::ALL {
        if let Some(at) = fields.get(key) {
            let partners: Vec<String> = found.credited(grant).map(|one| one.partner.clone()).collect();
            compare.set(&at, &partners, Some(&why));
        }
    }
    if let Some(at) = fields.get("paid") {
        compare.word(&at, found.payee.as_ref().map_or("nobody", |payee| payee.partner.as_str()), Some(&why));
    }
    if let Some(at) = fields.get("first") {
        compare.word(&at, found.first_contact.as_deref().unwrap_or("nobody"), Some(&why));
    }
    if let Some(entry) = fields.get("duplicates") {
        duplicates(question, policy, &subject, at, &entry);
    }
    for (id, at) in fields.get("not").and_then(|cursor| cursor.fields()).map(|not| not.named(&[])).unwrap_or_default() {
        let rejected =
            found.rejected.iter().find(|one| one.fact.key == id || one.fact.key.starts_with(&format!("{id}/")));
        compare.word(&at, rejected.map_or("not rejected", |one| one.reason.name()), Some(&why));
    }
    fields.done();
}

/// `{association: {global-account: 0, partner: 1}}`: the number of an association's row at each level, 0 for the
/// original.
fn duplicates(
    question: &Question<'_>,
    policy: &RecognitionPolicy,
    subject: &Subject,
    moment: Instant,
    cursor: &Cursor<'_>,
) {
    let facts = question.given.facts.known_at(question.known_at);
    let (catalog, zone) = (question.tested.bundle.catalog(), question.tested.zone.clone());
    let ground = Ground::new(catalog, policy, zone, &facts);
    let above = |partner: &str| ground.global_account(partner, moment);
    let rows = attributed(policy, &facts.associations, subject, moment, question.known_at, &above);
    for (id, entry) in cursor.fields().map(|fields| fields.named(&[])).unwrap_or_default() {
        let own = format!("{id}/");
        let Some(row) = rows.iter().find(|row| row.association == id || row.association.starts_with(&own)) else {
            entry.unknown("association", id, rows.iter().map(|row| row.association.as_str()));
            continue;
        };
        for (level, at) in entry.fields().map(|fields| fields.named(&[])).unwrap_or_default() {
            match row.duplicate.get(level) {
                Some(number) => question.compare.word(&at, &number.to_string(), None),
                None => at.unknown("level", level, row.duplicate.keys().map(String::as_str)),
            }
        }
    }
}
