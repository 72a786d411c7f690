//! `google.longrunning.Operations` over the evaluations and simulations that this service keeps.

use std::sync::Arc;

use prost::Message;
use proto::competency::v1 as wire;
use proto::google::longrunning;
use rpc::operations::{Operation, State, name};
use rpc::{Fault, wire as convert};

use crate::domain::award::program_id;
use crate::domain::evaluation::{Evaluation, Failure, RunState};
use crate::domain::simulation::Simulation;
use crate::names;
use crate::ops::OpError;
use crate::store::{evaluations, simulations};
use crate::{NAME, Shared};

/// What the ids of simulations begin with.
const SIMULATION: &str = "s-";
/// The most failures told with a result.
const FAILURES: u64 = 1_000;

/// The records of this service's operations.
pub struct Records {
    shared: Arc<Shared>,
}

impl Records {
    /// Over the parts of this service.
    pub fn new(shared: Arc<Shared>) -> Records {
        Records { shared }
    }

    async fn tell(&self, evaluation: &Evaluation) -> Result<Operation, OpError> {
        let state = match evaluation.state {
            RunState::Waiting | RunState::Running => State::Running,
            RunState::Cancelled => State::Cancelled,
            RunState::Failed => State::Failed(status(evaluation)?),
            RunState::Succeeded => {
                let failures = evaluations::list_failures(self.shared.store.read(), &evaluation.id, FAILURES).await?;
                State::Succeeded(convert::pack(&response(evaluation, &failures)))
            }
        };
        let waiting = match evaluation.state {
            RunState::Waiting => self.shared.arrivals.missing(evaluation.known_at),
            _ => Vec::new(),
        };
        let metadata = convert::pack(&metadata(evaluation, waiting));
        Ok(Operation { name: name(NAME, &evaluation.id), metadata: Some(metadata), state })
    }
}

#[tonic::async_trait]
impl rpc::operations::Records for Records {
    fn service(&self) -> &'static str {
        NAME
    }

    async fn find(&self, id: &str) -> Result<Option<Operation>, Fault> {
        if id.starts_with(SIMULATION) {
            let found = simulations::find(self.shared.store.read(), id).await.map_err(OpError::from)?;
            return Ok(found.as_ref().map(simulating).transpose()?);
        }
        let found = evaluations::find(self.shared.store.read(), id).await.map_err(OpError::from)?;
        match found {
            Some(evaluation) => Ok(Some(self.tell(&evaluation).await?)),
            None => Ok(None),
        }
    }

    async fn list(&self, after: Option<&str>, count: usize) -> Result<Vec<Operation>, Fault> {
        let db = self.shared.store.read();
        let mut operations = Vec::new();
        // Evaluations first, then simulations, the newest of each first.
        let simulated = after.filter(|id| id.starts_with(SIMULATION));
        if simulated.is_none() {
            for evaluation in &evaluations::list(db, after, count).await.map_err(OpError::from)? {
                operations.push(self.tell(evaluation).await?);
            }
        }
        let room = count.saturating_sub(operations.len());
        for simulation in &simulations::list(db, simulated, room).await.map_err(OpError::from)? {
            operations.push(simulating(simulation)?);
        }
        Ok(operations)
    }

    async fn cancel(&self, id: &str) -> Result<(), Fault> {
        let asked = self.shared.store.transact(|tx| {
            let id = id.to_owned();
            Box::pin(async move {
                simulations::ask_to_cancel(&*tx, &id).await?;
                Ok::<_, OpError>(evaluations::ask_to_cancel(&tx, &id).await?)
            })
        });
        Ok(asked.await?)
    }
}

