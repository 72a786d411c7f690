//! Lists of awards as they were known.

use proto::competency::v1 as wire;
use rpc::wire::timestamp;
use store::testing::test_databases;
use wire::award::State;

use super::bed::*;
use super::lives::award;

async fn listed(bed: &Bed, filter: &str, known: Option<&str>) -> Result<Vec<wire::Award>, tonic::Status> {
    let mut found = Vec::new();
    let mut request = wire::ListAwardsRequest {
        parent: "partners/-".to_owned(),
        filter: filter.to_owned(),
        known_time: known.map(|known| timestamp(at(known))),
        page_size: 1,
        ..Default::default()
    };
    loop {
        let page = bed.awards(manager()).list_awards(request.clone()).await?.into_inner();
        found.extend(page.awards);
        if page.next_page_token.is_empty() {
            return Ok(found);
        }
        request.page_token = page.next_page_token;
    }
}

fn told(awards: &[wire::Award]) -> Vec<(String, State)> {
    awards.iter().map(|award| (award.partner.clone(), award.state())).collect()
}

#[tokio::test]
async fn awards_are_listed_as_they_were_recorded_up_to_an_instant() {
    for database in test_databases().await {
        let bed = Bed::start_on(database.open().await.expect("a fresh database opens")).await;
        bed.with_rules().await;
        for (learner, partner) in [("l1", "contoso"), ("l2", "fabrikam")] {
            bed.partner(partner, "", 1).await;
            bed.architect(learner, partner).await;
        }
        let name = |partner: &str| format!("partners/{partner}/awards/test-tiers-cloud-platform-1");
        for partner in ["contoso", "fabrikam"] {
            award(&bed, &name(partner), |award| award.state() == State::Enrolled).await;
        }
        // In October contoso's only architect has lapsed.
        bed.clock.advance_to(at("2024-10-10T12:00:00Z"));
        bed.exam("l1", "architect", 2, Some("2024-10-01T00:00:00Z")).await;
        award(&bed, &name("contoso"), |award| award.state() == State::Ended).await;
        bed.clock.advance_to(at("2024-10-20T12:00:00Z"));

        let (contoso, fabrikam) = ("partners/contoso".to_owned(), "partners/fabrikam".to_owned());
        let now = [(contoso.clone(), State::Ended), (fabrikam.clone(), State::Enrolled)];
        let then = [(contoso.clone(), State::Enrolled), (fabrikam.clone(), State::Enrolled)];
        assert_eq!(told(&listed(&bed, "", None).await.expect("listed")), now);
        let october = Some("2024-10-15T00:00:00Z");
        assert_eq!(told(&listed(&bed, "", october).await.expect("listed")), now);
        let september = Some("2024-09-30T00:00:00Z");
        assert_eq!(told(&listed(&bed, "", september).await.expect("listed")), then, "on {:?}", database.engine);
        assert_eq!(listed(&bed, "", Some("2024-09-01T00:00:00Z")).await.expect("listed"), []);
        // A filter asks how they stood then, and each is as it is when it is asked for alone.
        let enrolled = "state = \"ENROLLED\"";
        assert_eq!(told(&listed(&bed, enrolled, None).await.expect("listed")), now[1..]);
        let held = listed(&bed, enrolled, september).await.expect("listed");
        assert_eq!(told(&held), then);
        let alone =
            wire::GetAwardRequest { name: name("contoso"), known_time: Some(timestamp(at("2024-09-30T00:00:00Z"))) };
        assert_eq!(bed.awards(manager()).get_award(alone).await.expect("known").into_inner(), held[0]);
        let ahead = listed(&bed, "", Some("2024-12-01T00:00:00Z")).await.expect_err("nobody knows");
        assert_eq!(reason(&ahead), "NOT_YET_KNOWN");
        // A page belongs to its instant.
        let request = wire::ListAwardsRequest { parent: "partners/-".to_owned(), page_size: 1, ..Default::default() };
        let page = bed.awards(manager()).list_awards(request.clone()).await.expect("listed").into_inner();
        let turned = wire::ListAwardsRequest {
            page_token: page.next_page_token,
            known_time: Some(timestamp(at("2024-09-30T00:00:00Z"))),
            ..request
        };
        let turned = bed.awards(manager()).list_awards(turned).await.expect_err("another question");
        assert_eq!(turned.code(), tonic::Code::InvalidArgument);
    }
}
