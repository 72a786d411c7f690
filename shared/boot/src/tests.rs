use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use values::Instant;

use crate::{Clock, ConfigError, Secret, Sources, Tasks, load, render};

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Sample {
    listen: String,
    drain_seconds: u64,
    key: Option<Secret>,
    database: Database,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Database {
    url: String,
}

fn flags(all: &[(&str, &str)]) -> Sources {
    let flags = all.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect();
    Sources { flags, ..Sources::default() }
}

#[test]
fn flags_win_over_the_file_and_the_file_over_defaults() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("accolade.toml");
    std::fs::write(&file, "listen = \"file\"\ndrain_seconds = 7\n").unwrap();
    let sources = Sources { file: Some(file), ..flags(&[("listen", "flag"), ("database.url", "sqlite::memory:")]) };
    let config: Sample = load(&sources).unwrap();
    assert_eq!((config.listen.as_str(), config.drain_seconds), ("flag", 7));
    assert_eq!(config.database.url, "sqlite::memory:");
}

#[test]
fn unknown_keys_are_errors_and_named() {
    let error = load::<Sample>(&flags(&[("databse.url", "x")])).unwrap_err().to_string();
    assert!(error.contains("databse"), "{error}");
    let missing = Sources { file: Some("nowhere.toml".into()), ..Sources::default() };
    assert!(matches!(load::<Sample>(&missing), Err(ConfigError::NoSuchFile(_))));
}

#[test]
fn secrets_are_used_and_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    std::fs::write(&file, "whisper\n").unwrap();
    let config: Sample = load(&flags(&[("key", "shout")])).unwrap();
    assert_eq!(config.key.as_ref().unwrap().reveal().unwrap(), "shout");
    for shown in [render(&config).unwrap(), format!("{config:?}")] {
        assert!(!shown.contains("shout"), "{shown}");
    }
    let config: Sample = load(&flags(&[("key.file", file.to_str().unwrap())])).unwrap();
    assert_eq!(config.key.unwrap().reveal().unwrap(), "whisper");
}

#[test]
fn a_manual_clock_moves_forward_only() {
    let at = |text: &str| -> Instant { text.parse().unwrap() };
    let clock = Clock::manual(at("2024-09-01T00:00:00Z"));
    assert!(clock.clone().advance_to(at("2024-09-02T00:00:00Z")));
    assert!(!clock.advance_to(at("2024-09-01T12:00:00Z")));
    assert_eq!(clock.now(), at("2024-09-02T00:00:00Z"));
    assert!(!Clock::system().advance_to(at("2024-09-02T00:00:00Z")));
}

#[tokio::test]
async fn a_task_that_fails_stops_the_others_and_is_named() {
    let shutdown = CancellationToken::new();
    let mut tasks = Tasks::new(shutdown.clone());
    tasks.spawn("patient", async move {
        shutdown.cancelled().await;
        Ok::<(), std::io::Error>(())
    });
    tasks.spawn("failing", async { Err(std::io::Error::other("broken")) });
    let error = tasks.join().await.unwrap_err();
    assert_eq!((error.name.as_str(), error.source.to_string().as_str()), ("failing", "broken"));
}

#[tokio::test]
async fn a_task_that_ends_unasked_is_an_error() {
    let mut tasks = Tasks::new(CancellationToken::new());
    tasks.spawn("short", async { Ok::<(), std::io::Error>(()) });
    assert_eq!(tasks.join().await.unwrap_err().name, "short");
}

#[tokio::test]
async fn tasks_that_do_not_stop_are_aborted() {
    let mut tasks = Tasks::new(CancellationToken::new());
    tasks.spawn("deaf", std::future::pending::<Result<(), std::io::Error>>());
    assert!(tasks.stop(Duration::from_millis(1)).await.is_ok());
}
