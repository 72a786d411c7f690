//! The partner of record: designated, changed, removed, corrected, and never two at once.

use std::collections::HashMap;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use tonic::Code;

use super::*;

async fn history(suite: &Suite) -> Vec<(String, String, Option<String>)> {
    let list = wire::ListAssociationsRequest { parent: CLOUD.to_owned(), ..Default::default() };
    let all = suite.staff().associations().list_associations(list).await.expect("a page").into_inner();
    let shown = |time: &prost_types::Timestamp| rpc::wire::instant(time).expect("an instant").to_string();
    let mut history: Vec<_> = all
        .associations
        .iter()
        .filter(|it| it.kind == "partner-of-record")
        .map(|it| {
            (shown(it.start_time.as_ref().expect("a start")), it.partner.clone(), it.end_time.as_ref().map(shown))
        })
        .collect();
    history.sort();
    history
}

#[tokio::test]
async fn a_customer_designates_changes_and_removes() {
    for suite in Suite::everywhere().await {
        suite.atlas().await;
        let first = suite.designate("contoso").await.expect("designated");
        assert_eq!(first.subscription.expect("it").designated_partner, "partners/contoso");
        assert_eq!(first.ended_association, None);
        suite.at("2024-09-16");
        let second = suite.designate("fabrikam").await.expect("changed");
        let (ended, new) = (second.ended_association.expect("ended"), second.association.expect("new"));
        assert_eq!((ended.end_time, new.start_time), (time("2024-09-16"), time("2024-09-16")));
        let same = suite.designate("fabrikam").await.expect("nothing to change");
        assert_eq!(same.association.expect("the same").name, new.name);
        suite.at("2024-09-17");
        let remove = wire::RemoveDesignationRequest { name: CLOUD.to_owned(), ..Default::default() };
        let mut owner = suite.owner("customers/atlas").subscriptions();
        let removed = owner.remove_designation(remove.clone()).await.expect("removed").into_inner();
        assert_eq!(removed.subscription.expect("it").designated_partner, "");
        expect_reason(owner.remove_designation(remove).await, Code::FailedPrecondition, "NOT_DESIGNATED");
        assert_eq!(history(&suite).await.len(), 2, "{:?}", suite.store.engine());
    }
}

#[tokio::test]
async fn two_designations_at_one_instant_leave_both_in_the_history() {
    let suite = Suite::start().await;
    suite.atlas().await;
    suite.designate("contoso").await.expect("designated");
    suite.designate("fabrikam").await.expect("replaced at once");
    let now = "2024-09-15T00:00:00Z".to_owned();
    let mut expected = vec![
        (now.clone(), "partners/contoso".to_owned(), Some(now.clone())),
        (now, "partners/fabrikam".to_owned(), None),
    ];
    expected.sort();
    assert_eq!(history(&suite).await, expected);
}

#[tokio::test]
async fn a_stale_etag_is_aborted_and_changes_nothing() {
    let suite = Suite::start().await;
    suite.atlas().await;
    let get = wire::GetSubscriptionRequest { name: CLOUD.to_owned(), ..Default::default() };
    let mut owner = suite.owner("customers/atlas").subscriptions();
    let read = owner.get_subscription(get).await.expect("there").into_inner();
    let request = wire::DesignatePartnerRequest { etag: read.etag.clone(), ..designating("contoso") };
    owner.designate_partner(request).await.expect("the etag is fresh");
    let stale = wire::DesignatePartnerRequest { etag: read.etag, ..designating("fabrikam") };
    expect_reason(owner.designate_partner(stale).await, Code::Aborted, "ETAG_MISMATCH");
    assert_eq!(history(&suite).await.len(), 1);
}

