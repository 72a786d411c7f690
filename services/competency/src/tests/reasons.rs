//! Every reason that this service gives.

use proto::competency::v1 as wire;
use rpc::wire::timestamp;
use tonic::Code;

use super::bed::*;

#[tokio::test]
async fn a_bundle_with_problems_is_refused_with_all_of_them() {
    let bed = Bed::start().await;
    let mut bundles = bed.bundles(manager());
    let wrong = DOCUMENTS.replace("kind: Catalog", "kind: Katalog").replace("time-zone: UTC", "time-zone: Utopia");
    let request = wire::StageBundleRequest { documents: vec![document("a.yaml", &wrong)], ..Default::default() };
    let status = bundles.stage_bundle(request).await.expect_err("it has problems");
    assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "BUNDLE_INVALID"));
    let found = violations(&status);
    assert!(found.len() >= 2 && found.iter().all(|it| it.starts_with("documents[0]: line ")), "{found:#?}");

    let request = wire::StageBundleRequest {
        documents: vec![document("", DOCUMENTS), document("b.yaml", ""), document("b.yaml", "x: y")],
        request_id: "seven".into(),
        ..Default::default()
    };
    let status = bundles.stage_bundle(request).await.expect_err("its fields are wrong");
    assert_eq!(reason(&status), "INVALID_FIELDS");
    let found = violations(&status).join("\n");
    for field in ["documents[0].path", "documents[1].text", "documents[2].path", "request_id"] {
        assert!(found.contains(field), "{found}");
    }
}

#[tokio::test]
async fn what_the_check_finds_is_refused_or_told() {
    let bed = Bed::start().await;
    let mut bundles = bed.bundles(manager());
    let staged =
        |text: &str| wire::StageBundleRequest { documents: vec![document("test.yaml", text)], ..Default::default() };
    let itself =
        "{when: {all: [{holds: test/tiers/competency, of: cloud-platform}, {metric: architects, at-least: 1 person}]}}";
    let circular = DOCUMENTS.replace("silver: {architects: 1 person}", &format!("silver: {itself}"));
    let status = bundles.stage_bundle(staged(&circular)).await.expect_err("an award needs itself");
    assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "BUNDLE_INVALID"));
    let found = violations(&status);
    assert!(found.iter().any(|it| it.starts_with("documents[0]: line ") && it.ends_with("[circular]")), "{found:#?}");

    let idle = DOCUMENTS.replace("metrics:\n", "metrics:\n  idle: {title: Idle, count: people, holding: operator}\n");
    let told = bundles.stage_bundle(staged(&idle)).await.expect("staged").into_inner().staged_bundle;
    let told = told.expect("a bundle");
    assert!(told.warnings.len() == 1 && told.warnings[0].contains("idle"), "{:#?}", told.warnings);
    let none = bundles.stage_bundle(staged(DOCUMENTS)).await.expect("staged").into_inner().staged_bundle;
    assert_eq!(none.expect("a bundle").warnings, Vec::<String>::new());
}

#[tokio::test]
async fn staging_is_idempotent_and_shown() {
    let bed = Bed::start().await;
    let mut bundles = bed.bundles(manager());
    let request = |validate_only| wire::StageBundleRequest {
        documents: vec![document("test.yaml", DOCUMENTS)],
        validate_only,
        ..Default::default()
    };
    let checked = bundles.stage_bundle(request(true)).await.expect("right").into_inner().staged_bundle;
    let none = bundles.list_staged_bundles(wire::ListStagedBundlesRequest::default()).await.expect("listed");
    assert!(none.into_inner().staged_bundles.is_empty(), "checking stores nothing");
    let first = bundles.stage_bundle(request(false)).await.expect("staged").into_inner().staged_bundle;
    assert_eq!(checked, first);
    let first = first.expect("a bundle");
    bed.clock.advance_to(at("2024-09-16T00:00:00Z"));
    let again = bundles.stage_bundle(request(false)).await.expect("staged").into_inner().staged_bundle;
    assert_eq!(again.as_ref(), Some(&first));
    let got = bundles.get_staged_bundle(wire::GetStagedBundleRequest { name: first.name.clone() }).await;
    assert_eq!(got.expect("there").into_inner(), first);
    assert_eq!(first.programs[0].tier_program, "tierPrograms/test-tiers");

    let name = format!("stagedBundles/{}", "0".repeat(64));
    let status = bundles.get_staged_bundle(wire::GetStagedBundleRequest { name }).await.expect_err("missing");
    assert_eq!(reason(&status), "NOT_FOUND");
    let name = "stagedBundles/x".to_owned();
    let status = bundles.get_staged_bundle(wire::GetStagedBundleRequest { name }).await.expect_err("wrong");
    assert_eq!(reason(&status), "INVALID_FIELDS");
}

