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
    /// The series it touched.
    pub series: Vec<SeriesChange>,
}

/// How one series changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesChange {
    /// The customer of the subscription.
    pub customer: String,
    /// The metered subscription.
    pub subscription: String,
    /// What was metered in which unit.
    pub label: SeriesLabel,
    /// The hours that changed.
    pub cells: Vec<CellChange>,
}

/// What makes usage of one subscription add up. The order is that of listed usage.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SeriesLabel {
    /// The workload, or empty.
    pub workload: String,
    /// What was metered.
    pub meter: String,
    /// The unit of the quantity.
    pub unit: String,
    /// The currency of the costs; none where there are none.
    pub currency: Option<Currency>,
    /// Whether the quantity is a state, of which the last measurement counts.
    pub level: bool,
}

impl SeriesLabel {
    /// Whether the quantity adds up.
    pub fn flow(&self) -> Flow {
        if self.level { Flow::Level } else { Flow::Flow }
    }
}

/// How one hour of one series changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellChange {
    /// The start of the UTC hour.
    pub hour: Instant,
    /// Of a flow the difference, of a level the new measurement; none where no measurement of a
    /// level is left.
    pub quantity: Option<Decimal>,
    /// The differences of the costs.
    pub costs: Costs,
}
