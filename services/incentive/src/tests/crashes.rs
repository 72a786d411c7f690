//! Killed anywhere and started again, a close ends with the same numbers.

use std::time::Duration;

use rand::{RngExt, SeedableRng};

use super::closing::autumn;
use super::world::World;

/// Which moments a close is killed at. Another number finds other moments.
const SEED: u64 = 20_240_930;

#[tokio::test]
async fn a_close_killed_at_any_point_ends_with_the_same_numbers() {
    let whole = World::start().await;
    autumn(&whole).await;
    let expected = whole.close("2024-09").await.result_hash;
    let statements = whole.statements("2024-09").await;

    let seed = SEED;
    println!("seed {seed}");
    let mut chance = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    let mut interrupted = 0;
    for round in 0..6 {
        for database in store::testing::test_databases().await {
            let store = database.open().await.expect("the database opens");
            let mut world = World::on(store).await;
            autumn(&world).await;
            world.preview("2024-09").await;
            let operation = world.begin("2024-09").await.expect("a close begins");
            let mut kills = 0;
            while kills < 12 {
                // Some of these moments are inside a step, some between two, some after the end.
                let patience = Duration::from_micros(chance.random_range(0..30_000));
                let ended = tokio::time::timeout(patience, world.ended(operation.clone())).await;
                if ended.is_ok() {
                    break;
                }
                world.kill();
                kills += 1;
                interrupted += 1;
                world.run(chance.random_range(1..9)).await;
            }
            let run = world.ended(operation).await;
            assert_eq!(run.result_hash, expected, "seed {seed}, round {round} on {:?}", database.engine);
            let contents = |statements: &[proto::incentive::v1::Statement]| -> Vec<String> {
                statements.iter().map(|statement| statement.content_hash.clone()).collect()
            };
            assert_eq!(contents(&world.statements("2024-09").await), contents(&statements));
            assert!(world.replay(&run.name, 2, 3).await.identical);
        }
    }
    assert!(interrupted > 5, "seed {seed}: only {interrupted} kills hit a close that was under way");
}

#[tokio::test]
async fn two_processes_that_drive_one_run_issue_it_once() {
    for database in store::testing::test_databases().await {
        let store = database.open().await.expect("the database opens");
        let mut world = World::on(store).await;
        autumn(&world).await;
        world.join().await;
        world.join().await;
        let run = world.close("2024-09").await;
        assert_eq!(run.statement_count, 2, "on {:?}", database.engine);
        assert_eq!(world.statements("2024-09").await.len(), 2);
        assert!(world.replay(&run.name, 1, 0).await.identical);
    }
}
