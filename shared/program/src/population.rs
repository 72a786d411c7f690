//! A tier program over a whole population: one compiled form, one pass over columns.
//!
//! [`Gatherer`] sorts facts into [`Columns`]: rows of usage and seats by customer, subscription and workload, who is
//! recognized on them in which months, people with what they hold. [`Compiled`] is a program on one day, resolved:
//! lists into tables over the kinds of row there are, windows into instants, dated values into numbers. A [`Worker`]
//! then judges partner after partner without looking anything up by name. Points are exact fractions in machine words
//! ([`crate::number`]), and money stays decimal.
//!
//! What was measured can be kept as a [`Sheet`], from which a [`Scorer`] makes points and levels by this program or by
//! one with other thresholds, whole columns at once and without a look at the facts.
//!
//! Of every partner it says what [`crate::tiers::evaluate`] says, to the last digit, without the words: a property test
//! holds the two together. What the compiled form cannot do it refuses by name ([`NotCompiled`]); then every partner is
//! judged by itself.

pub mod columns;
mod decision;
mod gather;
mod kinds;
mod plan;
mod reading;
mod run;
mod scores;
pub mod sheet;
mod states;
mod wants;

pub use columns::Columns;
pub use decision::{Decision, Points};
pub use gather::{Gatherer, UsageRow};
pub use kinds::RowKind;
pub use plan::Compiled;
pub use run::Worker;
pub use sheet::{Scorer, Scores, Sheet};
pub use wants::NotCompiled;