#[tokio::test]
async fn nobody_but_the_owner_designates_and_only_staff_correct_the_past() {
    let suite = Suite::start().await;
    suite.atlas().await;
    let other = suite.owner("customers/zenith").subscriptions().designate_partner(designating("contoso")).await;
    expect_reason(other, Code::PermissionDenied, "RESOURCE_NOT_OWNED");
    let partner = suite.reader("partners/contoso").subscriptions().designate_partner(designating("contoso")).await;
    expect_reason(partner, Code::PermissionDenied, "ROLE_MISSING");
    let mut owner = suite.owner("customers/atlas").subscriptions();
    let past = wire::DesignatePartnerRequest { effective_time: time("2024-09-01"), ..designating("contoso") };
    expect_reason(owner.designate_partner(past.clone()).await, Code::PermissionDenied, "PAST_NOT_ALLOWED");
    let future = wire::DesignatePartnerRequest { effective_time: time("2024-10-01"), ..designating("contoso") };
    expect_reason(owner.designate_partner(future).await, Code::InvalidArgument, "FUTURE_NOT_ALLOWED");
    let mut staff = suite.staff().subscriptions();
    expect_reason(staff.designate_partner(past.clone()).await, Code::InvalidArgument, "REASON_REQUIRED");
    let reasoned = wire::DesignatePartnerRequest { reason: "signed on paper".to_owned(), ..past };
    staff.designate_partner(reasoned).await.expect("corrected");
    let before = wire::DesignatePartnerRequest {
        effective_time: time("2023-09-01"),
        reason: "too early".to_owned(),
        ..designating("contoso")
    };
    expect_reason(staff.designate_partner(before).await, Code::FailedPrecondition, "SUBSCRIPTION_ENDED");
    expect_reason(suite.designate("nobody").await, Code::FailedPrecondition, "PARTNER_UNKNOWN");
    suite.partner("tailspin", registry::partner::State::Suspended, "").await;
    expect_reason(suite.designate("tailspin").await, Code::FailedPrecondition, "PARTNER_NOT_ACTIVE");
}

/// Case A-75: who may only read, or has a role that the policy does not name, is denied; the owner's new one replaces.
#[tokio::test]
async fn a_75_only_the_role_that_the_policy_names_designates() {
    let suite = Suite::start().await;
    suite.atlas().await;
    let reader = Caller::customer("reader-1", CallerRole::CustomerReader, "customers/atlas");
    let denied = suite.calling(reader).subscriptions().designate_partner(designating("contoso")).await;
    expect_reason(denied, Code::PermissionDenied, "ROLE_MISSING");
    suite.designate("contoso").await.expect("the owner may");
    suite.at("2024-09-16");
    let replaced = suite.designate("fabrikam").await.expect("and replaces it");
    assert_eq!(replaced.ended_association.expect("the one before").partner, "partners/contoso");

    let others = POLICY.replace("{customer: [owner]}", "{customer: [service-administrator]}");
    assert_ne!(others, POLICY);
    let hash = suite.bundle(&others).await;
    suite.current(&hash, 2).await;
    expect_reason(suite.designate("contoso").await, Code::PermissionDenied, "NOT_SAID_BY_CALLER");
    let remove = wire::RemoveDesignationRequest { name: CLOUD.to_owned(), ..Default::default() };
    let removed = suite.owner("customers/atlas").subscriptions().remove_designation(remove).await;
    expect_reason(removed, Code::PermissionDenied, "NOT_SAID_BY_CALLER");
    assert_eq!(history(&suite).await.len(), 2, "nothing has changed");
}

#[tokio::test]
async fn a_correction_takes_the_place_of_what_held() {
    let suite = Suite::start().await;
    suite.atlas().await;
    suite.at("2024-09-16");
    suite.designate("contoso").await.expect("designated");
    suite.at("2024-09-20");
    suite.designate("fabrikam").await.expect("changed");
    suite.at("2024-09-25");
    let correct = |partner: &str, effective: &str| wire::DesignatePartnerRequest {
        effective_time: time(effective),
        reason: "the form was lost".to_owned(),
        ..designating(partner)
    };
    let mut staff = suite.staff().subscriptions();
    // Inside an interval: it takes the rest of it.
    staff.designate_partner(correct("litware", "2024-09-18")).await.expect("corrected");
    // Before the first: until the first.
    staff.designate_partner(correct("tailspin", "2024-09-10")).await.expect("corrected");
    let day = |day: u32| format!("2024-09-{day}T00:00:00Z");
    let expected = [
        (day(10), "partners/tailspin", Some(day(16))),
        (day(16), "partners/contoso", Some(day(18))),
        (day(18), "partners/litware", Some(day(20))),
        (day(20), "partners/fabrikam", None),
    ];
    let expected: Vec<_> = expected.into_iter().map(|(start, who, end)| (start, who.to_owned(), end)).collect();
    assert_eq!(history(&suite).await, expected);
}

