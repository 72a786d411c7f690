//! A program over a whole population, against a loop written by hand for this one program.
//!
//! `cargo bench -p authoring --bench population -- [PARTNERS [SEED]]`: 400,000 partners of seed 1, unless told otherwise.
//! As a test it compares decisions and measures nothing.
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

mod by_hand;

use std::path::PathBuf;
use std::time::{Duration, Instant as Clock};

use anyhow::{Context, Result};
use authoring::generated::Recipe;
use program::population::{Columns, Compiled, Gatherer, Scorer, Sheet, UsageRow, Worker};
use program::tiers::{EvaluateError, Scorecard};
use program::{Bundle, Facts};
use values::{Date, Instant, Ratio, Zone};

/// The allocator of the product.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const PROGRAM: &str = "microsoft/solutions-partner";

/// A threshold that is changed to see who would gain: fifty points are enough.
const CHANGE: (&str, &str) =
    ("microsoft/solutions-partner#awards.solutions-partner.when.all.total.at-least", "50 points");

/// How many partners are compared where nothing is measured.
const COMPARED: u32 = 2_000;

fn main() -> Result<()> {
    let measured = std::env::args().any(|argument| argument == "--bench");
    // What a test is told to run is no number of partners.
    let mut arguments = std::env::args().skip(1).filter(|argument| measured && !argument.starts_with("--"));
    let partners: u32 = arguments.next().map_or(Ok(if measured { 400_000 } else { COMPARED }), |text| text.parse())?;
    let seed: u64 = arguments.next().map_or(Ok(1), |text| text.parse())?;
    let day = Date::new(2023, 8, 15)?;
    let recipe = Recipe { seed, partners, day };
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../programs/microsoft");
    let bundle = authoring::documents::bundle(&[folder])?;
    let changes = [(CHANGE.0.to_owned(), CHANGE.1.to_owned())];
    let changed = program::reform::reformed(&bundle, &changes);
    let changed = changed.map_err(|problems| anyhow::anyhow!("{problems:?}"))?;
    let as_of = Zone::utc().day(day).end().context("the day has no end")?.saturating_add(-1);
    let (columns, gathered) = timed(|| gather(&bundle, &changed, recipe, as_of));
    let columns = columns?;
    println!("{partners} partners of seed {seed}: {} rows, {} places", columns.rows(), columns.places.len());
    println!("made and gathered            {:>9.2} s", gathered.as_secs_f64());
    let (plan, compiled) = timed(|| Compiled::new(&bundle, PROGRAM, &columns));
    let plan = plan?;
    println!("compiled                     {:>9.2} ms", compiled.as_secs_f64() * 1e3);
    if !measured {
        return check(&plan, &columns, &by_hand::Kinds::new(&bundle, &columns));
    }
    against_hand(&plan, &columns, &bundle)?;
    let changed = Compiled::new(&changed, PROGRAM, &columns)?;
    simulate(&plan, &changed)?;
    score(&plan, &changed)?;
    explain(&bundle, recipe, as_of)
}

fn against_hand(plan: &Compiled<'_>, columns: &Columns, bundle: &Bundle) -> Result<()> {
    let kinds = by_hand::Kinds::new(bundle, columns);
    check(plan, columns, &kinds)?;
    for _ in 0..5 {
        let (by_hand, hand) = timed(|| by_hand(columns, &kinds));
        let (qualified, pass) = timed(|| judge(plan, 0..plan.partners()));
        let qualified = qualified?;
        anyhow::ensure!(qualified == by_hand, "designations differ: {qualified:?} and by hand {by_hand:?}");
        let ratio = pass.as_secs_f64() / hand.as_secs_f64();
        println!(
            "judged on one thread         {:>9.3} s, by hand {:.3} s: {ratio:.2} times; {qualified:?} designated",
            pass.as_secs_f64(),
            hand.as_secs_f64()
        );
    }
    let half = plan.partners() / 2;
    let (both, two) = timed(|| {
        std::thread::scope(|scope| {
            let first = scope.spawn(|| judge(plan, 0..half));
            let second = judge(plan, half..plan.partners())?;
            let first = first.join().map_err(|_| anyhow::anyhow!("a thread died"))??;
            anyhow::Ok(first.iter().zip(second).map(|(one, other)| one + other).collect::<Vec<usize>>())
        })
    });
    let decisions = plan.partners() * plan.divisions();
    println!(
        "judged on two threads        {:>9.3} s: {:.1} million decisions a second; {:?} designated",
        two.as_secs_f64(),
        decisions as f64 / two.as_secs_f64() / 1e6,
        both?
    );
    Ok(())
}

