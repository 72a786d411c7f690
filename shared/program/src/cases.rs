//! Tests beside the rules: documents of `kind: Tests` with facts in and expected results out.
//!
//! [`read`] finds the cases of all test documents, [`run`] judges one of them: the facts it gives, the
//! changes it makes to the rules, the day it asks about and what was known then. Only what a case names
//! is compared, each exactly. [`Coverage`] says which brackets, bounds, bands and metrics the cases of a
//! bundle reached; what lies below a pinned result is not covered. [`tested`] is what documents must be that are to take
//! effect.

mod claimed;
mod compare;
mod coverage;
mod document;
mod earnings;
mod expansion;
mod given;
mod judged;
mod life;
mod measured;
mod pinned;
mod recognized;
mod report;
mod setting;
mod sold;
mod standing;
mod surroundings;
mod tested;

pub(crate) use coverage::band as band_rule;
pub use coverage::{Cell, CellKind, Coverage, Seen};
pub(crate) use document::read_traced;
pub use document::{Case, NotGiven, not_given, read};
pub use judged::run;
pub(crate) use judged::run_traced;
pub use report::{Difference, Outcome, Report, Verdict, run_all};
pub use tested::tested;
