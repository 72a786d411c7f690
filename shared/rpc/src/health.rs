//! Health: readiness by service, and liveness that asks nobody. Served in plaintext on the admin
//! port, where Kubernetes' own gRPC probes find it.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_stream::StreamExt;
use tonic::{Request, Response, Status};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_server::{Health as HealthService, HealthServer};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

/// How long a check may take before its service counts as not ready.
const CHECK_TIMEOUT: Duration = Duration::from_secs(1);
/// How often a watched status is looked at.
const WATCH_EVERY: Duration = Duration::from_secs(1);
/// The service name under which liveness is asked: is the process able to answer at all?
pub const LIVENESS: &str = "liveness";

type Check = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> + Send + Sync>;

/// What must hold for a service to answer: its database is reachable, its schema is in range, its
/// follower has caught up once. Every probe asks anew; nothing is remembered.
#[derive(Clone, Default)]
pub struct Readiness {
    checks: Vec<(&'static str, Check)>,
}

impl Readiness {
    /// Always ready.
    pub fn new() -> Readiness {
        Readiness::default()
    }

    /// Adds a check: `Err` says in a sentence what is missing.
    #[must_use]
    pub fn check<F, Fut>(mut self, name: &'static str, check: F) -> Readiness
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.checks.push((name, Arc::new(move || Box::pin(check()))));
        self
    }

    /// Asks every check.
    ///
    /// # Errors
    /// What is missing, all of it.
    pub async fn ask(&self) -> Result<(), String> {
        let mut missing = Vec::new();
        for (name, check) in &self.checks {
            match tokio::time::timeout(CHECK_TIMEOUT, check()).await {
                Ok(Ok(())) => {}
                Ok(Err(what)) => missing.push(format!("{name}: {what}")),
                Err(_) => missing.push(format!("{name}: no answer within {CHECK_TIMEOUT:?}")),
            }
        }
        if missing.is_empty() { Ok(()) } else { Err(missing.join("; ")) }
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.checks.iter().map(|it| it.0)).finish()
    }
}

/// The health of all roles of a process. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Health {
    roles: Arc<Mutex<BTreeMap<String, Readiness>>>,
    draining: Arc<AtomicBool>,
}

impl Health {
    /// Knows no role yet.
    pub fn new() -> Health {
        Health::default()
    }

    /// Adds a role.
    pub fn add(&self, name: &str, readiness: Readiness) {
        self.roles.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), readiness);
    }

    /// From now on nothing is ready: no new calls should come.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::SeqCst);
    }

    /// Whether a role is ready; the empty name asks for all of them.
    ///
    /// # Errors
    /// What is missing. `None` when there is no such role.
    pub async fn ready(&self, name: &str) -> Option<Result<(), String>> {
        let roles = self.roles.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let asked: Vec<_> = roles.iter().filter(|(role, _)| name.is_empty() || *role == name).collect();
        if asked.is_empty() && !name.is_empty() {
            return None;
        }
        if self.draining.load(Ordering::SeqCst) {
            return Some(Err("shutting down".to_owned()));
        }
        let mut missing = Vec::new();
        for (role, readiness) in asked {
            if let Err(what) = readiness.ask().await {
                missing.push(format!("{role}: {what}"));
            }
        }
        Some(if missing.is_empty() { Ok(()) } else { Err(missing.join("; ")) })
    }

    /// The gRPC health service. Names: a role, `liveness`, or empty for all roles; a full gRPC
    /// service name asks for the role that serves it.
    pub fn server(&self) -> HealthServer<Health> {
        HealthServer::new(self.clone())
    }

    async fn status(&self, service: &str) -> Option<ServingStatus> {
        if service == LIVENESS {
            return Some(ServingStatus::Serving);
        }
        // `accolade.registry.v1.PartnerService` is served by `registry`.
        let role = service.strip_prefix("accolade.").and_then(|rest| rest.split('.').next()).unwrap_or(service);
        self.ready(role).await.map(|ready| match ready {
            Ok(()) => ServingStatus::Serving,
            Err(missing) => {
                tracing::debug!(%service, %missing, "not ready");
                ServingStatus::NotServing
            }
        })
    }
}

#[tonic::async_trait]
impl HealthService for Health {
    async fn check(&self, request: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        match self.status(&request.get_ref().service).await {
            Some(status) => Ok(Response::new(HealthCheckResponse { status: status as i32 })),
            None => Err(Status::not_found("no such service here")),
        }
    }

    type WatchStream = Pin<Box<dyn tokio_stream::Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

    async fn watch(&self, request: Request<HealthCheckRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let service = request.into_inner().service;
        let health = self.clone();
        let ticks = tokio_stream::wrappers::IntervalStream::new(tokio::time::interval(WATCH_EVERY));
        let statuses = ticks.then(move |_| {
            let (health, service) = (health.clone(), service.clone());
            async move { health.status(&service).await.unwrap_or(ServingStatus::ServiceUnknown) as i32 }
        });
        let mut last = None;
        let changes = statuses.filter_map(move |status| {
            (last.replace(status) != Some(status)).then_some(Ok(HealthCheckResponse { status }))
        });
        Ok(Response::new(Box::pin(changes)))
    }
}

/// What an admin port answers about a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serving {
    /// It can answer.
    Ready,
    /// It is there and cannot answer now.
    NotReady,
    /// The process does not serve it.
    Unknown,
}

/// Asks the admin port at `http://host:port` about a role, `liveness`, or, with an empty name, about everything that
/// the process serves.
///
/// # Errors
/// UNAVAILABLE when nobody answers there.
pub async fn ask(admin: &str, service: &str) -> Result<Serving, Status> {
    use tonic_health::pb::health_client::HealthClient;
    let endpoint = tonic::transport::Endpoint::from_shared(admin.to_owned())
        .map_err(|_| Status::invalid_argument(format!("`{admin}` is not an address like http://127.0.0.1:7401")))?
        .connect_timeout(CHECK_TIMEOUT)
        .timeout(CHECK_TIMEOUT * 5);
    let mut client = HealthClient::new(endpoint.connect_lazy());
    match client.check(HealthCheckRequest { service: service.to_owned() }).await {
        Ok(answer) if answer.get_ref().status == ServingStatus::Serving as i32 => Ok(Serving::Ready),
        Ok(_) => Ok(Serving::NotReady),
        Err(status) if status.code() == tonic::Code::NotFound => Ok(Serving::Unknown),
        Err(status) => Err(status),
    }
}
