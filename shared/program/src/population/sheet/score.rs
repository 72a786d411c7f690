//! From a sheet to points and levels, a block of a division at a time.

use super::bind::{Bound, bound};
use super::column::Shape;
use super::need::{Lanes, Memory};
use super::scores::Scores;
use super::{Figure, Sheet};
use crate::population::plan::Compiled;
use crate::population::run::Worker;
use crate::population::wants::NotCompiled;
use crate::tiers::EvaluateError;

/// Scores what a [`Sheet`] holds by one program, and keeps the memory for it. Every thread has its own.
///
/// What whole columns cannot do exactly is judged from the facts instead, partner by partner, with the same result:
/// numbers of more digits than a column has, and shapes of scores whose products would leave a machine word.
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
    aside: usize,
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
            aside: 0,
        })
    }

    /// How many decisions were made from facts so far, because columns could not make them exactly.
    pub fn judged_aside(&self) -> usize {
        self.aside
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
                let reads = self.reads[division].iter();
                let mut wide: Vec<usize> = reads.flat_map(|column| columns[*column].wide.iter().copied()).collect();
                wide.sort_unstable();
                wide.dedup();
                self.judge_aside(division, wide)?;
            }
            _ => {
                self.scores.tracks.clear();
                self.judge_aside(division, (0..found.partners.len()).collect())?;
            }
        }
        Ok(&self.scores)
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

    fn judge_aside(&mut self, division: usize, places: Vec<usize>) -> Result<(), EvaluateError> {
        let one_based = |place: Option<usize>| place.map_or(0, |place| i32::try_from(place + 1).unwrap_or(i32::MAX));
        for place in places {
            let judged = self.worker.judge(self.scores.partners.start + place)?;
            let Some(decision) = judged.get(division) else { continue };
            self.scores.held[place] = one_based(decision.held);
            self.scores.track[place] = one_based(decision.track);
            self.scores.aside.push((place, decision.clone()));
            self.aside += 1;
        }
        Ok(())
    }
}
