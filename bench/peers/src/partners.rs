//! The partners: their columns for our pass, and of some of them the numbers that the peer is given.

use std::ops::Range;
use std::path::PathBuf;
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};
use authoring::generated::Recipe;
use program::model::{PointLine, TierProgram};
use program::population::{Columns, Gatherer, UsageRow};
use program::tiers::{DivisionScore, evaluate};
use program::{Bundle, Explanation, Facts};
use rust_decimal::Decimal;
use values::{Date, Instant, Ratio, Zone};

use crate::together::THREADS;
use crate::verdict::cut_off;

/// The program that both evaluate.
pub const PROGRAM: &str = "microsoft/solutions-partner";

/// The area with five metrics that the peer evaluates.
pub const AREA: &str = "infrastructure";

/// Digits after the point that the peer is given of a number that has no end.
///
/// Cut off, not rounded: the number stays on its side of every whole number, and bounds and caps are whole.
const PLACES: u32 = 20;

/// The generated partners of one seed, and the bundle by which they are judged.
pub struct Partners {
    /// Documents.
    pub bundle: Bundle,
    /// How the partners are made.
    pub recipe: Recipe,
    /// The last instant of the judged day.
    pub as_of: Instant,
}

/// What the peer is given of one partner, measured already.
pub struct Given {
    /// The partner's place in the population.
    pub place: usize,
    /// Name and number.
    pub numbers: Vec<(&'static str, Decimal)>,
}

impl Partners {
    /// The shipped documents, and partners of the seed.
    ///
    /// # Errors
    /// When the documents do not load.
    pub fn new(seed: u64, partners: u32) -> Result<Partners> {
        let day = Date::new(2023, 8, 15)?;
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../programs/microsoft");
        let bundle = authoring::documents::bundle(&[folder])?;
        let as_of = Zone::utc().day(day).end().context("the day has no end")?.saturating_add(-1);
        Ok(Partners { bundle, recipe: Recipe { seed, partners, day }, as_of })
    }

    /// Everybody's facts as columns: nothing is measured yet.
    ///
    /// # Errors
    /// When the program does not compile to columns.
    pub fn columns(&self) -> Result<Columns> {
        let mut gatherer = Gatherer::new(&self.bundle, PROGRAM, &[], self.as_of)?;
        let mut others = Facts::default();
        for mut facts in self.recipe.all() {
            for usage in std::mem::take(&mut facts.usage) {
                gatherer.usage(UsageRow::of(&usage));
            }
            others.absorb(facts);
        }
        Ok(gatherer.finish(&others)?)
    }

    /// The area's place among those of the program.
    ///
    /// # Errors
    /// When the documents no longer have it.
    pub fn area(&self) -> Result<usize> {
        let divisions = &self.program()?.divisions;
        divisions.iter().position(|division| division.name == AREA).context("the area is gone")
    }

    /// What the peer is given of the partners at these places, on all threads: each is judged by itself, with every
    /// explanation and the ways to the next level, which takes long for large ones.
    ///
    /// # Errors
    /// When a partner cannot be evaluated, or a number does not fit.
    pub fn given(&self, columns: &Columns, places: &[usize]) -> Result<Vec<Given>> {
        let part = |thread: usize| -> Result<Vec<Given>> {
            // Large ones stand at every tenth place: every thread takes the same share of them.
            let own = places.chunks(10).skip(thread).step_by(THREADS).flatten();
            own.map(|place| self.given_at(columns, *place)).collect()
        };
        let parts: Vec<Vec<Given>> = thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || part(thread))).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().map_err(|_| anyhow!("a thread panicked"))?)
                .collect::<Result<_>>()
        })?;
        let mut given: Vec<Given> = parts.into_iter().flatten().collect();
        given.sort_by_key(|given| given.place);
        Ok(given)
    }

    fn given_at(&self, columns: &Columns, place: usize) -> Result<Given> {
        let area = self.area()?;
        let track = self.program()?.divisions[area].tracks.first().context("the area has no score")?;
        let facts = self.recipe.partner(u32::try_from(place)?);
        let partner = columns.partner(place);
        ensure!(facts.partners.iter().any(|found| found.partner == partner), "{partner} is not at {place}");
        let card = evaluate(&self.bundle, PROGRAM, &facts, partner, self.as_of, self.as_of)?;
        Ok(Given { place, numbers: numbers(&track.lines, &card.divisions[area])? })
    }

    fn program(&self) -> Result<&TierProgram> {
        self.bundle.tier_program_on(PROGRAM, self.recipe.day).context("the program is gone")
    }
}

/// The part of a list of partners that one of the threads takes.
pub fn share(count: usize, thread: usize, threads: usize) -> Range<usize> {
    count * thread / threads..count * (thread + 1) / threads
}

/// The five metrics, and the two counts of people that open gates.
fn numbers(lines: &[PointLine], scored: &DivisionScore) -> Result<Vec<(&'static str, Decimal)>> {
    let measured = |line: &str| {
        let found = scored.lines.iter().find(|found| found.line == line);
        decimal(&found.with_context(|| format!("there is no line {line}"))?.quantity.value)
    };
    let gate = |line: &str| {
        let found = lines.iter().find(|found| found.name == line).and_then(|found| found.gates.first());
        counted(&scored.explanation, found.with_context(|| format!("{line} has no gate"))?.rule())
    };
    Ok(vec![
        ("netCustomers", measured("net-customer-adds")?),
        ("intermediates", measured("intermediate-certifications")?),
        ("administrators", gate("intermediate-certifications")?),
        ("advanceds", measured("advanced-certifications")?),
        ("architects", gate("advanced-certifications")?),
        ("growth", measured("usage-growth")?),
        ("services", measured("deployments")?),
    ])
}

fn decimal(value: &Ratio) -> Result<Decimal> {
    Ok(Decimal::try_from_i128_with_scale(cut_off(value, PLACES)?, PLACES)?.normalize())
}

/// How many people a gate counted, from the explanation of the score.
fn counted(explanation: &Explanation, rule: &str) -> Result<Decimal> {
    let mut open = vec![explanation];
    while let Some(node) = open.pop() {
        let actual = node.numbers.iter().find(|number| number.name == "actual");
        if let (true, Some(actual)) = (node.rule == rule, actual) {
            let count = actual.value.split(' ').next().unwrap_or_default();
            return count.parse().with_context(|| format!("{rule}: {} is no count", actual.value));
        }
        open.extend(&node.parts);
    }
    anyhow::bail!("{rule} is not in the explanation")
}