/// Who would be designated beside those who are, and who would no longer be.
fn simulate(current: &Compiled<'_>, proposed: &Compiled<'_>) -> Result<()> {
    let (moved, took) = timed(|| {
        let (mut now, mut then) = (Worker::new(current), Worker::new(proposed));
        let (mut up, mut down) = (0, 0);
        for place in 0..current.partners() {
            for (now, then) in now.judge(place)?.iter().zip(then.judge(place)?) {
                up += usize::from(then.level() > now.level());
                down += usize::from(then.level() < now.level());
            }
        }
        anyhow::Ok((up, down))
    });
    let (up, down) = moved?;
    println!("simulated fifty points       {:>9.3} s: {up} up, {down} down", took.as_secs_f64());
    Ok(())
}

/// The same once more, from what is measured once; and what scoring alone takes.
fn score(current: &Compiled<'_>, proposed: &Compiled<'_>) -> Result<()> {
    let (sheet, measured) = timed(|| Sheet::measured(current));
    let sheet = sheet?;
    println!("measured on one thread       {:>9.3} s", measured.as_secs_f64());
    for _ in 0..5 {
        let (moved, took) = timed(|| {
            let (mut now, mut then) = (Scorer::new(&sheet, current)?, Scorer::new(&sheet, proposed)?);
            let (mut up, mut down) = (0, 0);
            for (division, block) in everything(&sheet, current) {
                let (now, then) = (now.score(division, block)?, then.score(division, block)?);
                for (now, then) in now.levels().zip(then.levels()) {
                    up += usize::from(then > now);
                    down += usize::from(then < now);
                }
            }
            anyhow::Ok((up, down, [now.made_aside(), then.made_aside()]))
        });
        let (up, down, aside) = moved?;
        println!(
            "fifty points from figures    {:>9.3} s: {up} up, {down} down; {aside:?} not by columns",
            took.as_secs_f64()
        );
    }
    let (scored, took) = timed(|| {
        let mut scorer = Scorer::new(&sheet, proposed)?;
        for (division, block) in everything(&sheet, proposed) {
            std::hint::black_box(scorer.score(division, block)?);
        }
        anyhow::Ok(())
    });
    scored?;
    let decisions = current.partners() * current.divisions();
    println!(
        "scored on one thread         {:>9.3} s: {:.0} million decisions a second",
        took.as_secs_f64(),
        decisions as f64 / took.as_secs_f64() / 1e6
    );
    Ok(())
}

fn everything(sheet: &Sheet<'_>, plan: &Compiled<'_>) -> impl Iterator<Item = (usize, usize)> {
    let blocks = sheet.blocks();
    (0..plan.divisions()).flat_map(move |division| (0..blocks).map(move |block| (division, block)))
}

/// How one partner is evaluated.
type Evaluate = fn(&Bundle, &str, &Facts, &str, Instant, Instant) -> Result<Scorecard, EvaluateError>;

