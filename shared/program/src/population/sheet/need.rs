//! What must hold, over whole columns.

use super::column::{Column, Form};
use super::lanes::{self, Side, join, mask};
use super::scores::TrackScores;

/// What must hold, with every bound in the parts of its column.
pub enum Need {
    /// It holds for everybody, or for nobody.
    Always(bool),
    /// All hold.
    All(Vec<Need>),
    /// Some one holds.
    Any(Vec<Need>),
    /// None holds.
    None(Vec<Need>),
    /// So many hold.
    AtLeast(usize, Vec<Need>),
    /// A number lies inside, and there is one.
    Figure(usize, Between),
    /// The points of the track.
    Score(Mark),
    /// The points of each of its lines.
    EveryLine(Mark),
}

/// Between which bounds a column's numbers lie.
pub enum Between {
    /// Parts, both included.
    Parts(i64, i64),
    /// Fractions, on these sides of their bounds.
    Sides(Vec<Side>),
}

/// A bound of points, in parts of a point.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    /// Whether more can make it hold.
    pub asks_for_more: bool,
    /// Nothing, or one where the bound itself does not count.
    pub least: i64,
    /// The bound.
    pub parts: i64,
}

impl Mark {
    /// The same for whole parts: between which they lie, both included.
    fn between(self) -> (i64, i64) {
        match self.asks_for_more {
            true => (self.parts + self.least, i64::MAX),
            false => (i64::MIN, self.parts - self.least),
        }
    }

    /// Whether `whole` parts and a fraction of one hold it.
    #[inline(always)]
    fn holds(self, whole: i32, numerator: i64, denominator: i64) -> bool {
        let over = numerator - (self.parts - i64::from(whole)) * denominator;
        let over = if self.asks_for_more { over } else { -over };
        over >= self.least
    }
}

/// The columns of a block, and memory for masks and points.
#[derive(Default)]
pub struct Memory {
    free: Vec<Vec<i32>>,
}

impl Memory {
    /// So many numbers, whichever they are.
    pub fn take(&mut self, count: usize) -> Vec<i32> {
        let mut found = self.free.pop().unwrap_or_default();
        found.resize(count, 0);
        found
    }

    /// So many of the same number.
    pub fn filled(&mut self, count: usize, with: i32) -> Vec<i32> {
        let mut found = self.take(count);
        found.fill(with);
        found
    }

    /// For the next who takes some.
    pub fn give(&mut self, numbers: Vec<i32>) {
        self.free.push(numbers);
    }
}

/// The columns of a block while something is made of them.
pub struct Lanes<'l> {
    /// The columns.
    pub columns: &'l [Column],
    /// How many partners each has.
    pub count: usize,
    /// For what is made.
    pub memory: &'l mut Memory,
}

impl Lanes<'_> {
    /// The partners for whom it holds.
    pub fn met(&mut self, need: &Need, track: Option<&TrackScores>) -> Vec<i32> {
        match need {
            Need::Always(holds) => self.memory.filled(self.count, mask(*holds)),
            Need::All(parts) => self.folded(parts, track, -1, |one, other| one & other),
            Need::Any(parts) => self.folded(parts, track, 0, |one, other| one | other),
            Need::None(parts) => {
                let mut any = self.folded(parts, track, 0, |one, other| one | other);
                any.iter_mut().for_each(|mask| *mask = !*mask);
                any
            }
            Need::AtLeast(count, parts) => {
                // A mask is minus one where it holds.
                let mut held = self.folded(parts, track, 0, |count, mask| count - mask);
                held.iter_mut().for_each(|held| *held = mask(i64::from(*held) >= *count as i64));
                held
            }
            Need::Figure(column, between) => {
                let mut held = self.between(*column, between);
                if let Some(present) = &self.columns[*column].present {
                    join(&mut held, present, |held, present| held & present);
                }
                held
            }
            Need::Score(mark) => {
                let mut held = self.memory.take(self.count);
                if let Some(track) = track {
                    marked(*mark, &track.total, track.part.as_ref().map(|part| &part.points), &mut held);
                }
                held
            }
            Need::EveryLine(mark) => {
                let mut held = self.memory.filled(self.count, -1);
                let mut one = self.memory.take(self.count);
                let lines = track.map(|track| track.lines.as_slice()).unwrap_or_default();
                for (number, line) in lines.iter().enumerate() {
                    let part = track.and_then(|track| track.part.as_ref()).filter(|part| part.line == number);
                    marked(*mark, line, part.map(|part| &part.points), &mut one);
                    join(&mut held, &one, |held, one| held & one);
                }
                self.memory.give(one);
                held
            }
        }
    }

    fn folded(
        &mut self,
        parts: &[Need],
        track: Option<&TrackScores>,
        first: i32,
        fold: impl Fn(i32, i32) -> i32,
    ) -> Vec<i32> {
        let mut all = self.memory.filled(self.count, first);
        for part in parts {
            let one = self.met(part, track);
            join(&mut all, &one, &fold);
            self.memory.give(one);
        }
        all
    }

    /// Where the numbers of a column lie between bounds, whether or not there is one.
    pub fn between(&mut self, column: usize, between: &Between) -> Vec<i32> {
        let mut held = self.memory.take(self.count);
        match (&self.columns[column].form, between) {
            (Form::Short { values, .. }, Between::Parts(from, to)) => lanes::within(values, *from, *to, &mut held),
            (Form::Long { values, .. }, Between::Parts(from, to)) => lanes::within(values, *from, *to, &mut held),
            (Form::Fractions { numerators, denominators }, Between::Sides(sides)) => {
                held.fill(-1);
                for side in sides {
                    let numbers = numerators.iter().zip(denominators);
                    for (held, (numerator, denominator)) in held.iter_mut().zip(numbers) {
                        *held &= mask(side.holds(*numerator, *denominator));
                    }
                }
            }
            // Bounds are bound to the form of their column.
            _ => held.fill(0),
        }
        held
    }
}

/// Fractions of a part of a point: numerators and denominators.
pub type Fractions = (Vec<i64>, Vec<i64>);

fn marked(mark: Mark, whole: &[i32], fractions: Option<&Fractions>, held: &mut [i32]) {
    match fractions {
        None => {
            let (from, to) = mark.between();
            lanes::within(whole, from, to, held);
        }
        Some((numerators, denominators)) => {
            let numbers = whole.iter().zip(numerators.iter().zip(denominators));
            for (held, (whole, (numerator, denominator))) in held.iter_mut().zip(numbers) {
                *held = mask(mark.holds(*whole, *numerator, *denominator));
            }
        }
    }
}
