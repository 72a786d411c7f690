//! Facts as the messages that registry and association publish about them.

use std::collections::BTreeMap;

use feed::{Change, NewChange};
use program::Facts;
use program::facts::{Association, Certification, Customer, Flow, Partner, PersonLink, Seats, Subscription, Usage};
use prost::{Message, Name};
use prost_types::Timestamp;
use proto::association::v1 as association;
use proto::registry::v1 as registry;
use rpc::wire::{date, decimal, timestamp};
use values::{Instant, Interval};

use super::BenchError;

/// The customer of each subscription.
type Customers<'a> = BTreeMap<&'a str, &'a str>;

/// The changes of registry's and of association's feed, without their positions, for what was recorded at this instant.
pub fn changes(facts: &Facts, recorded: Instant) -> Result<[Vec<Change>; 2], BenchError> {
    written(facts)?;
    let state = |new: NewChange| change(new, recorded);
    let now = |fact: &program::facts::Recorded| fact.at == recorded;
    let customers =
        facts.subscriptions.iter().map(|fact| (fact.subscription.as_str(), fact.customer.as_str())).collect();
    let mut registry: Vec<Change> = Vec::new();
    registry.extend(facts.partners.iter().filter(|it| now(&it.recorded)).map(partner).map(state));
    registry.extend(facts.people.iter().filter(|it| now(&it.recorded)).map(link).map(state));
    registry.extend(facts.certifications.iter().filter(|it| now(&it.recorded)).map(certification).map(state));
    let mut association: Vec<Change> = Vec::new();
    association.extend(facts.customers.iter().filter(|it| now(&it.recorded)).map(customer).map(state));
    association.extend(facts.subscriptions.iter().filter(|it| now(&it.recorded)).map(subscription).map(state));
    association.extend(facts.associations.iter().filter(|it| now(&it.recorded)).map(involvement).map(state));
    for (number, fact) in facts.seats.iter().enumerate().filter(|(_, it)| now(&it.recorded)) {
        association.push(state(seats(number, fact, &customers)?));
    }
    let used: Vec<&Usage> = facts.usage.iter().filter(|it| now(&it.recorded)).collect();
    if !used.is_empty() {
        association.push(state(usage(&used, &customers, recorded)?));
    }
    Ok([registry, association])
}

/// Whether all of these facts are written here.
fn written(facts: &Facts) -> Result<(), BenchError> {
    let others = [
        facts.enrollments.len(),
        facts.agreements.len(),
        facts.checks.len(),
        facts.fees.len(),
        facts.transactions.len(),
        facts.awards.len(),
        facts.decisions.len(),
        facts.figures.len(),
        facts.exchange.len(),
    ];
    match others.iter().sum::<usize>() {
        0 => Ok(()),
        count => Err(BenchError::Unwritten(format!("{count} facts are of kinds that no generated population has"))),
    }
}

fn change(new: NewChange, recorded: Instant) -> Change {
    Change {
        event_id: String::new(),
        position: 0,
        kind: new.kind,
        aggregate: new.aggregate,
        revision: new.revision,
        nature: new.nature,
        payload: new.payload,
        recorded,
        operation: new.operation,
        trace_parent: String::new(),
    }
}

fn first<M: Message + Name>(name: &str, recorded: Instant, message: &M) -> NewChange {
    NewChange::state(name, 1, recorded, message)
}

fn start(effective: Interval) -> Option<Timestamp> {
    Some(timestamp(effective.start()))
}

fn end(effective: Interval) -> Option<Timestamp> {
    effective.end().map(timestamp)
}

/// `solution-provider` as `BUSINESS_TYPE_SOLUTION_PROVIDER`.
fn shouted(prefix: &str, plain: &str) -> String {
    format!("{prefix}{}", plain.to_ascii_uppercase().replace('-', "_"))
}

fn partner(fact: &Partner) -> NewChange {
    let types = fact.business_types.iter();
    let types = types.filter_map(|it| registry::BusinessType::from_str_name(&shouted("BUSINESS_TYPE_", it)));
    let state = registry::partner::State::from_str_name(&shouted("STATE_", &fact.status)).unwrap_or_default();
    let recorded = Some(timestamp(fact.recorded.at));
    let message = registry::Partner {
        name: format!("partners/{}", fact.partner),
        display_name: format!("Partner {}", fact.partner),
        global_account: fact.parent.as_ref().map(|parent| format!("partners/{parent}")).unwrap_or_default(),
        business_types: types.map(Into::into).collect(),
        region_code: fact.country.clone(),
        origin: registry::partner::Origin::Migration.into(),
        state: state.into(),
        state_time: recorded,
        approve_time: recorded,
        create_time: recorded,
        update_time: recorded,
        ..Default::default()
    };
    first(&message.name, fact.recorded.at, &message)
}

fn link(fact: &PersonLink) -> NewChange {
    let recorded = Some(timestamp(fact.recorded.at));
    let message = registry::LearnerLink {
        name: format!("learners/{}/links/l1", fact.learner),
        partner: format!("partners/{}", fact.partner),
        start_time: start(fact.effective),
        end_time: end(fact.effective),
        create_time: recorded,
        update_time: recorded,
        ..Default::default()
    };
    first(&message.name, fact.recorded.at, &message)
}

