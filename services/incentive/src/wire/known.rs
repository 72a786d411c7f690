//! Neighbours' messages as the facts that rules see.
//!
//! Ids: partners and customers by the last segment of their names, which is unique; subscriptions,
//! associations and transactions by their whole names.

use std::collections::BTreeMap;

use program::facts::{
    Agreement, Association, Check, Customer, Enrollment, Facts, Partner, Recorded, Seats, Subscription, Transaction,
};
use prost::{Message, Name};
use prost_types::Timestamp;
use proto::association::v1 as association;
use proto::competency::v1 as competency;
use proto::registry::v1 as registry;
use rpc::wire;
use values::{Amount, Decimal, Instant, Interval};

use super::WireFault;
use super::awards::awards;
use crate::store::received::Received;

/// The kinds of registry that rating reads.
pub fn registry_kinds() -> Vec<String> {
    vec![
        registry::Partner::full_name(),
        registry::AgreementAcceptance::full_name(),
        registry::ComplianceFact::full_name(),
        registry::Enrollment::full_name(),
    ]
}

/// The kinds of association that rating reads, usage apart; all of them belong to a customer.
pub fn association_kinds() -> Vec<String> {
    vec![
        association::Customer::full_name(),
        association::Subscription::full_name(),
        association::Association::full_name(),
        association::Transaction::full_name(),
        association::SeatCount::full_name(),
    ]
}

/// The kinds of competency that rating reads.
pub fn competency_kinds() -> Vec<String> {
    vec![competency::Award::full_name()]
}

/// The kind of the register of bundles, which rating never reads.
pub fn bundle_kind() -> String {
    registry::Bundle::full_name()
}

/// The kind of customers.
pub fn customer_kind() -> String {
    association::Customer::full_name()
}

/// The kind of partners.
pub fn partner_kind() -> String {
    registry::Partner::full_name()
}

/// The ids of tier programs in their documents by the last segment of their names.
pub type Programs = BTreeMap<String, String>;

/// The facts in what was received, given by kind, name and revision.
///
/// # Errors
/// [`WireFault`] for a message that cannot be read.
pub fn facts(rows: &[Received], programs: &Programs) -> Result<Facts, WireFault> {
    let mut facts = Facts::default();
    for history in rows.chunk_by(|a, b| a.kind == b.kind && a.name == b.name) {
        let Some(last) = history.last().filter(|last| !last.withdrawn) else { continue };
        let kind = last.kind.as_str();
        if kind == registry::Partner::full_name() {
            facts.partners.extend(partners(history)?);
        } else if kind == registry::AgreementAcceptance::full_name() {
            facts.agreements.push(agreement(last)?);
        } else if kind == registry::ComplianceFact::full_name() {
            facts.checks.extend(check(last)?);
        } else if kind == registry::Enrollment::full_name() {
            facts.enrollments.push(enrollment(last)?);
        } else if kind == association::Customer::full_name() {
            facts.customers.push(customer(last)?);
        } else if kind == association::Subscription::full_name() {
            facts.subscriptions.extend(subscriptions(history)?);
        } else if kind == association::Association::full_name() {
            facts.associations.push(association(last)?);
        } else if kind == association::Transaction::full_name() {
            facts.transactions.push(transaction(last)?);
        } else if kind == association::SeatCount::full_name() {
            facts.seats.push(seats(last)?);
        } else if kind == competency::Award::full_name() {
            facts.awards.extend(awards(history, programs)?);
        }
    }
    Ok(facts)
}

/// The id at the end of a name.
pub fn last_segment(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// The id after a collection in a name: `acme` of `partners/acme/enrollments/e1`.
pub fn segment_after<'a>(name: &'a str, collection: &str) -> &'a str {
    let mut segments = name.split('/');
    segments.find(|segment| *segment == collection).and_then(|_| segments.next()).unwrap_or_default()
}

pub(super) fn decode<M: Message + Default>(row: &Received) -> Result<M, WireFault> {
    M::decode(row.payload.as_slice()).map_err(|error| WireFault::new(&row.name, error))
}

pub(super) fn recorded(row: &Received) -> Recorded {
    Recorded::new(row.recorded, row.source.name())
}

pub(super) fn at(name: &str, time: Option<&Timestamp>) -> Result<Option<Instant>, WireFault> {
    time.map(wire::instant).transpose().map_err(|error| WireFault::new(name, error))
}

fn between(name: &str, start: Option<&Timestamp>, end: Option<&Timestamp>) -> Result<Interval, WireFault> {
    let start = at(name, start)?.unwrap_or(Instant::MIN);
    // What ended before it began never held.
    let end = at(name, end)?.map(|end| end.max(start));
    Interval::new(start, end).map_err(|error| WireFault::new(name, error))
}

fn decimal(name: &str, value: Option<&proto::google::r#type::Decimal>) -> Result<Option<Decimal>, WireFault> {
    value.map(wire::parse_decimal).transpose().map_err(|error| WireFault::new(name, error))
}

