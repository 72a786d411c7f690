//! Long-running operations: views of runs, corrections and simulations.

use proto::incentive::v1 as pb;
use rpc::operations::{Operation, Records, State};
use rpc::wire::pack;
use rpc::{Fault, Kind};

use super::{correction_to_proto, to_fault, to_proto};
use crate::domain::correction::{Correction, CorrectionState, correction_number};
use crate::domain::run::{Run, RunState, run_number};
use crate::domain::simulation::{Simulation, SimulationState, simulation_number};
use crate::ops::{Office, OpError, read};
use crate::store::{adjusted, corrections, runs, simulations};
use crate::wire::simulated;

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
        RunState::Failed => failed(&run.failure),
        RunState::Waiting | RunState::Collecting | RunState::Rating | RunState::Issuing => State::Running,
    };
    Operation { name: to_proto::operation_name(run.number), metadata: Some(pack(&metadata)), state }
}

/// The operation that reports on the computation of a correction.
pub fn correction_operation(correction: &Correction, told: pb::Correction) -> Operation {
    let progress_percent = correction.progress;
    let metadata = pb::ProposeCorrectionMetadata { correction: Some(told.clone()), progress_percent };
    let state = match correction.state {
        CorrectionState::Computing => State::Running,
        CorrectionState::Failed => failed(&correction.failure),
        CorrectionState::Cancelled => State::Cancelled,
        CorrectionState::Proposed
        | CorrectionState::Approved
        | CorrectionState::Refused
        | CorrectionState::Posted
        | CorrectionState::Lapsed
        | CorrectionState::Unchanged => {
            State::Succeeded(pack(&pb::ProposeCorrectionResponse { correction: Some(told) }))
        }
    };
    let name = to_proto::correction_operation_name(correction.number);
    Operation { name, metadata: Some(pack(&metadata)), state }
}

/// The operation that reports on a simulation.
///
/// # Errors
/// When its result cannot be read.
pub fn simulation_operation(simulation: &Simulation) -> Result<Operation, OpError> {
    let progress_percent = simulation.progress;
    let metadata = pb::SimulateBundleMetadata { bundle_hash: simulation.bundle.to_string(), progress_percent };
    let state = match simulation.state {
        SimulationState::Running => State::Running,
        SimulationState::Failed => failed(&simulation.failure),
        SimulationState::Cancelled => State::Cancelled,
        SimulationState::Succeeded => {
            let result = simulation.result.as_deref().unwrap_or_default();
            State::Succeeded(pack(&simulated::decode(result)?))
        }
    };
    let name = to_proto::simulation_operation_name(simulation.number);
    Ok(Operation { name, metadata: Some(pack(&metadata)), state })
}

fn failed(failure: &str) -> State {
    let reason = pb::ErrorReason::FactsInconsistent.as_str_name();
    let fault = Fault::new(Kind::FailedPrecondition, "accolade.incentive", reason, failure.to_owned());
    State::Failed(fault.with("problem", failure).into_rpc_status())
}

impl Operations {
    async fn told(&self, run: &Run) -> Result<Operation, OpError> {
        let totals = read::totals(self.office.store().read(), run).await?;
        Ok(operation(run, to_proto::run(run, &totals)?))
    }

    async fn told_correction(&self, correction: &Correction) -> Result<Operation, OpError> {
        let totals = adjusted::totals(self.office.store().read(), correction.number).await?;
        Ok(correction_operation(correction, correction_to_proto::correction(correction, &totals)?))
    }

    async fn found(&self, id: &str) -> Result<Option<Operation>, OpError> {
        let connection = self.office.store().read();
        if let Some(number) = run_number(id) {
            return match runs::find(connection, number).await? {
                Some(run) => Ok(Some(self.told(&run).await?)),
                None => Ok(None),
            };
        }
        if let Some(number) = simulation_number(id) {
            return simulations::find(connection, number).await?.as_ref().map(simulation_operation).transpose();
        }
        let Some(number) = correction_number(id) else { return Ok(None) };
        match corrections::find(connection, number).await? {
            Some(correction) => Ok(Some(self.told_correction(&correction).await?)),
            None => Ok(None),
        }
    }

    /// Closes first, then corrections, then simulations, the newest of each first.
    async fn listed(&self, after: Option<&str>, count: usize) -> Result<Vec<Operation>, OpError> {
        let connection = self.office.store().read();
        let mut operations = Vec::new();
        let corrected = after.and_then(correction_number);
        let simulated = after.and_then(simulation_number);
        if corrected.is_none() && simulated.is_none() {
            let after = after.and_then(run_number).unwrap_or(i64::MAX);
            for run in runs::list_before(connection, after, count as u64).await? {
                operations.push(self.told(&run).await?);
            }
        }
        let room = |operations: &Vec<Operation>| count.saturating_sub(operations.len()) as u64;
        if simulated.is_none() {
            let (before, room) = (corrected.unwrap_or(i64::MAX), room(&operations));
            for correction in corrections::list_before(connection, before, room).await? {
                operations.push(self.told_correction(&correction).await?);
            }
        }
        let (before, room) = (simulated.unwrap_or(i64::MAX), room(&operations));
        for simulation in simulations::list_before(connection, before, room).await? {
            operations.push(simulation_operation(&simulation)?);
        }
        Ok(operations)
    }
}

#[async_trait::async_trait]
impl Records for Operations {
    fn service(&self) -> &'static str {
        crate::NAME
    }

    async fn find(&self, id: &str) -> Result<Option<Operation>, Fault> {
        self.found(id).await.map_err(to_fault)
    }

    async fn list(&self, after: Option<&str>, count: usize) -> Result<Vec<Operation>, Fault> {
        self.listed(after, count).await.map_err(to_fault)
    }

    async fn cancel(&self, id: &str) -> Result<(), Fault> {
        let (run, correction, simulation) = (run_number(id), correction_number(id), simulation_number(id));
        let asked = self.office.store().transact(|tx| {
            Box::pin(async move {
                if let Some(number) = run {
                    runs::request_cancel(&*tx, number).await?;
                }
                if let Some(number) = correction {
                    corrections::request_cancel(&*tx, number).await?;
                }
                if let Some(number) = simulation {
                    simulations::request_cancel(&*tx, number).await?;
                }
                Ok::<_, OpError>(())
            })
        });
        asked.await.map_err(to_fault)?;
        self.office.ring();
        Ok(())
    }
}
