//! Who is recognized, for what, by what; who is paid, and why only one.

use tonic::Code;

use super::*;

fn said(kind: &str, parent: &str, workload: &str, source: &str, partner: &str) -> wire::CreateAssociationRequest {
    wire::CreateAssociationRequest {
        parent: parent.to_owned(),
        association: Some(wire::Association {
            kind: kind.to_owned(),
            partner: format!("partners/{partner}"),
            workload: workload.to_owned(),
            start_time: time("2024-03-01"),
            source: source.to_owned(),
            evidence: "a record".to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    }
}

async fn recognize(suite: &Suite, effective: &str, known: Option<&str>) -> wire::RecognizeSubscriptionResponse {
    let request = wire::RecognizeSubscriptionRequest {
        name: CLOUD.to_owned(),
        effective_time: time(effective),
        known_time: known.and_then(time),
    };
    suite.staff().associations().recognize_subscription(request).await.expect("an answer").into_inner()
}

/// H73: a seat that four sources show is credited once per partner, and only the partner of record
/// is paid.
#[tokio::test]
async fn h73_many_are_credited_once_and_one_is_paid() {
    for suite in Suite::everywhere().await {
        suite.atlas().await;
        let mut staff = suite.staff().associations();
        for request in [
            said("sales-transaction", CLOUD, "", "vendor-sales-records", "fabrikam"),
            said("csp-transaction", CLOUD, "", "commerce-platform", "fabrikam"),
            said("onboarding", "customers/atlas", "compute", "onboarding-center", "fabrikam"),
            said("delegated-admin", "customers/atlas", "compute", "customer", "fabrikam"),
            said("onboarding", "customers/atlas", "storage", "onboarding-center", "litware"),
        ] {
            staff.create_association(request).await.expect("said");
        }
        suite.at("2024-09-16");
        suite.designate("contoso").await.expect("designated");

        let before = recognize(&suite, "2024-09-01", None).await;
        assert_eq!((before.payee.as_str(), before.first_contact.as_str()), ("", ""));
        let now = recognize(&suite, "2024-09-16", None).await;
        assert_eq!((now.payee.as_str(), now.first_contact.as_str()), ("partners/contoso", "partners/contoso"));
        let names: Vec<&str> = now.recognized_partners.iter().map(|partner| partner.partner.as_str()).collect();
        assert_eq!(names, ["partners/contoso", "partners/fabrikam", "partners/litware"]);
        let fabrikam = &now.recognized_partners[1];
        assert_eq!(fabrikam.grants, ["competency"]);
        let units: Vec<(&str, usize)> =
            fabrikam.units.iter().map(|unit| (unit.workload.as_str(), unit.evidence_associations.len())).collect();
        assert_eq!(units, [("compute", 4), ("storage", 2)], "each workload once, with all that shows it");
        assert_eq!(now.recognized_partners[2].units.len(), 1);
        assert!(
            now.payee_explanation.contains("2 other partners are recognized and not paid"),
            "{}",
            now.payee_explanation
        );
        assert!(
            now.payee_explanation.contains("test/recognition#kinds.partner-of-record"),
            "{}",
            now.payee_explanation
        );
    }
}

/// H69: the day a designation changes, everything before the instant is the one's and everything from
/// it on the other's.
#[tokio::test]
async fn h69_a_change_splits_at_the_instant() {
    let suite = Suite::start().await;
    suite.atlas().await;
    suite.designate("contoso").await.expect("designated");
    suite.at("2024-09-18T11:23:45.678901Z");
    suite.designate("fabrikam").await.expect("changed");
    let payee = async |instant: &str| recognize(&suite, instant, None).await.payee;
    assert_eq!(payee("2024-09-18T11:23:45.678900Z").await, "partners/contoso");
    assert_eq!(payee("2024-09-18T11:23:45.678901Z").await, "partners/fabrikam");
}

#[tokio::test]
async fn the_answer_of_yesterday_can_be_asked_for_tomorrow() {
    for suite in Suite::everywhere().await {
        suite.atlas().await;
        suite.designate("contoso").await.expect("designated");
        // A question as known now dates what was said, before the clock goes on.
        suite.at("2024-09-16");
        let early = recognize(&suite, "2024-09-15", Some("2024-09-16")).await;
        assert_eq!(early.payee, "partners/contoso", "{:?}", suite.store.engine());
        suite.at("2024-09-17");
        let correct = wire::DesignatePartnerRequest {
            effective_time: time("2024-09-15"),
            reason: "the wrong one was entered".to_owned(),
            ..designating("fabrikam")
        };
        suite.staff().subscriptions().designate_partner(correct).await.expect("corrected");
        assert_eq!(recognize(&suite, "2024-09-15", None).await.payee, "partners/fabrikam");
        assert_eq!(recognize(&suite, "2024-09-15", Some("2024-09-16")).await.payee, "partners/contoso");
        let ahead = wire::RecognizeSubscriptionRequest {
            name: CLOUD.to_owned(),
            known_time: time("2030-01-01"),
            ..Default::default()
        };
        let ahead = suite.staff().associations().recognize_subscription(ahead).await;
        expect_reason(ahead, Code::OutOfRange, "NOT_YET_KNOWN");
    }
}

#[tokio::test]
async fn without_a_staged_current_bundle_nothing_is_recognized_or_designated() {
    let suite = Suite::start().await;
    suite.atlas().await;
    suite.current(&"0".repeat(64), 2).await;
    let request = wire::RecognizeSubscriptionRequest { name: CLOUD.to_owned(), ..Default::default() };
    let refused = suite.staff().associations().recognize_subscription(request).await;
    expect_reason(refused, Code::FailedPrecondition, "BUNDLE_NOT_CURRENT");
    expect_reason(suite.designate("contoso").await, Code::FailedPrecondition, "BUNDLE_NOT_CURRENT");
    let without = POLICY.replace(
        "said-by: {customer: [owner]}\n    scope: subscription",
        "said-by: {feed: forms}\n    scope: subscription",
    );
    let document = wire::BundleDocument { path: "r.yaml".to_owned(), text: without };
    let stage = wire::StageBundleRequest { documents: vec![document], ..Default::default() };
    let staged = suite.staff().bundles().stage_bundle(stage).await.expect("staged").into_inner();
    suite.current(&staged.recognition_bundle.expect("it").bundle_hash, 3).await;
    expect_reason(suite.designate("contoso").await, Code::FailedPrecondition, "KIND_NOT_DESIGNATED");
}

/// Rule `program.an_association_ends_with_its_subscription`: what was said of a workload ends with the subscription of
/// then, as known before and after its end was, and is no word about one that begins later.
#[tokio::test]
async fn what_is_said_of_a_workload_ends_with_the_subscriptions_of_then() {
    let suite = Suite::start().await;
    suite.atlas().await;
    let ending = POLICY.replace("    title: Onboarding\n", "    title: Onboarding\n    ends-with: subscription\n");
    let hash = suite.bundle(&ending).await;
    suite.current(&hash, 2).await;
    let said = said("onboarding", "customers/atlas", "compute", "onboarding-center", "fabrikam");
    suite.staff().associations().create_association(said).await.expect("said of March");
    let mut later = subscribing("atlas", "later", "2002");
    later.subscription.as_mut().expect("it").start_time = time("2024-06-01");
    suite.staff().subscriptions().create_subscription(later).await.expect("it follows");
    let ended = wire::Subscription { name: CLOUD.to_owned(), end_time: time("2024-06-01"), ..Default::default() };
    let update = wire::UpdateSubscriptionRequest { subscription: Some(ended), ..Default::default() };
    suite.at("2024-09-17");
    suite.staff().subscriptions().update_subscription(update).await.expect("it ended");
    let partners = async |name: &str, effective: &str, known: Option<&str>| {
        let request = wire::RecognizeSubscriptionRequest {
            name: name.to_owned(),
            effective_time: time(effective),
            known_time: known.and_then(time),
        };
        let found = suite.staff().associations().recognize_subscription(request).await.expect("an answer").into_inner();
        found.recognized_partners.len()
    };
    let later = "customers/atlas/subscriptions/later";
    assert_eq!(partners(CLOUD, "2024-05-31", None).await, 1);
    assert_eq!(partners(CLOUD, "2024-06-01", None).await, 0);
    assert_eq!(partners(later, "2024-06-01", None).await, 0);
    assert_eq!(partners(CLOUD, "2024-06-01", Some("2024-09-16")).await, 1, "its end was not known yet");
    // Without the key it goes on, and covers what comes later.
    let hash = suite.bundle(POLICY).await;
    suite.current(&hash, 3).await;
    assert_eq!([partners(CLOUD, "2024-06-01", None).await, partners(later, "2024-06-01", None).await], [1, 1]);
}
