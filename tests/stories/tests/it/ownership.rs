//! Whose facts are whose: enforced by the service that owns them, through the gateway and beside it.

use anyhow::{Context, Result};
use harness::{Suite, engines};
use proto::association::v1 as association;
use proto::association::v1::subscription_service_client::SubscriptionServiceClient;
use proto::association::v1::usage_service_client::UsageServiceClient;
use proto::competency::v1 as competency;
use proto::competency::v1::award_service_client::AwardServiceClient;
use proto::competency::v1::tier_service_client::TierServiceClient;
use proto::gateway::v1 as gateway;
use proto::gateway::v1::overview_service_client::OverviewServiceClient;
use proto::incentive::v1 as incentive;
use proto::incentive::v1::ledger_service_client::LedgerServiceClient;
use proto::incentive::v1::period_service_client::PeriodServiceClient;
use proto::incentive::v1::statement_service_client::StatementServiceClient;
use proto::registry::v1 as registry;
use proto::registry::v1::learner_service_client::LearnerServiceClient;
use proto::r#type::v1::Role;
use rpc::Caller;
use rpc::client::{Channel, Identity};
use rpc::wire::timestamp;
use tonic::{Code, Status};

use crate::late_subscription::{record, sent};
use crate::scene::{COMET, NOVA, Scene, administrator, at, owner, refused, staff};

/// Two ways to a service: as everybody must go, and as only another service could.
fn ways(suite: &Suite, service: &str, caller: &Caller) -> Result<[(String, Channel); 2]> {
    let who = format!("{:?} of {:?} at {service} on {:?}", caller.roles, caller.accounts, suite.engine);
    Ok([
        (format!("{who} through the gateway"), suite.gateway(caller)?),
        (format!("{who} beside the gateway"), suite.service(service, caller)?),
    ])
}

/// A closed month: alder has earned on nova's subscription, birch on comet's.
async fn closed(scene: &Scene) -> Result<incentive::Statement> {
    scene.advance("2024-09-02T10:00:00Z");
    scene.designate(NOVA, "alder", "").await?;
    scene.designate(COMET, "birch", "").await?;
    let usage = vec![
        record("n1", "1001", "2024-09-03T10:00:00Z", "USD", "4.00"),
        record("c1", "1002", "2024-09-03T10:00:00Z", "USD", "6.00"),
    ];
    sent(scene, usage).await?;
    scene.advance("2024-10-03T09:00:00Z");
    let request = competency::EvaluateTiersRequest {
        effective_time: Some(timestamp(at("2024-09-30T23:00:00Z"))),
        ..Default::default()
    };
    let evaluating = TierServiceClient::new(scene.manager()).evaluate_tiers(request).await?.into_inner();
    crate::scene::ended(scene.manager(), evaluating).await?;
    scene.close().await?;
    let mine = statements(scene.wire(&administrator("alder")), "partners/alder").await?;
    mine.into_iter().next().context("alder has a statement and may read it")
}

async fn statements(wire: Channel, parent: &str) -> Result<Vec<incentive::Statement>, Status> {
    let request = incentive::ListStatementsRequest { parent: parent.to_owned(), ..Default::default() };
    Ok(StatementServiceClient::new(wire).list_statements(request).await?.into_inner().statements)
}

