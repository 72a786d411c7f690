//! What is counted and summed of a partner in one pass.

use crate::model::metric::{Counted, Pick};
use crate::population::reading::{Accept, Measured};
use values::Month;

/// A set of states.
#[derive(Clone, Debug)]
pub(super) struct States(Vec<u64>);

impl States {
    pub fn none(states: usize) -> States {
        States(vec![0; states / 64 + 1])
    }

    /// Adds a state; false where it was there before.
    pub fn add(&mut self, state: usize) -> bool {
        let Some(word) = self.0.get_mut(state / 64) else { return false };
        let bit = 1 << (state % 64);
        let new = *word & bit == 0;
        *word |= bit;
        new
    }

    pub fn clear(&mut self) {
        self.0.fill(0);
    }

    /// Whether there is a state in both.
    pub fn meet(&self, other: &States) -> bool {
        self.0.iter().zip(&other.0).any(|(one, other)| one & other != 0)
    }

    pub fn join(&mut self, other: &States) {
        self.0.iter_mut().zip(&other.0).for_each(|(one, other)| *one |= other);
    }
}

/// A metric at one moment.
#[derive(PartialEq)]
pub(super) enum State {
    Count(Count),
    Sum(Sum),
    /// People with these holdings.
    People(u16),
}

/// Distinct things that pass tests.
#[derive(PartialEq)]
pub(super) struct Count {
    /// The slots of each test, and how many of them must hold.
    pub tests: Vec<(Vec<u16>, usize)>,
    pub already: Option<Already>,
}

/// Leaves out what passed already when the association began.
#[derive(PartialEq)]
pub(super) struct Already {
    /// The tests, of [`super::plan::Compiled::tests`].
    pub tests: u16,
    pub credit: u16,
    /// The population, or none.
    pub among: Option<u16>,
    /// The current month.
    pub month: Month,
}

/// A sum over places.
#[derive(PartialEq)]
pub(super) struct Sum {
    pub reading: u16,
    pub largest: bool,
    pub tests: Vec<SumTest>,
    pub pick: Option<Pick>,
    pub paired: Option<Paired>,
}

/// A test of each place of a sum.
#[derive(PartialEq)]
pub(super) struct SumTest {
    /// The part and, of a share, the whole, at each time.
    pub looks: Vec<(u16, Option<u16>)>,
    pub accept: Accept,
    pub needed: usize,
    /// Whether a place that the test says nothing about passes.
    pub nothing_passes: bool,
}

/// Each place compared with itself before.
#[derive(PartialEq)]
pub(super) struct Paired {
    pub measure: Measured,
    pub window: crate::model::metric::Window,
    pub credit: u16,
    /// The month compared with, and the current one.
    pub common: Month,
    pub month: Month,
    pub not_before_association: bool,
    /// Each loss is nothing before adding.
    pub losses_are_nothing: bool,
}

/// One test of a count at one time: where its cells and verdicts stand.
#[derive(PartialEq)]
pub(super) struct Slot {
    pub state: u16,
    pub cell: Cell,
    pub thing: Counted,
    pub every: bool,
    pub accept: Accept,
    pub largest: [bool; 2],
    /// Where its cells begin; one, or one for each workload.
    pub cells: usize,
    /// Where its verdicts begin; one, or one for each workload.
    pub verdicts: usize,
    pub remember_places: bool,
}

/// What a cell of a slot adds up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Place,
    Subscription,
    Customer,
    CustomerWorkload,
    Workload,
}

impl Cell {
    /// Whether there is one for each workload.
    pub fn by_workload(self) -> bool {
        matches!(self, Cell::CustomerWorkload | Cell::Workload)
    }
}

/// Whether there is a verdict for each workload.
pub(super) fn by_workload(thing: Counted) -> bool {
    matches!(thing, Counted::Workloads | Counted::CustomerWorkloads)
}
