//! How records add up to cells: one per series and UTC hour of the usage's start.
//!
//! - `association.flows_add_up`: quantities of a flow and all costs of an hour are added, exactly.
//! - `association.last_measurement_of_a_level`: a level's hour is its last measurement; of two at
//!   one instant, the one with the larger record key, so that the order of arrival never decides.
//! - `association.replaced_records_do_not_count`: a replaced record stays and counts for nothing.

use values::{Decimal, DecimalError, Instant};

use crate::domain::usage::{Costs, Meter, RecordKey, UsageRecord};

/// One measurement of a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measurement {
    /// When it was made.
    pub at: Instant,
    /// The record that says it.
    pub key: RecordKey,
    /// What was measured.
    pub quantity: Decimal,
}

impl Measurement {
    /// The later of two measurements (rule `association.last_measurement_of_a_level`).
    #[must_use]
    pub fn later(self, other: Measurement) -> Measurement {
        if (other.at, other.key) > (self.at, self.key) { other } else { self }
    }
}

/// What records change in one cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CellChange {
    /// The difference in the number of records that count.
    pub count: i64,
    /// The difference of a flow's quantity; zero for a level.
    pub quantity: Decimal,
    /// The differences of the costs; absent where no record said one.
    pub costs: Costs,
    /// The last of the new measurements of a level.
    pub measured: Option<Measurement>,
    /// Whether a measurement was taken out: the last one that remains must be looked up.
    pub recount: bool,
}

impl CellChange {
    /// Counts a record in (rule `association.flows_add_up`).
    ///
    /// # Errors
    /// When a sum leaves the range.
    pub fn add(&mut self, key: RecordKey, record: &UsageRecord) -> Result<(), DecimalError> {
        self.count += 1;
        match record.kind {
            Meter::Flow => self.quantity = self.quantity.checked_add(record.quantity)?,
            Meter::Level => {
                let new = Measurement { at: record.start, key, quantity: record.quantity };
                self.measured = Some(self.measured.map_or(new, |before| before.later(new)));
            }
        }
        add_costs(&mut self.costs, &record.costs)
    }

    /// Notes a record that counts for nothing because it was replaced before it arrived (rule
    /// `association.replaced_records_do_not_count`). Which costs were ever said is the same whichever arrives first.
    ///
    /// # Errors
    /// As of [`CellChange::add`].
    pub fn pass(&mut self, costs: &Costs) -> Result<(), DecimalError> {
        add_costs(&mut self.costs, &costs.map(|cost| cost.map(|_| Decimal::ZERO)))
    }

    /// Takes a record out that was counted before (rule `association.replaced_records_do_not_count`).
    ///
    /// # Errors
    /// As of [`CellChange::add`].
    pub fn take(&mut self, kind: Meter, quantity: Decimal, costs: &Costs) -> Result<(), DecimalError> {
        self.count -= 1;
        match kind {
            Meter::Flow => self.quantity = self.quantity.checked_sub(quantity)?,
            Meter::Level => self.recount = true,
        }
        let mut negated = *costs;
        for cost in negated.iter_mut().flatten() {
            *cost = cost.checked_neg()?;
        }
        add_costs(&mut self.costs, &negated)
    }
}

/// What adds up in one cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CellSums {
    /// How many records count.
    pub records: i64,
    /// The sum of a flow, or the last measurement of a level; zero where no measurement is left.
    pub quantity: Decimal,
    /// The sums of the costs; absent where no record ever said one.
    pub costs: Costs,
    /// The last measurement of a level that counts; none for a flow.
    pub measured: Option<Measurement>,
}

impl CellSums {
    /// Counts a change in. When a measurement was taken out ([`CellChange::recount`]), [`CellSums::measure`] must follow.
    ///
    /// # Errors
    /// When a sum leaves the range.
    pub fn apply(&mut self, change: &CellChange) -> Result<(), DecimalError> {
        self.records += change.count;
        self.quantity = self.quantity.checked_add(change.quantity)?;
        if let Some(new) = change.measured {
            self.measure(Some(self.measured.map_or(new, |before| before.later(new))));
        }
        add_costs(&mut self.costs, &change.costs)
    }

    /// The quantity as it is said: of a level nothing, where no measurement is left.
    pub fn quantity(&self, kind: Meter) -> Option<Decimal> {
        match kind {
            Meter::Flow => Some(self.quantity),
            Meter::Level => self.measured.map(|last| last.quantity),
        }
    }

    /// Sets the last measurement of a level.
    pub fn measure(&mut self, last: Option<Measurement>) {
        self.measured = last;
        self.quantity = last.map_or(Decimal::ZERO, |last| last.quantity);
    }
}

/// Adds costs column by column; a column is absent until somebody says one.
///
/// # Errors
/// When a sum leaves the range.
pub fn add_costs(sums: &mut Costs, costs: &Costs) -> Result<(), DecimalError> {
    for (sum, cost) in sums.iter_mut().zip(costs) {
        if let Some(cost) = cost {
            *sum = Some(sum.unwrap_or(Decimal::ZERO).checked_add(*cost)?);
        }
    }
    Ok(())
}
