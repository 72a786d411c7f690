//! From facts to scorecards, awards and badges, and back in time.

use proto::competency::v1 as wire;
use tonic_types::StatusExt;
use values::Instant;

use super::bed::*;
use rpc::wire::{instant, timestamp, unpack};

/// Contoso with one architect: silver.
async fn silver() -> Bed {
    silver_on(Bed::start().await).await
}

async fn silver_on(bed: Bed) -> Bed {
    bed.with_rules().await;
    bed.partner("contoso", "", 1).await;
    bed.architect("l1", "contoso").await;
    bed.scorecard("contoso", |scorecard| level(scorecard) == "silver").await;
    bed
}

fn known(scorecard: &wire::Scorecard) -> Instant {
    instant(scorecard.known_time.as_ref().expect("known")).expect("a time")
}

#[tokio::test]
async fn a_followed_change_makes_a_new_scorecard_with_the_way_to_the_next_level() {
    let bed = silver().await;
    let scorecard = bed.scorecard("contoso", |scorecard| level(scorecard) == "silver").await;
    let division = &scorecard.divisions[0];
    assert_eq!((division.division.as_str(), division.next_level.as_str()), ("cloud-platform", "gold"));
    let gold = division.levels.iter().find(|level| level.level == "gold").expect("gold is shown");
    assert!(!gold.reached);
    let people = gold.missing.iter().find(|it| it.rule.ends_with("architects")).expect("people are missing");
    assert_eq!(people.gap.as_ref().expect("a gap").fraction, "1");
    assert_eq!(people.bound.as_ref().expect("a bound").unit, "person");
    assert!(!division.proposals.is_empty(), "{division:#?}");
    let explanation = division.explanation.as_ref().expect("the full view explains");
    assert!(mentions(explanation, "l1/architect"), "{explanation:#?}");

    bed.architect("l2", "contoso").await;
    bed.subscription("atlas", "atlas-cloud", "contoso").await;
    bed.usage("1", "customers/atlas/subscriptions/atlas-cloud", "2024-09-03T10:00:00Z", "60.00000000001").await;
    bed.usage("2", "customers/atlas/subscriptions/atlas-cloud", "2024-09-03T10:00:00Z", "39.99999999999").await;
    let scorecard = bed.scorecard("contoso", |scorecard| level(scorecard) == "gold").await;
    assert!(scorecard.revision > 1);
    let gold = scorecard.divisions[0].levels.iter().find(|level| level.level == "gold").expect("gold is shown");
    let spend = gold.met.iter().find(|it| it.rule.ends_with("spend")).expect("spend is met");
    assert_eq!(spend.actual.as_ref().expect("a quantity").fraction, "100");
}

fn mentions(node: &wire::ExplanationNode, key: &str) -> bool {
    node.counted_facts.iter().any(|fact| fact.key.starts_with(key))
        || node.children.iter().any(|child| mentions(child, key))
}

#[tokio::test]
async fn people_of_a_location_count_for_the_global_account() {
    let bed = Bed::start().await;
    bed.with_rules().await;
    bed.partner("contoso", "", 1).await;
    bed.partner("contoso-berlin", "partners/contoso", 1).await;
    bed.architect("l1", "contoso-berlin").await;
    bed.scorecard("contoso", |scorecard| level(scorecard) == "silver").await;
    let request = wire::GetScorecardRequest {
        name: "tierPrograms/test-tiers/scorecards/contoso-berlin".into(),
        ..Default::default()
    };
    let status = bed.tiers(manager()).get_scorecard(request).await.expect_err("locations have none");
    assert_eq!(reason(&status), "NOT_FOUND");
}

// Every revision says something new: the rule `competency.revision-says-something-new`.
#[tokio::test]
async fn a_replay_of_an_old_known_time_gives_the_same() {
    let bed = silver().await;
    let old = bed.scorecard("contoso", |scorecard| level(scorecard) == "silver").await;
    bed.clock.advance_to(at("2024-09-20T00:00:00Z"));
    bed.architect("l2", "contoso").await;
    bed.exam("l1", "architect", 2, Some("2024-01-01T00:00:00Z")).await;
    bed.subscription("atlas", "atlas-cloud", "contoso").await;
    bed.usage("1", "customers/atlas/subscriptions/atlas-cloud", "2024-09-03T10:00:00Z", "100").await;
    let new = bed.scorecard("contoso", |it| it.revision > old.revision && level(it) == "silver").await;

    let ask = |scorecard: &wire::Scorecard| wire::GetScorecardRequest {
        name: scorecard.name.clone(),
        view: wire::ScorecardView::Full.into(),
        effective_time: scorecard.effective_time,
        known_time: scorecard.known_time,
    };
    for kept in [&old, &new] {
        let replayed = bed.tiers(manager()).get_scorecard(ask(kept)).await.expect("evaluated").into_inner();
        assert_eq!(replayed.result_hash, kept.result_hash);
        assert_eq!(replayed.divisions, kept.divisions);
        assert_eq!(replayed.revision, 0, "a replay records nothing");
    }
    let request = wire::ListScorecardRevisionsRequest { name: old.name.clone(), ..Default::default() };
    let history = bed.tiers(manager()).list_scorecard_revisions(request).await.expect("listed").into_inner();
    let revisions: Vec<i64> = history.scorecards.iter().map(|it| it.revision).collect();
    assert!(revisions.windows(2).all(|pair| pair[0] == pair[1] + 1), "{revisions:?}");
    assert_eq!(revisions.last(), Some(&1));
}

