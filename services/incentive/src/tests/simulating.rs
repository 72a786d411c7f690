//! What another bundle would have paid, over the facts that were pinned.

use proto::google::longrunning::operation;
use proto::incentive::v1 as pb;
use store::testing::test_databases;
use tonic::{Code, Status};

use super::closing::autumn;
use super::world::{World, cents, refusal, sample};

impl World {
    async fn simulate(&self, hash: &str, first: &str, last: &str) -> Result<pb::SimulateBundleResponse, Status> {
        let period = |text: &str| if text.is_empty() { String::new() } else { format!("periods/{text}") };
        let request = pb::SimulateBundleRequest {
            name: format!("incentiveBundles/b-{}", hash.get(..32).unwrap_or(hash)),
            first_period: period(first),
            last_period: period(last),
            ..Default::default()
        };
        let operation = self.finance().bundles().simulate_bundle(request).await?.into_inner();
        match self.outcome(operation).await {
            Some(operation::Result::Response(any)) => Ok(rpc::wire::unpack(&any).expect("a simulation")),
            other => panic!("the simulation did not succeed: {other:?}"),
        }
    }

    /// September and October, closed by the sample's rules.
    async fn two_months(&self) -> String {
        autumn(self).await;
        let hash = self.rule_by_sample().await;
        self.close("2024-09").await;
        self.at("2024-11-03T00:00:00Z");
        self.used("atlas", "2024-10-02T10:00:00Z", "3.33").await;
        self.used("borealis", "2024-10-03T10:00:00Z", "5.00").await;
        self.of_record("b1", "harbor", "borealis", "2024-10-01T00:00:00Z", None, 1).await;
        self.close("2024-10").await;
        hash
    }
}

fn documents(from: &str, to: &str) -> Vec<(&'static str, String)> {
    let mut documents = sample();
    let mut found = false;
    for (_, text) in &mut documents {
        found |= text.contains(from);
        *text = text.replace(from, to);
    }
    assert!(found, "the sample says `{from}`");
    documents
}

#[tokio::test]
async fn the_current_rules_reproduce_a_closed_period_line_by_line() {
    for database in test_databases().await {
        let world = World::on(database.open().await.expect("a fresh database opens")).await;
        let hash = world.two_months().await;
        // What is learned later is not what the closes saw.
        world.used("atlas", "2024-09-21T11:00:00Z", "50.00").await;
        for (first, last) in [("2024-09", ""), ("2024-10", ""), ("2024-09", "2024-10")] {
            let simulated = world.simulate(&hash, first, last).await.expect("simulated");
            assert!(simulated.line_count > 0, "{first} {last}");
            assert_eq!(simulated.changed_line_count, 0, "{first} {last} on {:?}", database.engine);
            assert!(simulated.worst.is_empty() && simulated.best.is_empty());
            assert_eq!(cents(&simulated.totals[0].issued), cents(&simulated.totals[0].simulated));
        }
    }
}

