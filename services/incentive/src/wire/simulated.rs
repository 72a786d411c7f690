//! The result of a simulation, encoded.

use std::collections::BTreeMap;

use prost::Message;
use proto::google::r#type::Money as WireMoney;
use proto::incentive::v1 as pb;
use rpc::wire::money;
use values::Money;

use super::WireFault;
use crate::domain::plan::plan_id;
use crate::domain::simulation::{Change, Outcome, Pair, PartnerOutcome, Simulation, Total};

/// The result as it is told, encoded.
///
/// # Errors
/// [`WireFault`] when an amount leaves the wire's range.
pub fn encoded(simulation: &Simulation, outcome: &Outcome) -> Result<Vec<u8>, WireFault> {
    let mut segments: BTreeMap<(&str, &str), Vec<pb::SimulatedTotal>> = BTreeMap::new();
    for ((dimension, segment, _), one) in &outcome.segments {
        segments.entry((dimension, segment)).or_default().push(total(one)?);
    }
    let segments = segments.into_iter().map(|((dimension, segment), totals)| pb::SimulatedSegment {
        dimension: dimension.to_owned(),
        segment: if dimension == "plan" { plan_id(segment) } else { segment.to_owned() },
        totals,
    });
    let reply = pb::SimulateBundleResponse {
        bundle_hash: simulation.bundle.to_string(),
        first_period: format!("periods/{}", simulation.first),
        last_period: format!("periods/{}", simulation.last),
        totals: outcome.totals.values().map(total).collect::<Result<_, _>>()?,
        segments: segments.collect(),
        line_count: count(outcome.lines),
        changed_line_count: count(outcome.changed),
        worst: outcome.worst.iter().map(partner).collect::<Result<_, _>>()?,
        best: outcome.best.iter().map(partner).collect::<Result<_, _>>()?,
    };
    Ok(reply.encode_to_vec())
}

/// An encoded result.
///
/// # Errors
/// [`WireFault`] when it cannot be read.
pub fn decode(bytes: &[u8]) -> Result<pb::SimulateBundleResponse, WireFault> {
    pb::SimulateBundleResponse::decode(bytes).map_err(|error| WireFault::new("a simulation", error))
}

fn count(of: usize) -> i64 {
    i64::try_from(of).unwrap_or(i64::MAX)
}

fn few(of: usize) -> i32 {
    i32::try_from(of).unwrap_or(i32::MAX)
}

fn told(amount: Money) -> Result<Option<WireMoney>, WireFault> {
    money(amount).map(Some).map_err(|error| WireFault::new("an amount", error))
}

fn difference(pair: &Pair) -> Result<Option<WireMoney>, WireFault> {
    told(pair.difference().map_err(|error| WireFault::new("an amount", error))?)
}

fn total(total: &Total) -> Result<pb::SimulatedTotal, WireFault> {
    Ok(pb::SimulatedTotal {
        issued: told(total.pair.issued)?,
        simulated: told(total.pair.simulated)?,
        difference: difference(&total.pair)?,
        partner_count: few(total.partners),
        gaining_partner_count: few(total.gaining),
        losing_partner_count: few(total.losing),
    })
}

fn partner(outcome: &PartnerOutcome) -> Result<pb::SimulatedPartner, WireFault> {
    Ok(pb::SimulatedPartner {
        partner: format!("partners/{}", outcome.partner),
        region_code: outcome.country.clone(),
        issued: told(outcome.pair.issued)?,
        simulated: told(outcome.pair.simulated)?,
        difference: difference(&outcome.pair)?,
        changes: outcome.changes.iter().map(change).collect::<Result<_, _>>()?,
    })
}

fn change(change: &Change) -> Result<pb::SimulatedChange, WireFault> {
    let customer = &change.key.customer;
    Ok(pb::SimulatedChange {
        period: format!("periods/{}", change.period),
        rule_id: change.key.rule.clone(),
        customer: if customer.is_empty() { String::new() } else { format!("customers/{customer}") },
        issued: told(change.pair.issued)?,
        simulated: told(change.pair.simulated)?,
        reason: change.reason.clone(),
    })
}
