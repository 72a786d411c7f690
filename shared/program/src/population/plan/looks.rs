//! Looks at rows: who reads what of which kind of row, in which time.

use num_integer::Integer as _;
use values::{Currency, Decimal};

use super::{Planner, Rates, index};
use crate::catalog::{Derived, Measure, Reads};
use crate::judge::window::Moment;
use crate::model::Population as Customers;
use crate::model::metric::{Counted, Fold, Metric, Window};
use crate::population::kinds::{Kinds, RowKind};
use crate::population::reading::{
    Credit, Entry, Look, Measured, NONE, Part, Population, Read, Reading, SeatLook, Source,
};
use crate::population::wants::NotCompiled;
use crate::quantity::Unit;

impl Planner<'_, '_> {
    /// The measures that one is read from, with their rates where it is made of others.
    fn measures_of(&self, metric: &Metric, name: &str) -> Result<Vec<(String, Option<Rates>)>, NotCompiled> {
        let catalog = &self.program.catalog;
        let Some(measure) = catalog.measures.get(name) else { return Ok(Vec::new()) };
        match (&measure.derived, measure.reads) {
            (None, Reads::TransactionAmount | Reads::TransactionSeats) | (Some(Derived::Worth(_)), _) => {
                Err(self.shape(&metric.rule, "a measure of transactions"))
            }
            (Some(Derived::Share { .. }), _) | (None, Reads::Derived) => Ok(Vec::new()),
            (None, _) => Ok(vec![(name.to_owned(), None)]),
            (Some(Derived::Rated(card)), _) => {
                let mut measures: Vec<(String, Option<Rates>)> = Vec::new();
                let rates = catalog.rate_cards.get(card).into_iter().flat_map(|card| &card.rates);
                for (workload, rates) in rates {
                    for (measure, rate) in rates {
                        let known = measures.iter().position(|(known, _)| known == measure);
                        let place = known.unwrap_or_else(|| {
                            measures.push((measure.clone(), Some(Rates::new())));
                            measures.len() - 1
                        });
                        // Of two rates for one workload the first counts.
                        measures[place].1.get_or_insert_default().entry(workload.clone()).or_insert(*rate);
                    }
                }
                Ok(measures)
            }
        }
    }

    /// Whether of a subscription's workloads the largest counts.
    pub(super) fn largest(&self, name: &str) -> bool {
        let known = self.program.catalog.measures.get(name);
        known.is_some_and(|known| known.flow == crate::facts::Flow::Level && !known.adds_across_workloads)
    }

    /// Which kinds of row a metric reads a measure from.
    fn source(&mut self, metric: &Metric, name: &str) -> Result<u16, NotCompiled> {
        if metric.filters.iter().any(|filter| filter.field == "customer") {
            return Err(self.shape(&metric.rule, "a condition on single customers"));
        }
        let key = format!("{name} {:?} {:?}", metric.filters, metric.folded_in);
        if let Some(known) = self.sources.get(&key) {
            return Ok(*known);
        }
        let Some(measure) = self.program.catalog.measures.get(name) else {
            return Err(self.shape(&metric.rule, "a measure that is not known"));
        };
        let kinds = &self.plan.columns.kinds;
        let expected = match &metric.folded_in {
            Unit::Money(currency) if measure.unit == "money" => Some(*currency),
            _ => None,
        };
        let read = |kind: &RowKind| match self.reads(kinds, kind, measure, metric) {
            false => Read::No,
            true if mixed(expected, kind) => Read::Mixed,
            true => Read::Yes,
        };
        let source = Source {
            kinds: kinds.all.iter().map(read).collect(),
            level: measure.flow == crate::facts::Flow::Level,
            seats: measure.reads == Reads::Seats,
            rule: metric.rule.clone(),
            expected: expected.map(|currency| currency.to_string()).unwrap_or_default(),
        };
        let number = index(self.plan.sources.len())?;
        self.plan.sources.push(source);
        self.sources.insert(key, number);
        Ok(number)
    }

    fn reads(&self, kinds: &Kinds, kind: &RowKind, measure: &Measure, metric: &Metric) -> bool {
        Kinds::measured(kind, measure) && kinds.passes(kind, &metric.filters, self.plan.clock.day)
    }

