//! The task that simulates: one simulation after the other, beside everything else.

use std::sync::Arc;
use std::time::Duration;

use prost::Message;
use rpc::Fault;
use tokio_util::sync::CancellationToken;

use crate::Shared;
use crate::domain::evaluation::RunState;
use crate::domain::simulation::Simulation;
use crate::ops::OpError;
use crate::ops::simulate_bundle::{End, compare};
use crate::publish::simulated;
use crate::store::simulations;

/// How often the database is asked for work that another process left.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long a simulation waits for its facts before it looks again.
const ARRIVE: Duration = Duration::from_secs(1);

/// Simulates until told to stop. A failure that may pass is told once and tried again.
pub async fn simulate(shared: &Arc<Shared>, stop: CancellationToken) {
    let mut commits = shared.store.commits();
    loop {
        commits.mark_unchanged();
        let turn = tokio::select! {
            () = stop.cancelled() => return,
            turn = turn(shared) => turn,
        };
        if let Err(error) = &turn {
            tracing::warn!(error = %error, "a simulation cannot go on now and is tried again");
        }
        if !matches!(turn, Ok(true)) {
            tokio::select! {
                () = stop.cancelled() => return,
                // Whether something was committed, or it is time to look: the next turn tells.
                _ = tokio::time::timeout(LOOK_EVERY, commits.changed()) => {}
            }
        }
    }
}

/// Takes the oldest simulation to its end; false when there is none, or its facts have not arrived.
async fn turn(shared: &Arc<Shared>) -> Result<bool, OpError> {
    let Some(simulation) = simulations::find_open(shared.store.read()).await? else { return Ok(false) };
    if !simulation.cancel_asked && !shared.arrivals.wait(simulation.known_at, ARRIVE).await {
        return Ok(false);
    }
    let changes = shared.changes.clone();
    let told = move || changes.announce();
    let (state, result) =
        match compare(&shared.store, &shared.rules, &simulation, shared.decided_together(), &told).await {
            Ok(End::Compared(outcome)) => {
                (RunState::Succeeded, Some(simulated::response(&simulation, &outcome).encode_to_vec()))
            }
            Ok(End::Cancelled) => (RunState::Cancelled, None),
            Err(OpError::Store(error)) => return Err(error.into()),
            Err(error) => (RunState::Failed, Some(Fault::from(error).into_rpc_status().encode_to_vec())),
        };
    end(shared, &simulation, state, result).await?;
    Ok(true)
}

async fn end(
    shared: &Arc<Shared>,
    simulation: &Simulation,
    state: RunState,
    result: Option<Vec<u8>>,
) -> Result<(), OpError> {
    let (id, result) = (&simulation.id, &result);
    let ended =
        shared.store.transact(|tx| Box::pin(async move { simulations::end(&*tx, id, state, result.clone()).await }));
    ended.await?;
    tracing::info!(operation = simulation.id, state = state.name(), "a simulation has ended");
    shared.changes.announce();
    Ok(())
}