#[tokio::test]
async fn a_designation_does_not_follow_to_a_new_subscription() {
    let suite = Suite::start().await;
    suite.atlas().await;
    suite.designate("contoso").await.expect("designated");
    let renewed = suite.subscription("atlas", "cloud-2", "1002").await;
    assert_eq!(renewed.designated_partner, "");
    let request = wire::RecognizeSubscriptionRequest { name: renewed.name, ..Default::default() };
    let recognized =
        suite.staff().associations().recognize_subscription(request).await.expect("an answer").into_inner();
    assert_eq!((recognized.payee.as_str(), recognized.recognized_partners.len()), ("", 0));
}

/// Many callers designate, remove and correct at once: at every instant of the history at most one
/// partner holds the scope, and every successful call left its mark.
#[tokio::test]
async fn at_most_one_partner_at_every_instant_under_concurrency() {
    let seed = rand::rng().random::<u64>();
    eprintln!("seed {seed}");
    for suite in Suite::everywhere().await {
        suite.atlas().await;
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut calls = Vec::new();
        for round in 0..60 {
            if round % 20 == 0 {
                suite.at(&format!("2024-09-{:02}", 16 + round / 20));
            }
            let partner = ["contoso", "fabrikam", "litware", "tailspin"][random.random_range(0..4)];
            let back = random.random_range(1..6_000_000_i64);
            let effective = Some(rpc::wire::timestamp(suite.clock.now().saturating_add(-back)));
            let reason = "correction".to_owned();
            let (owner, staff) = (suite.owner("customers/atlas"), suite.staff());
            let kind = random.random_range(0..4);
            calls.push(tokio::spawn(async move {
                match kind {
                    0 | 1 => owner.subscriptions().designate_partner(designating(partner)).await.map(|_| "designated"),
                    2 => {
                        let name = CLOUD.to_owned();
                        let remove = wire::RemoveDesignationRequest {
                            name,
                            effective_time: effective,
                            reason,
                            ..Default::default()
                        };
                        staff.subscriptions().remove_designation(remove).await.map(|_| "removed")
                    }
                    _ => {
                        let correct =
                            wire::DesignatePartnerRequest { effective_time: effective, reason, ..designating(partner) };
                        staff.subscriptions().designate_partner(correct).await.map(|_| "corrected")
                    }
                }
            }));
        }
        let mut happened: HashMap<&str, usize> = HashMap::new();
        for call in calls {
            match call.await.expect("no panic") {
                Ok(what) => *happened.entry(what).or_default() += 1,
                Err(status) => {
                    assert_eq!(
                        rpc::fault::reason_of(&status).as_deref(),
                        Some("NOT_DESIGNATED"),
                        "seed {seed}: {status:?}"
                    );
                }
            }
        }
        for what in ["designated", "removed", "corrected"] {
            assert!(happened.contains_key(what), "seed {seed}: {happened:?}");
        }
        let history = history(&suite).await;
        assert!(history.len() > 2, "seed {seed}: {history:?}");
        let held: Vec<(Instant, Option<Instant>)> = history
            .iter()
            .map(|(start, _, end)| (at(start), end.as_deref().map(at)))
            .filter(|(start, end)| *end != Some(*start))
            .collect();
        for (index, (start, end)) in held.iter().enumerate() {
            for (other, _) in held.iter().skip(index + 1) {
                let apart = other > start && end.is_some_and(|end| end <= *other);
                assert!(apart, "seed {seed}, {:?}: {history:?}", suite.store.engine());
            }
        }
    }
}
