//! What this service decides, without a clock, a database or a wire.

pub mod account;
pub mod award;
pub mod bundle;
pub mod decided;
pub mod evaluation;
pub mod held;
pub mod kept;
pub mod notice;
pub mod score;
pub mod simulation;
#[cfg(test)]
mod tests;
pub mod timeline;
pub mod usage;
