//! Our pass over the population: from facts, and from what was measured.

use std::hint::black_box;
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use program::population::sheet::PARTNERS_OF_A_BLOCK;
use program::population::{Compiled, Decision, Scorer, Sheet, Worker};

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

/// Measures everybody, once, on all threads.
///
/// # Errors
/// When a number is out of range.
pub fn sheet<'p>(plan: &'p Compiled<'p>) -> Result<(Sheet<'p>, Duration)> {
    let found = Mutex::new(Vec::new());
    let took = together(
        |_| Ok(Worker::new(plan)),
        |thread, worker| {
            for number in share(plan.blocks(), thread, THREADS) {
                let block = worker.measure(number)?;
                found.lock().map_err(|_| anyhow!("a thread panicked"))?.push(block);
            }
            Ok(())
        },
    )?;
    let blocks = found.into_inner().map_err(|_| anyhow!("a thread panicked"))?;
    Ok((Sheet::of(plan, blocks)?, took))
}

/// Scores everybody in one area from the measured figures, so many times.
///
/// # Errors
/// When a number is out of range.
pub fn scored(sheet: &Sheet<'_>, plan: &Compiled<'_>, area: usize, times: usize) -> Result<Duration> {
    together(
        |_| Ok(Scorer::new(sheet, plan)?),
        |thread, scorer| {
            for _ in 0..times {
                for block in share(sheet.blocks(), thread, THREADS) {
                    black_box(scorer.score(area, block)?);
                }
            }
            Ok(())
        },
    )
}

/// Refuses to go on when a sheet says anything else of anybody in one area than the pass from facts does; how many
/// decisions were compared, and how many of them columns could not make.
///
/// # Errors
/// As [`pass`], and when decisions differ.
pub fn compare(sheet: &Sheet<'_>, plan: &Compiled<'_>, area: usize) -> Result<(usize, usize)> {
    let mut scorer = Scorer::new(sheet, plan)?;
    let mut worker = Worker::new(plan);
    for block in 0..sheet.blocks() {
        let scores = scorer.score(area, block)?;
        for (place, partner) in scores.partners().enumerate() {
            let judged = worker.judge(partner)?.get(area);
            ensure!(scores.decision(place).as_ref() == judged, "the sheet says something else of partner {partner}");
        }
    }
    Ok((plan.partners(), {
        let (one_by_one, from_facts) = scorer.made_aside();
        one_by_one + from_facts
    }))
}

/// How the partners at these places stand in one area, by the measured figures.
///
/// # Errors
/// As [`pass`].
pub fn scored_verdicts(
    sheet: &Sheet<'_>,
    plan: &Compiled<'_>,
    area: usize,
    places: impl Iterator<Item = usize>,
) -> Result<Vec<Verdict>> {
    let mut scorer = Scorer::new(sheet, plan)?;
    let verdicts = places.map(|place| {
        let scores = scorer.score(area, place / PARTNERS_OF_A_BLOCK)?;
        verdict(&scores.decision(place % PARTNERS_OF_A_BLOCK).context("no such partner")?)
    });
    verdicts.collect()
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
