//! Rows and seats, sorted by customer, subscription and workload.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use foldhash::{HashMap, HashMapExt as _};
use values::{Currency, Instant};

use super::{Raw, Series, Sorted, micros, number};
use crate::catalog::Reads;
use crate::facts::{Fact as _, Flow, Seats, Subscription};
use crate::ground::Row;
use crate::population::columns::{Place, SeatKind};
use crate::population::kinds::RowKind;
use crate::population::wants::NotCompiled;

/// Where rows belong, in the order of the columns: first the customers of the first partner.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct PlaceKey<'f> {
    order: u32,
    pub customer: &'f str,
    pub subscription: &'f str,
    pub workload: u16,
}

/// Rows of one series that belong to one place and are of one kind for each number.
struct Segment {
    rows: Range<usize>,
    kinds: Vec<u32>,
}

/// Fields that a subscription has, or the row itself; all others may come from the customer too.
const OF_THE_SUBSCRIPTION: [&str; 7] =
    ["workload", "meter", "product", "offer-type", "purchasing-motion", "agreement-type", "term"];

/// What is known of a place before it is written.
#[derive(Default)]
struct Found {
    segments: Vec<Segment>,
    seat_kinds: Vec<SeatKind>,
}

impl<'f> Sorted<'f, '_> {
    /// Writes all places with their rows and seats; gives their keys, in their order.
    pub(super) fn places(&mut self, mut rows: Vec<Raw>) -> Result<Vec<PlaceKey<'f>>, NotCompiled> {
        rows.sort_unstable_by_key(|row| (row.series, row.at, row.recorded, row.value));
        let order = self.first_partners();
        let mut found: BTreeMap<PlaceKey<'f>, Found> = BTreeMap::new();
        let mut start = 0;
        for group in rows.chunk_by(|a, b| a.series == b.series) {
            let series = &self.gatherer.all_series[group[0].series as usize];
            self.segments(series, group, start, &order, &mut found)?;
            start += group.len();
        }
        let mut seats: HashMap<&'f str, Vec<&'f Seats>> = HashMap::new();
        for fact in self.ground.facts.seats.iter().filter(|fact| fact.from <= self.gatherer.as_of) {
            seats.entry(&fact.subscription).or_default().push(fact);
        }
        for subscription in seats.keys() {
            self.seat_kinds(subscription, &order, &mut found)?;
        }
        Ok(self.write(&rows, found, &mut seats))
    }

    /// The first partner that is associated with each customer.
    fn first_partners(&self) -> HashMap<&'f str, u32> {
        let mut first: HashMap<&str, u32> = HashMap::new();
        for fact in &self.ground.facts.associations {
            if let Some(partner) = self.accounts.get(&fact.partner) {
                let known = first.entry(&fact.customer).or_insert(*partner);
                *known = (*known).min(*partner);
            }
        }
        first
    }

    fn key(
        &mut self,
        subscription: &'f Subscription,
        workload: &str,
        order: &HashMap<&'f str, u32>,
    ) -> Result<PlaceKey<'f>, NotCompiled> {
        let workload = self.columns.kinds.workload(workload);
        let too_many = || NotCompiled::Facts("there are more than 65,536 workloads".to_owned());
        Ok(PlaceKey {
            order: order.get(subscription.customer.as_str()).copied().unwrap_or(u32::MAX),
            customer: &subscription.customer,
            subscription: &subscription.subscription,
            workload: workload.ok_or_else(too_many)?,
        })
    }

    fn segments(
        &mut self,
        series: &Series,
        group: &[Raw],
        start: usize,
        order: &HashMap<&'f str, u32>,
        found: &mut BTreeMap<PlaceKey<'f>, Found>,
    ) -> Result<(), NotCompiled> {
        let versions = self.ground.versions(&series.subscription).len();
        let customer_speaks = self.customer_speaks();
        let mut open: Option<(&Subscription, usize)> = None;
        let mut close = |sorted: &mut Self, open: Option<(&'f Subscription, usize)>, end: usize| {
            let Some((subscription, from)) = open else { return Ok(()) };
            let key = sorted.key(subscription, &series.workload, order)?;
            let at = instant(group[from].at);
            let kinds = sorted.kinds(series, subscription, key.workload, at);
            found.entry(key).or_default().segments.push(Segment { rows: start + from..start + end, kinds });
            Ok(())
        };
        for (place, row) in group.iter().enumerate() {
            let (changes, current) = match &open {
                Some((subscription, _)) if versions == 1 => (false, Some(*subscription)),
                _ => {
                    let current = self.ground.subscription(&series.subscription, instant(row.at));
                    (open.is_none_or(|(known, _)| current.is_none_or(|now| !std::ptr::eq(known, now))), current)
                }
            };
            let moved = customer_speaks
                && current.is_some_and(|now| self.ground.customer_versions(&now.customer).len() > 1)
                && open.is_some_and(|(_, from)| group[from].at != row.at);
            if changes || moved {
                close(self, open, place)?;
                open = current.map(|subscription| (subscription, place));
            }
        }
        close(self, open, group.len())
    }

    fn customer_speaks(&self) -> bool {
        self.columns.wants.fields.iter().any(|field| !OF_THE_SUBSCRIPTION.contains(&field.as_str()))
    }

    /// The kinds of a row's numbers.
    fn kinds(&mut self, series: &Series, subscription: &Subscription, workload: u16, at: Instant) -> Vec<u32> {
        let row = Row {
            customer: &subscription.customer,
            subscription: Some(subscription),
            workload: &series.workload,
            meter: &series.meter,
            transaction: None,
            at,
        };
        let fields = self.fields(&row);
        let kind = |reads: Reads| RowKind {
            workload,
            meter: series.meter.clone(),
            flow: series.flow,
            reads,
            currency: Some(series.currency),
            fields: fields.clone(),
        };
        series.reads.iter().map(|reads| self.columns.kinds.number(kind(*reads))).collect()
    }

    fn fields(&self, row: &Row<'_>) -> BTreeMap<String, String> {
        let own = |name: &&String| !matches!(name.as_str(), "workload" | "meter");
        let fields = self.columns.wants.fields.iter().filter(own);
        fields.filter_map(|name| Some((name.clone(), self.ground.field(row, name)?))).collect()
    }

    /// What the seats of a subscription are, at all times at which something about it changes.
    fn seat_kinds(
        &mut self,
        id: &'f str,
        order: &HashMap<&'f str, u32>,
        found: &mut BTreeMap<PlaceKey<'f>, Found>,
    ) -> Result<(), NotCompiled> {
        let versions = self.ground.versions(id).to_vec();
        let mut cuts: BTreeSet<i64> = BTreeSet::new();
        for version in &versions {
            let customers = self.ground.customer_versions(&version.customer).iter().map(|known| &known.effective);
            for interval in customers.chain([&version.effective]) {
                let (from, until) = micros(interval);
                cuts.extend([from, until]);
            }
        }
        let cuts: Vec<i64> = cuts.into_iter().collect();
        for pair in cuts.windows(2) {
            let at = instant(pair[0]);
            let Some(version) = self.ground.subscription(id, at).filter(|version| version.effective.contains(at))
            else {
                continue;
            };
            let whole = [String::new()];
            let workloads = if version.workloads.is_empty() { &whole[..] } else { &version.workloads[..] };
            for workload in workloads {
                let key = self.key(version, workload, order)?;
                let row = Row {
                    customer: &version.customer,
                    subscription: Some(version),
                    workload,
                    meter: "",
                    transaction: None,
                    at,
                };
                let kind = RowKind {
                    workload: key.workload,
                    meter: String::new(),
                    flow: Flow::Level,
                    reads: Reads::Seats,
                    currency: None::<Currency>,
                    fields: self.fields(&row),
                };
                let kind = self.columns.kinds.number(kind);
                found.entry(key).or_default().seat_kinds.push(SeatKind { from: pair[0], until: pair[1], kind });
            }
        }
        Ok(())
    }

    fn write(
        &mut self,
        rows: &[Raw],
        found: BTreeMap<PlaceKey<'f>, Found>,
        seats: &mut HashMap<&'f str, Vec<&'f Seats>>,
    ) -> Vec<PlaceKey<'f>> {
        let columns = &mut self.columns;
        columns.row_at.reserve(rows.len());
        columns.row_kind.reserve(rows.len());
        columns.row_value.reserve(rows.len());
        let mut keys: Vec<PlaceKey<'f>> = Vec::with_capacity(found.len());
        let mut subscription = 0;
        let mut counts = 0..0;
        for (key, found) in found {
            let last = keys.last();
            if last.is_none_or(|last| last.customer != key.customer) {
                let place = number(keys.len());
                columns.customers.push(place..place);
            }
            if last.is_none_or(|last| (last.customer, last.subscription) != (key.customer, key.subscription)) {
                subscription += 1;
                let first = number(columns.seats.len());
                let mut facts = seats.get(key.subscription).cloned().unwrap_or_default();
                facts.sort_by_key(|fact| (fact.from, fact.key()));
                columns.seats.extend(facts.iter().map(|fact| (fact.from.micros(), fact.count.attos())));
                counts = first..number(columns.seats.len());
            }
            let first = number(columns.row_at.len());
            let mut all: Vec<(Raw, u32)> = Vec::new();
            for segment in &found.segments {
                let of_kind = |row: &Raw| (*row, segment.kinds[row.read as usize]);
                all.extend(rows[segment.rows.clone()].iter().map(of_kind));
            }
            if found.segments.len() > 1 {
                all.sort_unstable_by_key(|(row, kind)| (row.at, row.recorded, row.value, *kind));
            }
            for (row, kind) in all {
                columns.row_at.push(row.at);
                columns.row_kind.push(kind);
                columns.row_value.push(row.value);
            }
            let first_kind = number(columns.seat_kinds.len());
            columns.seat_kinds.extend(found.seat_kinds);
            columns.places.push(Place {
                customer: number(columns.customers.len() - 1),
                subscription,
                workload: key.workload,
                rows: first..number(columns.row_at.len()),
                seats: counts.clone(),
                seat_kinds: first_kind..number(columns.seat_kinds.len()),
            });
            keys.push(key);
            if let Some(customer) = columns.customers.last_mut() {
                customer.end = number(keys.len());
            }
        }
        keys
    }
}

fn instant(micros: i64) -> Instant {
    // Every number here was an instant, or an end beyond all of them.
    Instant::from_micros(micros).unwrap_or(Instant::MAX)
}
