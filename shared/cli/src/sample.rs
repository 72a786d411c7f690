//! The sample vendor, carried in the binary: a demo needs no files beside it.

use crate::import::{Bill, Source};

include!(concat!(env!("OUT_DIR"), "/sample_documents.rs"));

/// A file of the sample vendor's data.
macro_rules! data {
    ($name:literal) => {
        ($name, include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../programs/sample/data/", $name)).as_slice())
    };
}

fn source((name, text): (&'static str, &'static [u8])) -> Source {
    Source::Text(name, text)
}

/// The made-up partners.
pub fn partners() -> Source {
    source(data!("partners.csv"))
}

/// The made-up people.
pub fn people() -> Source {
    source(data!("people.csv"))
}

/// The made-up customers with the bill's sub-accounts as their subscriptions.
pub fn subscriptions() -> Source {
    source(data!("subscriptions.csv"))
}

/// The made-up associations of all kinds but designations.
pub fn associations() -> Source {
    source(data!("associations.csv"))
}

/// The made-up transactions.
pub fn transactions() -> Source {
    source(data!("transactions.csv"))
}

/// What the customers designate, change and remove, and when.
pub fn designations() -> Source {
    source(data!("designations.csv"))
}

/// The real bill.
pub fn bill() -> Bill {
    let (name, text) = data!("bill-2024-09.focus.csv");
    Bill::Text(name, text)
}
