//! What a usage batch changed.

use program::facts::{Costs, Flow};
use values::{Currency, Decimal, Instant};

/// One usage batch of association.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageEntry {
    /// Its name, under which it counts once.
    pub batch: String,
    /// Its place in the feed.
    pub position: i64,
    /// When the feed recorded it.
    pub recorded: Instant,
    /// The cells it touched.
    pub cells: Vec<CellChange>,
}

/// How one hour of one series changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellChange {
    /// The metered subscription.
    pub subscription: String,
    /// The workload, or empty.
    pub workload: String,
    /// What was metered.
    pub meter: String,
    /// The start of the UTC hour.
    pub hour: Instant,
    /// Whether the quantity adds up.
    pub flow: Flow,
    /// Of a flow the difference, of a level the new measurement; none where no measurement of a
    /// level is left.
    pub quantity: Option<Decimal>,
    /// The unit of the quantity.
    pub unit: String,
    /// The differences of the costs.
    pub costs: Costs,
    /// The currency of the costs; none where there are none.
    pub currency: Option<Currency>,
}
