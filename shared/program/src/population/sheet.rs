//! What was measured of a population, kept: scores follow from it without a look at a fact.
//!
//! A [`Sheet`] holds every number that the scores of a program ask for, partner by partner: counts, sums, shares,
//! growth. A [`Scorer`] makes points and levels of it, whole columns at once, by the program that measured it or by any
//! other that measures the same: a changed threshold, bracket, cap or gate costs no second look at the facts.

mod bind;
mod column;
mod lanes;
mod levels;
mod need;
mod score;
mod scores;
mod worth;

use std::ops::Range;

use super::plan::Compiled;
use super::run::Worker;
use super::wants::NotCompiled;
use crate::tiers::EvaluateError;
use column::{Cell, Column};

pub use score::Scorer;
pub use scores::Scores;

/// So many partners are measured and scored together; the columns of a block stay near the processor.
pub const PARTNERS_OF_A_BLOCK: usize = 2_048;

/// What was measured of a population on one day.
pub struct Sheet<'p> {
    pub(super) plan: &'p Compiled<'p>,
    pub(super) blocks: Vec<Block>,
}

/// What was measured of some partners that follow each other.
pub struct Block {
    number: usize,
    pub(super) partners: Range<usize>,
    /// One for each figure of the plan.
    pub(super) columns: Vec<Column>,
}

impl<'p> Sheet<'p> {
    /// Measures the whole population, on this thread. Several threads each let a [`Worker`] measure some of the blocks.
    ///
    /// # Errors
    /// As [`Worker::judge`].
    pub fn measured(plan: &'p Compiled<'p>) -> Result<Sheet<'p>, EvaluateError> {
        let mut worker = Worker::new(plan);
        let blocks = (0..plan.blocks()).map(|block| worker.measure(block)).collect::<Result<_, _>>()?;
        Ok(Sheet { plan, blocks })
    }

    /// The sheet of blocks that workers measured, in any order.
    ///
    /// # Errors
    /// [`NotCompiled::OtherColumns`] unless each block of the population is there once.
    pub fn of(plan: &'p Compiled<'p>, mut blocks: Vec<Block>) -> Result<Sheet<'p>, NotCompiled> {
        blocks.sort_by_key(|block| block.number);
        let complete = blocks.len() == plan.blocks()
            && blocks.iter().enumerate().all(|(number, block)| {
                block.number == number
                    && block.partners == plan.block(number)
                    && block.columns.len() == plan.figures.len()
            });
        if complete { Ok(Sheet { plan, blocks }) } else { Err(NotCompiled::OtherColumns) }
    }

    /// How many blocks it has.
    pub fn blocks(&self) -> usize {
        self.blocks.len()
    }
}

/// A number that scores ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Figure {
    pub measure: u16,
    /// What the measure is compared with, instead of its value.
    pub base: bool,
}

impl Compiled<'_> {
    /// In how many blocks the population is measured.
    pub fn blocks(&self) -> usize {
        self.partners().div_ceil(PARTNERS_OF_A_BLOCK)
    }

    /// The partners of a block, by their places.
    pub fn block(&self, number: usize) -> Range<usize> {
        let start = number.saturating_mul(PARTNERS_OF_A_BLOCK).min(self.partners());
        start..start.saturating_add(PARTNERS_OF_A_BLOCK).min(self.partners())
    }

    /// Whether both measure the same of everybody, whatever they make of it: then a [`Sheet`] of one serves the other.
    pub fn measures_as(&self, other: &Compiled<'_>) -> bool {
        std::ptr::eq(self.columns, other.columns)
            && self.clock == other.clock
            && self.by_kind == other.by_kind
            && self.looks == other.looks
            && self.seat_looks == other.seat_looks
            && self.sources == other.sources
            && self.credits == other.credits
            && self.readings == other.readings
            && self.populations == other.populations
            && self.among == other.among
            && self.tests == other.tests
            && self.slots == other.slots
            && self.states == other.states
            && self.wanted == other.wanted
            && self.holdings == other.holdings
            && self.moments == other.moments
            && self.measures == other.measures
            && other.figures.iter().all(|figure| self.figures.contains(figure))
    }
}

impl Worker<'_> {
    /// Measures the partners of a block, whom nobody scores yet.
    ///
    /// # Errors
    /// As [`Worker::judge`].
    pub fn measure(&mut self, number: usize) -> Result<Block, EvaluateError> {
        let plan = self.plan;
        let partners = plan.block(number);
        let mut cells = vec![Vec::with_capacity(partners.len()); plan.figures.len()];
        let nobody = self.figures_of_nobody();
        for place in partners.clone() {
            self.take_in(place)?;
            for ((figure, nothing), cells) in plan.figures.iter().zip(&nobody).zip(&mut cells) {
                // Where nothing was counted of what it depends on, a figure is that of nobody.
                cells.push(self.figure(*figure).unwrap_or(*nothing));
            }
        }
        Ok(Block { number, partners, columns: cells.iter().map(|cells| Column::of(cells)).collect() })
    }

    fn figures_of_nobody(&mut self) -> Vec<Cell> {
        self.forget();
        self.plan.figures.iter().map(|figure| self.cell(*figure)).collect()
    }

    fn figure(&mut self, figure: Figure) -> Option<Cell> {
        self.counted_of(figure.measure).then(|| self.cell(figure))
    }

    fn cell(&mut self, figure: Figure) -> Cell {
        let value = self.value_of(figure.measure);
        match (figure.base, &value.base) {
            (false, _) if value.absent => Cell::Absent,
            (false, _) => Cell::of(&value.value),
            (true, Some(base)) => Cell::of(base),
            (true, None) => Cell::Absent,
        }
    }
}