/// A text that may be empty.
fn given(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// A partner's values from each revision on: the first from ever, so that what happened before the account
/// was recorded finds it.
fn partners(history: &[Received]) -> Result<Vec<Partner>, WireFault> {
    let mut found: Vec<(Instant, Partner)> = Vec::new();
    for row in history {
        let partner: registry::Partner = decode(row)?;
        let since = match found.is_empty() {
            true => Instant::MIN,
            false => at(&row.name, partner.update_time.as_ref())?.unwrap_or(row.recorded),
        };
        let types = partner.business_types().map(|kind| hyphens(kind.as_str_name(), "BUSINESS_TYPE_")).collect();
        let fact = Partner {
            partner: last_segment(&partner.name).to_owned(),
            parent: given(last_segment(&partner.global_account).to_owned()),
            country: partner.region_code.clone(),
            business_types: types,
            status: hyphens(partner.state().as_str_name(), "STATE_"),
            effective: Interval::since(since),
            recorded: recorded(row),
        };
        follow_on(&mut found, since, fact);
    }
    let same = |a: &Partner, b: &Partner| {
        (&a.parent, &a.country, &a.business_types, &a.status) == (&b.parent, &b.country, &b.business_types, &b.status)
    };
    Ok(stretches(found, None, same, |partner, interval| partner.effective = interval))
}

/// `STATE_UNDER_REVIEW` as the word of documents: `under-review`.
fn hyphens(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix).unwrap_or(name).to_ascii_lowercase().replace('_', "-")
}

/// Adds what holds from `since` on: it takes the place of everything that was said for later.
fn follow_on<T>(found: &mut Vec<(Instant, T)>, since: Instant, fact: T) {
    found.retain(|(start, _)| *start < since);
    found.push((since, fact));
}

/// What holds from each start until the next, neighbours that say the same joined.
fn stretches<T>(
    found: Vec<(Instant, T)>,
    end: Option<Instant>,
    same: impl Fn(&T, &T) -> bool,
    set: impl Fn(&mut T, Interval),
) -> Vec<T> {
    let mut joined: Vec<(Instant, T)> = Vec::new();
    for (start, fact) in found {
        if joined.last().is_none_or(|(_, last)| !same(last, &fact)) {
            joined.push((start, fact));
        }
    }
    let starts: Vec<Instant> = joined.iter().map(|(start, _)| *start).collect();
    let mut facts = Vec::with_capacity(joined.len());
    for (place, (start, mut fact)) in joined.into_iter().enumerate() {
        let until = starts.get(place + 1).copied().or(end).map(|until| until.max(start));
        // The end was just kept behind the start.
        let interval = Interval::new(start, until).unwrap_or(Interval::since(start));
        if !interval.is_empty() {
            set(&mut fact, interval);
            facts.push(fact);
        }
    }
    facts
}

fn agreement(row: &Received) -> Result<Agreement, WireFault> {
    let acceptance: registry::AgreementAcceptance = decode(row)?;
    Ok(Agreement {
        partner: segment_after(&row.name, "partners").to_owned(),
        agreement: acceptance.agreement_code.clone(),
        version: acceptance.agreement_version.clone(),
        effective: between(&row.name, acceptance.sign_time.as_ref(), acceptance.end_time.as_ref())?,
        recorded: recorded(row),
    })
}

/// A fact that was revoked counts for no time at all.
fn check(row: &Received) -> Result<Option<Check>, WireFault> {
    let fact: registry::ComplianceFact = decode(row)?;
    if fact.revoke_time.is_some() {
        return Ok(None);
    }
    Ok(Some(Check {
        partner: segment_after(&row.name, "partners").to_owned(),
        check: fact.code.clone(),
        passed: true,
        effective: between(&row.name, fact.effective_time.as_ref(), fact.lapse_time.as_ref())?,
        recorded: recorded(row),
    }))
}

fn enrollment(row: &Received) -> Result<Enrollment, WireFault> {
    let enrollment: registry::Enrollment = decode(row)?;
    let date = enrollment.anniversary_date.as_ref().map(wire::parse_date).transpose();
    let fee = at(&row.name, enrollment.fee_paid_time.as_ref())?;
    Ok(Enrollment {
        partner: segment_after(&row.name, "partners").to_owned(),
        program: enrollment.program.clone(),
        anniversary: date.map_err(|error| WireFault::new(&row.name, error))?,
        fee_paid_until: fee.map(|until| values::Zone::utc().date(until)),
        effective: between(&row.name, enrollment.start_time.as_ref(), enrollment.end_time.as_ref())?,
        recorded: recorded(row),
    })
}

fn customer(row: &Received) -> Result<Customer, WireFault> {
    let customer: association::Customer = decode(row)?;
    Ok(Customer {
        customer: last_segment(&customer.name).to_owned(),
        country: customer.region_code.clone(),
        fields: customer.fields.into_iter().collect(),
        effective: Interval::since(Instant::MIN),
        recorded: recorded(row),
    })
}

