//! From facts to columns.

mod people;
mod recognized;
mod sorted;

use foldhash::{HashMap, HashMapExt as _};
use values::{Currency, Decimal, Instant, Interval, Zone};

use super::columns::{Columns, PartnerColumn};
use super::kinds::Kinds;
use super::wants::{NotCompiled, Wants};
use crate::bundle::Bundle;
use crate::catalog::{Catalog, Reads};
use crate::facts::{Costs, Facts, Flow, Usage};
use crate::ground::{Ground, number_read};
use crate::recognition::RecognitionPolicy;
use crate::tiers::version;

/// A usage fact that is looked at and not kept.
#[derive(Clone, Copy, Debug)]
pub struct UsageRow<'a> {
    /// The metered subscription.
    pub subscription: &'a str,
    /// The catalog's workload, or empty.
    pub workload: &'a str,
    /// The meter or provider service.
    pub meter: &'a str,
    /// When the usage started.
    pub start: Instant,
    /// Whether the quantity adds up.
    pub flow: Flow,
    /// Used quantity.
    pub quantity: Decimal,
    /// Amounts.
    pub costs: &'a Costs,
    /// The currency of all costs.
    pub currency: Currency,
    /// When it was learned; a caller hands over what was known and nothing else.
    pub recorded: Instant,
}

impl<'a> UsageRow<'a> {
    /// What a usage fact says.
    pub fn of(usage: &'a Usage) -> UsageRow<'a> {
        UsageRow {
            subscription: &usage.subscription,
            workload: &usage.workload,
            meter: &usage.meter,
            start: usage.start,
            flow: usage.flow,
            quantity: usage.quantity,
            costs: &usage.costs,
            currency: usage.currency,
            recorded: usage.recorded.at,
        }
    }
}

/// Collects usage, row by row, and sorts it into columns at the end.
///
/// Usage is by far the most of a population's facts, and comes as a stream; everything else comes as [`Facts`].
pub struct Gatherer<'b> {
    wants: Wants,
    catalog: &'b Catalog,
    policy: &'b RecognitionPolicy,
    zone: Zone,
    as_of: Instant,
    names: HashMap<String, u32>,
    series: HashMap<SeriesKey, u32>,
    all_series: Vec<Series>,
    last: Option<u32>,
    rows: Vec<Raw>,
}

type SeriesKey = (u32, u32, u32, Flow, Currency);

/// Rows of one meter of a workload of a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Series {
    subscription: String,
    workload: String,
    meter: String,
    flow: Flow,
    currency: Currency,
    /// Which of its numbers are read.
    reads: Vec<Reads>,
}

/// A number of a usage row.
#[derive(Clone, Copy)]
struct Raw {
    series: u32,
    /// Which of the numbers of its series.
    read: u32,
    at: i64,
    recorded: i64,
    value: i128,
}

/// What the columns hold, one after another.
struct Sorted<'f, 'b> {
    ground: Ground<'f>,
    gatherer: &'f Gatherer<'b>,
    /// Accounts to the number of their global account.
    accounts: HashMap<String, u32>,
    columns: Columns,
}

impl<'b> Gatherer<'b> {
    /// Gathers what the program reads on the day of `as_of`, and what the same program of `other` bundles reads, so
    /// that several versions of it can be compared over one set of columns.
    ///
    /// # Errors
    /// [`NotCompiled::Evaluate`] for an unknown program.
    pub fn new(bundle: &'b Bundle, program: &str, others: &[&Bundle], as_of: Instant) -> Result<Self, NotCompiled> {
        let (found, policy) = version(bundle, program, as_of)?;
        let mut wants = Wants::of(found);
        for other in others {
            wants = wants.and(&Wants::of(version(other, program, as_of)?.0));
        }
        Ok(Gatherer {
            wants,
            catalog: &found.catalog,
            policy,
            zone: found.conventions.zone.clone(),
            as_of,
            names: HashMap::new(),
            series: HashMap::new(),
            all_series: Vec::new(),
            last: None,
            rows: Vec::new(),
        })
    }

