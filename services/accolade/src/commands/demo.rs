//! `accolade demo`: the main job on real input, on a clock of its own.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use boot::{Clock, LogConfig, Metrics, Telemetry, until_signal};
use cli::connect::Wire;
use cli::demo::{Script, Theatre, perform, print};
use cli::output::tell;
use rpc::Caller;
use rpc::client::Identity;
use store::Synchronous;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use values::Instant;

use crate::args::Demo;
use crate::compose::{Databases, Local, LocalSettings};
use crate::keys;

/// The file that marks a folder as the demo's, so that `--fresh` never empties another one.
const MARK: &str = "accolade-demo";

/// Tells the story and prints its result; with `--serve`, leaves the suite running.
///
/// # Errors
/// When the suite cannot be started or the story not be told to its end. The same command goes on from there.
pub async fn run(arguments: Demo) -> Result<ExitCode> {
    let log = LogConfig { filter: "warn".to_owned(), ..LogConfig::default() };
    let telemetry = Telemetry::start(&log, "demo", None)?;
    prepared(&arguments.data, arguments.fresh)?;
    let listeners = if arguments.serve { Some(bound().await?) } else { None };
    let databases = match &arguments.database {
        Some(template) => Databases::Template(template.clone()),
        None => Databases::Folder(arguments.data.clone()),
    };
    let mut local = Local::start(LocalSettings {
        databases,
        clock: Clock::manual(cli::demo::opening()),
        key: keys::caller_key(None, &arguments.data)?.into(),
        synchronous: Synchronous::Full,
        connections: 5,
    })
    .await?;
    let theatre = Stage { local: &local, quiet: arguments.json };
    let told = perform(&theatre, &Script::default()).await?;
    if arguments.json {
        tell(&format!("{}\n", serde_json::to_string_pretty(&told)?))?;
    } else {
        tell(&print::text(&told))?;
    }
    if let Some((api, admin)) = listeners {
        stay(&mut local, api, admin).await?;
    } else {
        local.stop().await?;
    }
    telemetry.finish();
    Ok(ExitCode::SUCCESS)
}

/// The suite as the story meets it.
struct Stage<'a> {
    local: &'a Local,
    quiet: bool,
}

impl Theatre for Stage<'_> {
    fn gateway(&self, caller: Caller) -> Wire {
        self.local.gateway_as(Identity::issued(self.local.tokens(), caller))
    }

    fn set_time(&self, now: Instant) {
        // A story that is told again starts before what it has told already; the clock stays where it is.
        let _ = self.local.clock.advance_to(now);
    }

    fn say(&self, line: &str) {
        if !self.quiet {
            eprintln!("{line}");
        }
    }
}

/// Makes the data folder, and empties it first when that was asked for and the folder is the demo's.
fn prepared(data: &Path, fresh: bool) -> Result<()> {
    let mark = data.join(MARK);
    if data.is_dir() {
        let empty = fs::read_dir(data).with_context(|| format!("cannot list {}", data.display()))?.next().is_none();
        ensure!(
            empty || mark.is_file(),
            "{} holds something that is not the demo's; choose another --data",
            data.display()
        );
        if fresh {
            fs::remove_dir_all(data).with_context(|| format!("cannot empty {}", data.display()))?;
        }
    }
    fs::create_dir_all(data).with_context(|| format!("cannot create {}", data.display()))?;
    fs::write(&mark, "This folder belongs to `accolade demo`.\n")
        .with_context(|| format!("cannot write {}", mark.display()))
}

async fn bound() -> Result<(TcpListener, TcpListener)> {
    let bind = async |port| {
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address}; is another suite running?"))
    };
    Ok((bind(7400).await?, bind(7401).await?))
}

/// Leaves the suite running until a signal asks for the end.
async fn stay(local: &mut Local, api: TcpListener, admin: TcpListener) -> Result<()> {
    let mut running = local.take_running()?;
    let address = api.local_addr()?;
    local.serve_gateway(&mut running, api).await?;
    running.serve_admin(admin, Metrics::start()?);
    eprintln!("\nserving on {address}; the story's clock stands at {}. Ctrl-C ends it.", local.clock.now());
    let asked = CancellationToken::new();
    tokio::spawn(until_signal(asked.clone()));
    running.until(asked, Duration::from_secs(10)).await
}
