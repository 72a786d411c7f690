//! The six areas written by hand for one day, with exact integers, over the same columns.
//!
//! Every number of the documents stands in this file as a constant or a table, every metric as a loop of its own
//! kind: what somebody would write who has one program and never changes it. It takes no document in and explains
//! nothing. Its decisions must be those of the compiled program.

mod areas;
mod facts;
mod kinds;
mod modern;

use program::population::Columns;

pub use kinds::Kinds;

/// A score as a fraction, and whether it earns the designation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    pub points: (i128, i128),
    pub designated: bool,
}

/// How many areas there are.
pub const AREAS: usize = 6;

/// Judges the partner at `place` in all six areas.
pub fn judge(columns: &Columns, kinds: &Kinds, scratch: &mut Counted, place: usize) -> [Area; AREAS] {
    facts::count(columns, kinds, scratch, place);
    areas::score(scratch)
}

pub use facts::Counted;
