//! The task that decides how everybody stands: one operation after the other, beside everything else, so that who waits
//! because of a change has a turn meanwhile.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::ops::OpError;
use crate::store::evaluations;
use crate::{Shared, run};

/// How often the database is asked for work that another process left.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long an operation waits for its facts before it looks again.
const ARRIVE: Duration = Duration::from_secs(1);

/// Decides until told to stop. A failure that may pass is told and tried again.
pub async fn decide(shared: &Arc<Shared>, stop: CancellationToken) {
    let mut commits = shared.store.commits();
    loop {
        commits.mark_unchanged();
        let turn = tokio::select! {
            () = stop.cancelled() => return,
            turn = turn(shared) => turn,
        };
        if let Err(error) = &turn {
            tracing::warn!(error = %error, "it cannot be decided now how everybody stands, and is tried again");
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

/// Takes a step of the oldest operation; false when there is none, or its facts have not arrived.
async fn turn(shared: &Arc<Shared>) -> Result<bool, OpError> {
    let Some(evaluation) = evaluations::find_open(shared.store.read(), true).await? else { return Ok(false) };
    if !evaluation.cancel_asked && !shared.arrivals.wait(evaluation.known_at, ARRIVE).await {
        return Ok(false);
    }
    run::step(shared, &evaluation).await?;
    Ok(true)
}