#[tokio::test]
async fn a_partner_reads_its_own_statement_and_no_other() -> Result<()> {
    for databases in engines().await {
        let engine = databases.engine;
        let scene = Scene::open(&databases).await?;
        let alders = closed(&scene).await?;
        let strangers = [
            administrator("birch"),
            owner("nova"),
            // Neither the start of a name nor a customer of the same id is the account.
            administrator("alde"),
            Caller::customer("odd", Role::CustomerOwner, "partners/alder"),
        ];
        for stranger in &strangers {
            for (who, wire) in ways(&scene.suite, "incentive", stranger)? {
                let mut client = StatementServiceClient::new(wire.clone());
                let name = alders.name.clone();
                let read = client.get_statement(incentive::GetStatementRequest { name: name.clone() }).await;
                assert_eq!(refused(read).0, Code::PermissionDenied, "{who}");
                let lines = incentive::ListStatementLinesRequest { parent: name.clone(), ..Default::default() };
                assert_eq!(refused(client.list_statement_lines(lines).await).0, Code::PermissionDenied, "{who}");
                let line = format!("{name}/statementLines/1");
                let line = client.explain_statement_line(incentive::ExplainStatementLineRequest { name: line }).await;
                assert_eq!(refused(line).0, Code::PermissionDenied, "{who}");
                for parent in ["partners/-", "partners/alder"] {
                    // Refused, or a list without it.
                    let listed = statements(wire.clone(), parent).await.unwrap_or_default();
                    assert!(listed.iter().all(|it| it.partner != "partners/alder"), "{who}: {listed:#?}");
                    let request = incentive::ListPostingsRequest { parent: parent.to_owned(), ..Default::default() };
                    let posted = LedgerServiceClient::new(wire.clone()).list_postings(request).await;
                    let posted = posted.map(|it| it.into_inner().postings).unwrap_or_default();
                    assert!(posted.iter().all(|it| it.name.starts_with("partners/birch/")), "{who}: {posted:#?}");
                }
                let runs = incentive::ListPeriodsRequest::default();
                let periods = PeriodServiceClient::new(wire.clone()).list_periods(runs).await;
                assert_eq!(refused(periods).0, Code::PermissionDenied, "{who}");
            }
            let request = gateway::GetPartnerOverviewRequest { name: "partners/alder/overview".to_owned() };
            let overview = OverviewServiceClient::new(scene.wire(stranger)).get_partner_overview(request).await;
            assert_eq!(refused(overview).0, Code::PermissionDenied, "{stranger:?} on {engine:?}");
        }
        for (who, wire) in ways(&scene.suite, "incentive", &administrator("birch"))? {
            let own = statements(wire, "partners/-").await?;
            let partners: Vec<&str> = own.iter().map(|it| it.partner.as_str()).collect();
            assert_eq!(partners, ["partners/birch"], "{who}");
        }
        scene.end().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_customer_never_reads_a_score_and_a_partner_only_its_own() -> Result<()> {
    for databases in engines().await {
        let scene = Scene::open(&databases).await?;
        closed(&scene).await?;
        let mut manager = TierServiceClient::new(scene.manager());
        let all = competency::ListScorecardsRequest { parent: "tierPrograms/-".to_owned(), ..Default::default() };
        let all = manager.list_scorecards(all).await?.into_inner().scorecards;
        let alders = all.iter().find(|it| it.name.ends_with("/scorecards/alder")).context("alder was evaluated")?;

        for caller in [owner("nova"), Caller::customer("reader", Role::CustomerReader, "customers/nova")] {
            for (who, wire) in ways(&scene.suite, "competency", &caller)? {
                let mut tiers = TierServiceClient::new(wire.clone());
                let one = competency::GetScorecardRequest { name: alders.name.clone(), ..Default::default() };
                assert_eq!(refused(tiers.get_scorecard(one).await).0, Code::PermissionDenied, "{who}");
                let many =
                    competency::ListScorecardsRequest { parent: "tierPrograms/-".to_owned(), ..Default::default() };
                assert_eq!(refused(tiers.list_scorecards(many).await).0, Code::PermissionDenied, "{who}");
                let past =
                    competency::ListScorecardRevisionsRequest { name: alders.name.clone(), ..Default::default() };
                assert_eq!(refused(tiers.list_scorecard_revisions(past).await).0, Code::PermissionDenied, "{who}");
                let mut awards = AwardServiceClient::new(wire);
                let many = competency::ListAwardsRequest { parent: "partners/-".to_owned(), ..Default::default() };
                assert_eq!(refused(awards.list_awards(many).await).0, Code::PermissionDenied, "{who}");
                // The badges are what customers may see.
                awards.list_badges(competency::ListBadgesRequest::default()).await?;
            }
        }
        for (who, wire) in ways(&scene.suite, "competency", &administrator("birch"))? {
            let mut tiers = TierServiceClient::new(wire);
            let one = competency::GetScorecardRequest { name: alders.name.clone(), ..Default::default() };
            assert_eq!(refused(tiers.get_scorecard(one).await).0, Code::PermissionDenied, "{who}");
            let many = competency::ListScorecardsRequest { parent: "tierPrograms/-".to_owned(), ..Default::default() };
            let own = tiers.list_scorecards(many).await?.into_inner().scorecards;
            assert!(!own.is_empty() && own.iter().all(|it| it.name.ends_with("/scorecards/birch")), "{who}: {own:#?}");
        }
        scene.end().await?;
    }
    Ok(())
}

#[tokio::test]
async fn subscriptions_and_usage_are_seen_by_their_customer_and_who_is_recognized_on_them() -> Result<()> {
    for databases in engines().await {
        let scene = Scene::open(&databases).await?;
        closed(&scene).await?;
        let usage = || association::ListUsageRecordsRequest {
            parent: NOVA.to_owned(),
            start_time: Some(timestamp(at("2024-09-01T00:00:00Z"))),
            end_time: Some(timestamp(at("2024-10-01T00:00:00Z"))),
            ..Default::default()
        };
        for caller in [owner("comet"), administrator("birch")] {
            for (who, wire) in ways(&scene.suite, "association", &caller)? {
                let rows = UsageServiceClient::new(wire.clone()).list_usage_records(usage()).await;
                assert_eq!(refused(rows).0, Code::PermissionDenied, "{who}");
                let mut client = SubscriptionServiceClient::new(wire);
                let one = association::GetSubscriptionRequest { name: NOVA.to_owned(), ..Default::default() };
                assert_eq!(refused(client.get_subscription(one).await).0, Code::PermissionDenied, "{who}");
                let many =
                    association::ListSubscriptionsRequest { parent: "customers/-".to_owned(), ..Default::default() };
                let seen = client.list_subscriptions(many).await?.into_inner().subscriptions;
                assert!(seen.iter().all(|it| it.name == COMET), "{who}: {seen:#?}");
            }
        }
        for caller in [owner("nova"), administrator("alder")] {
            for (who, wire) in ways(&scene.suite, "association", &caller)? {
                let rows = UsageServiceClient::new(wire).list_usage_records(usage()).await?.into_inner().usage_records;
                assert_eq!(rows.len(), 1, "{who}");
            }
        }
        // Learners are seen by the partner they count for.
        for (who, wire) in ways(&scene.suite, "registry", &owner("nova"))? {
            let list = LearnerServiceClient::new(wire).list_learners(registry::ListLearnersRequest::default()).await;
            assert_eq!(refused(list).0, Code::PermissionDenied, "{who}");
        }
        scene.end().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_token_of_one_side_is_nothing_on_the_other() -> Result<()> {
    for databases in engines().await {
        let engine = databases.engine;
        let scene = Scene::open(&databases).await?;
        let read = || association::GetSubscriptionRequest { name: NOVA.to_owned(), ..Default::default() };
        let manager = staff(Role::ProgramManager);
        let token = scene.suite.local.tokens().issue(&manager, std::time::Duration::from_secs(60))?;
        let service = scene.suite.service("association", &manager)?;
        let nobody = scene.suite.local.directory.get("gateway")?;
        let wrong = [
            ("a bearer token at a service", service.acting_for(Identity::bearer(&token)?)),
            ("no token at a service", service.acting_for(Identity::nobody())),
            ("no token at the gateway", nobody.clone()),
            ("a word at the gateway", nobody.acting_for(Identity::bearer("finance")?)),
        ];
        for (what, wire) in wrong {
            let answer = SubscriptionServiceClient::new(wire).get_subscription(read()).await;
            assert_eq!(refused(answer).0, Code::Unauthenticated, "{what}, on {engine:?}");
        }
        // A token that the services exchange is no use at the gateway: the same key, another audience.
        let tokens = rpc::token::Tokens::new(harness::KEY, rpc::token::Audience::Services, accolade_now(&scene));
        let exchanged = tokens.issue(&manager, std::time::Duration::from_secs(60))?;
        let wire = nobody.acting_for(Identity::bearer(&exchanged)?);
        let answer = SubscriptionServiceClient::new(wire).get_subscription(read()).await;
        assert_eq!(refused(answer).0, Code::Unauthenticated, "on {engine:?}");
        scene.end().await?;
    }
    Ok(())
}

fn accolade_now(scene: &Scene) -> rpc::token::Now {
    let clock = scene.suite.local.clock.clone();
    std::sync::Arc::new(move || clock.now())
}
