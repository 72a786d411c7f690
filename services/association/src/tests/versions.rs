//! A policy in two versions: the later one rules from its day on, and not before.

use tonic::Code;

use super::associations::saying;
use super::*;

/// The policy of these tests, and a version that rules from October 2024 on: the sales records are said by another
/// feed, the sold subscription has many sellers, and the partner of record is told by staff's feed and sees nothing.
fn two_versions() -> String {
    let later = POLICY
        .replace("effective: 2016-01-14", "effective: 2024-10-01")
        .replace("until: 2019-01-01", "until: 2025-01-01")
        .replace("{feed: vendor-sales-records}", "{feed: order-desk}")
        .replace("{customer: [owner]}", "{feed: order-desk}")
        .replace("grants: [incentive, service-capacity, competency, insights, first-contact]", "grants: [incentive]");
    format!("{}---\n{}", POLICY.trim_start(), later.trim_start())
}

/// Makes both versions current.
async fn rules(suite: &Suite) {
    let hash = suite.bundle(&two_versions()).await;
    suite.current(&hash, 2).await;
}

async fn say(suite: &Suite, source: &str, start: &str) -> Result<wire::Association, Status> {
    let mut request = saying("sales-transaction", CLOUD, "", source);
    request.association.as_mut().expect("it").start_time = time(start);
    suite.staff().associations().create_association(request).await.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn who_may_say_what_is_up_to_the_version_of_the_day_it_is_said_of() {
    for suite in Suite::everywhere().await {
        suite.atlas().await;
        rules(&suite).await;
        let today = say(&suite, "vendor-sales-records", "2024-03-01").await.expect("the first version rules");
        expect_reason(say(&suite, "order-desk", "2024-03-02").await, Code::PermissionDenied, "NOT_SAID_BY_CALLER");
        let later = say(&suite, "order-desk", "2024-10-02").await;
        let later = later.expect("what holds from October on is said by October's rules");
        let stale = say(&suite, "vendor-sales-records", "2024-10-02").await;
        expect_reason(stale, Code::PermissionDenied, "NOT_SAID_BY_CALLER");

        let end = |association: &wire::Association, end: &str| wire::EndAssociationRequest {
            name: association.name.clone(),
            end_time: time(end),
            reason: "it was sold again".to_owned(),
            ..Default::default()
        };
        let mut staff = suite.staff().associations();
        // Staff may end what a feed has said by either version; its source is judged at the end that is asked for.
        staff.end_association(end(&today, "2024-09-20")).await.expect("by the first version");
        staff.end_association(end(&later, "2024-11-01")).await.expect("by the second");
    }
}

#[tokio::test]
async fn the_partner_of_record_is_designated_and_sees_as_long_as_the_version_of_today_says() {
    let suite = Suite::start().await;
    suite.atlas().await;
    rules(&suite).await;
    suite.designate("contoso").await.expect("September's rules let the customer designate");
    let get = || wire::GetSubscriptionRequest { name: CLOUD.to_owned(), ..Default::default() };
    let contoso = || suite.reader("partners/contoso").subscriptions();
    contoso().get_subscription(get()).await.expect("September's rules grant insights");
    let recognize = wire::RecognizeSubscriptionRequest { name: CLOUD.to_owned(), ..Default::default() };
    let recognized = suite.staff().associations().recognize_subscription(recognize.clone()).await.expect("recognized");
    let recognized = recognized.into_inner();
    assert!(recognized.recognized_partners[0].units[0].grants.contains(&"insights".to_owned()), "{recognized:?}");

    suite.at("2024-10-02");
    expect_reason(suite.designate("fabrikam").await, Code::FailedPrecondition, "KIND_NOT_DESIGNATED");
    expect_reason(contoso().get_subscription(get()).await, Code::PermissionDenied, "RESOURCE_NOT_OWNED");
    let recognized = suite.staff().associations().recognize_subscription(recognize).await.expect("recognized");
    assert_eq!(recognized.into_inner().recognized_partners[0].units[0].grants, ["incentive"]);
}