#[tokio::test]
async fn without_rules_nothing_is_evaluated() {
    let bed = Bed::start().await;
    let mut tiers = bed.tiers(manager());
    let evaluate = wire::EvaluateTiersRequest::default;
    let status = tiers.evaluate_tiers(evaluate()).await.expect_err("no bundle is current");
    assert_eq!((status.code(), reason(&status).as_str()), (Code::FailedPrecondition, "NO_CURRENT_BUNDLE"));
    let listed = tiers.list_tier_programs(wire::ListTierProgramsRequest::default()).await.expect("listed");
    assert!(listed.into_inner().tier_programs.is_empty());

    bed.partner("contoso", "", 1).await;
    bed.make_current(&"1".repeat(64), 1).await;
    let status = wait_for(&bed, "BUNDLE_NOT_STAGED").await;
    assert_eq!(status.code(), Code::FailedPrecondition);

    // Staged afterwards, it takes effect by itself.
    let hash = bed.stage(DOCUMENTS).await;
    bed.make_current(&hash, 2).await;
    bed.scorecard("contoso", |_| true).await;
    let get = wire::GetTierProgramRequest { name: "tierPrograms/test-tiers".into() };
    let program = tiers.get_tier_program(get).await.expect("there").into_inner();
    assert_eq!((program.document.as_str(), program.revision_id.as_str()), ("test/tiers", hash.as_str()));
    assert_eq!(program.divisions[0].levels, ["silver", "gold"]);
    let get = wire::GetTierProgramRequest { name: "tierPrograms/other".into() };
    assert_eq!(reason(&tiers.get_tier_program(get).await.expect_err("missing")), "NOT_FOUND");
    let unknown = wire::EvaluateTiersRequest { tier_programs: vec!["tierPrograms/other".into()], ..Default::default() };
    assert_eq!(reason(&tiers.evaluate_tiers(unknown).await.expect_err("missing")), "NOT_FOUND");
}

/// Asks for an evaluation until it is refused with this reason: the register is followed.
async fn wait_for(bed: &Bed, expected: &str) -> tonic::Status {
    let mut commits = bed.store.commits();
    let mut tiers = bed.tiers(manager());
    loop {
        commits.mark_unchanged();
        if let Err(status) = tiers.evaluate_tiers(wire::EvaluateTiersRequest::default()).await
            && reason(&status) == expected
        {
            return status;
        }
        let changed = tokio::time::timeout(std::time::Duration::from_secs(30), commits.changed()).await;
        assert!(changed.is_ok(), "never refused with {expected}");
    }
}

#[tokio::test]
async fn times_are_checked() {
    let bed = Bed::start().await;
    bed.with_rules().await;
    bed.partner("contoso", "", 1).await;
    bed.scorecard("contoso", |_| true).await;
    let mut tiers = bed.tiers(manager());
    let ask = |partner: &str, effective: Option<&str>, known: Option<&str>| wire::GetScorecardRequest {
        name: format!("tierPrograms/test-tiers/scorecards/{partner}"),
        effective_time: effective.map(|time| timestamp(at(time))),
        known_time: known.map(|time| timestamp(at(time))),
        ..Default::default()
    };
    let status = tiers.get_scorecard(ask("contoso", None, Some("2024-12-01T00:00:00Z"))).await.expect_err("ahead");
    assert_eq!((status.code(), reason(&status).as_str()), (Code::OutOfRange, "NOT_YET_KNOWN"));
    let status = tiers.get_scorecard(ask("contoso", Some("2019-01-01T00:00:00Z"), None)).await.expect_err("before");
    assert_eq!((status.code(), reason(&status).as_str()), (Code::FailedPrecondition, "PROGRAM_NOT_EFFECTIVE"));
    let status = tiers.get_scorecard(ask("contoso", None, Some("2024-01-01T00:00:00Z"))).await.expect_err("no rules");
    assert_eq!(reason(&status), "NO_CURRENT_BUNDLE");
    let status = tiers.get_scorecard(ask("nobody", Some(START), None)).await.expect_err("unknown");
    assert_eq!(reason(&status), "NOT_FOUND");
    let request = wire::GetScorecardRequest { name: "scorecards/x".into(), view: 9, ..Default::default() };
    let status = tiers.get_scorecard(request).await.expect_err("wrong");
    assert_eq!((reason(&status).as_str(), violations(&status).len()), ("INVALID_FIELDS", 2));
    let ahead = wire::EvaluateTiersRequest {
        tier_programs: vec!["tiers/x".into()],
        known_time: Some(timestamp(at("2025-01-01T00:00:00Z"))),
        ..Default::default()
    };
    let status = tiers.evaluate_tiers(ahead).await.expect_err("wrong");
    assert_eq!(violations(&status).len(), 2, "{:?}", violations(&status));
}

