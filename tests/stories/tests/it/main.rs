//! Business stories over the whole suite, one file each.

mod bad_bills;
mod bill;
mod designations;
mod facts_file;
mod late_subscription;
mod ownership;
mod people;
mod scene;
mod stage;
mod visible;
