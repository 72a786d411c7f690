//! Business stories over the whole suite, one file each.

mod bill;
mod killed;
mod stage;
