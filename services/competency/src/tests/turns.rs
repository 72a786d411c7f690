//! Who goes first: partners for whom a day has come, and then an evaluation of everybody.

use proto::competency::v1 as wire;
use proto::registry::v1 as registry;
use rpc::wire::timestamp;
use wire::award::State;

use super::bed::*;
use super::lives::award;
use crate::domain::evaluation::{Evaluation, Progress, RunState};
use crate::store::{due, evaluations, waiting};

const PARTNERS: [&str; 6] = ["p1", "p2", "p3", "p4", "p5", "p6"];
/// What the evaluation is asked about: the exams still held.
const ASKED: &str = "2024-09-20T00:00:00Z";

/// Six partners, each with a person whose exam lapses on the 10th of October, and all of them silver until then.
async fn six() -> (Bed, String) {
    let bed = Bed::start().await;
    let hash = bed.with_rules().await;
    for partner in PARTNERS {
        bed.partner(partner, "", 1).await;
        bed.exam(&format!("l-{partner}"), "architect", 1, Some("2024-10-10T00:00:00Z")).await;
        let link = registry::LearnerLink {
            name: format!("learners/l-{partner}/links/l1"),
            partner: format!("partners/{partner}"),
            start_time: Some(timestamp(at("2023-01-01T00:00:00Z"))),
            ..Default::default()
        };
        bed.registry.state(&link.name, 1, &link).await;
    }
    for partner in PARTNERS {
        bed.scorecard(partner, |card| level(card) == "silver").await;
    }
    let mut commits = bed.store.commits();
    loop {
        commits.mark_unchanged();
        if waiting::list(bed.store.read(), 1).await.expect("read").is_empty() {
            return (bed, hash);
        }
        let _ = commits.changed().await;
    }
}

/// An evaluation of everybody at [`ASKED`], as the service keeps one that has not begun.
fn asked(hash: &str) -> Evaluation {
    Evaluation {
        id: "e1".to_owned(),
        state: RunState::Waiting,
        programs: vec!["test/tiers".to_owned()],
        bundle_hash: hash.to_owned(),
        as_of: at(ASKED),
        known_at: at(ASKED),
        progress: Progress::default(),
        result_hash: String::new(),
        decisions_only: false,
        cancel_asked: false,
        error: None,
        created: at(ASKED),
        updated: at(ASKED),
    }
}

/// The rule `competency.days-come-by-themselves`, also where an evaluation of everybody waits.
#[tokio::test]
async fn an_evaluation_of_everybody_waits_for_those_whose_day_has_come() {
    let (mut bed, hash) = six().await;
    bed.stop();
    bed.clock.advance_to(at("2024-10-12T00:00:00Z"));
    let overdue = due::list(bed.store.read(), bed.clock.now(), 10).await.expect("read");
    assert_eq!(overdue.len(), PARTNERS.len(), "the day on which the exams lapsed has come for all: {overdue:?}");
    let asked = &asked(&hash);
    let kept = bed.store.transact(|tx| Box::pin(async move { evaluations::create(&*tx, asked).await }));
    kept.await.expect("recorded");

    // One partner a turn: in the first turn of the service five have not had theirs.
    bed.config.batch = 1;
    bed.run().await;
    bed.finished("competency/operations/e1").await;
    for partner in PARTNERS {
        // What was asked is recorded over the present, which was recorded before.
        let card = bed.scorecard(partner, |card| level(card) == "silver").await;
        assert_eq!(card.effective_time, Some(timestamp(at(ASKED))), "{partner}: the present went first");
        // The present took the award on its day, and an evaluation of the past does not give it back.
        let name = format!("partners/{partner}/awards/test-tiers-cloud-platform-1");
        let lost = award(&bed, &name, |_| true).await;
        assert_eq!(lost.state(), State::Ended, "{partner}: {lost:?}");
    }
    let overdue = due::list(bed.store.read(), bed.clock.now(), 10).await.expect("read");
    assert_eq!(overdue, [], "nobody is left to record the present over it");
}
