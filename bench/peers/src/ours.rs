//! Our pass over the population.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use program::population::{Compiled, Decision, Worker};
use std::hint::black_box;

use crate::partners::share;
use crate::together::{THREADS, together};
use crate::verdict::{Verdict, millionths};

/// Judges every partner in every area, metrics from facts included.
///
/// # Errors
/// When a number is out of range.
pub fn pass(plan: &Compiled<'_>) -> Result<Duration> {
    together(
        |_| Ok(Worker::new(plan)),
        |thread, worker| {
            for place in share(plan.partners(), thread, THREADS) {
                black_box(worker.judge(place)?);
            }
            Ok(())
        },
    )
}

/// How the partners at these places stand in one area.
///
/// # Errors
/// As [`pass`].
pub fn verdicts(plan: &Compiled<'_>, area: usize, places: impl Iterator<Item = usize>) -> Result<Vec<Verdict>> {
    let mut worker = Worker::new(plan);
    let verdicts = places.map(|place| {
        let decision = worker.judge(place)?.get(area).context("no such area")?;
        verdict(decision)
    });
    verdicts.collect()
}

/// The partners that are designated in one area.
///
/// # Errors
/// As [`pass`].
pub fn designated(plan: &Compiled<'_>, area: usize) -> Result<Vec<usize>> {
    let mut worker = Worker::new(plan);
    let mut found = Vec::new();
    for place in 0..plan.partners() {
        if worker.judge(place)?.get(area).is_some_and(|decision| decision.level().is_some()) {
            found.push(place);
        }
    }
    Ok(found)
}

fn verdict(decision: &Decision) -> Result<Verdict> {
    let mut lines = [0; 5];
    ensure!(decision.lines.len() == lines.len(), "the area has {} lines", decision.lines.len());
    for (line, points) in lines.iter_mut().zip(&decision.lines) {
        *line = millionths(&points.ratio())?;
    }
    let total = decision.points.as_ref().context("the area has no points")?;
    Ok(Verdict { lines, total: millionths(&total.ratio())?, designated: decision.level().is_some() })
}
