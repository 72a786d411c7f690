//! Signals: the first asks for an orderly end, the second ends at once.

use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

/// Waits for SIGINT or SIGTERM, then cancels `shutdown`. A second signal exits the process with status 130 without
/// waiting for anything, because whoever sends it no longer wants to wait.
pub async fn until_signal(shutdown: CancellationToken) {
    let mut signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => {
            error!(%error, "cannot listen to signals; only an explicit stop will end this process");
            return;
        }
    };
    let name = signals.next().await;
    info!(signal = name, "stopping; a second signal exits at once");
    shutdown.cancel();
    let name = signals.next().await;
    warn!(signal = name, "exiting at once");
    std::process::exit(130);
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> std::io::Result<Signals> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Signals { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> std::io::Result<Signals> {
        Ok(Signals)
    }

    async fn next(&mut self) -> &'static str {
        // Without a console to listen to, only an explicit stop ends the process.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        "Ctrl-C"
    }
}
