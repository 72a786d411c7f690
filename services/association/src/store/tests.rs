//! The store suite, on both engines.

mod associations;
mod usage;
