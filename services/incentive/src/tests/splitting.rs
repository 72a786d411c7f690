//! Where the partner of record changes inside an hour, the single records decide.

use super::world::{World, cents};

async fn swap(world: &World) {
    world.rule_by_sample().await;
    world.partner_is("harbor", "").await;
    world.partner_is("ridgeline", "").await;
    world.customer_is("atlas").await;
    world.of_record("a1", "harbor", "atlas", "2024-01-01T00:00:00Z", Some("2024-09-16T10:30:00Z"), 1).await;
    world.of_record("a2", "ridgeline", "atlas", "2024-09-16T10:30:00Z", None, 1).await;
    world
        .used_all(&[
            ("atlas", "2024-09-16T10:00:00Z", "1.00"),
            ("atlas", "2024-09-16T10:29:59.999999Z", "2.00"),
            ("atlas", "2024-09-16T10:30:00Z", "4.00"),
        ])
        .await;
}

#[tokio::test]
async fn h69_usage_is_split_exactly_at_the_instant() {
    // Rule: incentive.records-decide-inside-an-hour.
    let world = World::start().await;
    swap(&world).await;
    let preview = world.preview("2024-09").await;
    let run = world.close("2024-09").await;
    assert_eq!(preview.result_hash, run.result_hash);
    assert_eq!(run.split_record_count, 3);
    let amounts: Vec<i64> =
        world.statements("2024-09").await.iter().map(|statement| cents(&statement.totals[0].total)).collect();
    assert_eq!(amounts, [75, 100]);
}

#[tokio::test]
async fn what_was_fetched_stays_with_the_run() {
    let world = World::start().await;
    swap(&world).await;
    let run = world.close("2024-09").await;
    world.records.take();
    assert!(world.replay(&run.name, 2, 7).await.identical, "a replay asks nobody");
}

#[tokio::test]
async fn a_run_that_fails_issues_nothing_and_opens_its_period_again() {
    let world = World::start().await;
    swap(&world).await;
    let records = world.records.take();
    let operation = world.begin("2024-09").await.expect("a close begins");
    let failed = world.failed(operation).await;
    assert_eq!(failed, "FACTS_INCONSISTENT", "the records of the hour are not there");
    assert!(world.statements("2024-09").await.is_empty());
    world.records.give(records);
    let run = world.close("2024-09").await;
    assert_eq!(run.name, "periods/2024-09/runs/r2");
    assert_eq!(run.split_record_count, 3);
}

#[tokio::test]
async fn a_run_waits_for_a_neighbor_that_is_away() {
    let world = World::start().await;
    swap(&world).await;
    world.records.answer(false);
    let operation = world.begin("2024-09").await.expect("a close begins");
    world.records.asked_again().await;
    assert!(world.statements("2024-09").await.is_empty());
    world.records.answer(true);
    assert_eq!(world.ended(operation).await.split_record_count, 3);
}

#[tokio::test]
async fn a_cancelled_close_issues_nothing() {
    let world = World::start().await;
    swap(&world).await;
    world.records.answer(false);
    let operation = world.begin("2024-09").await.expect("a close begins");
    world.records.asked_again().await;
    let request = proto::google::longrunning::CancelOperationRequest { name: operation.name.clone() };
    world.finance().operations().cancel_operation(request).await.expect("it can be cancelled");
    assert_eq!(world.failed(operation).await, "CANCELLED");
    assert!(world.statements("2024-09").await.is_empty());
    world.records.answer(true);
    assert_eq!(world.close("2024-09").await.statement_count, 2);
}
