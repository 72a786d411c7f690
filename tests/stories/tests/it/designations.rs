//! Who may designate whom, and what happens when several do at once.

use std::collections::BTreeSet;

use anyhow::Result;
use harness::engines;
use proto::association::v1 as association;
use proto::association::v1::association_service_client::AssociationServiceClient;
use proto::association::v1::subscription_service_client::SubscriptionServiceClient;
use proto::gateway::v1::flow_service_client::FlowServiceClient;
use proto::r#type::v1::Role;
use rpc::Caller;
use tokio::task::JoinSet;
use tonic::Code;

use crate::scene::{NOVA, Scene, administrator, designation, owner, refused, staff};

#[tokio::test]
async fn a_partner_that_cannot_be_designated_is_refused_and_nothing_changes() -> Result<()> {
    for databases in engines().await {
        let engine = databases.engine;
        let scene = Scene::open(&databases).await?;
        let unknown = refused(scene.designate(NOVA, "nobody", "").await);
        assert_eq!(unknown, (Code::FailedPrecondition, "PARTNER_UNKNOWN".to_owned()), "on {engine:?}");
        let waiting = refused(scene.designate(NOVA, "dogwood", "").await);
        assert_eq!(waiting.0, Code::FailedPrecondition, "under review, on {engine:?}: {}", waiting.1);
        assert_eq!(scene.designations(NOVA).await?, [], "on {engine:?}");
        scene.end().await?;
    }
    Ok(())
}