/// A simulation as an operation.
///
/// # Errors
/// When its result cannot be read.
pub fn simulating(simulation: &Simulation) -> Result<Operation, OpError> {
    let unread = |error| OpError::Store(store::StoreError::bug(format!("a recorded result cannot be read: {error}")));
    let recorded = simulation.result.as_deref().unwrap_or_default();
    let state = match simulation.state {
        RunState::Waiting | RunState::Running => State::Running,
        RunState::Cancelled => State::Cancelled,
        RunState::Failed => State::Failed(proto::google::rpc::Status::decode(recorded).map_err(unread)?),
        RunState::Succeeded => {
            State::Succeeded(convert::pack(&wire::SimulateBundleResponse::decode(recorded).map_err(unread)?))
        }
    };
    let percent = match simulation.state {
        RunState::Waiting | RunState::Running => 100 * simulation.judged / simulation.partners.max(1),
        RunState::Succeeded | RunState::Cancelled | RunState::Failed => 100,
    };
    let metadata = wire::SimulateBundleMetadata {
        bundle_hash: simulation.bundle.clone(),
        partner_count: simulation.partners,
        judged_partner_count: simulation.judged,
        progress_percent: i32::try_from(percent.clamp(0, 100)).unwrap_or(100),
    };
    Ok(Operation { name: name(NAME, &simulation.id), metadata: Some(convert::pack(&metadata)), state })
}

/// An operation that was just asked for.
pub fn started(evaluation: &Evaluation) -> longrunning::Operation {
    Operation {
        name: name(NAME, &evaluation.id),
        metadata: Some(convert::pack(&metadata(evaluation, Vec::new()))),
        state: State::Running,
    }
    .into_wire()
}

fn metadata(evaluation: &Evaluation, waiting_feeds: Vec<String>) -> wire::EvaluateTiersMetadata {
    let state = match evaluation.state {
        RunState::Waiting => wire::evaluate_tiers_metadata::State::Waiting,
        RunState::Running => wire::evaluate_tiers_metadata::State::Running,
        RunState::Succeeded => wire::evaluate_tiers_metadata::State::Succeeded,
        RunState::Cancelled => wire::evaluate_tiers_metadata::State::Cancelled,
        RunState::Failed => wire::evaluate_tiers_metadata::State::Failed,
    };
    wire::EvaluateTiersMetadata {
        state: state.into(),
        known_time: Some(convert::timestamp(evaluation.known_at)),
        effective_time: Some(convert::timestamp(evaluation.as_of)),
        bundle_hash: evaluation.bundle_hash.clone(),
        tier_programs: evaluation.programs.iter().map(|it| names::TIER_PROGRAM.format([&program_id(it)])).collect(),
        partner_count: evaluation.progress.partners,
        evaluated_partner_count: evaluation.progress.evaluated,
        create_time: Some(convert::timestamp(evaluation.created)),
        update_time: Some(convert::timestamp(evaluation.updated)),
        waiting_feeds,
        decisions_only: evaluation.decisions_only,
    }
}

fn response(evaluation: &Evaluation, failures: &[Failure]) -> wire::EvaluateTiersResponse {
    let failures = failures.iter().map(|failure| wire::EvaluationFailure {
        partner: names::PARTNER.format([&failure.partner]),
        tier_program: names::TIER_PROGRAM.format([&program_id(&failure.program)]),
        rule: failure.rule.clone(),
        message: failure.message.clone(),
    });
    wire::EvaluateTiersResponse {
        partner_count: evaluation.progress.evaluated,
        changed_scorecard_count: evaluation.progress.changed_scorecards,
        changed_award_count: evaluation.progress.changed_awards,
        result_hash: evaluation.result_hash.clone(),
        bundle_hash: evaluation.bundle_hash.clone(),
        failures: failures.collect(),
    }
}

fn status(evaluation: &Evaluation) -> Result<proto::google::rpc::Status, OpError> {
    let recorded = evaluation.error.as_deref().unwrap_or_default();
    proto::google::rpc::Status::decode(recorded)
        .map_err(|error| OpError::Store(store::StoreError::bug(format!("a recorded status cannot be read: {error}"))))
}