#[tokio::test]
async fn awards_are_given_shown_as_badges_told_and_lost() {
    for database in store::testing::test_databases().await {
        let store = database.open().await.unwrap_or_else(|error| panic!("{:?}: {error}", database.engine));
        awards_come_and_go(silver_on(Bed::start_on(store).await).await).await;
    }
}

async fn awards_come_and_go(bed: Bed) {
    let mut awards = bed.awards(manager());
    let parent = "partners/contoso".to_owned();
    let listed = awards.list_awards(wire::ListAwardsRequest { parent: parent.clone(), ..Default::default() });
    let listed = listed.await.expect("listed").into_inner().awards;
    let [award] = listed.as_slice() else { panic!("{listed:#?}") };
    assert_eq!((award.level.as_str(), award.state()), ("silver", wire::award::State::Enrolled));
    assert_eq!(award.name, "partners/contoso/awards/test-tiers-cloud-platform-1");

    let find = |filter: &str| wire::ListBadgesRequest { filter: filter.to_owned(), ..Default::default() };
    let mut public = bed.awards(owner());
    let filter = "area = \"cloud-platform\" AND region_code = \"DE\" AND roles:\"service-provider\" AND level = silver";
    let badges = public.list_badges(find(filter)).await.expect("anybody may").into_inner().badges;
    let [badge] = badges.as_slice() else { panic!("{badges:#?}") };
    assert_eq!((badge.partner_display_name.as_str(), badge.level.as_str()), ("contoso Ltd", "silver"));
    assert!(public.list_badges(find("level = gold")).await.expect("anybody may").into_inner().badges.is_empty());
    let one = public.get_badge(wire::GetBadgeRequest { name: badge.name.clone() }).await.expect("shown").into_inner();
    assert_eq!(one, *badge);

    bed.clock.advance_to(at("2024-10-01T00:00:00Z"));
    bed.exam("l1", "architect", 2, Some("2024-09-30T00:00:00Z")).await;
    bed.scorecard("contoso", |scorecard| level(scorecard).is_empty()).await;
    let get = wire::GetAwardRequest { name: award.name.clone(), known_time: None };
    let ended = awards.get_award(get).await.expect("there").into_inner();
    assert_eq!(ended.state(), wire::award::State::Ended);
    let then = Some(timestamp(at("2024-09-20T00:00:00Z")));
    let before = awards.get_award(wire::GetAwardRequest { name: award.name.clone(), known_time: then }).await;
    assert_eq!(before.expect("there").into_inner().state(), wire::award::State::Enrolled);
    assert!(public.list_badges(find("")).await.expect("anybody may").into_inner().badges.is_empty());
    let status = public.get_badge(wire::GetBadgeRequest { name: badge.name.clone() }).await.expect_err("gone");
    assert_eq!(reason(&status), "NOT_FOUND");

    let unread = wire::ListNoticesRequest { parent, filter: "acknowledged = false".into(), ..Default::default() };
    let mut partner = bed.awards(reader("contoso"));
    let notices = partner.list_notices(unread.clone()).await.expect("listed").into_inner().notices;
    let subjects: Vec<_> = notices.iter().map(wire::Notice::subject).collect();
    assert_eq!(subjects, [wire::notice::Subject::AwardEnded, wire::notice::Subject::AwardGranted]);
    let get = wire::GetNoticeRequest { name: notices[0].name.clone() };
    assert_eq!(partner.get_notice(get).await.expect("there").into_inner(), notices[0]);
    let acknowledge = wire::AcknowledgeNoticeRequest { name: notices[0].name.clone(), ..Default::default() };
    let read = partner.acknowledge_notice(acknowledge.clone()).await.expect("acknowledged").into_inner();
    assert!(read.acknowledge_time.is_some());
    assert_eq!(partner.acknowledge_notice(acknowledge).await.expect("again").into_inner(), read);
    let stale = wire::AcknowledgeNoticeRequest {
        name: notices[0].name.clone(),
        etag: notices[0].etag.clone(),
        ..Default::default()
    };
    let status = partner.acknowledge_notice(stale).await.expect_err("stale");
    assert_eq!(reason(&status), "ETAG_MISMATCH");
    assert_eq!(partner.list_notices(unread).await.expect("listed").into_inner().notices.len(), 1);
}

