//! The main job: facts in, statements out, once, explained and repeatable.

use proto::incentive::v1 as pb;

use super::world::{World, cents, subscription};

/// Two partners, two customers: atlas changes its partner of record in the middle of the month, crosses its
/// bracket, and borealis has nobody.
pub(super) async fn autumn(world: &World) {
    world.rule_by_sample().await;
    world.partner_is("harbor", "").await;
    world.partner_is("ridgeline", "").await;
    for customer in ["atlas", "borealis"] {
        world.customer_is(customer).await;
    }
    world.of_record("a1", "harbor", "atlas", "2024-01-01T00:00:00Z", Some("2024-09-16T00:00:00Z"), 1).await;
    world.of_record("a2", "ridgeline", "atlas", "2024-09-16T00:00:00Z", None, 1).await;
    world
        .used_all(&[
            ("atlas", "2024-09-02T10:00:00Z", "6.00"),
            ("atlas", "2024-09-20T10:00:00Z", "8.00"),
            ("atlas", "2024-09-21T10:00:00Z", "-2.00"),
            ("borealis", "2024-09-03T10:00:00Z", "4.00"),
        ])
        .await;
}

#[tokio::test]
async fn a_period_closes_into_statements_that_add_up() {
    let world = World::start().await;
    autumn(&world).await;
    let run = world.close("2024-09").await;
    assert_eq!(run.state(), pb::run::State::Succeeded);
    assert_eq!(run.statement_count, 2, "rule incentive.lines-add-up: one statement for each payee");
    // 12.00 in all: 10 at 25 % and 2 at 10 % make 2.70, shared by basis 6 : 6.
    let statements = world.statements("2024-09").await;
    let totals: Vec<(String, i64)> =
        statements.iter().map(|statement| (statement.partner.clone(), cents(&statement.totals[0].total))).collect();
    assert_eq!(totals, [("partners/harbor".to_owned(), 135), ("partners/ridgeline".to_owned(), 135)]);
    for statement in &statements {
        let lines = world.lines(&statement.name).await;
        let sum: i64 = lines.iter().map(|line| cents(&line.amount)).sum();
        assert_eq!(sum, cents(&statement.totals[0].total), "{}", statement.name);
        assert_eq!(lines.len(), usize::try_from(statement.line_count).expect("a few lines"));
    }
    let unpaid = world.lines(&run.name).await;
    assert_eq!(unpaid.len(), 1, "rule incentive.not-earned-says-why: {unpaid:?}");
    assert_eq!(unpaid[0].reason_code, "not-recognized");
    assert_eq!(unpaid[0].subscription, subscription("borealis"));
    assert_eq!(cents(&unpaid[0].amount), 0);
}

#[tokio::test]
async fn h79_control_totals_agree_at_every_stage() {
    // Rules: incentive.control-totals-agree, incentive.usage-is-rated-whole, incentive.every-entry-balances.
    let world = World::start().await;
    autumn(&world).await;
    let run = world.close("2024-09").await;
    assert_eq!(run.control_totals.len(), 1);
    let total = &run.control_totals[0];
    for stage in [&total.rated, &total.lines, &total.statements, &total.ledger] {
        assert_eq!(cents(stage), 270);
    }
    for basis in &total.bases {
        assert_eq!(basis.lines, basis.facts, "{}", basis.lever);
    }
    let request = pb::ListPostingsRequest { parent: "partners/-".to_owned(), ..Default::default() };
    let postings = world.finance().ledger().list_postings(request).await.expect("postings").into_inner().postings;
    assert_eq!(postings.iter().map(|posting| cents(&posting.amount)).sum::<i64>(), 0);
    let payable = postings.iter().filter(|posting| posting.account() == pb::posting::Account::PartnerPayable);
    assert_eq!(payable.map(|posting| cents(&posting.amount)).sum::<i64>(), 270);
    for posting in &postings {
        let request = pb::GetPostingRequest { name: posting.name.clone() };
        assert_eq!(world.finance().ledger().get_posting(request).await.expect("listed").into_inner(), *posting);
    }
    let request = pb::GetPostingRequest { name: postings[0].name.replace("2024-09", "2023-09") };
    let missing = world.finance().ledger().get_posting(request).await.expect_err("nothing was closed then");
    assert_eq!(missing.code(), tonic::Code::NotFound);
}

#[tokio::test]
async fn h75_a_preview_equals_the_close_line_by_line() {
    let world = World::start().await;
    autumn(&world).await;
    let preview = world.preview("2024-09").await;
    let run = world.close("2024-09").await;
    assert_eq!(preview.result_hash, run.result_hash);
    let mut lines = Vec::new();
    for statement in world.statements("2024-09").await {
        lines.extend(world.lines(&statement.name).await);
        let previewed = preview.statements.iter().find(|previewed| previewed.name == statement.name);
        assert_eq!(previewed.map(|previewed| &previewed.content_hash), Some(&statement.content_hash));
    }
    assert_eq!(preview.statement_lines, lines);
}

#[tokio::test]
async fn a_replay_gives_the_same_bytes_whatever_the_split() {
    // Rule: incentive.a-result-names-its-inputs.
    let world = World::start().await;
    autumn(&world).await;
    let run = world.close("2024-09").await;
    world.used("atlas", "2024-09-25T00:00:00Z", "100.00").await;
    for (workers, parts) in [(1, 1), (2, 3), (8, 64), (1, 0)] {
        let replay = world.replay(&run.name, workers, parts).await;
        assert_eq!(replay.result_hash, run.result_hash, "{workers} workers, {parts} parts");
        assert!(replay.identical);
    }
}

#[tokio::test]
async fn the_order_of_arrival_and_the_cutting_into_batches_change_nothing() {
    let one = World::start().await;
    autumn(&one).await;
    let other = World::start().await;
    other.used("borealis", "2024-09-03T10:00:00Z", "4.00").await;
    other.used("atlas", "2024-09-21T10:00:00Z", "-2.00").await;
    other.customer_is("borealis").await;
    other.of_record("a2", "ridgeline", "atlas", "2024-09-16T00:00:00Z", None, 1).await;
    other.partner_is("ridgeline", "").await;
    other.customer_is("atlas").await;
    other.used("atlas", "2024-09-20T10:00:00Z", "8.00").await;
    other.of_record("a1", "harbor", "atlas", "2024-01-01T00:00:00Z", Some("2024-09-16T00:00:00Z"), 1).await;
    other.partner_is("harbor", "").await;
    other.at("2024-10-17T03:04:05Z");
    other.used("atlas", "2024-09-02T10:00:00Z", "6.00").await;
    other.rule_by_sample().await;
    let (one, other) = (one.close("2024-09").await, other.close("2024-09").await);
    assert_ne!(one.known_time, other.known_time);
    assert_eq!(one.result_hash, other.result_hash);
}

#[tokio::test]
async fn an_award_that_arrives_is_part_of_what_is_known() {
    let world = World::start().await;
    autumn(&world).await;
    let without = world.preview("2024-09").await;
    world.awarded("harbor", 1).await;
    let with = world.preview("2024-09").await;
    assert_ne!(without.result_hash, with.result_hash, "the facts differ");
    assert_eq!(without.statements, with.statements, "and no rule of the sample asks for it");
}
