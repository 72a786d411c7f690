//! The demo killed at any moment and started again ends with the same numbers, on every engine.
//!
//! The test runs itself as a child process that tells the story on given databases, and ends it with
//! SIGKILL after a random time; the last child is left alone.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use harness::{SuiteDatabases, engines};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::process::{Child, Command};

use crate::stage::told;

/// Names the databases for a child: `engine|role=url|role=url`.
const DATABASES: &str = "ACCOLADE_STORY_DATABASES";
/// The file into which a child writes what it told.
const RESULT: &str = "ACCOLADE_STORY_RESULT";
/// How often the story is killed on each engine.
const KILLS: u32 = 8;

#[expect(
    clippy::disallowed_methods,
    reason = "how this test talks to its own child processes, and a seed from outside"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Does nothing in a usual run; in a child it tells the story.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() -> Result<()> {
    let (Some(databases), Some(result)) = (variable(DATABASES), variable(RESULT)) else { return Ok(()) };
    let databases = SuiteDatabases::parse(&databases).context("the parent names databases")?;
    let told = told(&databases, vec![cli::sample::bill()]).await?;
    std::fs::write(result, serde_json::to_vec(&told)?)?;
    Ok(())
}

fn spawn(databases: &SuiteDatabases, result: &Path) -> Result<Child> {
    let child = Command::new(std::env::current_exe()?)
        .args(["--exact", "killed::child", "--nocapture"])
        .env(DATABASES, databases.to_string())
        .env(RESULT, result)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    Ok(child)
}

#[tokio::test]
async fn killed_at_any_moment_and_started_again_it_ends_with_the_same_numbers() -> Result<()> {
    let seed =
        variable("ACCOLADE_TEST_SEED").and_then(|seed| seed.parse().ok()).unwrap_or_else(|| rand::rng().next_u64());
    eprintln!("killed_at_any_moment: ACCOLADE_TEST_SEED={seed}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let folder = tempfile::tempdir()?;
    for calm in engines().await {
        let engine = calm.engine;
        let expected = folder.path().join(format!("{engine:?}-calm.json"));
        let started = std::time::Instant::now();
        ensure!(spawn(&calm, &expected)?.wait().await?.success(), "the story cannot be told on {engine:?}");
        let whole = started.elapsed();
        let result = folder.path().join(format!("{engine:?}-killed.json"));
        let same = |hits: u32| -> Result<()> {
            let (result, expected) = (std::fs::read_to_string(&result)?, std::fs::read_to_string(&expected)?);
            assert_eq!(result, expected, "after {hits} kills on {engine:?}");
            Ok(())
        };
        let mut hunted = fresh(engine).await?;
        let mut hits = 0;
        while hits < KILLS {
            let mut child = spawn(&hunted, &result)?;
            match killed_within(&mut child, random.random_range(Duration::ZERO..whole)).await? {
                true => hits += 1,
                // It came to its end in time: the same story again, from the beginning.
                false => {
                    ensure!(child.wait().await?.success(), "the story does not go on after {hits} kills on {engine:?}");
                    same(hits)?;
                    hunted = fresh(engine).await?;
                }
            }
        }
        ensure!(
            spawn(&hunted, &result)?.wait().await?.success(),
            "the story does not go on after {hits} kills on {engine:?}"
        );
        same(hits)?;
    }
    Ok(())
}

/// Fresh databases on this engine.
async fn fresh(engine: store::Engine) -> Result<SuiteDatabases> {
    engines().await.into_iter().find(|it| it.engine == engine).context("the engine was there a moment ago")
}

/// Kills the child after this time, unless it ends before; says whether it was killed.
async fn killed_within(child: &mut Child, mercy: Duration) -> Result<bool> {
    if tokio::time::timeout(mercy, child.wait()).await.is_ok() {
        return Ok(false);
    }
    child.kill().await?;
    Ok(true)
}