#[tokio::test]
async fn a_changed_rate_says_who_loses_and_why() {
    let world = World::start().await;
    world.two_months().await;
    let before = (world.statements("2024-09").await, world.statements("2024-10").await);
    let hash = world.stage(&documents("above: USD 10, rate: 10 %", "above: USD 10, rate: 5 %")).await;
    let simulated = world.simulate(&hash, "2024-09", "2024-10").await.expect("simulated");
    // September: 12.00 earned 2.70 and would have earned 2.60, a nickel less for each. October: atlas is above ten
    // dollars, so 3.33 earned 0.33 and would have earned 0.17; borealis never was.
    let total = &simulated.totals[0];
    assert_eq!(cents(&total.difference), cents(&total.simulated) - cents(&total.issued));
    assert_eq!(cents(&total.difference), -10 - 16);
    assert_eq!((total.partner_count, total.gaining_partner_count, total.losing_partner_count), (2, 0, 2));
    assert!(simulated.changed_line_count > 0 && simulated.best.is_empty());
    let worst: Vec<_> = simulated.worst.iter().map(|one| (one.partner.as_str(), cents(&one.difference))).collect();
    assert_eq!(worst, [("partners/ridgeline", -5 - 16), ("partners/harbor", -5)]);
    let change = &simulated.worst[0].changes[0];
    assert_eq!((change.period.as_str(), change.customer.as_str()), ("periods/2024-10", "customers/atlas"));
    assert_eq!((cents(&change.issued), cents(&change.simulated)), (33, 17));
    assert!(!change.reason.is_empty());
    let segment = |dimension: &str, name: &str| {
        let found =
            simulated.segments.iter().find(|one| (one.dimension.as_str(), one.segment.as_str()) == (dimension, name));
        cents(&found.unwrap_or_else(|| panic!("{dimension} {name}: {:?}", simulated.segments)).totals[0].difference)
    };
    assert_eq!((segment("motion", "breadth"), segment("plan", "sample-incentives")), (-26, -26));
    assert_eq!((world.statements("2024-09").await, world.statements("2024-10").await), before, "nothing is recorded");

    let better = world.stage(&documents("above: USD 10, rate: 10 %", "above: USD 10, rate: 15 %")).await;
    let simulated = world.simulate(&better, "2024-10", "").await.expect("simulated");
    assert!(simulated.worst.is_empty());
    assert_eq!(simulated.best.iter().map(|one| one.partner.as_str()).collect::<Vec<_>>(), ["partners/ridgeline"]);
}

#[tokio::test]
async fn what_changes_what_was_paid_says_so_and_can_be_simulated() {
    let world = World::start().await;
    let half = documents("above: USD 10, rate: 10 %", "above: USD 10, rate: 5 %");
    assert_eq!(world.staged(&half).await.paid_changes, Vec::<String>::new(), "nothing is current");
    autumn(&world).await;
    let current = world.rule_by_sample().await;
    assert_eq!(world.staged(&half).await.paid_changes, Vec::<String>::new(), "nothing was paid");
    world.close("2024-09").await;
    let staged = world.staged(&half).await;
    let [problem] = staged.paid_changes.as_slice() else { panic!("{staged:#?}") };
    assert!(problem.contains("incentives.yaml") && problem.contains("[error: effective-too-early]"), "{problem}");
    let simulated = world.simulate(&staged.hash, "2024-09", "").await.expect("simulated");
    assert!(simulated.changed_line_count > 0);
    let request = pb::GetIncentiveBundleRequest { name: staged.name.clone() };
    let told = world.manager().bundles().get_incentive_bundle(request).await.expect("there").into_inner();
    assert_eq!(told.paid_changes, staged.paid_changes);
    let same = world.staged(&sample()).await;
    assert_eq!((same.hash, same.paid_changes.len()), (current, 0), "what is current may stay");
}

#[tokio::test]
async fn a_simulation_is_refused_with_a_reason() {
    let world = World::start().await;
    let hash = world.two_months().await;
    assert_eq!(refusal(world.simulate(&hash, "2024-10", "2024-11").await).1, "PERIOD_NOT_CLOSED");
    assert_eq!(refusal(world.simulate(&"0".repeat(64), "2024-10", "").await).0, Code::NotFound);
    assert_eq!(refusal(world.simulate(&hash, "2024-10", "2024-09").await).0, Code::InvalidArgument);
    assert_eq!(refusal(world.simulate(&hash, "", "").await).0, Code::InvalidArgument);
    let reader = world.partner("harbor").bundles().simulate_bundle(pb::SimulateBundleRequest::default()).await;
    assert_eq!(refusal(reader).1, "ROLE_MISSING");
    let listed = proto::google::longrunning::ListOperationsRequest {
        name: "incentive/operations".to_owned(),
        ..Default::default()
    };
    let listed = world.finance().operations().list_operations(listed).await.expect("listed").into_inner();
    assert_eq!(listed.operations.len(), 2, "the closes: nothing that was refused has begun");
}
