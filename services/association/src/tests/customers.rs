//! Customers, subscriptions, seats and bundles: the standard methods.

use prost_types::FieldMask;
use tonic::Code;

use super::*;

#[tokio::test]
async fn a_customer_is_created_read_listed_and_changed_on_every_engine() {
    for suite in Suite::everywhere().await {
        suite.customer("atlas").await;
        suite.customer("zenith").await;
        let mut customers = suite.staff().customers();
        let get = wire::GetCustomerRequest { name: "customers/atlas".to_owned(), ..Default::default() };
        let atlas = customers.get_customer(get.clone()).await.expect("it is there").into_inner();
        // A question as known now dates what was said, before the clock goes on.
        suite.at("2024-09-15T12:00:00Z");
        let known = rpc::wire::timestamp(suite.clock.now());
        let then = wire::GetCustomerRequest { known_time: Some(known), ..get.clone() };
        customers.get_customer(then).await.expect("it is known");
        suite.at("2024-09-16");
        let changed = wire::Customer { region_code: "DE".to_owned(), ..atlas.clone() };
        let mask = Some(FieldMask { paths: vec!["region_code".to_owned()] });
        let update = wire::UpdateCustomerRequest { customer: Some(changed), update_mask: mask, ..Default::default() };
        let updated = customers.update_customer(update.clone()).await.expect("it changes").into_inner();
        assert_eq!((updated.region_code.as_str(), updated.display_name.as_str()), ("DE", "atlas"));
        expect_reason(customers.update_customer(update).await, Code::Aborted, "ETAG_MISMATCH");

        let then = wire::GetCustomerRequest { known_time: Some(known), ..get };
        let then = customers.get_customer(then).await.expect("it was known").into_inner();
        assert_eq!(then.region_code, "", "{:?}", suite.store.engine());

        let list = wire::ListCustomersRequest { page_size: 1, ..Default::default() };
        let first = customers.list_customers(list.clone()).await.expect("a page").into_inner();
        assert_eq!(first.customers.len(), 1);
        let next = wire::ListCustomersRequest { page_token: first.next_page_token, ..list };
        let second = customers.list_customers(next).await.expect("the next page").into_inner();
        assert_eq!(second.customers[0].name, "customers/zenith");
        let filtered = wire::ListCustomersRequest { filter: r#"region_code = "DE""#.to_owned(), ..Default::default() };
        assert_eq!(customers.list_customers(filtered).await.expect("a page").into_inner().customers.len(), 1);
    }
}

#[tokio::test]
async fn a_replayed_request_gets_the_same_reply_and_another_one_is_refused() {
    let suite = Suite::start().await;
    let customer = wire::Customer { display_name: "Atlas".to_owned(), ..Default::default() };
    let request = wire::CreateCustomerRequest {
        customer: Some(customer),
        customer_id: "atlas".to_owned(),
        request_id: request_id(1),
        ..Default::default()
    };
    let mut customers = suite.staff().customers();
    let first = customers.create_customer(request.clone()).await.expect("it is created").into_inner();
    suite.at("2024-09-16");
    let again = customers.create_customer(request.clone()).await.expect("the same reply").into_inner();
    assert_eq!(first, again);
    let other = wire::CreateCustomerRequest { customer_id: "other".to_owned(), ..request.clone() };
    expect_reason(customers.create_customer(other).await, Code::InvalidArgument, "REQUEST_ID_REUSED");
    let unnamed = wire::CreateCustomerRequest { request_id: String::new(), ..request };
    expect_reason(customers.create_customer(unnamed).await, Code::AlreadyExists, "CUSTOMER_ALREADY_EXISTS");
}

#[tokio::test]
async fn a_batch_is_all_or_none_and_may_be_sent_again() {
    let suite = Suite::start().await;
    suite.customer("atlas").await;
    let mut subscriptions = suite.staff().subscriptions();
    let batch = |ids: &[&str]| wire::BatchCreateSubscriptionsRequest {
        parent: "customers/-".to_owned(),
        requests: ids.iter().map(|id| subscribing("atlas", id, &format!("ext-{id}"))).collect(),
        ..Default::default()
    };
    let made = subscriptions.batch_create_subscriptions(batch(&["a", "b"])).await.expect("both").into_inner();
    assert_eq!((made.subscriptions.len(), made.identical_count), (2, 0));
    let mut other = batch(&["a", "c", "b"]);
    for index in [0, 2] {
        other.requests[index].subscription.as_mut().expect("it has one").motion = "depth".to_owned();
    }
    let refused = subscriptions.batch_create_subscriptions(other).await;
    let status = expect_reason(refused, Code::AlreadyExists, "SUBSCRIPTION_ALREADY_EXISTS");
    assert_eq!(fields_of(&status), ["requests[0]", "requests[2]"]);
    let get = wire::GetSubscriptionRequest { name: "customers/atlas/subscriptions/c".to_owned(), ..Default::default() };
    expect_reason(subscriptions.get_subscription(get).await, Code::NotFound, "NOT_FOUND");
    let again = subscriptions.batch_create_subscriptions(batch(&["a", "c", "b"])).await.expect("all").into_inner();
    assert_eq!((again.subscriptions.len(), again.identical_count), (3, 2));

    let mut taken = subscribing("atlas", "d", "ext-a");
    let status = subscriptions.create_subscription(taken.clone()).await;
    expect_reason(status, Code::AlreadyExists, "EXTERNAL_ID_TAKEN");
    taken.parent = "customers/nobody".to_owned();
    expect_reason(subscriptions.create_subscription(taken).await, Code::NotFound, "NOT_FOUND");
}

#[tokio::test]
async fn a_trial_keeps_nothing() {
    let suite = Suite::start().await;
    suite.customer("atlas").await;
    let request = wire::CreateSubscriptionRequest { validate_only: true, ..subscribing("atlas", "cloud", "1") };
    let mut subscriptions = suite.staff().subscriptions();
    let tried = subscriptions.create_subscription(request).await.expect("it could be created").into_inner();
    assert_eq!(tried.name, CLOUD);
    let get = wire::GetSubscriptionRequest { name: CLOUD.to_owned(), ..Default::default() };
    expect_reason(subscriptions.get_subscription(get).await, Code::NotFound, "NOT_FOUND");
}

#[tokio::test]
async fn a_change_says_from_when_its_values_hold() {
    let suite = Suite::start().await;
    suite.atlas().await;
    let mut subscriptions = suite.staff().subscriptions();
    let update = |motion: &str, effective: Option<prost_types::Timestamp>| {
        let subscription = wire::Subscription {
            name: CLOUD.to_owned(),
            motion: motion.to_owned(),
            effective_time: effective,
            ..Default::default()
        };
        wire::UpdateSubscriptionRequest { subscription: Some(subscription), ..Default::default() }
    };
    suite.at("2024-09-20");
    let now = subscriptions.update_subscription(update("enterprise", None)).await.expect("now").into_inner();
    assert_eq!((now.effective_time, now.revision, now.motion.as_str()), (time("2024-09-20"), 2, "enterprise"));
    let past =
        subscriptions.update_subscription(update("breadth", time("2024-09-10"))).await.expect("past").into_inner();
    assert_eq!((past.effective_time, past.revision), (time("2024-09-10"), 3));
    assert_eq!(past.product, "cloud-services");
}

#[tokio::test]
async fn the_latest_seat_count_holds() {
    for suite in Suite::everywhere().await {
        suite.atlas().await;
        let counting = |seats: &str, start: &str, external_id: &str| wire::CreateSeatCountRequest {
            parent: CLOUD.to_owned(),
            seat_count: Some(wire::SeatCount {
                seat_count: number(seats),
                start_time: time(start),
                source: "commerce-platform".to_owned(),
                external_id: external_id.to_owned(),
                ..Default::default()
            }),
            ..Default::default()
        };
        let mut seats = suite.staff().seat_counts();
        for (count, start, id) in [("100", "2024-02-01", "1"), ("250", "2024-05-01", "2"), ("240", "2024-05-01", "3")] {
            seats.create_seat_count(counting(count, start, id)).await.expect("counted");
        }
        let again = seats.create_seat_count(counting("250", "2024-05-01", "2")).await.expect("there already");
        assert_eq!(again.into_inner().seat_count, number("250"));
        let other = seats.create_seat_count(counting("9", "2024-05-01", "2")).await;
        expect_reason(other, Code::AlreadyExists, "SEAT_COUNT_ALREADY_EXISTS");
        let get = wire::GetSubscriptionRequest { name: CLOUD.to_owned(), ..Default::default() };
        let found = suite.staff().subscriptions().get_subscription(get).await.expect("there").into_inner();
        assert_eq!(found.seat_count, number("240"), "{:?}", suite.store.engine());
        let list = wire::ListSeatCountsRequest { parent: CLOUD.to_owned(), ..Default::default() };
        assert_eq!(seats.list_seat_counts(list).await.expect("a page").into_inner().seat_counts.len(), 3);
        let batch = wire::BatchCreateSeatCountsRequest {
            requests: vec![counting("250", "2024-05-01", "2"), counting("300", "2024-06-01", "4")],
            ..Default::default()
        };
        let made = seats.batch_create_seat_counts(batch).await.expect("both").into_inner();
        assert_eq!(made.identical_count, 1);
        let get = wire::GetSeatCountRequest { name: made.seat_counts[1].name.clone() };
        assert_eq!(seats.get_seat_count(get).await.expect("there").into_inner().seat_count, number("300"));
    }
}

#[tokio::test]
async fn a_bundle_is_staged_once_and_refused_with_every_problem() {
    let suite = Suite::start().await;
    let mut bundles = suite.staff().bundles();
    let staging = |text: &str| wire::StageBundleRequest {
        documents: vec![wire::BundleDocument { path: "r.yaml".to_owned(), text: text.to_owned() }],
        ..Default::default()
    };
    let again = bundles.stage_bundle(staging(&format!("# a comment changes nothing\n{POLICY}"))).await;
    let again = again.expect("staged").into_inner().recognition_bundle.expect("a bundle");
    assert!(again.current);
    assert!(again.association_kinds.contains(&"partner-of-record".to_owned()));
    let get = wire::GetRecognitionBundleRequest { name: again.name.clone() };
    assert_eq!(bundles.get_recognition_bundle(get).await.expect("there").into_inner().bundle_hash, again.bundle_hash);
    let list = bundles.list_recognition_bundles(wire::ListRecognitionBundlesRequest::default()).await;
    assert_eq!(list.expect("a page").into_inner().recognition_bundles.len(), 1);
    let broken =
        POLICY.replace("scope: subscription", "scope: moon").replace("restated: forward", "restated: sideways");
    let status = expect_reason(bundles.stage_bundle(staging(&broken)).await, Code::InvalidArgument, "BUNDLE_INVALID");
    assert!(fields_of(&status).len() > 1, "{status:?}");
    let missing = wire::GetRecognitionBundleRequest { name: format!("recognitionBundles/{}", "0".repeat(32)) };
    expect_reason(bundles.get_recognition_bundle(missing).await, Code::NotFound, "NOT_FOUND");
}

/// Documents may bring their tests along, and what fails its own tests does not take effect.
#[tokio::test]
async fn a_bundle_whose_tests_fail_is_refused_with_every_failure() {
    const RULES: &str = include_str!("../../../../programs/sample/recognition.yaml");
    const CATALOG: &str = include_str!("../../../../programs/sample/catalog.yaml");
    const TESTS: &str = include_str!("../../../../programs/sample/tests/recognition.yaml");
    let suite = Suite::start().await;
    let mut bundles = suite.staff().bundles();
    let staging = |tests: &str| wire::StageBundleRequest {
        documents: [("recognition.yaml", RULES), ("catalog.yaml", CATALOG), ("tests.yaml", tests)]
            .map(|(path, text)| wire::BundleDocument { path: path.to_owned(), text: text.to_owned() })
            .to_vec(),
        ..Default::default()
    };
    bundles.stage_bundle(staging(TESTS)).await.expect("they pass");
    let wrong = TESTS.replace("paid: ridgeline, first", "paid: harbour, first").replace("paid: nobody", "paid: echo");
    let status = expect_reason(bundles.stage_bundle(staging(&wrong)).await, Code::InvalidArgument, "BUNDLE_INVALID");
    let told = status.get_details_bad_request().expect("details").field_violations;
    assert!(told.len() >= 2 && told.iter().all(|it| it.description.contains("one-partner-of-record")), "{told:?}");
    assert!(told.iter().any(|it| it.description.contains("expected harbour, found ridgeline")), "{told:?}");
}
