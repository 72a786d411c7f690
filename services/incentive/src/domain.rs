//! What incentive decides, purely: no clock, no database, no wire. Time and ids are arguments.
//!
//! Rating itself is the program language's (`program::incentives`); here stands what a service
//! adds to it: which period may be closed, what late facts correct, how lines become statements,
//! what the ledger says about them, and which totals must agree.

pub mod adjustment;
pub mod control;
pub mod correction;
pub mod earning;
pub mod ledger;
pub mod line;
pub mod parts;
pub mod period;
pub mod plan;
pub mod result;
pub mod run;
pub mod simulation;
pub mod statement;

#[cfg(test)]
mod tests;
