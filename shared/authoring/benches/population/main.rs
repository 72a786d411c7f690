//! A program over a whole population, against a loop written by hand for this one program.
//!
//! `cargo bench -p authoring --bench population -- [PARTNERS [SEED]]`: 400,000 partners of seed 1, unless told otherwise.
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

mod by_hand;

use std::path::PathBuf;
use std::time::{Duration, Instant as Clock};

use anyhow::{Context, Result};
use authoring::generated::Recipe;
use program::population::{Columns, Compiled, Gatherer, UsageRow, Worker};
use program::{Bundle, Facts};
use values::{Date, Instant, Ratio, Zone};

const PROGRAM: &str = "microsoft/solutions-partner";

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let partners: u32 = arguments.next().map_or(Ok(400_000), |text| text.parse())?;
    let seed: u64 = arguments.next().map_or(Ok(1), |text| text.parse())?;
    let day = Date::new(2023, 8, 15)?;
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../programs/microsoft");
    let bundle = authoring::documents::bundle(&[folder])?;
    let as_of = Zone::utc().day(day).end().context("the day has no end")?.saturating_add(-1);
    let (columns, gathered) = timed(|| gather(&bundle, Recipe { seed, partners, day }, as_of));
    let columns = columns?;
    println!("{partners} partners of seed {seed}: {} rows, {} places", columns.rows(), columns.places.len());
    println!("made and gathered            {:>9.2} s", gathered.as_secs_f64());
    let (plan, compiled) = timed(|| Compiled::new(&bundle, PROGRAM, &columns));
    let plan = plan?;
    println!("compiled                     {:>9.2} ms", compiled.as_secs_f64() * 1e3);
    let kinds = by_hand::Kinds::new(&bundle, &columns);
    check(&plan, &columns, &kinds)?;
    for _ in 0..3 {
        let (by_hand, hand) = timed(|| by_hand(&columns, &kinds));
        let (qualified, pass) = timed(|| judge(&plan));
        let qualified = qualified?;
        anyhow::ensure!(qualified == by_hand, "designations differ: {qualified:?} and by hand {by_hand:?}");
        let ratio = pass.as_secs_f64() / hand.as_secs_f64();
        println!(
            "judged, one thread           {:>9.3} s, by hand {:.3} s: {ratio:.2} times; {qualified:?} designated",
            pass.as_secs_f64(),
            hand.as_secs_f64()
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

fn gather(bundle: &Bundle, recipe: Recipe, as_of: Instant) -> Result<Columns> {
    let mut gatherer = Gatherer::new(bundle, PROGRAM, &[], as_of)?;
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

fn judge(plan: &Compiled<'_>) -> Result<Vec<usize>> {
    let mut worker = Worker::new(plan);
    let mut qualified = vec![0; plan.divisions()];
    for place in 0..plan.partners() {
        for (count, decision) in qualified.iter_mut().zip(worker.judge(place)?) {
            *count += usize::from(decision.level().is_some());
        }
    }
    Ok(qualified)
}