#[tokio::test]
async fn only_an_owner_of_the_customer_designates_with_and_without_the_gateway() -> Result<()> {
    for databases in engines().await {
        let engine = databases.engine;
        let scene = Scene::open(&databases).await?;
        let strangers = [
            owner("comet"),
            Caller::customer("reader", Role::CustomerReader, "customers/nova"),
            administrator("alder"),
            staff(Role::Finance),
            // A subject of the right name, and an account whose name only starts alike.
            Caller::customer("owner-nova", Role::CustomerOwner, "customers/nov"),
        ];
        for stranger in strangers {
            let (who, request) = (format!("{stranger:?} on {engine:?}"), designation(NOVA, "alder", ""));
            let flow = FlowServiceClient::new(scene.wire(&stranger)).designate_partner(request).await;
            assert_eq!(refused(flow).0, Code::PermissionDenied, "{who}");
            let request = association::DesignatePartnerRequest {
                name: NOVA.to_owned(),
                partner: "partners/alder".to_owned(),
                ..Default::default()
            };
            let through =
                SubscriptionServiceClient::new(scene.wire(&stranger)).designate_partner(request.clone()).await;
            assert_eq!(refused(through).0, Code::PermissionDenied, "{who}");
            let beside = scene.suite.service("association", &stranger)?;
            let beside = SubscriptionServiceClient::new(beside).designate_partner(request).await;
            assert_eq!(refused(beside).0, Code::PermissionDenied, "beside the gateway: {who}");
        }
        assert_eq!(scene.designations(NOVA).await?, [], "on {engine:?}");
        scene.end().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_stale_etag_is_aborted_and_without_one_the_second_replaces_the_first() -> Result<()> {
    for databases in engines().await {
        let engine = databases.engine;
        let scene = Scene::open(&databases).await?;
        scene.advance("2024-09-02T10:00:00Z");
        let read = association::GetSubscriptionRequest { name: NOVA.to_owned(), ..Default::default() };
        let seen = SubscriptionServiceClient::new(scene.owner("nova")).get_subscription(read).await?.into_inner().etag;
        let fresh = scene.designate(NOVA, "alder", &seen).await?;
        assert_ne!(fresh, seen, "on {engine:?}");
        scene.advance("2024-09-05T10:00:00Z");
        let stale = refused(scene.designate(NOVA, "birch", &seen).await);
        assert_eq!(stale, (Code::Aborted, "ETAG_MISMATCH".to_owned()), "on {engine:?}");
        assert_eq!(scene.designations(NOVA).await?.len(), 1, "on {engine:?}");

        scene.designate(NOVA, "birch", "").await?;
        let history = scene.designations(NOVA).await?;
        let partners: Vec<&str> = history.iter().map(|it| it.partner.as_str()).collect();
        assert_eq!(partners, ["partners/alder", "partners/birch"], "on {engine:?}");
        assert!(history[0].end_time.is_some() && history[0].end_time == history[1].start_time, "on {engine:?}");
        assert_eq!(history[1].end_time, None, "on {engine:?}");
        scene.end().await?;
    }
    Ok(())
}

/// How often many designate at once.
const ROUNDS: u32 = 8;
/// How many do.
const AT_ONCE: usize = 9;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_leave_exactly_one_partner_of_record() -> Result<()> {
    for databases in engines().await {
        let engine = databases.engine;
        let scene = Scene::open(&databases).await?;
        let mut replaced = 0;
        for round in 0..ROUNDS {
            // In every second round the clock stands still: several designations of one instant.
            scene.advance(&format!("2024-09-{:02}T10:00:00Z", 2 + round / 2));
            let wire = scene.owner("nova");
            let mut calls = JoinSet::new();
            for caller in 0..AT_ONCE {
                let partner = ["alder", "birch", "cedar"][caller % 3];
                let mut client = FlowServiceClient::new(wire.clone());
                calls.spawn(async move { client.designate_partner(designation(NOVA, partner, "")).await });
            }
            let answers = calls.join_all().await.into_iter().collect::<Result<Vec<_>, _>>()?;
            replaced += answers.iter().filter(|it| !it.get_ref().ended_association.is_empty()).count();

            let history = scene.designations(NOVA).await?;
            let open: Vec<_> = history.iter().filter(|it| it.end_time.is_none()).collect();
            assert_eq!(open.len(), 1, "round {round} on {engine:?}: {history:#?}");
            let time = |time: Option<prost_types::Timestamp>| time.map(|time| (time.seconds, time.nanos));
            let mut lasting: Vec<_> = history.iter().filter(|it| it.start_time != it.end_time).collect();
            lasting.sort_by_key(|it| time(it.start_time));
            for pair in lasting.windows(2) {
                assert_eq!(
                    time(pair[0].end_time),
                    time(pair[1].start_time),
                    "a gap or overlap on {engine:?}: {pair:#?}"
                );
            }
            let read = association::GetSubscriptionRequest { name: NOVA.to_owned(), ..Default::default() };
            let mut subscriptions = SubscriptionServiceClient::new(wire.clone());
            let subscription = subscriptions.get_subscription(read).await?.into_inner();
            assert_eq!(subscription.designated_partner, open[0].partner, "round {round} on {engine:?}");
            let ask = association::RecognizeSubscriptionRequest { name: NOVA.to_owned(), ..Default::default() };
            let recognized =
                AssociationServiceClient::new(scene.manager()).recognize_subscription(ask).await?.into_inner();
            assert_eq!(recognized.payee, open[0].partner, "round {round} on {engine:?}");
        }
        assert!(replaced > ROUNDS as usize, "only {replaced} designations took another's place on {engine:?}");
        scene.end().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_with_one_etag_exactly_one_is_heard() -> Result<()> {
    for databases in engines().await {
        let engine = databases.engine;
        let scene = Scene::open(&databases).await?;
        scene.advance("2024-09-02T10:00:00Z");
        let seen = scene.designate(NOVA, "cedar", "").await?;
        scene.advance("2024-09-03T10:00:00Z");
        let mut calls = JoinSet::new();
        for caller in 0..AT_ONCE {
            let partner = ["alder", "birch"][caller % 2];
            let (mut client, seen) = (FlowServiceClient::new(scene.owner("nova")), seen.clone());
            calls.spawn(async move { client.designate_partner(designation(NOVA, partner, &seen)).await });
        }
        let (heard, others): (Vec<_>, Vec<_>) = calls.join_all().await.into_iter().partition(Result::is_ok);
        assert_eq!(heard.len(), 1, "on {engine:?}");
        let reasons: BTreeSet<_> =
            others.into_iter().map(refused).map(|(code, reason)| (code as i32, reason)).collect();
        assert_eq!(reasons, BTreeSet::from([(Code::Aborted as i32, "ETAG_MISMATCH".to_owned())]), "on {engine:?}");
        assert_eq!(scene.designations(NOVA).await?.len(), 2, "on {engine:?}");
        scene.end().await?;
    }
    Ok(())
}
