//! The store suite, on both engines.

mod associations;
mod slots;
mod usage;
