//! The feed's suite, on both engines.

mod contract;
mod crash;
mod follow;
mod history;
mod park;
mod restore;
mod support;