#[tokio::test]
async fn a_new_bundle_rules_and_the_old_one_stays_askable() {
    let bed = silver().await;
    let old = bed.scorecard("contoso", |scorecard| level(scorecard) == "silver").await;
    bed.clock.advance_to(at("2024-09-16T00:00:00Z"));
    let harder = DOCUMENTS.replace("silver: {architects: 1 person}", "silver: {architects: 5 people}");
    let hash = bed.stage(&harder).await;
    bed.make_current(&hash, 2).await;
    let new = bed.scorecard("contoso", |scorecard| level(scorecard).is_empty()).await;
    assert_eq!(new.bundle_hash, hash);
    let request = wire::GetScorecardRequest {
        name: old.name.clone(),
        known_time: Some(timestamp(known(&old))),
        effective_time: old.effective_time,
        ..Default::default()
    };
    let asked = bed.tiers(manager()).get_scorecard(request).await.expect("evaluated").into_inner();
    assert_eq!(asked.result_hash, old.result_hash, "known then: by the bundle that was current then");
}

#[tokio::test]
async fn all_partners_are_evaluated_as_an_operation_pinned_to_one_instant() {
    let mut results = Vec::new();
    for database in store::testing::test_databases().await {
        let store = database.open().await.unwrap_or_else(|error| panic!("{:?}: {error}", database.engine));
        results.push(evaluate_all(silver_on(Bed::start_on(store).await).await).await);
    }
    assert!(results.windows(2).all(|pair| pair[0] == pair[1]), "both engines come to the same: {results:?}");
}

/// Evaluates everybody twice at one instant, and answers with the hash.
async fn evaluate_all(bed: Bed) -> String {
    for at in 0..120 {
        bed.partner(&format!("p{at:03}"), "", 1).await;
    }
    bed.clock.advance_to(at("2024-09-18T00:00:00Z"));
    let request =
        wire::EvaluateTiersRequest { request_id: "6f1a2f0e-5c1c-4f6c-9d0a-3f6a52a1b001".into(), ..Default::default() };
    let mut tiers = bed.tiers(manager());
    let operation = tiers.evaluate_tiers(request.clone()).await.expect("started").into_inner();
    let again = tiers.evaluate_tiers(request.clone()).await.expect("replayed").into_inner();
    assert_eq!(operation, again, "a request has one effect");
    let other = wire::EvaluateTiersRequest { tier_programs: vec!["tierPrograms/test-tiers".into()], ..request };
    let status = tiers.evaluate_tiers(other).await.expect_err("another request");
    assert_eq!(reason(&status), "REQUEST_ID_REUSED");

    let done = bed.finished(&operation.name).await;
    let metadata: wire::EvaluateTiersMetadata = unpack(done.metadata.as_ref().expect("metadata")).expect("typed");
    assert_eq!(metadata.state(), wire::evaluate_tiers_metadata::State::Succeeded);
    assert_eq!((metadata.partner_count, metadata.evaluated_partner_count), (121, 121));
    assert_eq!(metadata.known_time, Some(timestamp(at("2024-09-18T00:00:00Z"))));
    let first = response(&done);
    assert!(first.failures.is_empty());

    let pinned = wire::EvaluateTiersRequest {
        known_time: metadata.known_time,
        effective_time: metadata.effective_time,
        ..Default::default()
    };
    bed.clock.advance_to(at("2024-09-19T00:00:00Z"));
    bed.architect("l9", "p007").await;
    bed.scorecard("p007", |scorecard| level(scorecard) == "silver").await;
    let operation = tiers.evaluate_tiers(pinned).await.expect("started").into_inner();
    let second = response(&bed.finished(&operation.name).await);
    assert_eq!(second.result_hash, first.result_hash, "the same instant gives the same results");
    second.result_hash
}

