//! How everybody stands, decided in one pass and explained when somebody reads it.

use proto::association::v1 as association;
use proto::competency::v1 as wire;
use proto::google::longrunning::operation;
use rpc::wire::{timestamp, unpack};
use store::testing::test_databases;
use values::Instant;

use super::bed::*;
use super::simulating::three;
use crate::domain::kept::FactKind;
use crate::ops::rules::Rules;
use crate::ops::{OpError, decide};
use crate::store::{facts, scorecards};

/// Before anybody passed an exam.
const EARLIER: &str = "2023-01-15T00:00:00Z";

fn asking() -> wire::EvaluateTiersRequest {
    wire::EvaluateTiersRequest { decisions_only: true, ..Default::default() }
}

async fn evaluated(bed: &Bed, request: wire::EvaluateTiersRequest) -> wire::EvaluateTiersResponse {
    pinned(bed, request).await.0
}

/// What came out, and up to when facts were seen.
async fn pinned(
    bed: &Bed,
    request: wire::EvaluateTiersRequest,
) -> (wire::EvaluateTiersResponse, Option<prost_types::Timestamp>) {
    let begun = bed.tiers(manager()).evaluate_tiers(request).await.expect("an evaluation begins").into_inner();
    let done = bed.finished(&begun.name).await;
    let metadata: wire::EvaluateTiersMetadata = unpack(done.metadata.as_ref().expect("metadata")).expect("typed");
    match done.result {
        Some(operation::Result::Response(any)) => (unpack(&any).expect("an evaluation answers"), metadata.known_time),
        other => panic!("the evaluation did not succeed: {other:?}"),
    }
}

/// What a scorecard says, whenever it was recorded.
fn said(card: &wire::Scorecard) -> wire::Scorecard {
    wire::Scorecard { revision: 0, etag: String::new(), update_time: None, ..card.clone() }
}

#[tokio::test]
async fn everybody_is_decided_at_once_and_explained_when_read() {
    for database in test_databases().await {
        let bed = Bed::start_on(database.open().await.expect("a fresh database opens")).await;
        three(&bed).await;
        let first = bed.scorecard("adatum", |_| true).await;
        let (now, known_time) = pinned(&bed, asking()).await;
        assert_eq!((now.partner_count, now.changed_scorecard_count, now.changed_award_count), (4, 0, 0));
        assert_eq!(bed.scorecard("adatum", |_| true).await, first, "who stands as before keeps the scorecard");

        let earlier =
            wire::EvaluateTiersRequest { effective_time: Some(timestamp(at(EARLIER))), known_time, ..asking() };
        let decided = evaluated(&bed, earlier.clone()).await;
        assert_eq!(decided.changed_scorecard_count, 2, "silver and gold were not yet: {:?}", database.engine);
        assert_eq!(evaluated(&bed, earlier.clone()).await.changed_scorecard_count, 0, "and are not decided twice");
        let kept = scorecards::find(bed.store.read(), "test-tiers", "contoso").await.expect("read").expect("kept");
        assert_eq!(kept.result_hash, None, "it was decided and not explained");

        let read = bed.scorecard("contoso", |card| level(card).is_empty()).await;
        assert_eq!((read.effective_time, read.revision), (Some(timestamp(at(EARLIER))), kept.revision));
        assert!(read.divisions[0].explanation.is_some() && !read.divisions[0].proposals.is_empty(), "{read:#?}");
        let name = read.name.clone();
        let shown = wire::GetScorecardRequest {
            name: name.clone(),
            view: wire::ScorecardView::Full.into(),
            effective_time: read.effective_time,
            known_time,
        };
        let shown = bed.tiers(manager()).get_scorecard(shown).await.expect("shown").into_inner();
        assert_eq!(said(&read), said(&shown), "it is explained by what was known then");
        let list = wire::ListScorecardsRequest { parent: "tierPrograms/test-tiers".to_owned(), ..Default::default() };
        let list = bed.tiers(manager()).list_scorecards(list).await.expect("listed").into_inner().scorecards;
        let listed = list.iter().find(|card| card.name == name).expect("it is in the list");
        assert_eq!((listed.result_hash.as_str(), listed.revision), ("", read.revision), "a list tells it in short");
        let short = |card: &wire::Scorecard| {
            let division = &card.divisions[0];
            (division.standing, division.level.clone(), division.score.clone())
        };
        assert_eq!(short(listed), short(&read));

        // The awards that its people gave it are still there.
        let awards = wire::ListAwardsRequest { parent: "partners/contoso".to_owned(), ..Default::default() };
        let awards = bed.awards(manager()).list_awards(awards).await.expect("listed").into_inner().awards;
        assert!(awards.iter().any(|award| award.level == "silver"), "{awards:?}");

        // One after the other they are judged the same.
        let each = wire::EvaluateTiersRequest { decisions_only: false, ..earlier };
        evaluated(&bed, each).await;
        let explained = bed.scorecard("contoso", |card| card.revision > read.revision).await;
        assert_eq!(said(&explained), said(&read));
        let now = scorecards::find(bed.store.read(), "test-tiers", "contoso").await.expect("read").expect("kept");
        assert_eq!(now.decision_hash, kept.decision_hash, "both decide the same: {:?}", database.engine);
    }
}

