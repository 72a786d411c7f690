//! Resident memory of the whole suite, half a minute after its start on an empty folder.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::process::Command;

const SETTLED_AFTER: Duration = Duration::from_secs(30);

/// What the house allows, in MB.
const ALLOWED_MB: u64 = 100;

/// Starts `accolade serve` on an empty folder and asks the kernel.
///
/// # Errors
/// When it cannot be started, or the kernel does not tell.
pub async fn run() -> Result<()> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let mut child = Command::new(std::env::current_exe()?)
        .args([
            "serve",
            "--set",
            "listen=127.0.0.1:0",
            "--set",
            "admin=127.0.0.1:0",
            "--set",
            "log.filter=error",
            "--data",
        ])
        .arg(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .context("cannot start the suite")?;
    tokio::time::sleep(SETTLED_AFTER).await;
    let pid = child.id().context("the suite ended by itself")?;
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).context("this system does not tell")?;
    let kilobytes: u64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix("kB")?.trim().parse().ok())
        .context("this system does not tell")?;
    println!(
        "memory: {} MB resident {} s after start (allowed {ALLOWED_MB} MB)",
        kilobytes / 1024,
        SETTLED_AFTER.as_secs()
    );
    child.kill().await.context("cannot end the suite")
}
