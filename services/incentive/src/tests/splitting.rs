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
    world.records.forget();
    assert!(world.replay(&run.name, 2, 7).await.identical, "a replay asks nobody");
}
