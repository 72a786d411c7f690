//! The commands of whoever writes program documents: check, test, explain, format,
//! compare, simulate.
//!
//! Every command returns a [`Printed`]: the same result as text for people and as data for machines, and
//! the exit code. What is decided is decided by the `program` crate.

pub mod arguments;
pub mod check;
pub mod compare;
pub mod documents;
mod earned;
pub mod explain;
pub mod facts;
pub mod generated;
mod junit;
pub mod layout;
mod moved;
mod outcome;
mod paid;
mod population;
mod printed;
pub mod reference;
pub mod schema;
pub mod simulate;
pub mod test;
mod tree;

pub use arguments::{Command, Program, months, run};
pub use printed::Printed;
