//! The program language and its engine: documents in, decisions with their reasons out.
//!
//! Pure: no input or output, no clock, no database, no wire, nothing asynchronous. Exact: points are
//! rationals, money is decimal, nothing is a binary float. A result is a function of the bundle, this
//! engine's version, the time-zone table and the facts as known.
//!
//! In reading order:
//! - [`facts`], what the engine sees;
//! - [`Bundle`], checked documents ([`catalog`], [`recognition`], tier programs, incentive plans);
//! - [`recognition`], who is recognized on a subscription, for what, by which evidence;
//! - [`tiers`], levels, points, requirements, and the way to the next level;
//! - [`population`], the same over columns of everybody's facts;
//! - [`awards`], when an award is given, kept and lost;
//! - [`incentives`], lines, brackets, statements;
//! - [`explain`], why;
//! - [`cases`], tests beside the rules;
//! - [`check`], what is wrong with documents that load.

pub mod awards;
pub mod bundle;
pub mod cases;
pub mod catalog;
pub mod check;
pub mod conventions;
pub mod diff;
pub mod explain;
pub mod facts;
pub mod format;
mod ground;
pub mod incentives;
mod judge;
mod limit;
pub mod model;
pub mod motions;
pub mod offers;
pub mod population;
pub mod problem;
pub mod quantity;
pub mod reason;
pub mod recognition;
pub mod reform;
pub mod schema;
pub mod terms;
pub mod tiers;

mod parse;

pub use bundle::{Bundle, Document, DocumentKind};
pub use catalog::Catalog;
pub use explain::{Explanation, Rejected, Step};
pub use facts::Facts;
pub use problem::Problem;
pub use quantity::{Quantity, Unit};
pub use reason::Reason;

/// The engine's version: part of every result hash, because a fix that changes a result is a new
/// number.
pub const ENGINE_VERSION: &str = "1";
