//! Killed at any moment and started again, the demo ends with the same numbers.

use std::path::Path;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::demo::expected;
use crate::running::Running;

/// How often the demo is killed on each engine before it may run to its end: once after each line that it tells.
const KILLS: usize = 13;

/// The names of the databases of one run, so that `{role}` in the demo's URL finds them.
const ROLES: [&str; 4] = ["registry", "association", "competency", "incentive"];

#[test]
fn on_sqlite() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    killed_many_times(folder.path(), &[]);
}

#[tokio::test]
async fn on_postgresql() {
    let mut url = None;
    for role in ROLES {
        let Some(database) = store::testing::postgres_database_named(&format!("killed_{role}")).await else { return };
        url = Some(database.url.replace(&format!("killed_{role}"), "killed_{role}"));
    }
    let url = url.expect("there are roles");
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    killed_many_times(folder.path(), &["--database", &url]);
}

fn killed_many_times(folder: &Path, more: &[&str]) {
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let arguments: Vec<&str> = ["demo", "--data", "demo"].into_iter().chain(more.iter().copied()).collect();
    let mut acts = Vec::new();
    for after in 0..KILLS {
        // Each time one line further, so that every act is hit, at a moment of what follows the line.
        let moment = Duration::from_micros(random.random_range(0..400_000));
        let running = Running::start(folder, &arguments);
        match killed_after(&running, after, moment) {
            Some(act) => acts.push(act),
            None => break,
        }
        running.kill();
    }
    let (status, stdout) = Running::start(folder, &arguments).end();
    assert!(status.success(), "the demo did not come to its end after {} kills (seed {seed})", acts.len());
    assert_eq!(stdout, expected("demo.txt"), "seed {seed}, killed during {acts:?}");
    let hit = |word: &str| acts.iter().any(|act| act.contains(word));
    println!("killed during {acts:?}");
    assert!(acts.len() >= KILLS / 2, "only {} kills hit a running demo (seed {seed})", acts.len());
    assert!(hit("bill") || hit("clos"), "no kill hit the import or the close (seed {seed}): {acts:?}");
}

/// Lets so many lines pass and then a moment more; says which act was going on, or nothing when the process ended first.
fn killed_after(running: &Running, lines: usize, moment: Duration) -> Option<String> {
    let mut last = "start".to_owned();
    for _ in 0..lines {
        last = running.lines.recv_timeout(Duration::from_secs(60)).ok()?;
    }
    let end = Instant::now() + moment;
    loop {
        match running.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(line) => last = line,
            Err(RecvTimeoutError::Timeout) => return Some(last),
            Err(RecvTimeoutError::Disconnected) => return None,
        }
    }
}
