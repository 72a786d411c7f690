//! `accolade import`: facts from files, through the gateway.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use cli::connect::connect;
use cli::import::{Bill, Facts, Report, Source, UsageOptions, import_rows, import_usage};
use cli::output::tell;
use program::Bundle;

use crate::args::{Import, ImportHow, ImportTable, ImportWhat};

/// Refusals written out on a terminal; all of them are in the JSON.
const REFUSALS_SHOWN: usize = 50;

/// Imports, prints what became of every row, and exits with 1 when some were refused.
///
/// # Errors
/// When a file cannot be read or the suite cannot be reached. What was taken before stays taken, and the same
/// command continues.
pub async fn run(arguments: Import) -> Result<ExitCode> {
    match arguments.what {
        // FOCUS is the only form of bill so far; the flag names it so that others can come.
        ImportWhat::Usage { format: _, files, programs, checkpoint, how } => {
            usage(&files, programs.as_deref(), checkpoint, &how).await
        }
        ImportWhat::Partners(table) => rows(Facts::Partners, &table).await,
        ImportWhat::People(table) => rows(Facts::People, &table).await,
        ImportWhat::Subscriptions(table) => rows(Facts::Subscriptions, &table).await,
        ImportWhat::Associations(table) => rows(Facts::Associations, &table).await,
        ImportWhat::Transactions(table) => rows(Facts::Transactions, &table).await,
    }
}

async fn usage(files: &[PathBuf], programs: Option<&Path>, checkpoint: PathBuf, how: &ImportHow) -> Result<ExitCode> {
    let bundle = match programs {
        Some(folder) => bundle_of(folder)?,
        None => checked(cli::demo::DOCUMENTS)?,
    };
    let workloads = |provider: &str, service: &str| bundle.catalog().workload_of(provider, service).map(str::to_owned);
    let bills: Vec<Bill> = files.iter().cloned().map(Bill::File).collect();
    let options = UsageOptions { dry_run: how.dry_run, checkpoint: Some(checkpoint) };
    let wire = connect(&how.gateway, &how.token)?;
    let report = import_usage(&wire, &bills, &workloads, &options).await.context(AGAIN)?;
    told(&report, how.json)
}

async fn rows(facts: Facts, table: &ImportTable) -> Result<ExitCode> {
    let wire = connect(&table.how.gateway, &table.how.token)?;
    let source = Source::File(table.file.clone());
    let report = import_rows(&wire, facts, &source, table.how.dry_run).await.context(AGAIN)?;
    told(&report, table.how.json)
}

const AGAIN: &str = "the import did not come to its end; run the same command again, what was taken counts once";

fn told(report: &Report, json: bool) -> Result<ExitCode> {
    if json {
        tell(&format!("{}\n", serde_json::to_string_pretty(report)?))?;
    } else {
        tell(&report.to_text(REFUSALS_SHOWN))?;
    }
    Ok(if report.refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The program documents of a folder and its subfolders.
fn documents(folder: &Path) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
                found.push((path.display().to_string(), text));
            }
        }
    }
    found.sort();
    Ok(found)
}

fn checked<P: AsRef<str>, T: AsRef<str>>(files: &[(P, T)]) -> Result<Bundle> {
    Bundle::parse(files).map_err(|problems| {
        let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("the program documents are wrong:\n  {}", all.join("\n  "))
    })
}

/// The documents of a folder, checked.
fn bundle_of(folder: &Path) -> Result<Bundle> {
    let files = documents(folder)?;
    if files.is_empty() {
        bail!("{} holds no program documents (.yaml)", folder.display());
    }
    checked(&files)
}
