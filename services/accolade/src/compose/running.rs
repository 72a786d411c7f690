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
    /// What runs beside the calls: sequencers and followers.
    beside: Tasks,
    /// The admin port, which says to the end that nothing is ready any more.
    admin: Tasks,
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
        Running { health: Health::new(), servers: tasks(), beside: tasks(), admin: tasks() }
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
        let stop = self.admin.shutdown().clone().cancelled_owned();
        let render = Arc::new(move || metrics.render());
        self.admin.spawn("admin", rpc::admin::serve(self.health.clone(), render, listener, stop));
    }

    /// Runs until `asked` is cancelled or a task ends badly; then ends in order: nothing is ready any more, no
    /// new calls are taken and feeds end, running calls finish within `drain`.
    ///
    /// # Errors
    /// The first task that ended badly.
    pub async fn until(self, asked: CancellationToken, drain: Duration) -> Result<()> {
        let Running { health, servers, beside, admin } = self;
        let (stop_servers, stop_beside) = (servers.shutdown().clone(), beside.shutdown().clone());
        let stop_admin = admin.shutdown().clone();
        let (servers, beside) = (tokio::spawn(servers.join()), tokio::spawn(beside.join()));
        let admin = tokio::spawn(admin.join());
        tokio::select! {
            () = asked.cancelled() => {}
            () = stop_servers.cancelled() => {}
            () = stop_beside.cancelled() => {}
            () = stop_admin.cancelled() => {}
        }
        health.drain();
        stop_servers.cancel();
        // Tasks are asked at once, too: a sequencer that stops is what ends the streams of its feed,
        // which would go on for ever, and a follower that stops ends its own.
        stop_beside.cancel();
        let calls = ended("calls", servers, drain).await;
        let tasks = ended("tasks", beside, TASKS_GRACE).await;
        stop_admin.cancel();
        let admin = ended("the admin port", admin, TASKS_GRACE).await;
        calls.and(tasks).and(admin)
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

#[cfg(test)]
mod tests {
    use rpc::health::{Readiness, Serving, ask};
    use tokio::sync::oneshot;

    use super::*;

    /// While running calls finish, whoever routes calls is told that no new ones are wanted; the admin port goes last.
    #[tokio::test]
    async fn what_drains_is_alive_and_not_ready() {
        let mut running = Running::new();
        running.health.add("registry", Readiness::new());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let admin = format!("http://{}", listener.local_addr().expect("it is bound"));
        let stop = running.admin.shutdown().clone().cancelled_owned();
        let health = running.health.clone();
        running.admin.spawn("admin", rpc::admin::serve(health, Arc::new(String::new), listener, stop));
        let (finish, call) = oneshot::channel::<()>();
        let draining = running.servers.shutdown().clone();
        running.servers.spawn("registry", call);
        let asked = CancellationToken::new();
        let ended = tokio::spawn(running.until(asked.clone(), Duration::from_secs(60)));
        assert_eq!(ask(&admin, "registry").await.expect("it answers"), Serving::Ready);

        asked.cancel();
        draining.cancelled().await;
        assert_eq!(ask(&admin, "registry").await.expect("it answers"), Serving::NotReady);
        assert_eq!(ask(&admin, "liveness").await.expect("it answers"), Serving::Ready);

        finish.send(()).expect("the call still runs");
        ended.await.expect("no panic").expect("an orderly end");
        assert!(ask(&admin, "registry").await.is_err(), "the admin port is closed");
    }
}
