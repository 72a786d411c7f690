//! Reads cloud bills in FOCUS, the open cost and usage specification, versions 1.0 to 1.3, as CSV.
//!
//! Pure: it reads from any [`std::io::Read`], row by row, and knows no file, database or wire.
//! Every row comes with its line number and with a hash of its canonical values; together with the
//! count of equal rows ([`OccurrenceCounter`]) that is the row's identity, which FOCUS lacks.
//!
//! Deliberately absent: guessing. A number that is not a number, a currency that is none and half a
//! line are refused with line and column; nothing is rounded and no sign is changed.

mod columns;
mod error;
mod identity;
mod layout;
mod number;
mod reader;
mod row;
mod split;

#[cfg(test)]
mod tests;

pub use columns::{COLUMNS, Column, Kind, REQUIRED};
pub use error::{BadRow, NumberFault, OpenError, Problem, ReadError};
pub use identity::{ContentHash, OccurrenceCounter, TooManyRows};
pub use number::plain_number;
pub use reader::Reader;
pub use row::{Quantity, Row};
