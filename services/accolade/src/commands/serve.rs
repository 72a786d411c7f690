//! `accolade serve`: everything in one process, or one role.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use boot::{Clock, Metrics, Telemetry, until_signal};
use cli::output::tell;
use rpc::client::{self, Channel, Identity};
use rpc::directory::Directory;
use rpc::server::{self, Listener};
use rpc::token::{Tokens, all_roles, kind_of};
use store::{StoreOptions, Synchronous};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::args::{RoleName, Serve};
use crate::compose::{Databases, Local, LocalSettings, Parts, ROLES, RoleEntry, Running};
use crate::keys;
use crate::settings::Settings;

/// Serves until a signal asks for the end.
///
/// # Errors
/// When the configuration cannot work, an address is taken, or a task ends badly.
pub async fn run(arguments: Serve) -> Result<ExitCode> {
    let settings = super::settings(&arguments.common)?;
    let name = arguments.role.map_or("all", |role| RoleEntry::of(role).name);
    let telemetry = Telemetry::start(&settings.log, name, otlp_endpoint().as_deref())?;
    let ended = match arguments.role {
        Some(role) => serve_role(&RoleEntry::of(role), &settings, arguments.dev).await,
        None => serve_all(&settings, arguments.dev).await,
    };
    telemetry.finish();
    ended.map(|()| ExitCode::SUCCESS)
}

#[expect(clippy::disallowed_methods, reason = "this variable's name is not ours to choose")]
fn otlp_endpoint() -> Option<String> {
    std::env::var("OTEL_EXPORTER_OTLP_ENDPOINT").ok().filter(|endpoint| !endpoint.is_empty())
}

async fn serve_all(settings: &Settings, dev: bool) -> Result<()> {
    ensure!(
        settings.database.url.is_none(),
        "database.url is the database of one role: `accolade serve registry`, or leave it out to serve all on SQLite files"
    );
    // Addresses are taken first, so that a clash shows before any work is done.
    let (api, admin) = bound(settings).await?;
    let key: Arc<[u8]> = keys::caller_key(settings.caller_key.as_ref(), &settings.data)?.into();
    let mut local = Local::start(LocalSettings {
        databases: Databases::Folder(settings.data.clone()),
        clock: Clock::system(),
        key,
        synchronous: Synchronous::Full,
        connections: settings.database.max_connections,
    })
    .await?;
    let mut running = local.take_running()?;
    local.serve_gateway(&mut running, api).await?;
    running.serve_admin(admin, Metrics::start()?);
    tracing::info!(listen = %settings.listen, admin = %settings.admin, data = %settings.data.display(), "serving everything");
    if dev {
        print_tokens(&local.tokens())?;
    }
    until_asked(running, settings).await
}

async fn serve_role(entry: &RoleEntry, settings: &Settings, dev: bool) -> Result<()> {
    let url = settings.database.url.as_ref().map(boot::Secret::reveal).transpose()?;
    if dev && url.as_deref().is_some_and(|url| !is_on_this_machine(url)) {
        bail!("--dev prints tokens for everybody and refuses a database that is not on this machine");
    }
    let (api, admin) = bound(settings).await?;
    let clock = Clock::system();
    let key: Arc<[u8]> = match (&settings.caller_key, &url) {
        (None, Some(url)) if !url.starts_with("sqlite:") => bail!("set caller_key: the key that all roles share"),
        (configured, _) => keys::caller_key(configured.as_ref(), &settings.data)?.into(),
    };
    let store = if entry.owns_database() {
        let url = url.unwrap_or_else(|| entry.sqlite_url(&settings.data));
        let options = StoreOptions { connections: settings.database.max_connections, ..StoreOptions::default() };
        Some(entry.open(&url, options).await?)
    } else {
        None
    };
    let parts = Parts { clock, key, directory: peers(entry, settings)?, store };
    let role = (entry.build)(parts.clone()).await.with_context(|| format!("cannot build {}", entry.name))?;
    let tokens = parts.tokens(role.audience);
    let mut running = Running::new();
    running.serve(role, tokens.clone(), Listener::Tcp(api), server::Settings::default());
    running.serve_admin(admin, Metrics::start()?);
    tracing::info!(role = entry.name, listen = %settings.listen, admin = %settings.admin, "serving");
    if dev && entry.role == RoleName::Gateway {
        print_tokens(&tokens)?;
    }
    until_asked(running, settings).await
}

async fn until_asked(running: Running, settings: &Settings) -> Result<()> {
    let asked = CancellationToken::new();
    tokio::spawn(until_signal(asked.clone()));
    running.until(asked, Duration::from_secs(settings.drain_seconds)).await
}

async fn bound(settings: &Settings) -> Result<(TcpListener, TcpListener)> {
    let bind = async |key: &str, address| {
        TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address} ({key}); is another process there?"))
    };
    Ok((bind("listen", settings.listen).await?, bind("admin", settings.admin).await?))
}

/// The ways to the other roles.
fn peers(entry: &RoleEntry, settings: &Settings) -> Result<Directory> {
    if let Some(unknown) = settings.peers.keys().find(|name| !ROLES.iter().any(|role| role.name == **name)) {
        bail!("peers.{unknown}: there is no such role");
    }
    let mut directory = Directory::new();
    for other in ROLES.iter().filter(|other| other.role != entry.role && other.role != RoleName::Gateway) {
        let address = settings
            .peers
            .get(other.name)
            .with_context(|| format!("set peers.{}: where {} finds it, http://host:7400", other.name, entry.name))?;
        let channel = Channel::tcp(address, client::Settings::default(), Identity::nobody())?;
        directory = directory.with(other.name, channel);
    }
    Ok(directory)
}

fn is_on_this_machine(url: &str) -> bool {
    url.starts_with("sqlite:")
        || ["@localhost", "@127.0.0.1", "@[::1]", "host=/", "//localhost", "//127.0.0.1"]
            .iter()
            .any(|part| url.contains(part))
}

/// A token for every role, on standard output, for `curl` and the like.
fn print_tokens(tokens: &Tokens) -> Result<()> {
    use proto::r#type::v1::CallerKind;
    for role in all_roles().filter(|role| kind_of(*role) == CallerKind::Staff) {
        let caller = rpc::Caller::staff("dev", role);
        let token = tokens.issue(&caller, Duration::from_secs(12 * 3600))?;
        tell(&format!("{:<16} {token}\n", rpc::token::role_name(role)))?;
    }
    tell("partners and customers: accolade token partner-reader partners/ID\n")?;
    Ok(())
}
