//! Usage as association sends it: batches of cells, and single records.

use program::facts::{Costs, Flow};
use proto::association::v1 as association;
use proto::google::r#type::Decimal as WireDecimal;
use rpc::wire;
use values::{Decimal, Instant};

use super::WireFault;
use crate::store::cells::{Cell, Series};
use crate::store::records::Record;

/// The cells of a batch.
///
/// # Errors
/// [`WireFault`] for a cell without its series or its hour, for an hour that stands twice in the batch, or for
/// a number that is none.
pub fn cells(batch: &association::UsageBatch) -> Result<Vec<Cell>, WireFault> {
    let series: Vec<Series> = batch.series.iter().map(series).collect();
    let cell = |cell: &association::UsageCell| {
        let place = usize::try_from(cell.series_index).ok();
        let series = place.and_then(|place| series.get(place));
        let series = series.ok_or_else(|| WireFault::new(&batch.name, "a cell without its series"))?;
        Ok(Cell {
            series: series.clone(),
            hour: instant(&batch.name, cell.hour_time.as_ref())?,
            quantity: decimal(&batch.name, cell.quantity.as_ref())?,
            costs: Costs {
                billed: decimal(&batch.name, cell.billed_cost.as_ref())?,
                effective: decimal(&batch.name, cell.effective_cost.as_ref())?,
                list: decimal(&batch.name, cell.list_cost.as_ref())?,
                contracted: decimal(&batch.name, cell.contracted_cost.as_ref())?,
            },
        })
    };
    let cells: Vec<Cell> = batch.cells.iter().map(cell).collect::<Result<_, _>>()?;
    let mut hours = std::collections::BTreeSet::new();
    match cells.iter().find(|cell| !hours.insert((&cell.series, cell.hour))) {
        Some(twice) => Err(WireFault::new(&batch.name, format!("the hour of {} stands twice", twice.hour))),
        None => Ok(cells),
    }
}

fn series(series: &association::UsageSeries) -> Series {
    Series {
        subscription: series.subscription.clone(),
        workload: series.workload.clone(),
        meter: series.meter.clone(),
        flow: flow(series.meter_kind()),
        unit: series.unit.clone(),
        currency: series.currency_code.clone(),
    }
}

fn flow(kind: association::MeterKind) -> Flow {
    match kind {
        association::MeterKind::Level => Flow::Level,
        association::MeterKind::Flow | association::MeterKind::Unspecified => Flow::Flow,
    }
}

/// A single record that counts; none for one that another took the place of.
///
/// # Errors
/// [`WireFault`] for a record without a start, or with a number that is none.
pub fn record(subscription: &str, record: &association::UsageRecord) -> Result<Option<Record>, WireFault> {
    if !record.replacing_record_id.is_empty() {
        return Ok(None);
    }
    let name = &record.name;
    Ok(Some(Record {
        record: format!("{}/{}", record.source, record.record_id),
        series: Series {
            subscription: subscription.to_owned(),
            workload: record.workload.clone(),
            meter: record.meter.clone(),
            flow: flow(record.meter_kind()),
            unit: record.unit.clone(),
            currency: record.currency_code.clone(),
        },
        start: instant(name, record.start_time.as_ref())?,
        quantity: decimal(name, record.quantity.as_ref())?.unwrap_or(Decimal::ZERO),
        costs: Costs {
            billed: decimal(name, record.billed_cost.as_ref())?,
            effective: decimal(name, record.effective_cost.as_ref())?,
            list: decimal(name, record.list_cost.as_ref())?,
            contracted: decimal(name, record.contracted_cost.as_ref())?,
        },
    }))
}

fn instant(name: &str, time: Option<&prost_types::Timestamp>) -> Result<Instant, WireFault> {
    let time = time.ok_or_else(|| WireFault::new(name, "a time is missing"))?;
    wire::instant(time).map_err(|error| WireFault::new(name, error))
}

fn decimal(name: &str, value: Option<&WireDecimal>) -> Result<Option<Decimal>, WireFault> {
    value.map(wire::parse_decimal).transpose().map_err(|error| WireFault::new(name, error))
}
