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

/// A policy by which who comes second is refused for ninety days, or a person settles it.
fn second_ones(rule: &str) -> String {
    POLICY.replace(
        "    title: Sold on the commerce platform\n",
        &format!("    title: Sold on the commerce platform\n{rule}"),
    )
}

/// Case P-D3: the refusal names the rule, and nothing of whoever was first.
#[tokio::test]
async fn p_d3_who_comes_second_is_told_the_rule_alone() {
    let suite = Suite::start().await;
    suite.atlas().await;
    let rule =
        "    second-one: {is: refused, told: the-rule-only}\n    protected: {for: 90 days, from: registration}\n";
    let hash = suite.bundle(&second_ones(rule)).await;
    suite.current(&hash, 2).await;
    let mut first = saying("csp-transaction", CLOUD, "", "commerce-platform");
    first.association_id = "first-of-all".to_owned();
    let feed = || suite.calling(Caller::service("gateway"));
    let registered = feed().associations().create_association(first).await.expect("it registers").into_inner();
    assert_eq!(registered.end_time, time("2024-05-30"), "for ninety days");
    let second = |start: &str| {
        let mut second = saying("csp-transaction", CLOUD, "", "commerce-platform");
        let said = second.association.as_mut().expect("it");
        (said.partner, said.start_time) = ("partners/fabrikam".to_owned(), time(start));
        second
    };
    let refused = feed().associations().create_association(second("2024-05-29")).await;
    let refused = expect_reason(refused, Code::FailedPrecondition, "EXCLUSIVE_SCOPE_TAKEN");
    let told = format!("{refused:?} {}", String::from_utf8_lossy(refused.details()));
    assert!(!told.contains("first-of-all") && !told.contains("contoso"), "{told}");
    assert!(told.contains("csp-transaction"), "it names the rule: {told}");
    let settling = suite.staff().associations().create_association(second("2024-05-29")).await;
    let settling = expect_reason(settling, Code::FailedPrecondition, "EXCLUSIVE_SCOPE_TAKEN");
    let first = rpc::fault::metadata_of(&settling, "resource").expect("staff are told who was first");
    assert!(first.ends_with("/first-of-all"), "{first}");
    feed().associations().create_association(second("2024-05-30")).await.expect("ninety days are over");
}

/// Case A-77: what another has claimed goes to a person, and the incumbent keeps it; what nobody has is approved.
#[tokio::test]
async fn a_77_a_second_claim_of_a_workload_names_the_decision() {
    let suite = Suite::start().await;
    suite.atlas().await;
    let claims = "claims:
  for: onboarding
  begins: claimed
  states:
    claimed: {moves: {accept: approved}}
    approved: {holds-association: true, moves: {customer-declines: ended}}
    ended: {final: true}
  same-scope-claimed-twice: {goes-to: a-person, decision: claim-arbitration, meanwhile: incumbent-keeps}
";
    let (open, one) =
        ("{feed: onboarding-center}\n    scope: [customer, workload]\n    exclusive: false", "exclusive: true");
    let text = format!("{}{claims}", POLICY.replace(open, &open.replace("exclusive: false", one)));
    assert!(text.len() > POLICY.len() + claims.len() - 2 && !text.contains(open));
    let hash = suite.bundle(&text).await;
    suite.current(&hash, 2).await;
    let claim = |partner: &str, workload: &str| {
        let mut claim = saying("onboarding", "customers/atlas", workload, "onboarding-center");
        claim.association.as_mut().expect("it").partner = format!("partners/{partner}");
        claim
    };
    let mut staff = suite.staff().associations();
    staff.create_association(claim("contoso", "compute")).await.expect("nobody has it");
    let taken = staff.create_association(claim("fabrikam", "compute")).await;
    let taken = expect_reason(taken, Code::FailedPrecondition, "EXCLUSIVE_SCOPE_TAKEN");
    assert_eq!(rpc::fault::metadata_of(&taken, "decision").as_deref(), Some("claim-arbitration"));
    staff.create_association(claim("fabrikam", "storage")).await.expect("nobody has that");
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