    /// The value of a measure of a metric at each place, over a window at a moment.
    pub(super) fn reading(
        &mut self,
        metric: &Metric,
        name: &str,
        window: Window,
        at: Moment,
    ) -> Result<u16, NotCompiled> {
        if window == Window::AnniversaryYear {
            return Err(self.shape(&metric.rule, "a window by the anniversary of an enrollment"));
        }
        let among = match &metric.among {
            None => NONE,
            Some(population) => self.among(population, at)?,
        };
        let span = self.plan.clock.span(window, at);
        let mut parts = Vec::new();
        for (measure, rates) in self.measures_of(metric, name)? {
            let look = self.look(metric, &measure, span, among)?;
            parts.push(Part { look, rates: rates.map(|rates| self.rates(&rates)) });
        }
        let looks: Vec<u16> = parts.iter().map(|part| part.look).collect();
        let key = format!("{name} {looks:?}");
        if let Some(known) = self.readings.get(&key) {
            return Ok(*known);
        }
        let number = index(self.plan.readings.len())?;
        looks.iter().for_each(|look| self.plan.looks[usize::from(*look)].readings.push(number));
        let largest = self.largest(name);
        self.plan.readings.push(Reading { parts, largest, slots: Vec::new(), sums: Vec::new() });
        self.readings.insert(key, number);
        Ok(number)
    }

    /// The same measure for what is asked place by place, at any month.
    pub(super) fn measured(&mut self, metric: &Metric, name: &str) -> Result<Measured, NotCompiled> {
        let mut parts = Vec::new();
        for (measure, rates) in self.measures_of(metric, name)? {
            parts.push((self.source(metric, &measure)?, rates.map(|rates| self.rates(&rates))));
        }
        Ok(Measured { parts, largest: self.largest(name) })
    }

    fn rates(&self, rates: &Rates) -> Vec<Option<(i128, i128)>> {
        let reduced = |rate: &Decimal| {
            let (numerator, denominator) = (rate.attos(), Decimal::ONE.attos());
            let divisor = numerator.gcd(&denominator).max(1);
            (numerator / divisor, denominator / divisor)
        };
        let workloads = &self.plan.columns.kinds.workloads;
        workloads.iter().map(|workload| rates.get(workload).map(reduced)).collect()
    }

    fn look(&mut self, metric: &Metric, measure: &str, span: (i64, i64), among: u16) -> Result<u16, NotCompiled> {
        let source = self.source(metric, measure)?;
        let credit = self.credit(metric)?;
        let key = format!("{source} {credit} {among} {span:?}");
        if let Some(known) = self.looks.get(&key) {
            return Ok(*known);
        }
        let look = index(self.plan.looks.len())?;
        self.looks.insert(key, look);
        self.plan.looks.push(Look { source, readings: Vec::new() });
        let found = &self.plan.sources[usize::from(source)];
        let (kinds, simple) = match &self.plan.credits[usize::from(credit)] {
            Credit::Any(kinds) => (*kinds, true),
            Credit::First(kinds) => (kinds.iter().fold(0, |all, kind| all | kind), false),
            Credit::Anyone => return Err(self.shape(&metric.rule, "rows of everybody")),
        };
        let credit_of_entry = if simple { NONE } else { credit };
        if found.seats {
            self.plan.seat_looks.push(SeatLook { at: span.1.saturating_sub(1), source, credit, among, look });
            return Ok(look);
        }
        for (kind, read) in found.kinds.iter().enumerate().filter(|(_, read)| **read != Read::No) {
            let (level, mixed) = (found.level, *read == Read::Mixed);
            let entry = Entry { kinds, look, credit: credit_of_entry, among, level, mixed };
            self.entries[kind].push((span, entry));
        }
        Ok(look)
    }

    /// The customers of a population in the month of a moment.
    fn among(&mut self, population: &Customers, at: Moment) -> Result<u16, NotCompiled> {
        let asked = (self.population(population)?, at.month);
        let known = self.plan.among.iter().position(|known| *known == asked);
        let place = known.unwrap_or_else(|| {
            self.plan.among.push(asked);
            self.plan.among.len() - 1
        });
        index(place)
    }

    pub(super) fn population(&mut self, population: &Customers) -> Result<u16, NotCompiled> {
        let metric = &population.metric;
        if let Some(known) = self.populations.get(&metric.rule) {
            return Ok(*known);
        }
        let credit = self.credit(metric)?;
        let plain = matches!(metric.fold, Fold::Count(Counted::Customers)) && metric.among.is_none();
        if !plain || self.plan.credits[usize::from(credit)] != Credit::Anyone {
            return Err(self.shape(&metric.rule, "a population of this kind"));
        }
        let tests = self.tests_at_any_month(metric)?;
        let number = index(self.plan.populations.len())?;
        self.plan.populations.push(Population { tests });
        self.populations.insert(metric.rule.clone(), number);
        Ok(number)
    }
}

fn mixed(expected: Option<Currency>, kind: &RowKind) -> bool {
    expected.is_some() && kind.currency.is_some() && kind.currency != expected
}
