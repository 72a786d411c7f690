//! Takes the pinned facts together, part by part, and fetches the single records of hours inside which the
//! payee or a rule changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};
use program::facts::{Flow, Grain, Usage, UsageKey};
use program::{DocumentKind, Facts, incentives};
use sea_orm::ConnectionTrait;
use values::{Currency, Decimal, Instant, Interval, Month, Zone};

use super::rules::Rules;
use super::{Office, OpError};
use crate::domain::parts::PartCount;
use crate::domain::plan::plan_id;
use crate::domain::run::{Pins, Source};
use crate::store::cells::{self, Asked, Cell};
use crate::store::received::{self, IN_AT_ONCE};
use crate::store::records::Record;
use crate::wire::known::{self, Programs, last_segment};

/// The hours a run fetched, with the records in them.
pub type SplitHours = BTreeMap<UsageKey, Vec<Record>>;

/// What facts are asked for.
#[derive(Clone, Debug)]
pub struct Asking {
    /// How far each feed counts.
    pub pins: Pins,
    /// The hours of usage that may matter.
    pub hours: Interval,
    /// The ids of tier programs by their names.
    pub programs: Arc<Programs>,
}

/// Usage this long before a period may matter to it: a year to compare with, and the month before it.
const MONTHS_BEFORE: i32 = -13;

impl Asking {
    /// The facts that rating the months from `first` to `last` may need.
    ///
    /// # Errors
    /// When the months leave the calendar.
    pub fn months(rules: &Rules, pins: Pins, first: Month, last: Month) -> Result<Asking, OpError> {
        let beyond = |error: values::DateError| OpError::Inconsistent(error.to_string());
        let zone = Zone::utc();
        // A day more on each side: the months of other zones begin and end within it.
        let from = first.add(MONTHS_BEFORE).map_err(beyond)?.first_day().add_days(-1).map_err(beyond)?;
        let until = last.last_day().add_days(2).map_err(beyond)?;
        let (from, until) = (zone.start_of_day(from), zone.start_of_day(until));
        let hours = Interval::new(from, Some(until)).map_err(|error| OpError::Inconsistent(error.to_string()))?;
        let documents = rules.bundles().into_iter().flat_map(|bundle| bundle.documents());
        let tiers = documents.filter(|document| document.kind == DocumentKind::TierProgram);
        let programs = tiers.map(|document| (plan_id(&document.id), document.id.clone())).collect();
        Ok(Asking { pins, hours, programs: Arc::new(programs) })
    }

    fn known(&self, source: Source) -> Instant {
        self.pins.feeds.get(&source).map_or(self.pins.known, |pin| pin.known)
    }
}

/// All facts that were asked for. Into how many parts the customers are split, and how many of them are read
/// at once, changes nothing.
///
/// # Errors
/// The database's, or a fact that cannot be read.
pub async fn facts(office: &Office, asking: &Asking, parts: PartCount, workers: usize) -> Result<Facts, OpError> {
    let mut all = shared(office, asking).await?;
    let read = futures::stream::iter((0..parts.get()).map(|part| customers_facts(office, asking, parts, part)));
    let parts: Vec<Facts> = read.buffered(workers.max(1)).try_collect().await?;
    for part in parts {
        merge(&mut all, part);
    }
    Ok(all)
}

/// The facts of one part of the customers, with those that belong to nobody in particular.
///
/// # Errors
/// As of [`facts`].
pub async fn part(office: &Office, asking: &Asking, parts: PartCount, part: u32) -> Result<Facts, OpError> {
    let mut all = shared(office, asking).await?;
    merge(&mut all, customers_facts(office, asking, parts, part).await?);
    Ok(all)
}

/// Partners, what they signed and passed, and what they were awarded.
async fn shared(office: &Office, asking: &Asking) -> Result<Facts, OpError> {
    let connection = office.store().read();
    let mut rows = Vec::new();
    for (source, kinds) in
        [(Source::Registry, known::registry_kinds()), (Source::Competency, known::competency_kinds())]
    {
        let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
        rows.extend(received::known(connection, &kinds, asking.known(source), None).await?);
    }
    Ok(known::facts(&rows, &asking.programs)?)
}

async fn customers_facts(office: &Office, asking: &Asking, parts: PartCount, part: u32) -> Result<Facts, OpError> {
    let connection = office.store().read();
    let up_to = asking.known(Source::Association);
    let customers: Vec<String> = received::names(connection, &known::customer_kind(), up_to)
        .await?
        .into_iter()
        .filter(|customer| parts.part_of(last_segment(customer)) == part)
        .collect();
    let kinds = known::association_kinds();
    let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
    let rows = received::known(connection, &kinds, up_to, Some(&customers)).await?;
    let mut facts = known::facts(&in_order(rows), &asking.programs)?;
    let subscriptions: BTreeSet<String> =
        facts.subscriptions.iter().map(|subscription| subscription.subscription.clone()).collect();
    let subscriptions: Vec<String> = subscriptions.into_iter().collect();
    facts.usage = usage(connection, asking, &subscriptions).await?;
    Ok(facts)
}

/// Rows came chunk by chunk of the customers; histories are read name by name.
fn in_order(mut rows: Vec<received::Received>) -> Vec<received::Received> {
    rows.sort_by(|a, b| (&a.kind, &a.name, a.revision).cmp(&(&b.kind, &b.name, b.revision)));
    rows
}

