//! Business stories over the whole suite, one file each.

mod bad_bills;
mod bill;
mod changed_rates;
mod designations;
mod facts_file;
mod late_subscription;
mod ownership;
mod passing;
mod people;
mod proposals;
mod scene;
mod stage;
mod visible;