#[tokio::test]
async fn a_decision_whose_facts_are_gone_is_not_explained_by_others() {
    let bed = Bed::start().await;
    three(&bed).await;
    let earlier =
        wire::EvaluateTiersRequest { effective_time: Some(timestamp(at("2024-03-01T00:00:00Z"))), ..asking() };
    assert_eq!(evaluated(&bed, earlier).await.changed_scorecard_count, 1, "fabrikam had no usage then");
    let forget = bed.store.transact(|tx| {
        Box::pin(async move {
            facts::forget(&*tx, FactKind::Certification, "learners/l2/certifications/architect").await?;
            facts::forget(&*tx, FactKind::Certification, "learners/l3/certifications/architect").await
        })
    });
    forget.await.expect("forgotten");
    let request = wire::GetScorecardRequest {
        name: "tierPrograms/test-tiers/scorecards/fabrikam".to_owned(),
        ..Default::default()
    };
    let refused = bed.tiers(manager()).get_scorecard(request).await.expect_err("it cannot be explained");
    assert_eq!(reason(&refused), "FACTS_NOT_EVALUABLE");
    assert!(refused.message().contains("no longer say what was decided"), "{}", refused.message());
}

#[tokio::test]
async fn chunks_that_were_dropped_go_on_where_they_were() {
    let mut bed = Bed::start().await;
    bed.with_rules().await;
    for at in 0..60 {
        bed.partner(&format!("p{at:03}"), "", 1).await;
    }
    bed.architect("l1", "p007").await;
    bed.scorecard("p007", |card| level(card) == "silver").await;
    bed.scorecard("p059", |_| true).await;
    let (whole, known_time) = pinned(&bed, asking()).await;
    let again = wire::EvaluateTiersRequest { known_time, ..asking() };
    bed.stop();
    bed.config.decided_together = 2;
    bed.run().await;
    let begun = bed.tiers(manager()).evaluate_tiers(again).await.expect("begun").into_inner();
    let id = begun.name.rsplit('/').next().expect("an id").to_owned();
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
    let found = crate::store::evaluations::find(bed.store.read(), &id).await.expect("read").expect("there");
    let stopped = found.progress.evaluated;
    assert!((dropped..60).contains(&stopped), "it was dropped in the middle: {dropped}, {stopped}");
    bed.config.decided_together = 7;
    bed.run().await;
    match bed.finished(&begun.name).await.result {
        Some(operation::Result::Response(any)) => {
            let after: wire::EvaluateTiersResponse = unpack(&any).expect("typed");
            assert_eq!((after.partner_count, after.changed_scorecard_count), (60, 0));
            assert_eq!(after.result_hash, whole.result_hash, "chunks make no difference");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_program_that_is_judged_one_by_one_is_refused_by_name() {
    let bed = Bed::start().await;
    let request = wire::StageBundleRequest { documents: super::shipped::sample(), ..Default::default() };
    let staged = bed.bundles(manager()).stage_bundle(request).await.expect("staged").into_inner();
    bed.make_current(&staged.staged_bundle.expect("a reply has its bundle").hash, 1).await;
    bed.partner("harbor", "", 1).await;
    bed.scorecard_under("sample-tiers", "harbor", |_| true).await;
    let refused = bed.tiers(manager()).evaluate_tiers(asking()).await.expect_err("an agreement is asked for");
    assert_eq!(reason(&refused), "JUDGED_ONE_BY_ONE");
    assert!(refused.message().contains("sample/tiers"), "{}", refused.message());
}

#[tokio::test]
async fn who_cannot_be_judged_is_told_and_the_others_are() {
    let bed = Bed::start().await;
    three(&bed).await;
    bed.subscription("borea", "borea-cloud", "adatum").await;
    bed.usage_in("EUR", "2", "customers/borea/subscriptions/borea-cloud", "2024-09-03T10:00:00Z", "5").await;
    let tier_programs = vec!["tierPrograms/test-tiers".to_owned(); 2];
    let done = evaluated(&bed, wire::EvaluateTiersRequest { tier_programs, ..asking() }).await;
    assert_eq!(done.partner_count, 4);
    let failed: Vec<_> = done.failures.iter().map(|failure| failure.partner.as_str()).collect();
    assert_eq!(failed, ["partners/adatum"], "a program that is named twice fails once");
    assert!(done.failures[0].message.contains("EUR"), "{}", done.failures[0].message);
}

#[tokio::test]
async fn facts_that_do_not_go_into_columns_are_judged_one_by_one() {
    let bed = Bed::start().await;
    three(&bed).await;
    // What fabrikam's customer bought becomes something else, and its usage does not say which of the two it is of.
    let subscription = association::Subscription {
        name: "customers/atlas/subscriptions/atlas-cloud".to_owned(),
        product: "cloud".to_owned(),
        workloads: vec!["storage".to_owned()],
        start_time: Some(timestamp(at("2024-01-01T00:00:00Z"))),
        effective_time: Some(timestamp(at("2024-08-01T00:00:00Z"))),
        ..Default::default()
    };
    bed.association.state(&subscription.name, 2, &subscription).await;
    bed.usage_of("", "USD", "3", &subscription.name, "2024-09-04T10:00:00Z", "7").await;
    evaluated(&bed, wire::EvaluateTiersRequest::default()).await;
    let (_, bundle) = Rules::default().current(bed.store.read(), None).await.expect("there are rules");
    let (as_of, known_at) = (bed.clock.now(), Instant::MAX);
    let question = decide::Question { bundle, programs: vec!["test/tiers".to_owned()], as_of, known_at };
    let chunk = decide::read(bed.store.read(), &question, vec!["fabrikam".to_owned()]).await.expect("read");
    let refused = decide::decide(&question, &chunk.known().expect("known"));
    assert!(matches!(&refused, Err(OpError::JudgedOneByOne { why, .. }) if why.contains("atlas-cloud")), "{refused:?}");

    let (now, known_time) = pinned(&bed, asking()).await;
    assert_eq!((now.partner_count, now.changed_scorecard_count, now.failures.len()), (4, 0, 0));
    let earlier = wire::EvaluateTiersRequest { effective_time: Some(timestamp(at(EARLIER))), known_time, ..asking() };
    assert_eq!(evaluated(&bed, earlier).await.changed_scorecard_count, 2);
}