async fn usage<C: ConnectionTrait>(
    connection: &C,
    asking: &Asking,
    subscriptions: &[String],
) -> Result<Vec<Usage>, OpError> {
    let mut found = Vec::new();
    let until = asking.hours.end().unwrap_or(Instant::MAX);
    for chunk in subscriptions.chunks(IN_AT_ONCE) {
        let asked =
            Asked { subscriptions: chunk, from: asking.hours.start(), until, up_to: asking.known(Source::Association) };
        let levels: BTreeMap<_, Option<Decimal>> = cells::last_levels(connection, asked)
            .await?
            .into_iter()
            .map(|cell| ((cell.series, cell.hour), cell.quantity))
            .collect();
        for mut cell in cells::hours(connection, asked).await? {
            if cell.series.flow == Flow::Level {
                cell.quantity = levels.get(&(cell.series.clone(), cell.hour)).copied().flatten();
            }
            found.push(fact(cell, asking.pins.known)?);
        }
    }
    Ok(found)
}

fn fact(cell: Cell, known: Instant) -> Result<Usage, OpError> {
    Ok(Usage {
        currency: currency(&cell.series.currency)?,
        start: cell.hour,
        grain: Grain::Hour,
        flow: cell.series.flow,
        quantity: cell.quantity.unwrap_or(Decimal::ZERO),
        costs: cell.costs,
        recorded: program::facts::Recorded::new(known, Source::Association.name()),
        subscription: cell.series.subscription,
        workload: cell.series.workload,
        meter: cell.series.meter,
        unit: cell.series.unit,
    })
}

/// Usage without a cost has no currency; the engine asks for one and never looks at it then.
fn currency(code: &str) -> Result<Currency, OpError> {
    match code {
        "" => Ok(Currency::USD),
        code => code.parse().map_err(|error: values::UnknownCurrency| OpError::Inconsistent(error.to_string())),
    }
}

fn merge(all: &mut Facts, part: Facts) {
    all.partners.extend(part.partners);
    all.enrollments.extend(part.enrollments);
    all.agreements.extend(part.agreements);
    all.checks.extend(part.checks);
    all.customers.extend(part.customers);
    all.subscriptions.extend(part.subscriptions);
    all.associations.extend(part.associations);
    all.usage.extend(part.usage);
    all.seats.extend(part.seats);
    all.transactions.extend(part.transactions);
    all.awards.extend(part.awards);
}

/// The hours inside which the payee or a rule changes, for these plans and months.
///
/// # Errors
/// The engine's.
pub fn hours_to_split(
    rules: &Rules,
    units: &[(Month, String)],
    facts: &Facts,
    known: Instant,
) -> Result<BTreeSet<UsageKey>, OpError> {
    let mut hours = BTreeSet::new();
    for (period, plan) in units {
        hours.extend(incentives::hours_to_split(rules.of(*period), plan, *period, facts, known)?);
    }
    Ok(hours)
}

/// Fetches the single records of one hour as association knew them at the pinned instant.
///
/// # Errors
/// [`OpError::Unreachable`] while association does not answer.
pub async fn fetch(office: &Office, asking: &Asking, hour: &UsageKey) -> Result<Vec<Record>, OpError> {
    office.neighbors().usage_records(hour, asking.known(Source::Association)).await
}

/// Puts single records into the place of the hours they were fetched for.
///
/// Rule: `incentive.records-decide-inside-an-hour`. Where the payee or a rule changes inside an hour, each record
/// of it counts at its own start; what they sum to is what the hour held, or nothing is rated.
///
/// # Errors
/// [`OpError::Inconsistent`] when the records of a flow do not sum to their hour.
pub fn split(facts: &mut Facts, hours: &SplitHours, known: Instant) -> Result<(), OpError> {
    if hours.is_empty() {
        return Ok(());
    }
    let mut cells: BTreeMap<UsageKey, Vec<Usage>> = BTreeMap::new();
    facts.usage.retain(|usage| {
        let key = usage.usage_key();
        let whole = !hours.contains_key(&key);
        if !whole {
            cells.entry(key).or_default().push(usage.clone());
        }
        whole
    });
    for (hour, records) in hours {
        let Some(cells) = cells.get(hour) else { continue };
        let singles = records.iter().map(|record| single(record, known)).collect::<Result<Vec<_>, _>>()?;
        same_sums(hour, cells, &singles)?;
        facts.usage.extend(singles);
    }
    Ok(())
}

fn single(record: &Record, known: Instant) -> Result<Usage, OpError> {
    Ok(Usage {
        subscription: record.series.subscription.clone(),
        workload: record.series.workload.clone(),
        meter: record.series.meter.clone(),
        start: record.start,
        grain: Grain::Record,
        flow: record.series.flow,
        quantity: record.quantity,
        unit: record.series.unit.clone(),
        costs: record.costs.clone(),
        currency: currency(&record.series.currency)?,
        recorded: program::facts::Recorded::new(known, Source::Association.name()),
    })
}

fn same_sums(hour: &UsageKey, cells: &[Usage], singles: &[Usage]) -> Result<(), OpError> {
    let (whole, parts) = (sums(cells)?, sums(singles)?);
    if whole == parts {
        return Ok(());
    }
    Err(OpError::Inconsistent(format!(
        "the records of {} {} in the hour of {} sum to other amounts than the hour",
        hour.subscription, hour.meter, hour.start
    )))
}

/// Quantity of flows and the four costs, summed.
fn sums(usage: &[Usage]) -> Result<[Decimal; 5], OpError> {
    let mut sums = [Decimal::ZERO; 5];
    for usage in usage {
        let quantity = if usage.flow == Flow::Flow { usage.quantity } else { Decimal::ZERO };
        let costs = [usage.costs.billed, usage.costs.effective, usage.costs.list, usage.costs.contracted];
        let amounts = std::iter::once(quantity).chain(costs.map(Option::unwrap_or_default));
        for (sum, amount) in sums.iter_mut().zip(amounts) {
            *sum = sum.checked_add(amount).map_err(|error| OpError::Inconsistent(error.to_string()))?;
        }
    }
    Ok(sums)
}