/// One partner after another with the whole explanation, without and with the ways to the next level: any, and the
/// large ones alone.
fn explain(bundle: &Bundle, recipe: Recipe, as_of: Instant) -> Result<()> {
    let any: Vec<u32> = (0..recipe.partners).take(1_000).collect();
    let large: Vec<u32> = (0..recipe.partners).filter(|number| number % 10 == 3).take(200).collect();
    let plain: Evaluate = program::tiers::evaluate_without_ways;
    let whole: Evaluate = program::tiers::evaluate;
    let runs = [
        ("a partner explained", plain, &any),
        ("a large one", plain, &large),
        ("a partner with its ways", whole, &any),
        ("a large one with its ways", whole, &large),
    ];
    for (which, evaluate, numbers) in runs {
        let mut times = Vec::new();
        for number in numbers {
            let facts = recipe.partner(*number);
            let partner = facts.partners.first().map(|fact| fact.partner.clone()).unwrap_or_default();
            let (card, took) = timed(|| evaluate(bundle, PROGRAM, &facts, &partner, as_of, as_of));
            card?;
            times.push(took);
        }
        times.sort();
        let micros = |took: Duration| took.as_secs_f64() * 1e6;
        let middle = times.get(times.len() / 2).copied().unwrap_or_default();
        let mean = times.iter().sum::<Duration>() / u32::try_from(times.len().max(1))?;
        println!(
            "{:<28} {:>9.0} us in the middle of {}, {:.0} us in the mean",
            which,
            micros(middle),
            times.len(),
            micros(mean)
        );
    }
    Ok(())
}

/// Both give every partner the same points and designations.
fn check(plan: &Compiled<'_>, columns: &Columns, kinds: &by_hand::Kinds) -> Result<()> {
    let mut worker = Worker::new(plan);
    let mut counted = by_hand::Counted::default();
    for place in 0..plan.partners() {
        let hand = by_hand::judge(columns, kinds, &mut counted, place);
        for (number, (area, decision)) in hand.iter().zip(worker.judge(place)?).enumerate() {
            let points = decision.points.as_ref().map(program::population::Points::ratio).unwrap_or_default();
            let by_hand = Ratio::new(area.points.0.into(), area.points.1.into());
            anyhow::ensure!(
                points == by_hand && decision.level().is_some() == area.designated,
                "{} in area {number}: {points} points, by hand {by_hand}",
                columns.partner(place)
            );
        }
    }
    Ok(())
}

fn by_hand(columns: &Columns, kinds: &by_hand::Kinds) -> Vec<usize> {
    let mut counted = by_hand::Counted::default();
    let mut qualified = vec![0; by_hand::AREAS];
    for place in 0..columns.partners() {
        for (count, area) in qualified.iter_mut().zip(by_hand::judge(columns, kinds, &mut counted, place)) {
            *count += usize::from(area.designated);
        }
    }
    qualified
}

fn timed<T>(run: impl FnOnce() -> T) -> (T, Duration) {
    let start = Clock::now();
    let result = run();
    (result, start.elapsed())
}

fn gather(bundle: &Bundle, other: &Bundle, recipe: Recipe, as_of: Instant) -> Result<Columns> {
    let mut gatherer = Gatherer::new(bundle, PROGRAM, &[other], as_of)?;
    let mut others = Facts::default();
    let mut usages = 0;
    for mut facts in recipe.all() {
        usages += facts.usage.len();
        for usage in std::mem::take(&mut facts.usage) {
            gatherer.usage(UsageRow::of(&usage));
        }
        others.absorb(facts);
    }
    println!(
        "{usages} monthly facts, {} seat counts, {} certifications",
        others.seats.len(),
        others.certifications.len()
    );
    Ok(gatherer.finish(&others)?)
}

fn judge(plan: &Compiled<'_>, partners: std::ops::Range<usize>) -> Result<Vec<usize>> {
    let mut worker = Worker::new(plan);
    let mut qualified = vec![0; plan.divisions()];
    for place in partners {
        for (count, decision) in qualified.iter_mut().zip(worker.judge(place)?) {
            *count += usize::from(decision.level().is_some());
        }
    }
    Ok(qualified)
}
