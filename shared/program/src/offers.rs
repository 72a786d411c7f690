//! What is sold: products, offers of them, and the days on which each can be bought.

use values::Date;

/// A product of the catalog.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Product {
    /// Its title.
    pub title: String,
    /// Its workloads, by the catalog's names; a group's members stand for it.
    pub workloads: Vec<String>,
}

/// An offer: how a product is bought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Its rule id.
    pub rule: String,
    /// Its title.
    pub title: String,
    /// Where it comes from.
    pub source: Option<String>,
    /// The product it is of.
    pub product: String,
    /// One of the catalog's offer types: `seat-based`, `consumption`, `trial`, ...
    pub kind: String,
    /// The lengths for which it can be bought; empty where it has none.
    pub terms: Vec<String>,
    /// The first day of its sale; none where it is not said.
    pub from: Option<Date>,
    /// The last day of its sale; none while it is sold.
    pub through: Option<Date>,
}

impl Offer {
    /// Whether it can be bought on a day. What was bought before its last day goes on.
    ///
    /// Rule: `program.sold_within_its_days`.
    pub fn on_sale(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.through.is_none_or(|through| day <= through)
    }
}
