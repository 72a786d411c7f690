//! `import subscriptions`: customers and what they bought, with the seats.

use proto::association::v1 as association;
use proto::association::v1::customer_service_client::CustomerServiceClient;
use proto::association::v1::seat_count_service_client::SeatCountServiceClient;
use proto::association::v1::subscription_service_client::SubscriptionServiceClient;
use tonic::Response;

use super::rows::Tally;
use super::{ImportError, Outcome};
use crate::connect::Wire;
use crate::table::{Columns, Row};

/// The columns of a table of subscriptions. `workloads` are separated by spaces.
pub const COLUMNS: Columns = Columns {
    required: &["customer", "customer_name", "subscription", "product", "start"],
    optional: &[
        "region_code",
        "external_source",
        "external_id",
        "offer",
        "offer_type",
        "workloads",
        "currency",
        "agreement_type",
        "motion",
        "term",
        "billing_plan",
        "end",
        "renewal",
        "seats",
    ],
};

pub(super) async fn import(wire: Wire, mut row: Row, dry_run: bool) -> Result<Outcome, ImportError> {
    let customer = row.required("customer");
    let subscription = parse(&mut row);
    let id = row.required("subscription");
    let seats = row.decimal("seats");
    let customer_name = row.required("customer_name");
    if !row.problems().is_empty() {
        return Ok(Outcome::Refused(row.problems().to_vec()));
    }
    let mut tally = Tally::default();
    let mut customers = CustomerServiceClient::new(wire.clone());
    let request = association::BatchCreateCustomersRequest {
        requests: vec![association::CreateCustomerRequest {
            customer: Some(association::Customer {
                display_name: customer_name,
                region_code: row.text("region_code"),
                ..Default::default()
            }),
            customer_id: customer.clone(),
            ..Default::default()
        }],
        validate_only: dry_run,
        request_id: String::new(),
    };
    let answer = customers.batch_create_customers(request).await.map(Response::into_inner);
    let is_new = matches!(&answer, Ok(reply) if reply.identical_count == 0);
    // A customer alone does not make a row new: what was bought does.
    let mut ignored = Tally::default();
    ignored.count_batch(answer, |reply| reply.identical_count == 1)?;
    if let Outcome::Refused(reasons) = ignored.outcome() {
        return Ok(Outcome::Refused(reasons));
    }
    if dry_run && is_new {
        return Ok(Outcome::Taken);
    }
    let request = association::BatchCreateSubscriptionsRequest {
        parent: format!("customers/{customer}"),
        requests: vec![association::CreateSubscriptionRequest {
            parent: format!("customers/{customer}"),
            subscription: Some(subscription.clone()),
            subscription_id: id.clone(),
            ..Default::default()
        }],
        validate_only: dry_run,
        request_id: String::new(),
    };
    let mut subscriptions = SubscriptionServiceClient::new(wire.clone());
    let answer = subscriptions.batch_create_subscriptions(request).await.map(Response::into_inner);
    let is_new = matches!(&answer, Ok(reply) if reply.identical_count == 0);
    tally.count_batch(answer, |reply| reply.identical_count == 1)?;
    if tally.is_refused() || (dry_run && is_new) {
        return Ok(tally.outcome());
    }
    if let Some(seats) = seats {
        let name = format!("customers/{customer}/subscriptions/{id}");
        let count = count_seats(&name, seats, subscription.start_time, dry_run);
        let mut client = SeatCountServiceClient::new(wire);
        let answer = client.batch_create_seat_counts(count).await.map(Response::into_inner);
        tally.count_batch(answer, |reply| reply.identical_count == 1)?;
    }
    Ok(tally.outcome())
}

fn parse(row: &mut Row) -> association::Subscription {
    if row.find("start").is_none() {
        row.problem("start", "is missing");
    }
    association::Subscription {
        external_source: row.text("external_source"),
        external_id: row.text("external_id"),
        product: row.required("product"),
        offer: row.text("offer"),
        offer_type: row.text("offer_type"),
        workloads: row.words("workloads"),
        motion: row.text("motion"),
        agreement_type: row.text("agreement_type"),
        term: row.text("term"),
        billing_plan: row.text("billing_plan"),
        currency_code: row.currency("currency").map(|it| it.to_string()).unwrap_or_default(),
        start_time: row.instant("start").map(rpc::wire::timestamp),
        end_time: row.instant("end").map(rpc::wire::timestamp),
        renewal_date: row.date("renewal").map(rpc::wire::date),
        ..Default::default()
    }
}

fn count_seats(
    subscription: &str,
    seats: values::Decimal,
    start_time: Option<prost_types::Timestamp>,
    dry_run: bool,
) -> association::BatchCreateSeatCountsRequest {
    let count = association::SeatCount {
        seat_count: Some(rpc::wire::decimal(seats)),
        start_time,
        source: "import".to_owned(),
        // Ids are unique within a source: the subscription's name is in it.
        external_id: format!("{subscription}/start"),
        ..Default::default()
    };
    association::BatchCreateSeatCountsRequest {
        parent: subscription.to_owned(),
        requests: vec![association::CreateSeatCountRequest {
            parent: subscription.to_owned(),
            seat_count: Some(count),
            seat_count_id: "start".to_owned(),
            ..Default::default()
        }],
        validate_only: dry_run,
        request_id: String::new(),
    }
}
