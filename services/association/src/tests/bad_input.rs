//! Wrong requests: every violation is named, and nothing is kept.

use tonic::Code;

use super::*;

#[tokio::test]
async fn every_wrong_field_is_named_at_once() {
    let suite = Suite::start().await;
    let request = wire::CreateSubscriptionRequest {
        parent: "customer/atlas".to_owned(),
        subscription: Some(wire::Subscription {
            external_id: "7".to_owned(),
            product: "Cloud Services".to_owned(),
            motion: "Breadth!".to_owned(),
            currency_code: "DOLLAR".to_owned(),
            workloads: vec!["ok".to_owned(), "not ok".to_owned()],
            ..Default::default()
        }),
        subscription_id: "UPPER".to_owned(),
        request_id: "not a uuid".to_owned(),
        ..Default::default()
    };
    let refused = suite.staff().subscriptions().create_subscription(request).await;
    let status = expect_reason(refused, Code::InvalidArgument, "INVALID_FIELDS");
    assert_eq!(
        fields_of(&status),
        [
            "parent",
            "request_id",
            "subscription.currency_code",
            "subscription.external_source",
            "subscription.motion",
            "subscription.product",
            "subscription.start_time",
            "subscription.workloads[1]",
            "subscription_id",
        ]
    );
}

#[tokio::test]
async fn wrong_lists_are_refused() {
    let suite = Suite::start().await;
    let mut staff = suite.staff().subscriptions();
    let list = |parent: &str, filter: &str, order: &str| wire::ListSubscriptionsRequest {
        parent: parent.to_owned(),
        filter: filter.to_owned(),
        order_by: order.to_owned(),
        ..Default::default()
    };
    let invalid = Code::InvalidArgument;
    expect_reason(staff.list_subscriptions(list("moon/1", "", "")).await, invalid, "INVALID_FIELDS");
    expect_reason(staff.list_subscriptions(list("customers/-", "moon = 1", "")).await, invalid, "INVALID_FILTER");
    expect_reason(staff.list_subscriptions(list("customers/-", "", "moon")).await, invalid, "INVALID_ORDER");
    let token = wire::ListSubscriptionsRequest { page_token: "abc".to_owned(), ..list("customers/-", "", "") };
    expect_reason(staff.list_subscriptions(token).await, invalid, "INVALID_PAGE_TOKEN");
    let everything = wire::ListUsageRecordsRequest {
        parent: "customers/atlas".to_owned(),
        start_time: time("2023-01-01"),
        end_time: time("2024-09-01"),
        ..Default::default()
    };
    let status = expect_reason(suite.staff().usage().list_usage_records(everything).await, invalid, "INVALID_FIELDS");
    assert_eq!(fields_of(&status), ["end_time", "parent"]);
}

#[tokio::test]
async fn readers_write_nothing() {
    let suite = Suite::start().await;
    suite.atlas().await;
    let denied = Code::PermissionDenied;
    let auditor = suite.calling(Caller::staff("auditor-1", CallerRole::Auditor));
    let customer = wire::CreateCustomerRequest::default();
    expect_reason(auditor.customers().create_customer(customer.clone()).await, denied, "ROLE_MISSING");
    let owner = suite.owner("customers/atlas");
    expect_reason(owner.customers().create_customer(customer).await, denied, "ROLE_MISSING");
    let other = wire::GetCustomerRequest { name: "customers/zenith".to_owned(), ..Default::default() };
    expect_reason(owner.customers().get_customer(other).await, denied, "RESOURCE_NOT_OWNED");
}
