//! The other kinds: who may say them, of what, and that the same is said once.

use tonic::Code;

use super::*;

pub(super) fn saying(kind: &str, parent: &str, workload: &str, source: &str) -> wire::CreateAssociationRequest {
    wire::CreateAssociationRequest {
        parent: parent.to_owned(),
        association: Some(wire::Association {
            kind: kind.to_owned(),
            partner: "partners/contoso".to_owned(),
            workload: workload.to_owned(),
            start_time: time("2024-03-01"),
            source: source.to_owned(),
            evidence: "order 17".to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    }
}

#[tokio::test]
async fn the_policy_says_which_kinds_there_are_who_says_them_and_of_what() {
    let suite = Suite::start().await;
    suite.atlas().await;
    let mut staff = suite.staff().associations();
    let feed = "vendor-sales-records";
    let made = staff.create_association(saying("sales-transaction", CLOUD, "", feed)).await.expect("said").into_inner();
    assert_eq!((made.subscription.as_str(), made.customer.as_str()), (CLOUD, "customers/atlas"));
    let precondition = Code::FailedPrecondition;
    for (request, code, reason) in [
        (saying("moon-landing", CLOUD, "", feed), precondition, "KIND_UNKNOWN"),
        (saying("retired-kind", CLOUD, "", "commerce-platform"), precondition, "KIND_NOT_IN_FORCE"),
        (saying("partner-of-record", CLOUD, "", feed), precondition, "DESIGNATION_REQUIRED"),
        (saying("sales-transaction", CLOUD, "compute", feed), precondition, "SCOPE_MISMATCH"),
        (saying("onboarding", CLOUD, "compute", "onboarding-center"), precondition, "SCOPE_MISMATCH"),
        (saying("sales-transaction", CLOUD, "", "onboarding-center"), Code::PermissionDenied, "NOT_SAID_BY_CALLER"),
        (saying("sales-transaction", CLOUD, "", "staff"), Code::InvalidArgument, "REASON_REQUIRED"),
        (saying("sales-transaction", CLOUD, "", feed), Code::AlreadyExists, "ASSOCIATION_ALREADY_EXISTS"),
        (saying("sales-transaction", "customers/atlas/subscriptions/none", "", feed), Code::NotFound, "NOT_FOUND"),
    ] {
        expect_reason(staff.create_association(request).await, code, reason);
    }
    let mut owner = suite.owner("customers/atlas").associations();
    let mut delegated = saying("delegated-admin", "customers/atlas", "compute", "");
    let past = owner.create_association(delegated.clone()).await;
    expect_reason(past, Code::PermissionDenied, "PAST_NOT_ALLOWED");
    delegated.association.as_mut().expect("it").start_time = time("2024-09-15");
    let delegated = owner.create_association(delegated).await.expect("the customer says it").into_inner();
    assert_eq!((delegated.source.as_str(), delegated.subscription.as_str()), ("customer", ""));
    let feeds_own = owner.create_association(saying("sales-transaction", CLOUD, "", feed)).await;
    expect_reason(feeds_own, Code::PermissionDenied, "NOT_SAID_BY_CALLER");
    let mut unknown = saying("sales-transaction", CLOUD, "", feed);
    unknown.association.as_mut().expect("it").partner = "partners/nobody".to_owned();
    expect_reason(staff.create_association(unknown).await, precondition, "PARTNER_UNKNOWN");
}

#[tokio::test]
async fn an_exclusive_kind_of_a_feed_has_one_holder_too() {
    for suite in Suite::everywhere().await {
        suite.atlas().await;
        let mut staff = suite.staff().associations();
        let first = saying("csp-transaction", CLOUD, "", "commerce-platform");
        let first = staff.create_association(first).await.expect("said").into_inner();
        let mut second = saying("csp-transaction", CLOUD, "", "commerce-platform");
        let said = second.association.as_mut().expect("it");
        said.partner = "partners/fabrikam".to_owned();
        said.start_time = time("2024-06-01");
        let taken = staff.create_association(second.clone()).await;
        expect_reason(taken, Code::FailedPrecondition, "EXCLUSIVE_SCOPE_TAKEN");
        let end = wire::EndAssociationRequest {
            name: first.name.clone(),
            end_time: time("2024-06-01"),
            reason: "moved".to_owned(),
            etag: first.etag,
            ..Default::default()
        };
        let ended = staff.end_association(end.clone()).await.expect("ended").into_inner();
        assert_eq!((ended.end_time, ended.revision), (time("2024-06-01"), 2));
        expect_reason(staff.end_association(end.clone()).await, Code::Aborted, "ETAG_MISMATCH");
        let later = wire::EndAssociationRequest { etag: String::new(), end_time: None, ..end };
        expect_reason(staff.end_association(later).await, Code::FailedPrecondition, "ALREADY_ENDED");
        staff.create_association(second).await.expect("the scope is free");
        let get = wire::GetAssociationRequest { name: first.name };
        assert_eq!(staff.get_association(get).await.expect("there").into_inner().end_time, time("2024-06-01"));
    }
}

/// H51: two creates with one key make one row.
#[tokio::test]
async fn h51_a_create_race_makes_one_row() {
    for suite in Suite::everywhere().await {
        suite.atlas().await;
        let calls: Vec<_> = (0..8)
            .map(|_| {
                let staff = suite.staff();
                let request = saying("sales-transaction", CLOUD, "", "vendor-sales-records");
                tokio::spawn(async move { staff.associations().create_association(request).await })
            })
            .collect();
        let mut made = 0;
        for call in calls {
            match call.await.expect("no panic") {
                Ok(_) => made += 1,
                refused => drop(expect_reason(refused, Code::AlreadyExists, "ASSOCIATION_ALREADY_EXISTS")),
            }
        }
        assert_eq!(made, 1, "{:?}", suite.store.engine());
    }
}

/// H43: a retry without a request id makes the same id, not another.
#[tokio::test]
async fn h43_ids_come_from_the_business_key() {
    let suite = Suite::start().await;
    suite.atlas().await;
    let batch = || wire::BatchCreateAssociationsRequest {
        parent: "customers/-/subscriptions/-".to_owned(),
        requests: vec![
            saying("sales-transaction", CLOUD, "", "vendor-sales-records"),
            saying("onboarding", "customers/atlas", "storage", "onboarding-center"),
        ],
        ..Default::default()
    };
    let mut staff = suite.staff().associations();
    let first = staff.batch_create_associations(batch()).await.expect("both").into_inner();
    let again = staff.batch_create_associations(batch()).await.expect("the same").into_inner();
    assert_eq!((first.identical_count, again.identical_count), (0, 2));
    assert_eq!(first.associations, again.associations);
}

#[tokio::test]
async fn a_list_shows_each_caller_its_own() {
    let suite = Suite::start().await;
    suite.atlas().await;
    suite.partner("contoso-berlin", registry::partner::State::Active, "partners/contoso").await;
    suite.designate("contoso-berlin").await.expect("designated");
    let mut staff = suite.staff().associations();
    let mut other = saying("sales-transaction", CLOUD, "", "vendor-sales-records");
    other.association.as_mut().expect("it").partner = "partners/fabrikam".to_owned();
    staff.create_association(other).await.expect("said");
    let list =
        || wire::ListAssociationsRequest { parent: "customers/-/subscriptions/-".to_owned(), ..Default::default() };
    let count = async |clients: Clients| {
        let page = clients.associations().list_associations(list()).await.expect("a page");
        page.into_inner().associations.len()
    };
    assert_eq!(count(suite.staff()).await, 2);
    assert_eq!(count(suite.reader("partners/contoso")).await, 1, "its location's");
    assert_eq!(count(suite.reader("partners/fabrikam")).await, 1);
    assert_eq!(count(suite.reader("partners/litware")).await, 0);
    assert_eq!(count(suite.owner("customers/atlas")).await, 2);
    assert_eq!(count(suite.owner("customers/zenith")).await, 0);
    // The partner of record has insights on the subscription, a partner that only sold it has none.
    let get = wire::GetSubscriptionRequest { name: CLOUD.to_owned(), ..Default::default() };
    suite.reader("partners/contoso").subscriptions().get_subscription(get.clone()).await.expect("insights");
    let without = suite.reader("partners/fabrikam").subscriptions().get_subscription(get).await;
    expect_reason(without, Code::PermissionDenied, "RESOURCE_NOT_OWNED");
    let subscriptions = wire::ListSubscriptionsRequest { parent: "customers/-".to_owned(), ..Default::default() };
    let seen = suite.reader("partners/contoso").subscriptions().list_subscriptions(subscriptions).await;
    assert_eq!(seen.expect("a page").into_inner().subscriptions.len(), 1);
}
