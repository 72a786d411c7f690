//! The store suite, on both engines.

mod usage;
