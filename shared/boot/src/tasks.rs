//! Named tasks: every task has a name and an owner who learns how it ended.

use std::future::Future;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, error, info_span, warn};

/// What a task ends with. A long-running task ends well only when it was asked to stop.
pub type TaskEnd = Result<(), TaskError>;

/// Why a task ended badly.
#[derive(Debug, thiserror::Error)]
#[error("task {name} ended")]
pub struct TaskError {
    /// The task's name.
    pub name: String,
    /// What went wrong.
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// The tasks of a process, and the token that asks them to stop.
///
/// Dropping it aborts every task that still runs.
#[derive(Debug, Default)]
pub struct Tasks {
    running: JoinSet<(String, TaskEnd)>,
    shutdown: CancellationToken,
}

impl Tasks {
    /// No tasks yet; `shutdown` asks all that will be spawned to stop.
    pub fn new(shutdown: CancellationToken) -> Tasks {
        Tasks { running: JoinSet::new(), shutdown }
    }

    /// The token that asks the tasks to stop.
    pub fn shutdown(&self) -> &CancellationToken {
        &self.shutdown
    }

    /// Starts a task. It watches the shutdown token itself.
    pub fn spawn<F, E>(&mut self, name: impl Into<String>, task: F)
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let name = name.into();
        let span = info_span!("task", task = name);
        let named = async move {
            let end = task.await.map_err(|source| TaskError { name: name.clone(), source: source.into() });
            (name, end)
        };
        self.running.spawn(named.instrument(span));
    }

    /// Waits until every task has ended. The first that ends badly, panics, or ends although nobody asked it
    /// to stop, asks all others to stop, and its error is the result.
    ///
    /// # Errors
    /// The first bad end.
    pub async fn join(mut self) -> TaskEnd {
        let mut first = Ok(());
        while let Some(joined) = self.running.join_next().await {
            let end = match joined {
                Ok((name, Ok(()))) if !self.shutdown.is_cancelled() => {
                    Err(TaskError { name, source: "it ended although nobody asked it to stop".into() })
                }
                Ok((_, end)) => end,
                Err(panic) => Err(TaskError { name: "that panicked".to_owned(), source: panic.into() }),
            };
            if let Err(failure) = end {
                error!(task = failure.name, error = %failure.source, "a task ended badly; stopping");
                self.shutdown.cancel();
                if first.is_ok() {
                    first = Err(failure);
                }
            }
        }
        first
    }

    /// Asks every task to stop and waits at most `grace` for them; those that still run then are aborted.
    ///
    /// # Errors
    /// The first bad end.
    pub async fn stop(self, grace: Duration) -> TaskEnd {
        self.shutdown.cancel();
        match tokio::time::timeout(grace, self.join()).await {
            Ok(end) => end,
            Err(_) => {
                warn!(grace_seconds = grace.as_secs(), "tasks did not stop in time and were aborted");
                Ok(())
            }
        }
    }
}
