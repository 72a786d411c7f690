//! What customers bought.

use values::{Currency, Date, Id, Instant};

use crate::domain::fields::Fields;
use crate::domain::names::{PartnerId, SubscriptionName};
use crate::domain::stamp::Stamp;

/// How another system knows a subscription.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct External {
    /// The system: 1 to 64 characters.
    pub source: String,
    /// Its id there: 1 to 128 characters.
    pub id: String,
}

/// What is said of a subscription. Words are those of the program documents; none means unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionContent {
    /// How another system knows it. Never changes.
    pub external: Option<External>,
    /// The currency it is billed in. Never changes.
    pub currency: Option<Currency>,
    /// The product.
    pub product: Id,
    /// The offer.
    pub offer: Option<Id>,
    /// `seat-based`, `consumption`, ...
    pub offer_type: Option<Id>,
    /// The parts that can be used.
    pub workloads: Vec<Id>,
    /// `breadth`, `enterprise`, `self-service`.
    pub motion: Option<Id>,
    /// The agreement's type.
    pub agreement_type: Option<Id>,
    /// For how long it was bought.
    pub term: Option<Id>,
    /// How it is paid.
    pub billing_plan: Option<Id>,
    /// The deal it belongs to: at most 128 characters, or empty.
    pub deal: String,
    /// Its first instant.
    pub start: Instant,
    /// The first instant after it.
    pub end: Option<Instant>,
    /// The next day of renewal.
    pub renewal: Option<Date>,
    /// Further facts.
    pub fields: Fields,
    /// From when these values hold; the values of the revision before hold until then.
    pub effective: Instant,
}

/// A subscription as recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Its identity.
    pub name: SubscriptionName,
    /// What is said of it.
    pub content: SubscriptionContent,
    /// The partner of record by its latest designation, if there is one now.
    pub designated: Option<PartnerId>,
    /// When it was recorded.
    pub stamp: Stamp,
}

impl Subscription {
    /// Whether it runs at an instant.
    pub fn runs_at(&self, at: Instant) -> bool {
        self.content.start <= at && self.content.end.is_none_or(|end| at < end)
    }
}
