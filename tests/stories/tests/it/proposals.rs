//! Rules change by two people: proposed by one, refused as long as their tests fail, approved by another, in effect.

use anyhow::{Result, ensure};
use harness::engines;
use proto::gateway::v1 as gateway;
use proto::gateway::v1::flow_service_client::FlowServiceClient;
use proto::registry::v1 as registry;
use proto::registry::v1::bundle_proposal::State;
use proto::registry::v1::bundle_service_client::BundleServiceClient;
use proto::r#type::v1::Role;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::scene::{Scene, administrator, reason, refused, staff};

/// What the vendor wants of the new rate, as a document that stands beside the rules.
const WANTED: &str = "
language: 1
kind: Tests
id: sample/above-ten
tests-of: [sample/incentives]
partner: ridgeline
background:
  agreements: [{agreement: marketplace-2024, from: 2024-01-01}]
tests:
  above-ten:
    says: Ten dollars of a customer's year at 25 %, what is above at 20 %.
    period: 2024-09
    given:
      subscriptions: [{subscription: s, customer: c, purchasing-motion: breadth, workloads: cloud}]
      associations: [{kind: partner-of-record, customers: all, from: 2024-01-01}]
      usage: [{customer: c, workload: compute, month: 2024-09, consumption: USD 30}]
    expect:
      earnings: [{lever: cloud, customer: c, amount: USD 6.50}]
";

/// The sample's documents with another rate above the tenth dollar: 10 % as they are shipped.
pub fn above_ten(rate: &str) -> Vec<gateway::Document> {
    let documents = cli::demo::DOCUMENTS.iter().map(|(path, text)| gateway::Document {
        path: (*path).to_owned(),
        text: text.replace("above: USD 10, rate: 10 %", &format!("above: USD 10, rate: {rate}")),
    });
    documents.collect()
}

async fn apply(scene: &Scene, documents: Vec<gateway::Document>) -> Result<gateway::ApplyBundleResponse, Status> {
    let request = gateway::ApplyBundleRequest { documents, comment: "a fifth".to_owned(), ..Default::default() };
    FlowServiceClient::new(scene.manager()).apply_bundle(request).await.map(tonic::Response::into_inner)
}

async fn current(scene: &Scene) -> Result<registry::Bundle> {
    let request = registry::GetBundleRequest { name: "bundles/current".to_owned(), ..Default::default() };
    Ok(BundleServiceClient::new(scene.manager()).get_bundle(request).await?.into_inner())
}

async fn proposals(scene: &Scene) -> Result<Vec<registry::BundleProposal>> {
    let request =
        registry::ListBundleProposalsRequest { order_by: "revision".to_owned(), page_size: 100, ..Default::default() };
    Ok(BundleServiceClient::new(scene.manager()).list_bundle_proposals(request).await?.into_inner().bundle_proposals)
}

fn approving(name: &str) -> registry::ApproveBundleProposalRequest {
    registry::ApproveBundleProposalRequest { name: name.to_owned(), ..Default::default() }
}

#[tokio::test]
async fn a_changed_rate_takes_effect_by_two_people_and_passing_tests() -> Result<()> {
    for databases in engines().await {
        let engine = databases.engine;
        let scene = Scene::open(&databases).await?;
        let before = current(&scene).await?;
        let wanted = gateway::Document { path: "sample/wanted.yaml".to_owned(), text: WANTED.to_owned() };
        let with_test = |mut documents: Vec<gateway::Document>| {
            documents.push(wanted.clone());
            documents
        };

        // The rate is still the old one: the test among the documents fails, and the bundle is not even proposed.
        let failing = apply(&scene, with_test(above_ten("10 %"))).await.expect_err("its test fails");
        assert_eq!(reason(&failing), "BUNDLE_INVALID", "on {engine:?}");
        let violations = failing.get_details_bad_request().map(|it| it.field_violations).unwrap_or_default();
        let told: Vec<String> = violations.into_iter().map(|it| it.description).collect();
        ensure!(
            told.iter().any(|it| it.contains("above-ten") && it.contains("6.50") && it.contains("4.50")),
            "the answer names the test, what it wants and what comes out, on {engine:?}: {told:#?}"
        );
        assert_eq!(proposals(&scene).await?.len(), 1, "only what is current was proposed, on {engine:?}");

        let proposed = apply(&scene, with_test(above_ten("20 %"))).await?;
        assert_eq!(proposed.bundle, "", "nobody has approved it, on {engine:?}");
        let name = proposed.bundle_proposal;
        let own = BundleServiceClient::new(scene.manager()).approve_bundle_proposal(approving(&name)).await;
        assert_eq!(refused(own), (Code::PermissionDenied, "APPROVER_IS_PROPOSER".to_owned()), "on {engine:?}");
        for stranger in [administrator("alder"), staff(Role::Support), staff(Role::Auditor)] {
            let mut client = BundleServiceClient::new(scene.wire(&stranger));
            let answer = refused(client.approve_bundle_proposal(approving(&name)).await);
            assert_eq!(answer, (Code::PermissionDenied, "ROLE_MISSING".to_owned()), "{stranger:?} on {engine:?}");
        }
        let again = apply(&scene, with_test(above_ten("20 %"))).await?;
        assert_eq!((again.bundle, again.bundle_proposal.as_str()), (String::new(), name.as_str()), "it waits");
        assert_eq!(current(&scene).await?, before, "until then nothing has changed, on {engine:?}");

        let approved = BundleServiceClient::new(scene.reviewer()).approve_bundle_proposal(approving(&name)).await?;
        assert_eq!(approved.get_ref().state(), State::Approved, "on {engine:?}");
        let published = apply(&scene, with_test(above_ten("20 %"))).await?;
        assert_eq!((published.bundle.clone(), published.bundle_proposal), (published.bundle, String::new()));
        let after = current(&scene).await?;
        assert_eq!(after.name, format!("bundles/{}", published.bundle_hash), "on {engine:?}");
        assert_eq!((after.revision, after.proposal.as_str()), (before.revision + 1, name.as_str()), "on {engine:?}");
        let told = proposals(&scene).await?;
        let people: Vec<_> =
            told.iter().map(|it| (it.state(), it.proposer.as_str(), it.reviewer.as_str(), it.revision)).collect();
        let expected = [(State::Published, "somebody", "reviewer", 1), (State::Published, "somebody", "reviewer", 2)];
        assert_eq!(people, expected, "on {engine:?}");
        scene.end().await?;
    }
    Ok(())
}
