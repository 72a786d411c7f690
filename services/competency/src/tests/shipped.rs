//! The documents that are shipped, as this service holds them.

use proto::competency::v1 as wire;

use super::bed::*;

const SAMPLE: [(&str, &str); 4] = [
    ("sample/catalog.yaml", include_str!("../../../../programs/sample/catalog.yaml")),
    ("sample/recognition.yaml", include_str!("../../../../programs/sample/recognition.yaml")),
    ("sample/tiers.yaml", include_str!("../../../../programs/sample/tiers.yaml")),
    ("sample/incentives.yaml", include_str!("../../../../programs/sample/incentives.yaml")),
];

/// The documents of the sample program.
pub fn sample() -> Vec<wire::BundleDocument> {
    SAMPLE.iter().map(|(path, text)| document(path, text)).collect()
}

#[tokio::test]
async fn the_sample_program_is_staged_listed_and_evaluated() {
    let bed = Bed::start().await;
    let request = wire::StageBundleRequest { documents: sample(), ..Default::default() };
    let staged = bed.bundles(manager()).stage_bundle(request).await;
    let staged = staged.unwrap_or_else(|status| panic!("{:#?}", violations(&status)));
    let staged = staged.into_inner().staged_bundle.expect("a bundle");
    bed.make_current(&staged.hash, 1).await;
    bed.partner("harbor", "", 1).await;
    let scorecard = bed.scorecard_under("sample-tiers", "harbor", |_| true).await;
    let divisions: Vec<_> = scorecard.divisions.iter().map(|it| it.division.as_str()).collect();
    assert_eq!(divisions, ["cloud-solutions", "containers", "data"]);
    for division in &scorecard.divisions {
        let silver = &division.levels[0];
        assert!(silver.missing.iter().any(|it| it.reason == "missing-agreement"), "{silver:#?}");
    }
    let listed = bed.tiers(owner()).list_tier_programs(wire::ListTierProgramsRequest::default()).await;
    let programs = listed.expect("anybody may").into_inner().tier_programs;
    assert_eq!(programs.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["tierPrograms/sample-tiers"]);
}
