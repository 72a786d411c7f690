//! Since when the partner is associated with what it is counted for.

use values::{Instant, Month};

use super::Judge;
use super::rows::{Place, granted};
use super::window::Moment;
use crate::ground::last_instant;
use crate::model::Metric;

/// The month in which the unbroken recognition began that covers the place in the month of `at`; none
/// where the partner is not recognized on it then.
pub(crate) fn began(judge: &Judge<'_>, metric: &Metric, place: &Place, at: Moment) -> Option<Month> {
    let zone = &judge.ground.zone;
    let month = zone.whole_month(at.month);
    let moment = last_instant(&month).min(judge.as_of);
    let subscription = judge.ground.subscription(place.subscription(), moment)?;
    let spans = judge.ground.spans(subscription, place.workload());
    let mut start: Option<Instant> = None;
    let mut gap: Option<Instant> = None;
    // Spans are without gaps, in order: the last run of recognized ones up to the month's end.
    for span in spans.iter().filter(|span| span.interval.start() <= moment) {
        if !granted(judge, metric, &span.recognition) {
            gap = gap.or(Some(span.interval.start()));
            continue;
        }
        if gap.take().is_some() || start.is_none() {
            start = Some(span.interval.start());
        }
    }
    // A run that ended before the month covers no day of it.
    if gap.is_some_and(|gap| gap <= month.start()) {
        return None;
    }
    start.map(|start| zone.month(start))
}