    /// Takes a row of usage in.
    pub fn usage(&mut self, row: UsageRow<'_>) {
        let series = self.series_of(&row);
        let (at, recorded) = (row.start.micros(), row.recorded.micros());
        for (place, reads) in self.all_series[series as usize].reads.iter().enumerate() {
            if let Some(found) = number_read(*reads, row.quantity, row.costs) {
                self.rows.push(Raw { series, read: number(place), at, recorded, value: found.attos() });
            }
        }
    }

    fn series_of(&mut self, row: &UsageRow<'_>) -> u32 {
        let same = |last: &&u32| {
            let last = &self.all_series[**last as usize];
            last.subscription == row.subscription
                && last.workload == row.workload
                && last.meter == row.meter
                && (last.flow, last.currency) == (row.flow, row.currency)
        };
        if let Some(known) = self.last.as_ref().filter(same) {
            return *known;
        }
        let key = (self.name(row.subscription), self.name(row.workload), self.name(row.meter), row.flow, row.currency);
        let series = Series {
            subscription: row.subscription.to_owned(),
            workload: row.workload.to_owned(),
            meter: row.meter.to_owned(),
            flow: row.flow,
            currency: row.currency,
            reads: self.wants.read_of(row.flow, row.meter),
        };
        let number = *self.series.entry(key).or_insert_with(|| {
            self.all_series.push(series);
            number(self.all_series.len() - 1)
        });
        self.last = Some(number);
        number
    }

    fn name(&mut self, name: &str) -> u32 {
        if let Some(known) = self.names.get(name) {
            return *known;
        }
        let number = number(self.names.len());
        self.names.insert(name.to_owned(), number);
        number
    }

    /// Sorts what was taken in, with all other facts, into columns. `facts` are those that were known, without usage.
    ///
    /// # Errors
    /// [`NotCompiled::Facts`] for facts that columns cannot hold.
    pub fn finish(mut self, facts: &Facts) -> Result<Columns, NotCompiled> {
        self.names = HashMap::new();
        self.series = HashMap::new();
        let rows = std::mem::take(&mut self.rows);
        let ground = Ground::new(self.catalog, self.policy, self.zone.clone(), facts);
        let (ids, accounts) = people::global_accounts(&ground, self.as_of);
        let partners = ids.into_iter().map(|id| PartnerColumn { id, relations: 0..0, people: 0..0 }).collect();
        let columns = Columns {
            wants: self.wants.clone(),
            as_of: self.as_of,
            partners,
            relations: Vec::new(),
            runs: Vec::new(),
            spans: Vec::new(),
            customers: Vec::new(),
            places: Vec::new(),
            row_at: Vec::new(),
            row_kind: Vec::new(),
            row_value: Vec::new(),
            seats: Vec::new(),
            seat_kinds: Vec::new(),
            people: Vec::new(),
            links: Vec::new(),
            held: Vec::new(),
            certifications: Vec::new(),
            kinds: Kinds::new(),
        };
        let mut sorted = Sorted { ground, gatherer: &self, accounts, columns };
        let places = sorted.places(rows)?;
        sorted.recognized(&places)?;
        sorted.people()?;
        let columns = sorted.columns;
        match [columns.row_at.len(), columns.places.len(), columns.runs.len(), columns.held.len()].iter().max() {
            Some(longest) if u32::try_from(*longest).is_err() => {
                Err(NotCompiled::Facts("there are more than four thousand million rows".to_owned()))
            }
            _ => Ok(columns),
        }
    }
}

/// Numbers beyond `u32` are refused when the columns are done.
fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

/// The first microsecond of an interval, and the first after it.
fn micros(interval: &Interval) -> (i64, i64) {
    (interval.start().micros(), interval.end().map_or(i64::MAX, |end| end.micros()))
}

impl Columns {
    /// Columns of facts that are all in memory, as known at `known_at`, for one program of one or several bundles.
    ///
    /// # Errors
    /// [`NotCompiled`].
    pub fn of_facts(
        bundle: &Bundle,
        program: &str,
        others: &[&Bundle],
        facts: &Facts,
        (as_of, known_at): (Instant, Instant),
    ) -> Result<Columns, NotCompiled> {
        let mut gatherer = Gatherer::new(bundle, program, others, as_of)?;
        let mut known = facts.known_at(known_at);
        for usage in std::mem::take(&mut known.usage) {
            gatherer.usage(UsageRow::of(&usage));
        }
        gatherer.finish(&known)
    }
}
