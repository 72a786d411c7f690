//! Who sees what: a partner its own accounts, a customer badges and nothing else.

use proto::competency::v1 as wire;
use proto::r#type::v1::Role;
use rpc::Caller;
use tonic::Code;

use super::bed::*;

async fn two_partners() -> Bed {
    let bed = Bed::start().await;
    bed.with_rules().await;
    for partner in ["contoso", "fabrikam"] {
        bed.partner(partner, "", 1).await;
        bed.architect(&format!("l-{partner}"), partner).await;
        bed.scorecard(partner, |scorecard| level(scorecard) == "silver").await;
    }
    bed.partner("contoso-berlin", "partners/contoso", 1).await;
    let mut commits = bed.store.commits();
    while crate::store::accounts::find(bed.store.read(), "contoso-berlin").await.expect("read").is_none() {
        let followed = tokio::time::timeout(std::time::Duration::from_secs(30), commits.changed()).await;
        assert!(followed.is_ok(), "the location was not followed");
    }
    bed
}

fn scorecard(partner: &str) -> wire::GetScorecardRequest {
    wire::GetScorecardRequest { name: format!("tierPrograms/test-tiers/scorecards/{partner}"), ..Default::default() }
}

#[tokio::test]
async fn a_partner_sees_its_own_accounts_and_nobody_elses() {
    let bed = two_partners().await;
    let mut tiers = bed.tiers(reader("contoso"));
    tiers.get_scorecard(scorecard("contoso")).await.expect("its own");
    for partner in ["fabrikam", "nobody"] {
        let status = tiers.get_scorecard(scorecard(partner)).await.expect_err("not its own");
        assert_eq!((status.code(), reason(&status).as_str()), (Code::PermissionDenied, "RESOURCE_NOT_OWNED"));
    }
    let all = wire::ListScorecardsRequest { parent: "tierPrograms/-".into(), ..Default::default() };
    let listed = tiers.list_scorecards(all.clone()).await.expect("listed").into_inner().scorecards;
    assert_eq!(listed.iter().map(|it| it.partner.as_str()).collect::<Vec<_>>(), ["partners/contoso"]);
    let everything = bed.tiers(manager()).list_scorecards(all).await.expect("listed").into_inner().scorecards;
    assert_eq!(everything.len(), 2);

    let mut awards = bed.awards(reader("contoso"));
    let any = wire::ListAwardsRequest { parent: "partners/-".into(), ..Default::default() };
    let seen = awards.list_awards(any).await.expect("listed").into_inner().awards;
    assert_eq!(seen.len(), 1);
    let theirs = wire::ListAwardsRequest { parent: "partners/fabrikam".into(), ..Default::default() };
    assert!(awards.list_awards(theirs).await.expect("listed").into_inner().awards.is_empty());
    let get = wire::GetAwardRequest {
        name: "partners/fabrikam/awards/test-tiers-cloud-platform-1".into(),
        ..Default::default()
    };
    let status = awards.get_award(get).await.expect_err("not its own");
    assert_eq!(reason(&status), "RESOURCE_NOT_OWNED");
    let notices = wire::ListNoticesRequest { parent: "partners/-".into(), ..Default::default() };
    let seen = awards.list_notices(notices).await.expect("listed").into_inner().notices;
    assert!(!seen.is_empty() && seen.iter().all(|notice| notice.partner == "partners/contoso"), "{seen:#?}");
}

#[tokio::test]
async fn a_global_account_sees_those_below_it_and_not_the_other_way() {
    let bed = two_partners().await;
    let status = bed.tiers(reader("contoso-berlin")).get_scorecard(scorecard("contoso")).await;
    assert_eq!(reason(&status.expect_err("above it")), "RESOURCE_NOT_OWNED");
    // Its own to ask for, although a location has no scorecard.
    let status = bed.tiers(reader("contoso")).get_scorecard(scorecard("contoso-berlin")).await;
    assert_eq!(reason(&status.expect_err("there is none")), "NOT_FOUND");
}

#[tokio::test]
async fn a_customer_never_sees_a_score() {
    let bed = two_partners().await;
    for caller in [owner(), Caller::customer("cem", Role::CustomerReader, "customers/atlas")] {
        let mut tiers = bed.tiers(caller.clone());
        let mut awards = bed.awards(caller);
        let all = wire::ListScorecardsRequest { parent: "tierPrograms/-".into(), ..Default::default() };
        let revisions = wire::ListScorecardRevisionsRequest {
            name: "tierPrograms/test-tiers/scorecards/contoso".into(),
            ..Default::default()
        };
        let parent = "partners/contoso".to_owned();
        let refused = [
            tiers.get_scorecard(scorecard("contoso")).await.err(),
            tiers.list_scorecards(all).await.err(),
            tiers.list_scorecard_revisions(revisions).await.err(),
            tiers.evaluate_tiers(wire::EvaluateTiersRequest::default()).await.err(),
            awards.list_awards(wire::ListAwardsRequest { parent: parent.clone(), ..Default::default() }).await.err(),
            awards.list_notices(wire::ListNoticesRequest { parent, ..Default::default() }).await.err(),
        ];
        for status in refused {
            let status = status.expect("customers are refused");
            assert_eq!(reason(&status), "ROLE_MISSING");
        }
        let badges = awards.list_badges(wire::ListBadgesRequest::default()).await.expect("anybody may");
        assert_eq!(badges.into_inner().badges.len(), 2);
        tiers.list_tier_programs(wire::ListTierProgramsRequest::default()).await.expect("anybody may");
    }
}
