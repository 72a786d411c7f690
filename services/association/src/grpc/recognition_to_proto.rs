//! Recognition out to the wire.

use std::collections::{BTreeMap, BTreeSet};

use program::recognition::{CREDIT_COUNTS_ONCE, EXCLUSIVE_KIND_HAS_ONE_HOLDER, FIRST_BY_ATTRIBUTION_IS_PAID, Grant};
use proto::association::v1 as wire;
use rpc::wire::timestamp;
use values::Instant;

use crate::domain::names::SubscriptionName;
use crate::ops::recognize_subscription::Recognized;

/// Who is recognized, for what, by what, and who is paid.
pub fn recognition(
    name: &SubscriptionName,
    at: Instant,
    known: Instant,
    found: &Recognized,
) -> wire::RecognizeSubscriptionResponse {
    let recognition = &found.recognition;
    let payee = recognition.payee.as_ref();
    let rejected = recognition.rejected.iter().map(|rejected| wire::RejectedAssociation {
        association: rejected.fact.key.to_string(),
        reason: rejected.reason.name().to_owned(),
        explanation: format!("{} does not count: {}", rejected.fact.key, rejected.reason.name().replace('-', " ")),
    });
    wire::RecognizeSubscriptionResponse {
        subscription: name.to_string(),
        effective_time: Some(timestamp(at)),
        known_time: Some(timestamp(known)),
        bundle_hash: found.bundle.to_string(),
        recognized_partners: recognition.partners.iter().map(|partner| recognized(found, at, partner)).collect(),
        payee: payee.map(|payee| payee.partner.clone()).unwrap_or_default(),
        payee_explanation: explain_payee(found, at),
        first_contact: recognition.first_contact.clone().unwrap_or_default(),
        rejected_associations: rejected.collect(),
    }
}

fn grant_names(grants: impl IntoIterator<Item = Grant>) -> Vec<String> {
    let names: BTreeSet<&str> = grants.into_iter().map(Grant::name).collect();
    names.into_iter().map(str::to_owned).collect()
}

/// The units of credit of one partner: each workload once, however many associations show it (rule
/// `program.credit_counts_once`).
fn recognized(found: &Recognized, at: Instant, partner: &program::recognition::Recognized) -> wire::RecognizedPartner {
    let grants_of = |kind: &str| found.policy.kind_at(kind, at).map(|kind| kind.grants.clone()).unwrap_or_default();
    let whole = [String::new()];
    let workloads: &[String] = if found.workloads.is_empty() { &whole } else { &found.workloads };
    let mut units: BTreeMap<&str, (BTreeSet<Grant>, BTreeSet<String>)> = BTreeMap::new();
    let mut rules: BTreeSet<String> = BTreeSet::from([CREDIT_COUNTS_ONCE.to_owned()]);
    for evidence in &partner.evidence {
        rules.extend(found.policy.kind_at(&evidence.kind, at).map(|kind| kind.rule.clone()));
        for workload in workloads {
            if evidence.workload.as_ref().is_none_or(|limited| limited == workload) {
                let (grants, associations) = units.entry(workload).or_default();
                grants.extend(grants_of(&evidence.kind));
                associations.insert(evidence.association.clone());
            }
        }
    }
    let units = units.into_iter().map(|(workload, (grants, associations))| wire::RecognizedUnit {
        workload: workload.to_owned(),
        grants: grant_names(grants),
        evidence_associations: associations.into_iter().collect(),
    });
    wire::RecognizedPartner {
        partner: partner.partner.clone(),
        grants: grant_names(partner.grants.iter().copied()),
        units: units.collect(),
        rules: rules.into_iter().collect(),
    }
}

fn explain_payee(found: &Recognized, at: Instant) -> String {
    let recognition = &found.recognition;
    let Some(payee) = &recognition.payee else {
        return "nobody is paid: no association that grants incentives holds".to_owned();
    };
    let rule = found.policy.kind_at(&payee.kind, at).map_or_else(String::new, |kind| format!(" ({})", kind.rule));
    let others = recognition.partners.len() - 1;
    let rest = match others {
        0 => String::new(),
        1 => "; 1 other partner is recognized and not paid".to_owned(),
        others => format!("; {others} other partners are recognized and not paid"),
    };
    let one = if others == 0 {
        String::new()
    } else {
        format!(", because one alone is ({EXCLUSIVE_KIND_HAS_ONE_HOLDER}, {FIRST_BY_ATTRIBUTION_IS_PAID})")
    };
    format!("{} is paid as {}{rule} since {}{rest}{one}", payee.partner, payee.kind, payee.since)
}