fn certification(fact: &Certification) -> NewChange {
    let recorded = Some(timestamp(fact.recorded.at));
    let message = registry::Certification {
        name: format!("learners/{}/certifications/{}", fact.learner, fact.certification),
        exam: fact.certification.clone(),
        earn_time: start(fact.effective),
        lapse_time: end(fact.effective),
        retire_time: fact.retired.map(timestamp),
        create_time: recorded,
        update_time: recorded,
        ..Default::default()
    };
    first(&message.name, fact.recorded.at, &message)
}

fn customer(fact: &Customer) -> NewChange {
    let recorded = Some(timestamp(fact.recorded.at));
    let name = format!("customers/{}", fact.customer);
    let message = association::Customer {
        etag: rpc::etag::of(&name, 1),
        name,
        display_name: format!("Customer {}", fact.customer),
        region_code: fact.country.clone(),
        fields: fact.fields.clone().into_iter().collect(),
        create_time: recorded,
        update_time: recorded,
    };
    first(&message.name, fact.recorded.at, &message)
}

fn subscription(fact: &Subscription) -> NewChange {
    let recorded = Some(timestamp(fact.recorded.at));
    let name = format!("customers/{}/subscriptions/{}", fact.customer, fact.subscription);
    let message = association::Subscription {
        etag: rpc::etag::of(&name, 1),
        name,
        product: fact.product.clone(),
        offer_type: fact.offer_type.clone(),
        workloads: fact.workloads.clone(),
        motion: fact.motion.clone(),
        agreement_type: fact.agreement_type.clone(),
        term: fact.term.clone(),
        deal: fact.deal.clone().unwrap_or_default(),
        start_time: start(fact.effective),
        end_time: end(fact.effective),
        renewal_date: fact.renewal.map(date),
        fields: fact.fields.clone().into_iter().collect(),
        effective_time: start(fact.effective),
        revision: 1,
        create_time: recorded,
        update_time: recorded,
        ..Default::default()
    };
    first(&message.name, fact.recorded.at, &message)
}

fn involvement(fact: &Association) -> NewChange {
    let recorded = Some(timestamp(fact.recorded.at));
    let customer = format!("customers/{}", fact.customer);
    let subscription = fact.subscription.as_ref().map(|id| format!("{customer}/subscriptions/{id}"));
    let place = subscription.as_ref().unwrap_or(&customer);
    let name = format!("{place}/associations/{}", fact.association);
    let message = association::Association {
        etag: rpc::etag::of(&name, 1),
        name,
        kind: fact.kind.clone(),
        partner: format!("partners/{}", fact.partner),
        customer: customer.clone(),
        subscription: subscription.clone().unwrap_or_default(),
        workload: fact.workload.clone().unwrap_or_default(),
        role: fact.role.clone().unwrap_or_default(),
        start_time: start(fact.effective),
        end_time: end(fact.effective),
        revision: 1,
        create_time: recorded,
        update_time: recorded,
        ..Default::default()
    };
    first(&message.name, fact.recorded.at, &message)
}

fn name_of(subscription: &str, customers: &Customers<'_>) -> Result<String, BenchError> {
    let unknown = || BenchError::Unwritten(format!("there is no subscription {subscription}"));
    let customer = customers.get(subscription).ok_or_else(unknown)?;
    Ok(format!("customers/{customer}/subscriptions/{subscription}"))
}

fn seats(number: usize, fact: &Seats, customers: &Customers<'_>) -> Result<NewChange, BenchError> {
    let message = association::SeatCount {
        name: format!("{}/seatCounts/n{number}", name_of(&fact.subscription, customers)?),
        seat_count: Some(decimal(fact.count)),
        start_time: Some(timestamp(fact.from)),
        source: fact.recorded.source.clone(),
        create_time: Some(timestamp(fact.recorded.at)),
        ..Default::default()
    };
    Ok(NewChange::entry(message.name.clone(), fact.recorded.at, &message))
}

/// One batch with one series for each fact: of one subscription no two facts recorded at once are of one series.
fn usage(used: &[&Usage], customers: &Customers<'_>, recorded: Instant) -> Result<NewChange, BenchError> {
    let mut batch = association::UsageBatch { source: "generated".to_owned(), ..Default::default() };
    for (fact, place) in used.iter().zip(0..) {
        let costs = &fact.costs;
        let costs = [costs.billed, costs.effective, costs.list, costs.contracted];
        let kind = match fact.flow {
            Flow::Flow => association::MeterKind::Flow,
            Flow::Level => association::MeterKind::Level,
        };
        batch.series.push(association::UsageSeries {
            subscription: name_of(&fact.subscription, customers)?,
            workload: fact.workload.clone(),
            meter: fact.meter.clone(),
            meter_kind: kind.into(),
            unit: fact.unit.clone(),
            // A series without costs has no currency.
            currency_code: costs.iter().flatten().next().map(|_| fact.currency.code().to_owned()).unwrap_or_default(),
        });
        let [billed_cost, effective_cost, list_cost, contracted_cost] = costs.map(|cost| cost.map(decimal));
        batch.cells.push(association::UsageCell {
            series_index: place,
            hour_time: Some(timestamp(fact.start)),
            quantity: Some(decimal(fact.quantity)),
            billed_cost,
            effective_cost,
            list_cost,
            contracted_cost,
            record_count: 1,
            ..Default::default()
        });
    }
    Ok(NewChange::entry("usageBatches/1", recorded, &batch))
}
