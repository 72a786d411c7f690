//! How many seats a subscription has over time.

use values::{Canon, Decimal, Digest, Instant};

use crate::domain::names::{SeatCountName, SubscriptionName};

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatContent {
    /// The seats from `start` on; not negative.
    pub count: Decimal,
    /// The first instant.
    pub start: Instant,
    /// Who says it.
    pub source: String,
    /// Its id there, or empty.
    pub external_id: String,
}

/// A seat count as recorded; never changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatCount {
    /// Its identity.
    pub name: SeatCountName,
    /// What is said.
    pub content: SeatContent,
    /// When it was recorded.
    pub created: Instant,
}

impl SeatContent {
    /// The business key: the source's id, or where it gives none, subscription, start and count.
    /// A later count for the same start is a correction, not a repetition.
    pub fn business_key(&self, subscription: &SubscriptionName) -> Digest {
        let mut canon = Canon::new("seat count");
        canon.text(&self.source);
        if self.external_id.is_empty() {
            canon.absent().show(subscription).show(self.start).show(self.count);
        } else {
            canon.text(&self.external_id);
        }
        canon.digest()
    }
}