/// A subscription's values: each revision says from when on they hold, and a later one that reaches further
/// back corrects the past.
fn subscriptions(history: &[Received]) -> Result<Vec<Subscription>, WireFault> {
    let mut found: Vec<(Instant, Subscription)> = Vec::new();
    let mut end = None;
    for row in history {
        let subscription: association::Subscription = decode(row)?;
        let start = at(&row.name, subscription.start_time.as_ref())?.unwrap_or(Instant::MIN);
        let since = match found.is_empty() {
            true => start,
            false => at(&row.name, subscription.effective_time.as_ref())?.unwrap_or(start).max(start),
        };
        end = at(&row.name, subscription.end_time.as_ref())?;
        let renewal = subscription.renewal_date.as_ref().map(wire::parse_date).transpose();
        let fact = Subscription {
            subscription: subscription.name.clone(),
            customer: segment_after(&subscription.name, "customers").to_owned(),
            product: subscription.product.clone(),
            workloads: subscription.workloads.clone(),
            offer_type: subscription.offer_type.clone(),
            motion: subscription.motion.clone(),
            agreement_type: subscription.agreement_type.clone(),
            term: subscription.term.clone(),
            deal: given(subscription.deal.clone()),
            renewal: renewal.map_err(|error| WireFault::new(&row.name, error))?,
            fields: subscription.fields.into_iter().collect(),
            effective: Interval::since(since),
            recorded: recorded(row),
        };
        follow_on(&mut found, since, fact);
    }
    let same = |a: &Subscription, b: &Subscription| {
        let b = Subscription { effective: a.effective, recorded: a.recorded.clone(), ..b.clone() };
        *a == b
    };
    Ok(stretches(found, end, same, |subscription, interval| subscription.effective = interval))
}

fn association(row: &Received) -> Result<Association, WireFault> {
    let association: association::Association = decode(row)?;
    Ok(Association {
        association: association.name.clone(),
        partner: last_segment(&association.partner).to_owned(),
        kind: association.kind.clone(),
        customer: segment_after(&association.name, "customers").to_owned(),
        subscription: given(association.subscription.clone()),
        workload: given(association.workload.clone()),
        role: given(association.role.clone()),
        effective: between(&row.name, association.start_time.as_ref(), association.end_time.as_ref())?,
        recorded: recorded(row),
    })
}

fn transaction(row: &Received) -> Result<Transaction, WireFault> {
    let transaction: association::Transaction = decode(row)?;
    let amount = match decimal(&row.name, transaction.amount.as_ref())? {
        None => None,
        Some(value) => {
            let currency = wire::parse_currency(&transaction.currency_code);
            Some(Amount { value, currency: currency.map_err(|error| WireFault::new(&row.name, error))? })
        }
    };
    let happened = at(&row.name, transaction.transaction_time.as_ref())?;
    Ok(Transaction {
        transaction: transaction.name.clone(),
        kind: transaction.kind.clone(),
        partner: given(last_segment(&transaction.partner).to_owned()),
        customer: segment_after(&transaction.name, "customers").to_owned(),
        subscription: given(transaction.subscription.clone()),
        product: transaction.product.clone(),
        workload: transaction.workload.clone(),
        deal: given(transaction.deal.clone()),
        at: happened.ok_or_else(|| WireFault::new(&row.name, "a transaction without a time"))?,
        amount,
        seats: decimal(&row.name, transaction.seat_count.as_ref())?,
        reverses: given(transaction.reversed_transaction.clone()),
        fields: transaction.fields.into_iter().collect(),
        recorded: recorded(row),
    })
}

fn seats(row: &Received) -> Result<Seats, WireFault> {
    let seats: association::SeatCount = decode(row)?;
    let name = &seats.name;
    let subscription = name.rsplit_once("/seatCounts/").map_or(name.as_str(), |(subscription, _)| subscription);
    Ok(Seats {
        subscription: subscription.to_owned(),
        count: decimal(name, seats.seat_count.as_ref())?.unwrap_or(Decimal::ZERO),
        from: at(name, seats.start_time.as_ref())?.unwrap_or(row.recorded),
        recorded: recorded(row),
    })
}

/// The global account above each location account, by the newest revision of each.
///
/// # Errors
/// [`WireFault`] for a message that cannot be read.
pub fn parents(rows: &[Received]) -> Result<BTreeMap<String, String>, WireFault> {
    let mut parents = BTreeMap::new();
    for history in rows.chunk_by(|a, b| a.name == b.name) {
        let Some(last) = history.last().filter(|last| !last.withdrawn) else { continue };
        let partner: registry::Partner = decode(last)?;
        if let Some(parent) = given(last_segment(&partner.global_account).to_owned()) {
            parents.insert(last_segment(&partner.name).to_owned(), parent);
        }
    }
    Ok(parents)
}
