//! Killed at any moment and started again, the demo ends with the same numbers.

use std::path::Path;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::demo::expected;
use crate::running::Running;

/// How often the demo is killed on each engine before it may run to its end: once in each of [`ACTS`], then once after
/// each line that it tells.
const KILLS: usize = 15;

/// The acts that must be hit, as the demo tells them, with the longest moment after the line in which they still run.
const ACTS: [(&str, Duration); 2] =
    [("importing the bill", Duration::from_millis(40)), ("closing the period", Duration::from_millis(40))];

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
    for kill in 0..KILLS {
        let (until, longest) = match ACTS.get(kill) {
            Some((act, longest)) => (Until::Says(act), *longest),
            // Each time one line further, so that everything is hit, at a moment of what follows the line.
            None => (Until::Lines(kill - ACTS.len()), Duration::from_millis(400)),
        };
        let moment = longest.mul_f64(random.random());
        let running = Running::start(folder, &arguments);
        match killed_after(&running, until, moment) {
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

/// Up to where a run goes undisturbed.
#[derive(Clone, Copy)]
enum Until {
    /// So many lines about what it does.
    Lines(usize),
    /// A line that says this.
    Says(&'static str),
}

/// Whether a line tells what the demo does; the log says other things between.
fn tells(line: &str) -> bool {
    !line.contains(" WARN ") && !line.contains(" ERROR ")
}

/// Lets lines pass and then a moment more; says which act was going on, or nothing when the process ended first.
fn killed_after(running: &Running, until: Until, moment: Duration) -> Option<String> {
    let mut last = "start".to_owned();
    let mut told = 0;
    while match until {
        Until::Lines(lines) => told < lines,
        Until::Says(act) => !last.contains(act),
    } {
        let line = running.lines.recv_timeout(Duration::from_secs(60)).ok()?;
        if tells(&line) {
            told += 1;
            last = line;
        }
    }
    let end = Instant::now() + moment;
    loop {
        match running.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(line) if !tells(&line) => {}
            Ok(line) => last = line,
            Err(RecvTimeoutError::Timeout) => return Some(last),
            Err(RecvTimeoutError::Disconnected) => return None,
        }
    }
}
