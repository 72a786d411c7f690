//! Who would rise and who would fall by a staged bundle.

use proto::competency::v1 as wire;
use proto::google::longrunning::operation;
use rpc::wire::unpack;
use store::testing::test_databases;

use super::bed::*;

fn asking(hash: &str) -> wire::SimulateBundleRequest {
    wire::SimulateBundleRequest { name: format!("stagedBundles/{hash}"), ..Default::default() }
}

async fn simulate(bed: &Bed, request: wire::SimulateBundleRequest) -> wire::SimulateBundleResponse {
    let begun = bed.bundles(manager()).simulate_bundle(request).await.expect("a simulation begins").into_inner();
    match bed.finished(&begun.name).await.result {
        Some(operation::Result::Response(any)) => unpack(&any).expect("a simulation answers"),
        other => panic!("the simulation did not succeed: {other:?}"),
    }
}

/// Contoso has one architect and is silver; fabrikam has two and a hundred dollars, and is gold; adatum has none.
pub async fn three(bed: &Bed) -> String {
    let hash = bed.with_rules().await;
    for partner in ["contoso", "fabrikam", "adatum"] {
        bed.partner(partner, "", 1).await;
    }
    bed.partner("fabrikam-berlin", "partners/fabrikam", 1).await;
    bed.architect("l1", "contoso").await;
    bed.architect("l2", "fabrikam").await;
    bed.architect("l3", "fabrikam-berlin").await;
    bed.subscription("atlas", "atlas-cloud", "fabrikam").await;
    bed.usage("1", "customers/atlas/subscriptions/atlas-cloud", "2024-09-03T10:00:00Z", "100").await;
    bed.scorecard("contoso", |scorecard| level(scorecard) == "silver").await;
    bed.scorecard("fabrikam", |scorecard| level(scorecard) == "gold").await;
    hash
}

#[tokio::test]
async fn a_changed_threshold_says_who_falls_and_why() {
    for database in test_databases().await {
        let bed = Bed::start_on(database.open().await.expect("a fresh database opens")).await;
        let current = three(&bed).await;
        let before = bed.scorecard("fabrikam", |scorecard| level(scorecard) == "gold").await;

        // The same rules change nothing.
        let same = simulate(&bed, asking(&current)).await;
        assert_eq!((same.partner_count, same.rising_partner_count, same.falling_partner_count), (3, 0, 0));
        assert!(same.moves.is_empty() && same.worst.is_empty());

        let harder = bed.stage(&DOCUMENTS.replace("spend: USD 100", "spend: USD 101")).await;
        let simulated = simulate(&bed, asking(&harder)).await;
        assert_eq!(simulated.compared_hash, current);
        assert_eq!((simulated.rising_partner_count, simulated.falling_partner_count), (0, 1), "{:?}", database.engine);
        let moved = &simulated.moves[0];
        assert_eq!((moved.current_level.as_str(), moved.simulated_level.as_str()), ("gold", "silver"));
        assert_eq!((moved.division.as_str(), moved.rises, moved.partner_count), ("cloud-platform", false, 1));
        assert_eq!(moved.tier_program, "tierPrograms/test-tiers");
        let fall = &simulated.worst[0];
        assert_eq!((fall.partner.as_str(), fall.region_code.as_str()), ("partners/fabrikam", "DE"));
        let reasons = &fall.steps[0].reasons;
        assert!(reasons.iter().any(|reason| reason.contains("100")), "it says what there is: {reasons:?}");
        let germany = &simulated.segments[0];
        assert_eq!((germany.region_code.as_str(), germany.partner_count, germany.falling_partner_count), ("DE", 3, 1));

        // The same about one program by its name.
        let tier_programs = vec!["tierPrograms/test-tiers".to_owned()];
        let request = wire::SimulateBundleRequest { tier_programs, ..asking(&harder) };
        assert_eq!(simulate(&bed, request).await, simulated);

        // One staged bundle against another, and nothing was recorded.
        let request =
            wire::SimulateBundleRequest { compared_bundle: format!("stagedBundles/{harder}"), ..asking(&current) };
        let back = simulate(&bed, request).await;
        assert_eq!((back.rising_partner_count, back.falling_partner_count), (1, 0));
        let moved = &back.moves[0];
        assert_eq!(
            (moved.current_level.as_str(), moved.simulated_level.as_str(), moved.rises),
            ("silver", "gold", true)
        );
        assert!(back.worst.is_empty());
        let after = bed.scorecard("fabrikam", |scorecard| level(scorecard) == "gold").await;
        assert_eq!(after, before);
    }
}

#[tokio::test]
async fn a_simulation_is_refused_with_a_reason() {
    let bed = Bed::start().await;
    let staged = bed.stage(DOCUMENTS).await;
    let nothing = bed.bundles(manager()).simulate_bundle(asking(&staged)).await.expect_err("nothing is current");
    assert_eq!(reason(&nothing), "NO_CURRENT_BUNDLE");
    bed.with_rules().await;
    let missing = bed.bundles(manager()).simulate_bundle(asking(&"0".repeat(64))).await.expect_err("not staged");
    assert_eq!(reason(&missing), "BUNDLE_NOT_STAGED");
    let wrong = wire::SimulateBundleRequest { compared_bundle: "bundles/1".to_owned(), ..Default::default() };
    let wrong = bed.bundles(manager()).simulate_bundle(wrong).await.expect_err("two names are wrong");
    assert_eq!(wrong.code(), tonic::Code::InvalidArgument);
    assert_eq!(violations(&wrong).len(), 2);
    let tier_programs = vec!["tierPrograms/nobodys".to_owned()];
    let unknown = wire::SimulateBundleRequest { tier_programs, ..asking(&staged) };
    let unknown = bed.bundles(manager()).simulate_bundle(unknown).await.expect_err("there is no such program");
    assert_eq!(unknown.code(), tonic::Code::NotFound);
    let partner = bed.bundles(reader("contoso")).simulate_bundle(asking(&staged)).await.expect_err("not a partner's");
    assert_eq!(reason(&partner), "ROLE_MISSING");
}

#[tokio::test]
async fn a_program_that_is_judged_one_by_one_is_simulated_too() {
    let bed = Bed::start().await;
    let stage = async |documents| {
        let request = wire::StageBundleRequest { documents, ..Default::default() };
        let staged = bed.bundles(manager()).stage_bundle(request).await;
        let staged = staged.unwrap_or_else(|status| panic!("{:#?}", violations(&status)));
        staged.into_inner().staged_bundle.expect("a reply has its bundle").hash
    };
    let current = stage(super::shipped::sample()).await;
    bed.make_current(&current, 1).await;
    bed.partner("harbor", "", 1).await;
    bed.partner("harbor-hamburg", "partners/harbor", 1).await;
    bed.scorecard_under("sample-tiers", "harbor", |_| true).await;
    let simulated = simulate(&bed, asking(&current)).await;
    assert_eq!((simulated.partner_count, simulated.rising_partner_count, simulated.falling_partner_count), (1, 0, 0));
}
