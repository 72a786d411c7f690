//! The house checks itself: who imports whom, where rows and wire types may stand, how long a file
//! may grow, which words are banned, and whether every rule and every published case is where it is
//! said to be.
//!
//! A check is a function from what it reads to what is wrong; the tests below run every check over
//! the project, and over a sample that breaks it.

pub mod cases;
pub mod edges;
pub mod rules;
pub mod text;
pub mod tree;

#[cfg(test)]
mod tests;
