//! From a sheet to points and levels, a block of a division at a time.

use super::bind::{Bound, bound};
use values::Ratio;

use super::column::{Cell, Shape};
use super::need::{Lanes, Memory};
use super::scores::Scores;
use super::{Figure, Sheet};
use crate::population::plan::Compiled;
use crate::population::run::Worker;
use crate::population::scores::Value;
use crate::population::wants::NotCompiled;
use crate::tiers::EvaluateError;

/// Scores what a [`Sheet`] holds by one program, and keeps the memory for it. Every thread has its own.
///
/// What whole columns cannot do exactly is done partner by partner, with the same result: shapes of scores whose products
/// would leave a machine word, with fractions of any size over the measured figures; and whoever has a number of more
/// digits than a column holds, from the facts.
pub struct Scorer<'s> {
    sheet: &'s Sheet<'s>,
    plan: &'s Compiled<'s>,
    worker: Worker<'s>,
    /// Of each division how it was bound to the columns of the last block.
    bound: Vec<Option<ForShapes>>,
    /// Of each division the columns it reads.
    reads: Vec<Vec<usize>>,
    memory: Memory,
    scores: Scores,
    one_by_one: usize,
    from_facts: usize,
}

/// A division as it is bound to columns of these shapes; nothing where it cannot be.
struct ForShapes {
    shapes: Vec<Shape>,
    bound: Option<Bound>,
}

impl<'s> Scorer<'s> {
    /// A scorer by `plan`: the program that the sheet was measured by, or another that measures the same.
    ///
    /// # Errors
    /// [`NotCompiled::OtherColumns`] for a program that measures anything else.
    pub fn new(sheet: &'s Sheet<'s>, plan: &'s Compiled<'s>) -> Result<Scorer<'s>, NotCompiled> {
        if !std::ptr::eq(sheet.plan, plan) && !sheet.plan.measures_as(plan) {
            return Err(NotCompiled::OtherColumns);
        }
        let place = |figure: &Figure| sheet.plan.figures.iter().position(|known| known == figure);
        let reads = plan.divisions.iter().map(|division| division.figures.iter().filter_map(place).collect());
        Ok(Scorer {
            sheet,
            plan,
            worker: Worker::new(plan),
            bound: plan.divisions.iter().map(|_| None).collect(),
            reads: reads.collect(),
            memory: Memory::default(),
            scores: Scores::none(),
            one_by_one: 0,
            from_facts: 0,
        })
    }

    /// How many decisions were made partner by partner so far, because columns could not make them exactly: from measured
    /// figures, and from facts.
    pub fn made_aside(&self) -> (usize, usize) {
        (self.one_by_one, self.from_facts)
    }

    /// How the partners of a block stand in a division, both by their numbers.
    ///
    /// # Errors
    /// As [`Worker::judge`], for those who are judged from facts.
    pub fn score(&mut self, division: usize, block: usize) -> Result<&Scores, EvaluateError> {
        let (Some(plan), Some(found)) = (self.plan.divisions.get(division), self.sheet.blocks.get(block)) else {
            self.scores = Scores::none();
            return Ok(&self.scores);
        };
        self.scores.begin(plan, &found.partners);
        if plan.blank {
            self.scores.tracks.clear();
            return Ok(&self.scores);
        }
        self.bind(division, block);
        match &self.bound[division] {
            Some(ForShapes { bound: Some(bound), .. }) => {
                let (columns, count) = (&found.columns, found.partners.len());
                let mut lanes = Lanes { columns, count, memory: &mut self.memory };
                lanes.division(plan, bound, &mut self.scores);
                for place in self.wide(division, block) {
                    self.by_facts(division, place)?;
                }
            }
            _ => {
                self.scores.tracks.clear();
                let wide = self.wide(division, block);
                for place in 0..found.partners.len() {
                    match wide.binary_search(&place) {
                        Ok(_) => self.by_facts(division, place)?,
                        Err(_) => self.by_figures(division, block, place),
                    }
                }
            }
        }
        Ok(&self.scores)
    }

    /// Who has a number that does not fit, of those that a division reads.
    fn wide(&self, division: usize, block: usize) -> Vec<usize> {
        let columns = &self.sheet.blocks[block].columns;
        let reads = self.reads[division].iter();
        let mut wide: Vec<usize> = reads.flat_map(|column| columns[*column].wide.iter().copied()).collect();
        wide.sort_unstable();
        wide.dedup();
        wide
    }

    fn bind(&mut self, division: usize, block: usize) {
        let columns = &self.sheet.blocks[block].columns;
        let shapes = self.reads[division].iter().map(|column| columns[*column].shape());
        if let Some(known) = &self.bound[division]
            && shapes.clone().eq(known.shapes.iter().copied())
        {
            return;
        }
        let figures = &self.sheet.plan.figures;
        let place = |measure, base| figures.iter().position(|known| *known == Figure { measure, base });
        let bound = bound(self.plan, &self.plan.divisions[division], columns, &place);
        self.bound[division] = Some(ForShapes { shapes: shapes.collect(), bound });
    }

    fn by_facts(&mut self, division: usize, place: usize) -> Result<(), EvaluateError> {
        let judged = self.worker.judge(self.scores.partners.start + place)?;
        if let Some(decision) = judged.get(division) {
            self.scores.put_aside(place, decision.clone());
            self.from_facts += 1;
        }
        Ok(())
    }

    fn by_figures(&mut self, division: usize, block: usize, place: usize) {
        let (sheet, columns) = (self.sheet, &self.sheet.blocks[block].columns);
        let number = |column: usize| match columns[column].cell(place) {
            Cell::Number(numerator, denominator) => Some(Ratio::of(numerator.into(), denominator.into())),
            Cell::Absent | Cell::Wide => None,
        };
        let reads = &self.reads[division];
        let of = |column: &usize| sheet.plan.figures[*column];
        let measures = reads.iter().filter(|column| !of(column).base).map(|column| {
            let measure = of(column).measure;
            let base = reads.iter().find(|other| of(other).base && of(other).measure == measure);
            let value = number(*column);
            let absent = value.is_none();
            (measure, Value { value: value.unwrap_or_default(), base: base.and_then(|base| number(*base)), absent })
        });
        if let Some(decision) = self.worker.given(division, measures) {
            self.scores.put_aside(place, decision.clone());
            self.one_by_one += 1;
        }
    }
}
