//! A general rule engine beside our compiled pass: decisions a second on the same five-metric score, in one run.
//!
//! `cargo run --release --manifest-path bench/peers/Cargo.toml -- [PARTNERS [SEED]]`
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

mod ours;
mod partners;
mod together;
mod verdict;
mod zen;

use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use program::population::{Compiled, Sheet};

use partners::{AREA, Given, PROGRAM, Partners};
use together::THREADS;
use verdict::Verdict;
use zen::Form;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The peer decides about these first partners of the population: one in ten is large, as among all.
const SAMPLE: usize = 500;
/// So many designated partners are compared beside them.
const DESIGNATED: usize = 50;
/// How often the peer goes through its sample in a round.
const TIMES: usize = 100;
/// How often we go through everybody in a round where the figures are measured already.
const TIMES_FROM_FIGURES: usize = 100;
/// Rounds, each of everybody in turn; the best of each counts.
const ROUNDS: usize = 5;
/// How many times the peer's decisions a second ours are to be.
const GOAL: f64 = 300.0;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let count: u32 = arguments.next().map_or(Ok(400_000), |text| text.parse())?;
    let seed: u64 = arguments.next().map_or(Ok(1), |text| text.parse())?;
    let partners = Partners::new(seed, count)?;
    let columns = partners.columns()?;
    let plan = Compiled::new(&partners.bundle, PROGRAM, &columns)?;
    println!("{count} partners of seed {seed}, {} rows of usage; {} areas", columns.rows(), plan.divisions());

    let area = partners.area()?;
    let sample = SAMPLE.min(plan.partners());
    let others = ours::designated(&plan, area)?.into_iter().filter(|place| *place >= sample).take(DESIGNATED);
    let places: Vec<usize> = (0..sample).chain(others).collect();
    let start = Instant::now();
    let given = partners.given(&columns, &places)?;
    println!("{} partners measured for the peer in {:.0} s", given.len(), start.elapsed().as_secs_f64());
    let (sheet, measured) = ours::sheet(&plan)?;
    println!("everybody measured for ourselves in {:.2} s", measured.as_secs_f64());
    compare((&plan, &sheet), area, &given)?;
    measure((&plan, &sheet), area, &given[..sample])
}

/// Refuses to go on when any form of the peer's rules decides anything else than we do.
fn compare((plan, sheet): (&Compiled<'_>, &Sheet<'_>), area: usize, given: &[Given]) -> Result<()> {
    let (compared, aside) = ours::compare(sheet, plan, area)?;
    println!("{compared} decisions about {AREA} from facts and from figures, all equal; {aside} not made by columns");
    let places = || given.iter().map(|given| given.place);
    let expected = ours::verdicts(plan, area, places())?;
    ensure!(expected == ours::scored_verdicts(sheet, plan, area, places())?, "figures decide otherwise than facts");
    let mut wrong = Vec::new();
    for form in Form::ALL {
        let found = zen::verdicts(form, given)?;
        for ((given, ours), theirs) in given.iter().zip(&expected).zip(&found) {
            if ours != theirs {
                wrong.push(format!("partner {}: {ours:?}, {}: {theirs:?}", given.place, form.name()));
            }
        }
    }
    if !wrong.is_empty() {
        bail!("{} decisions differ:\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
    }
    let count = |name: &str, holds: fn(&Verdict) -> bool| {
        let found = expected.iter().filter(|verdict| holds(verdict)).count();
        ensure!(found > 0, "the sample shows nothing: no partner is {name}");
        Ok(found)
    };
    println!(
        "{} decisions about {AREA} compared, all equal: {} designated, {} not, {} with broken points, {} with none",
        expected.len(),
        count("designated", |verdict| verdict.designated)?,
        count("refused", |verdict| !verdict.designated)?,
        count("given a part of a point", |verdict| verdict.total % 1_000_000 != 0)?,
        count("without points", |verdict| verdict.total == 0)?,
    );
    Ok(())
}

fn measure((plan, sheet): (&Compiled<'_>, &Sheet<'_>), area: usize, sample: &[Given]) -> Result<()> {
    let (mut facts, mut figures) = (Duration::MAX, Duration::MAX);
    let mut theirs = [Duration::MAX; Form::ALL.len()];
    for _ in 0..ROUNDS {
        facts = facts.min(ours::pass(plan)?);
        figures = figures.min(ours::scored(sheet, plan, area, TIMES_FROM_FIGURES)?);
        for (form, best) in Form::ALL.into_iter().zip(&mut theirs) {
            *best = (*best).min(zen::pass(form, sample, TIMES)?);
        }
    }
    println!(
        "\non {THREADS} threads, best of {ROUNDS}               decisions    seconds     a second   to the fastest form"
    );
    let rate = |decisions: usize, time: Duration| decisions as f64 / time.as_secs_f64();
    let asked = sample.len() * TIMES;
    let fastest = theirs.iter().map(|time| rate(asked, *time)).fold(0.0, f64::max);
    let row = |name: &str, decisions: usize, time: Duration| {
        let found = rate(decisions, time);
        println!("{name:<41} {decisions:>10} {:>10.3} {found:>12.0} {:>21.1}", time.as_secs_f64(), found / fastest);
        found / fastest
    };
    let from_figures = row("ours, one area, figures given", plan.partners() * TIMES_FROM_FIGURES, figures);
    let from_facts = row("ours, six areas, figures from facts", plan.partners() * plan.divisions(), facts);
    println!("zen-engine {}, one area, figures given:", zen_engine::ENGINE_VERSION);
    for (form, time) in Form::ALL.into_iter().zip(theirs) {
        row(form.name(), asked, time);
    }
    let said = if from_figures >= GOAL { "reached" } else { "not reached" };
    println!("\nlike for like, both from measured figures: {from_figures:.1} (goal: {GOAL:.0}, {said})");
    println!("ours from facts in all areas, the peer from measured figures in one: {from_facts:.1}");
    Ok(())
}
