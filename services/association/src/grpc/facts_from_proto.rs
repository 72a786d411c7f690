//! Transactions and seat counts into commands, as `from_proto` does it for everything else.

use proto::association::v1 as wire;
use rpc::validate::Violations;
use values::{Amount, Decimal};

use super::from_proto::{bounded, currency, fields, line, name, word};
use crate::domain::names::{CustomerId, PartnerId, SubscriptionName, TransactionName};
use crate::domain::seats::SeatContent;
use crate::domain::transaction::TransactionContent;
use crate::ops::create_seat_count::CreateSeatCount;
use crate::ops::create_transaction::CreateTransaction;

fn transaction_content(
    wrong: &mut Violations,
    message: &wire::Transaction,
    customer: Option<&CustomerId>,
) -> Option<TransactionContent> {
    let source = wrong.text("source", &message.source, 1..=63);
    let external_id = wrong.text("external_id", &message.external_id, 1..=128);
    let kind = wrong.id("kind", &message.kind);
    let partner = optional_name::<PartnerId>(wrong, "partner", &message.partner);
    let subscription = optional_name::<SubscriptionName>(wrong, "subscription", &message.subscription);
    let product = word(wrong, "product", &message.product);
    let workload = word(wrong, "workload", &message.workload);
    let deal = line(wrong, "deal", &message.deal, 128);
    let at = wrong.instant("transaction_time", message.transaction_time.as_ref());
    let value = message.amount.as_ref().map(|amount| {
        let value = wrong.decimal("amount", Some(amount));
        bounded(wrong, "amount", value)
    });
    let currency = currency(wrong, "currency_code", &message.currency_code);
    let seats = message.seat_count.as_ref().map(|seats| {
        let seats = wrong.decimal("seat_count", Some(seats));
        bounded(wrong, "seat_count", seats)
    });
    let reverses = optional_name::<TransactionName>(wrong, "reversed_transaction", &message.reversed_transaction);
    let fields = fields(wrong, "fields", &message.fields);
    let amount = match (value, currency?) {
        (None, _) => None,
        (Some(value), Some(currency)) => Some(Amount { value: value?, currency }),
        (Some(_), None) => {
            wrong.add("currency_code", "is required beside an amount");
            return None;
        }
    };
    let (subscription, reverses) = (subscription?, reverses?);
    let mut other = |field: &str, named: Option<&CustomerId>| {
        if named.is_some() && named != customer {
            wrong.add(field, "must be one of the same customer");
        }
    };
    other("subscription", subscription.as_ref().map(|name| &name.customer));
    other("reversed_transaction", reverses.as_ref().map(|name| &name.customer));
    Some(TransactionContent {
        source: source?,
        external_id: external_id?,
        kind: kind?,
        partner: partner?,
        subscription: subscription.map(|name| name.id),
        product: product?,
        workload: workload?,
        deal: deal?,
        at: at?,
        amount,
        seats: match seats {
            Some(seats) => Some(seats?),
            None => None,
        },
        reverses: reverses.map(|name| name.id),
        fields: fields?,
    })
}

/// A name that may be absent: the outer option says whether it could be read.
fn optional_name<T: std::str::FromStr>(wrong: &mut Violations, field: &str, text: &str) -> Option<Option<T>>
where
    T::Err: std::fmt::Display,
{
    if text.is_empty() { Some(None) } else { wrong.take(field, text.parse()).map(Some) }
}

pub fn create_transaction(
    wrong: &mut Violations,
    message: &wire::CreateTransactionRequest,
) -> Option<CreateTransaction> {
    let customer: Option<CustomerId> = name(wrong, "parent", &message.parent);
    let id = wrong.optional_id("transaction_id", &message.transaction_id);
    let transaction = wrong.required("transaction", message.transaction.as_ref());
    let content = transaction.and_then(|message| {
        wrong.within("transaction", |wrong| transaction_content(wrong, message, customer.as_ref()))
    });
    Some(CreateTransaction { customer: customer?, id, content: content? })
}

pub fn create_seat_count(wrong: &mut Violations, message: &wire::CreateSeatCountRequest) -> Option<CreateSeatCount> {
    let subscription: Option<SubscriptionName> = name(wrong, "parent", &message.parent);
    let id = wrong.optional_id("seat_count_id", &message.seat_count_id);
    let seats = wrong.required("seat_count", message.seat_count.as_ref())?;
    let content = wrong.within("seat_count", |wrong| {
        let count = wrong.decimal("seat_count", seats.seat_count.as_ref());
        let count = bounded(wrong, "seat_count", count);
        if count.is_some_and(Decimal::is_negative) {
            wrong.add("seat_count", "must not be negative");
        }
        let start = wrong.instant("start_time", seats.start_time.as_ref());
        let source = wrong.text("source", &seats.source, 1..=63);
        let external_id = line(wrong, "external_id", &seats.external_id, 128);
        Some(SeatContent { count: count?, start: start?, source: source?, external_id: external_id? })
    });
    Some(CreateSeatCount { subscription: subscription?, id, content: content? })
}
