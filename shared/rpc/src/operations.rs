//! Long-running operations: `google.longrunning.Operations` over the records that a service keeps
//! of its own work, in its own store.

use std::sync::Arc;
use std::time::Duration;

use prost_types::Any;
use proto::google::longrunning as wire;
use proto::google::longrunning::operations_server::{Operations as OperationsService, OperationsServer};
use tokio::sync::watch;
use tonic::{Request, Response, Status};

use crate::caller::{Caller, Scope};
use crate::fault::{Fault, Kind, SHARED_DOMAIN};
use crate::page::{Limits, Page};

/// The longest that `WaitOperation` waits before it answers with what is so far. Shorter than the time that a client
/// gives a call without a deadline of its own.
const MAX_WAIT: Duration = Duration::from_secs(20);
/// How often it looks without being told of a change: another replica may have made it.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How far an operation is.
#[derive(Clone, Debug)]
pub enum State {
    /// Still at work.
    Running,
    /// Done; the result, packed with [`crate::wire::pack`].
    Succeeded(Any),
    /// Failed; the status as it was recorded ([`Fault::into_rpc_status`]).
    Failed(proto::google::rpc::Status),
    /// Ended because somebody asked for it.
    Cancelled,
}

/// An operation as it is told.
#[derive(Clone, Debug)]
pub struct Operation {
    /// `incentive/operations/{id}`: the first segment says whose it is.
    pub name: String,
    /// Its typed metadata with the progress, packed with [`crate::wire::pack`].
    pub metadata: Option<Any>,
    /// How far it is.
    pub state: State,
}

impl Operation {
    /// As it stands on the wire.
    pub fn into_wire(self) -> wire::Operation {
        let result = match self.state {
            State::Running => None,
            State::Succeeded(result) => Some(wire::operation::Result::Response(result)),
            State::Failed(status) => Some(wire::operation::Result::Error(status)),
            State::Cancelled => {
                let fault = Fault::new(Kind::Cancelled, SHARED_DOMAIN, "CANCELLED", "the operation was cancelled");
                Some(wire::operation::Result::Error(fault.into_rpc_status()))
            }
        };
        wire::Operation { name: self.name, metadata: self.metadata, done: result.is_some(), result }
    }
}

/// The name of an operation: `{service}/operations/{id}`.
pub fn name(service: &str, id: &str) -> String {
    format!("{service}/operations/{id}")
}

/// The id in the name of an operation of this service.
pub fn id<'a>(service: &str, name: &'a str) -> Option<&'a str> {
    let id = name.strip_prefix(service)?.strip_prefix("/operations/")?;
    (!id.is_empty() && !id.contains('/')).then_some(id)
}

/// The records that a service keeps of its operations.
#[async_trait::async_trait]
pub trait Records: Send + Sync + 'static {
    /// The service, the first segment of the names: `incentive`.
    fn service(&self) -> &'static str;

    /// The operation with this id; absent when there is none.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn find(&self, id: &str) -> Result<Option<Operation>, Fault>;

    /// Up to `count` operations, newest first, after the one with this id.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn list(&self, after: Option<&str>, count: usize) -> Result<Vec<Operation>, Fault>;

    /// Asks an operation to end. Without effect on one that is done.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn cancel(&self, id: &str) -> Result<(), Fault>;
}

/// Tells those who wait that some operation of this process has changed. Clones are the same.
#[derive(Clone, Debug)]
pub struct Changes(watch::Sender<u64>);

impl Default for Changes {
    fn default() -> Changes {
        Changes(watch::Sender::new(0))
    }
}

impl Changes {
    /// No change yet.
    pub fn new() -> Changes {
        Changes::default()
    }

    /// Says that an operation has changed, after the change is committed.
    pub fn announce(&self) {
        self.0.send_modify(|count| *count += 1);
    }

    /// Resolves at the next announcement.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }
}

/// The gRPC service over the records, to be added to a service's routes.
pub fn server(records: Arc<dyn Records>, changes: Changes) -> OperationsServer<Server> {
    OperationsServer::new(Server { records, changes })
}

/// Answers `google.longrunning.Operations`.
pub struct Server {
    records: Arc<dyn Records>,
    changes: Changes,
}

impl Server {
    async fn get(&self, name: &str) -> Result<Operation, Fault> {
        let missing = || Fault::not_found("google.longrunning/Operation", name);
        let id = id(self.records.service(), name).ok_or_else(missing)?;
        self.records.find(id).await?.ok_or_else(missing)
    }
}

#[tonic::async_trait]
impl OperationsService for Server {
    async fn list_operations(
        &self,
        request: Request<wire::ListOperationsRequest>,
    ) -> Result<Response<wire::ListOperationsResponse>, Status> {
        let request = request.into_inner();
        let page =
            Page::parse(request.page_size, &request.page_token, &[&request.name, &request.filter], Limits::USUAL)?;
        if !request.filter.is_empty() {
            return Err(Fault::wrong("filter", "operations cannot be filtered").into());
        }
        let after = page.after::<String>()?;
        let mut found = self.records.list(after.as_deref(), page.size() + 1).await?;
        let service = self.records.service();
        let next_page_token =
            page.cut(&mut found, |operation| id(service, &operation.name).unwrap_or_default().to_owned())?;
        let operations = found.into_iter().map(Operation::into_wire).collect();
        Ok(Response::new(wire::ListOperationsResponse { operations, next_page_token }))
    }

    async fn get_operation(
        &self,
        request: Request<wire::GetOperationRequest>,
    ) -> Result<Response<wire::Operation>, Status> {
        Ok(Response::new(self.get(&request.get_ref().name).await?.into_wire()))
    }

    async fn delete_operation(&self, request: Request<wire::DeleteOperationRequest>) -> Result<Response<()>, Status> {
        let message = "operations are kept: they are part of the record of what was done";
        Err(Fault::new(Kind::Unimplemented, SHARED_DOMAIN, "METHOD_UNKNOWN", message)
            .with("resource", &request.get_ref().name)
            .into())
    }

    async fn cancel_operation(&self, request: Request<wire::CancelOperationRequest>) -> Result<Response<()>, Status> {
        let caller = Caller::of(&request)?;
        let name = &request.get_ref().name;
        self.get(name).await?;
        if let Some(id) = id(self.records.service(), name) {
            tracing::info!(operation = %name, caller = %caller.subject, "asked to cancel an operation");
            self.records.cancel(id).await?;
            self.changes.announce();
        }
        Ok(Response::new(()))
    }

    async fn wait_operation(
        &self,
        request: Request<wire::WaitOperationRequest>,
    ) -> Result<Response<wire::Operation>, Status> {
        // Who may wait was asked by the stack; operations have no owners among partners.
        Scope::of(&request)?;
        let request = request.into_inner();
        let asked = request.timeout.and_then(|timeout| Duration::try_from(timeout).ok());
        let until = tokio::time::Instant::now() + asked.unwrap_or(MAX_WAIT).min(MAX_WAIT);
        let mut changes = self.changes.subscribe();
        loop {
            changes.mark_unchanged();
            let operation = self.get(&request.name).await?.into_wire();
            let now = tokio::time::Instant::now();
            if operation.done || now >= until {
                return Ok(Response::new(operation));
            }
            // Whether it changed, or it is time to look or to answer: the loop tells.
            let _ = tokio::time::timeout_at(until.min(now + LOOK_EVERY), changes.changed()).await;
        }
    }
}