#[tokio::test]
async fn facts_that_cannot_be_evaluated_say_so() {
    let bed = Bed::start().await;
    bed.with_rules().await;
    bed.partner("contoso", "", 1).await;
    bed.scorecard("contoso", |_| true).await;
    bed.subscription("atlas", "atlas-cloud", "contoso").await;
    bed.usage_in("EUR", "1", "customers/atlas/subscriptions/atlas-cloud", "2024-09-03T10:00:00Z", "5").await;
    let mut tiers = bed.tiers(manager());
    let operation = tiers.evaluate_tiers(wire::EvaluateTiersRequest::default()).await.expect("started").into_inner();
    let done = bed.finished(&operation.name).await;
    let Some(proto::google::longrunning::operation::Result::Response(any)) = &done.result else { panic!("{done:?}") };
    let response: wire::EvaluateTiersResponse = rpc::wire::unpack(any).expect("typed");
    let [failure] = response.failures.as_slice() else { panic!("{response:#?}") };
    assert_eq!(
        (failure.partner.as_str(), failure.tier_program.as_str()),
        ("partners/contoso", "tierPrograms/test-tiers")
    );
    assert!(failure.message.contains("EUR"), "{}", failure.message);
    let request = wire::GetScorecardRequest {
        name: "tierPrograms/test-tiers/scorecards/contoso".into(),
        effective_time: Some(timestamp(bed.clock.now())),
        ..Default::default()
    };
    let status = tiers.get_scorecard(request).await.expect_err("not evaluable");
    assert_eq!((status.code(), reason(&status).as_str()), (Code::FailedPrecondition, "FACTS_NOT_EVALUABLE"));
}

#[tokio::test]
async fn lists_page_and_refuse_what_they_do_not_know() {
    let bed = Bed::start().await;
    bed.with_rules().await;
    for at in 0..5 {
        bed.partner(&format!("p{at}"), "", 1).await;
        bed.architect(&format!("l{at}"), &format!("p{at}")).await;
    }
    for at in 0..5 {
        bed.scorecard(&format!("p{at}"), |scorecard| level(scorecard) == "silver").await;
    }
    let mut awards = bed.awards(manager());
    let mut request = wire::ListBadgesRequest { page_size: 2, ..Default::default() };
    let mut seen = Vec::new();
    loop {
        let page = awards.list_badges(request.clone()).await.expect("listed").into_inner();
        seen.extend(page.badges.into_iter().map(|badge| badge.partner));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(seen, ["partners/p0", "partners/p1", "partners/p2", "partners/p3", "partners/p4"]);
    request.filter = "level = gold".into();
    let status = awards.list_badges(request).await.expect_err("another list's token");
    assert_eq!(reason(&status), "INVALID_PAGE_TOKEN");
    let score = wire::ListBadgesRequest { filter: "score > 3".into(), ..Default::default() };
    assert_eq!(reason(&awards.list_badges(score).await.expect_err("no such field")), "INVALID_FILTER");
    let mut tiers = bed.tiers(manager());
    let one = wire::ListScorecardsRequest {
        parent: "tierPrograms/test-tiers".into(),
        filter: "partner = \"partners/p3\"".into(),
        ..Default::default()
    };
    let found = tiers.list_scorecards(one).await.expect("listed").into_inner().scorecards;
    assert_eq!(found.len(), 1);
    assert!(found[0].divisions[0].explanation.is_none(), "the basic view does not explain");
}
