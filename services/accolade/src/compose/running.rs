//! Roles that run, until they are asked to stop.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use boot::{TaskEnd, Tasks};
use rpc::health::Health;
use rpc::role::Role;
use rpc::server::{self, Listener, Stack};
use rpc::token::Tokens;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long tasks beside the calls may take to end after the last call.
const TASKS_GRACE: Duration = Duration::from_secs(5);

/// The roles of a process, served.
pub struct Running {
    /// Their health.
    pub health: Health,
    servers: Tasks,
    /// What runs beside the calls: sequencers, followers, the admin port.
    beside: Tasks,
}

impl Default for Running {
    fn default() -> Running {
        Running::new()
    }
}

impl Running {
    /// Nothing runs yet.
    pub fn new() -> Running {
        let tasks = || Tasks::new(CancellationToken::new());
        Running { health: Health::new(), servers: tasks(), beside: tasks() }
    }

    /// Serves a role on a listener, verified by these tokens, with its tasks beside it.
    pub fn serve(&mut self, role: Role, tokens: Tokens, listener: Listener, settings: server::Settings) {
        self.health.add(role.name, role.readiness);
        let stack = Stack { name: role.name, tokens, ownership: role.ownership, settings };
        let stop = self.servers.shutdown().clone().cancelled_owned();
        self.servers.spawn(role.name, server::serve(stack, role.routes, listener, stop));
        for task in role.tasks {
            let name = format!("{}/{}", role.name, task.name);
            let stop = self.beside.shutdown().clone();
            self.beside.spawn(name, task.run(stop));
        }
    }

    /// Serves the admin port.
    pub fn serve_admin(&mut self, listener: TcpListener, metrics: boot::Metrics) {
        let stop = self.beside.shutdown().clone().cancelled_owned();
        let render = Arc::new(move || metrics.render());
        self.beside.spawn("admin", rpc::admin::serve(self.health.clone(), render, listener, stop));
    }

    /// Runs until `asked` is cancelled or a task ends badly; then ends in order: nothing is ready any more, no
    /// new calls are taken and feeds end, running calls finish within `drain`.
    ///
    /// # Errors
    /// The first task that ended badly.
    pub async fn until(self, asked: CancellationToken, drain: Duration) -> Result<()> {
        let Running { health, servers, beside } = self;
        let (stop_servers, stop_beside) = (servers.shutdown().clone(), beside.shutdown().clone());
        let (servers, beside) = (tokio::spawn(servers.join()), tokio::spawn(beside.join()));
        tokio::select! {
            () = asked.cancelled() => {}
            () = stop_servers.cancelled() => {}
            () = stop_beside.cancelled() => {}
        }
        health.drain();
        stop_servers.cancel();
        // Tasks are asked at once, too: a sequencer that stops is what ends the streams of its feed,
        // which would go on for ever, and a follower that stops ends its own.
        stop_beside.cancel();
        let calls = ended("calls", servers, drain).await;
        let tasks = ended("tasks", beside, TASKS_GRACE).await;
        calls.and(tasks)
    }
}

async fn ended(what: &'static str, running: JoinHandle<TaskEnd>, grace: Duration) -> Result<()> {
    let abort = running.abort_handle();
    match tokio::time::timeout(grace, running).await {
        Ok(joined) => Ok(joined.context("a task panicked")??),
        Err(_) => {
            abort.abort();
            tracing::warn!(grace_seconds = grace.as_secs(), "{what} did not end in time and were cut off");
            Ok(())
        }
    }
}