fn response(operation: &proto::google::longrunning::Operation) -> wire::EvaluateTiersResponse {
    match &operation.result {
        Some(proto::google::longrunning::operation::Result::Response(any)) => unpack(any).expect("typed"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_operation_that_was_dropped_goes_on_where_it_was() {
    let mut bed = silver().await;
    for at in 0..180 {
        bed.partner(&format!("p{at:03}"), "", 1).await;
    }
    bed.scorecard("p179", |_| true).await;
    let mut tiers = bed.tiers(manager());
    let whole = tiers.evaluate_tiers(wire::EvaluateTiersRequest::default()).await.expect("started").into_inner();
    let whole = bed.finished(&whole.name).await;
    let metadata: wire::EvaluateTiersMetadata = unpack(whole.metadata.as_ref().expect("metadata")).expect("typed");
    let pinned = wire::EvaluateTiersRequest {
        known_time: metadata.known_time,
        effective_time: metadata.effective_time,
        ..Default::default()
    };
    let operation = tiers.evaluate_tiers(pinned).await.expect("started").into_inner();
    let id = operation.name.rsplit('/').next().expect("an id").to_owned();
    let mut commits = bed.store.commits();
    let dropped = loop {
        commits.mark_unchanged();
        let found = crate::store::evaluations::find(bed.store.read(), &id).await.expect("read").expect("there");
        if found.progress.evaluated > 0 {
            break found.progress.evaluated;
        }
        let _ = commits.changed().await;
    };
    bed.stop();
    assert!(dropped < 181, "it was dropped in the middle");
    bed.run().await;
    let done = bed.finished(&operation.name).await;
    let after = response(&done);
    assert_eq!(after.partner_count, 181, "no partner was left out or evaluated twice");
    assert_eq!(after.result_hash, response(&whole).result_hash);
}

#[tokio::test]
async fn an_operation_can_be_cancelled() {
    let bed = silver().await;
    for at in 0..200 {
        bed.partner(&format!("p{at:03}"), "", 1).await;
    }
    let mut tiers = bed.tiers(manager());
    let operation = tiers.evaluate_tiers(wire::EvaluateTiersRequest::default()).await.expect("started").into_inner();
    let request = proto::google::longrunning::CancelOperationRequest { name: operation.name.clone() };
    bed.operations().cancel_operation(request).await.expect("asked");
    let done = bed.finished(&operation.name).await;
    let Some(proto::google::longrunning::operation::Result::Error(status)) = done.result else { panic!("{done:?}") };
    let status = rpc::fault::from_rpc_status(&status);
    assert_eq!(status.get_details_error_info().map(|info| info.reason).as_deref(), Some("CANCELLED"));
}

#[tokio::test]
async fn an_operation_about_the_past_is_not_overwritten_by_changes_that_it_has_seen() {
    let bed = silver().await;
    bed.architect("l2", "contoso").await;
    bed.subscription("atlas", "atlas-cloud", "contoso").await;
    bed.clock.advance_to(at("2024-10-02T00:00:00Z"));
    // The bill of September arrives in October, when the running month is another one.
    bed.usage("1", "customers/atlas/subscriptions/atlas-cloud", "2024-09-03T10:00:00Z", "100").await;
    let request = wire::EvaluateTiersRequest {
        effective_time: Some(timestamp(at("2024-09-30T23:59:59Z"))),
        ..Default::default()
    };
    let operation = bed.tiers(manager()).evaluate_tiers(request).await.expect("started").into_inner();
    bed.finished(&operation.name).await;
    let scorecard = bed.scorecard("contoso", |scorecard| level(scorecard) == "gold").await;
    assert_eq!(scorecard.effective_time, Some(timestamp(at("2024-09-30T23:59:59Z"))));
    let waiting = crate::store::waiting::list(bed.store.read(), 5).await.expect("read");
    assert!(waiting.is_empty(), "nobody is left to record the present over it: {waiting:?}");
}

#[tokio::test]
async fn a_preview_scores_and_grants_nothing() {
    let bed = Bed::start().await;
    let text = DOCUMENTS.replace(
        "title: Silver and gold\neffective: 2020-01-01",
        "title: Silver and gold\neffective: 2024-10-03\nshown-from: 2024-03-16",
    );
    let hash = bed.stage(&text).await;
    bed.make_current(&hash, 1).await;
    bed.partner("contoso", "", 1).await;
    bed.architect("l1", "contoso").await;
    let scorecard = bed.scorecard("contoso", |it| !it.divisions[0].levels.is_empty()).await;
    assert!(scorecard.preview);
    let list = || wire::ListAwardsRequest { parent: "partners/-".into(), ..Default::default() };
    let mut awards = bed.awards(manager());
    assert!(awards.list_awards(list()).await.expect("listed").into_inner().awards.is_empty());
    let program = wire::GetTierProgramRequest { name: "tierPrograms/test-tiers".into() };
    let program = bed.tiers(owner()).get_tier_program(program).await.expect("anybody may").into_inner();
    assert_eq!(program.preview_date.map(|date| (date.year, date.month, date.day)), Some((2024, 3, 16)));

    bed.clock.advance_to(at("2024-10-03T00:00:00Z"));
    let evaluate = bed.tiers(manager()).evaluate_tiers(wire::EvaluateTiersRequest::default()).await;
    bed.finished(&evaluate.expect("started").into_inner().name).await;
    let scorecard = bed.scorecard("contoso", |it| level(it) == "silver").await;
    assert!(!scorecard.preview);
    assert_eq!(awards.list_awards(list()).await.expect("listed").into_inner().awards.len(), 1);
}
