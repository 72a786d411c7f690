//! How a service describes itself to the binary, which loops over roles without knowing them.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

use crate::caller::Ownership;
use crate::health::Readiness;
use crate::token::Audience;

/// Any error.
pub type BoxError = Box<dyn Error + Send + Sync>;

type Run = Box<dyn FnOnce(CancellationToken) -> Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send>> + Send>;

/// Work that runs beside the calls: a sequencer, a follower. It has a name, ends soon after its
/// token is cancelled, and is not expected to end before.
pub struct Task {
    /// The name in logs and metrics: `follow-registry`.
    pub name: &'static str,
    run: Run,
}

impl Task {
    /// A task. `run` gets the token that asks it to stop.
    pub fn new<F, Fut, E>(name: &'static str, run: F) -> Task
    where
        F: FnOnce(CancellationToken) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError>,
    {
        let run: Run = Box::new(move |stop| {
            let running = run(stop);
            Box::pin(async move { running.await.map_err(Into::into) })
        });
        Task { name, run }
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// Whatever made it end before it was asked to.
    pub async fn run(self, stop: CancellationToken) -> Result<(), BoxError> {
        (self.run)(stop).await
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A service, ready to be served: what it is called, what it answers, who owns what, when it is
/// ready, and what runs beside it.
pub struct Role {
    /// `registry`; also its name in the directory and its workload identity.
    pub name: &'static str,
    /// All its gRPC services, the feed and the operations included. Health and reflection are added
    /// by the server stack.
    pub routes: Routes,
    /// Whose tokens it takes: callers between services, or at the gateway the bearers of people.
    pub audience: Audience,
    /// Who owns its resources.
    pub ownership: Arc<dyn Ownership>,
    /// When it can answer.
    pub readiness: Readiness,
    /// What runs beside the calls.
    pub tasks: Vec<Task>,
}

impl fmt::Debug for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Role").field("name", &self.name).field("tasks", &self.tasks).finish_non_exhaustive()
    }
}
