//! Out to the wire, once, for replies and for the feed alike.

use proto::association::v1 as wire;
use rpc::wire::{date, decimal, timestamp};
use values::{Currency, Decimal, Id};

use crate::domain::association::Association;
use crate::domain::customer::Customer;
use crate::domain::seats::SeatCount;
use crate::domain::subscription::Subscription;
use crate::domain::transaction::Transaction;
use crate::domain::usage::Meter;
use crate::publish::{ChangedCell, ChangedSeries};

fn word(word: Option<&Id>) -> String {
    word.map(ToString::to_string).unwrap_or_default()
}

/// A currency's code, or empty.
pub fn currency(currency: Option<Currency>) -> String {
    currency.map(|currency| currency.code().to_owned()).unwrap_or_default()
}

/// A customer.
pub fn customer(customer: &Customer) -> wire::Customer {
    let name = customer.id.to_string();
    wire::Customer {
        etag: rpc::etag::of(&name, customer.stamp.revision),
        name,
        display_name: customer.content.display_name.clone(),
        region_code: customer.content.region_code.clone(),
        fields: customer.content.fields.map().clone(),
        create_time: Some(timestamp(customer.stamp.created)),
        update_time: Some(timestamp(customer.stamp.updated)),
    }
}

/// A subscription, with its seats where they were asked for.
pub fn subscription(subscription: &Subscription, seats: Option<Decimal>) -> wire::Subscription {
    let name = subscription.name.to_string();
    let content = &subscription.content;
    let (external_source, external_id) = match &content.external {
        Some(external) => (external.source.clone(), external.id.clone()),
        None => Default::default(),
    };
    wire::Subscription {
        etag: rpc::etag::of(&name, subscription.stamp.revision),
        name,
        external_source,
        external_id,
        product: content.product.to_string(),
        offer: word(content.offer.as_ref()),
        offer_type: word(content.offer_type.as_ref()),
        workloads: content.workloads.iter().map(ToString::to_string).collect(),
        motion: word(content.motion.as_ref()),
        agreement_type: word(content.agreement_type.as_ref()),
        term: word(content.term.as_ref()),
        billing_plan: word(content.billing_plan.as_ref()),
        currency_code: currency(content.currency),
        deal: content.deal.clone(),
        start_time: Some(timestamp(content.start)),
        end_time: content.end.map(timestamp),
        renewal_date: content.renewal.map(date),
        fields: content.fields.map().clone(),
        effective_time: Some(timestamp(content.effective)),
        designated_partner: subscription.designated.as_ref().map(ToString::to_string).unwrap_or_default(),
        seat_count: seats.map(decimal),
        revision: subscription.stamp.revision,
        create_time: Some(timestamp(subscription.stamp.created)),
        update_time: Some(timestamp(subscription.stamp.updated)),
    }
}

/// An association.
pub fn association(association: &Association) -> wire::Association {
    let name = association.name.to_string();
    let said = &association.statement;
    let place = &association.name.place;
    wire::Association {
        etag: rpc::etag::of(&name, association.stamp.revision),
        name,
        kind: said.kind.to_string(),
        partner: said.partner.to_string(),
        customer: place.customer.to_string(),
        subscription: place.subscription_name().map(|name| name.to_string()).unwrap_or_default(),
        workload: word(said.workload.as_ref()),
        role: word(said.role.as_ref()),
        start_time: Some(timestamp(said.effective.start())),
        end_time: said.effective.end().map(timestamp),
        source: said.source.to_string(),
        evidence: said.evidence.clone(),
        reason: said.reason.clone(),
        revision: association.stamp.revision,
        create_time: Some(timestamp(association.stamp.created)),
        update_time: Some(timestamp(association.stamp.updated)),
    }
}

/// A transaction.
pub fn transaction(transaction: &Transaction) -> wire::Transaction {
    let content = &transaction.content;
    let customer = &transaction.name.customer;
    wire::Transaction {
        name: transaction.name.to_string(),
        source: content.source.clone(),
        external_id: content.external_id.clone(),
        kind: content.kind.to_string(),
        partner: content.partner.as_ref().map(ToString::to_string).unwrap_or_default(),
        subscription: content
            .subscription
            .as_ref()
            .map(|id| format!("{customer}/subscriptions/{id}"))
            .unwrap_or_default(),
        product: word(content.product.as_ref()),
        workload: word(content.workload.as_ref()),
        deal: content.deal.clone(),
        transaction_time: Some(timestamp(content.at)),
        amount: content.amount.map(|amount| decimal(amount.value)),
        currency_code: currency(content.amount.map(|amount| amount.currency)),
        seat_count: content.seats.map(decimal),
        reversed_transaction: content
            .reverses
            .as_ref()
            .map(|id| format!("{customer}/transactions/{id}"))
            .unwrap_or_default(),
        fields: content.fields.map().clone(),
        create_time: Some(timestamp(transaction.created)),
    }
}

/// A seat count.
pub fn seat_count(seats: &SeatCount) -> wire::SeatCount {
    wire::SeatCount {
        name: seats.name.to_string(),
        seat_count: Some(decimal(seats.content.count)),
        start_time: Some(timestamp(seats.content.start)),
        source: seats.content.source.clone(),
        external_id: seats.content.external_id.clone(),
        create_time: Some(timestamp(seats.created)),
    }
}

/// How a quantity adds up.
pub fn meter_kind(kind: Meter) -> wire::MeterKind {
    match kind {
        Meter::Flow => wire::MeterKind::Flow,
        Meter::Level => wire::MeterKind::Level,
    }
}

/// What cells of a batch are about.
pub fn usage_series(series: &ChangedSeries) -> wire::UsageSeries {
    wire::UsageSeries {
        subscription: series.subscription.to_string(),
        workload: series.label.workload.clone(),
        meter: series.label.meter.clone(),
        meter_kind: meter_kind(series.label.kind).into(),
        unit: series.label.unit.clone(),
        currency_code: currency(series.label.currency),
    }
}

/// How an hour changed; its series is filled in by the batch.
pub fn usage_cell(cell: &ChangedCell) -> wire::UsageCell {
    let [billed, effective, list, contracted] = cell.costs.map(|cost| cost.map(decimal));
    wire::UsageCell {
        series_index: 0,
        hour_time: Some(timestamp(cell.hour)),
        quantity: cell.quantity.map(decimal),
        billed_cost: billed,
        effective_cost: effective,
        list_cost: list,
        contracted_cost: contracted,
        measure_time: cell.measured_at.map(timestamp),
        record_count: cell.records,
    }
}
