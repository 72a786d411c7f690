//! Closes as long-running operations: views of runs.

use proto::incentive::v1 as pb;
use rpc::operations::{Operation, Records, State};
use rpc::wire::pack;
use rpc::{Fault, Kind};

use super::{to_fault, to_proto};
use crate::domain::run::{Run, RunState, run_number};
use crate::ops::{Office, read};
use crate::store::runs;

/// The operations of incentive.
pub struct Operations {
    /// What they are views of.
    pub office: Office,
}

/// The operation that reports on a run.
pub fn operation(run: &Run, told: pb::Run) -> Operation {
    let metadata = pb::ClosePeriodMetadata { run: Some(told.clone()), progress_percent: run.progress_percent() };
    let state = match run.state {
        RunState::Succeeded => State::Succeeded(pack(&pb::ClosePeriodResponse { run: Some(told) })),
        RunState::Cancelled => State::Cancelled,
        RunState::Failed => {
            let reason = pb::ErrorReason::FactsInconsistent.as_str_name();
            let fault = Fault::new(Kind::FailedPrecondition, "accolade.incentive", reason, run.failure.clone());
            State::Failed(fault.with("problem", &run.failure).into_rpc_status())
        }
        RunState::Waiting | RunState::Collecting | RunState::Rating | RunState::Issuing => State::Running,
    };
    Operation { name: to_proto::operation_name(run.number), metadata: Some(pack(&metadata)), state }
}

impl Operations {
    async fn told(&self, run: &Run) -> Result<Operation, Fault> {
        let totals = read::totals(self.office.store().read(), run).await.map_err(to_fault)?;
        let told = to_proto::run(run, &totals).map_err(to_fault)?;
        Ok(operation(run, told))
    }
}

#[async_trait::async_trait]
impl Records for Operations {
    fn service(&self) -> &'static str {
        crate::NAME
    }

    async fn find(&self, id: &str) -> Result<Option<Operation>, Fault> {
        let Some(number) = run_number(id) else { return Ok(None) };
        let found = runs::find(self.office.store().read(), number).await;
        match found.map_err(|error| to_fault(error.into()))? {
            Some(run) => Ok(Some(self.told(&run).await?)),
            None => Ok(None),
        }
    }

    async fn list(&self, after: Option<&str>, count: usize) -> Result<Vec<Operation>, Fault> {
        let after = after.and_then(run_number).unwrap_or(i64::MAX);
        let found = runs::list_before(self.office.store().read(), after, count as u64).await;
        let mut operations = Vec::new();
        for run in found.map_err(|error| to_fault(error.into()))? {
            operations.push(self.told(&run).await?);
        }
        Ok(operations)
    }

    async fn cancel(&self, id: &str) -> Result<(), Fault> {
        let Some(number) = run_number(id) else { return Ok(()) };
        let asked =
            self.office.store().transact(|tx| Box::pin(async move { runs::request_cancel(&*tx, number).await }));
        asked.await.map_err(|error| to_fault(error.into()))?;
        self.office.ring();
        Ok(())
    }
}
