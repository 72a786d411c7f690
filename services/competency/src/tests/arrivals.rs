//! What a question about the present is pinned to while the feeds bring nothing.

use std::time::Duration;

use super::bed::*;
use crate::follow::Arrivals;
use crate::{ASSOCIATION, REGISTRY};

/// Long enough for a neighbor to answer; what does not arrive never does.
const PATIENCE: Duration = Duration::from_secs(2);

#[tokio::test]
async fn an_operation_is_pinned_behind_what_the_feeds_hold_and_a_question_before_what_is_not_here() {
    let bed = Bed::start().await;
    // Three changes while the clock stands still: the last is recorded two microseconds after it.
    for partner in ["a", "b", "c"] {
        bed.partner(partner, "", 1).await;
    }
    let now = bed.clock.now();
    let registry = bed.registry.standstill(REGISTRY, &bed.store);
    let arrivals = Arrivals::new(vec![registry, bed.association.standstill(ASSOCIATION, &bed.store)]);

    let newest = arrivals.newest(now, PATIENCE).await;
    assert_eq!(newest, now.saturating_add(2), "an evaluation of everybody waits for all three");
    assert_eq!(arrivals.present(now, Duration::from_millis(50)).await, now, "nothing later is here");
}
