//! The pass over a population: partner after partner, one look at each of its rows.

mod months;
mod places;
mod scored;
mod things;

use std::ops::Range;

use values::{Instant, Month};

use super::columns::{PartnerColumn, Relation, span};
use super::decision::Decision;
use super::plan::Compiled;
use super::reading::{Credit, Read};
use super::states::{State, States};
use crate::conventions::RecognizedMonth;
use crate::model::metric::Window;
use crate::tiers::EvaluateError;
use months::Parts;
use scored::Scored;
use things::Cells;

/// Judges partners one after another, and keeps the memory for it.
///
/// Every thread has its own; partners may be judged in any order, which changes nothing.
pub struct Worker<'p> {
    pub(super) plan: &'p Compiled<'p>,
    /// What each look has seen at the current place.
    looks: Vec<i128>,
    seen: Vec<bool>,
    touched: Vec<u16>,
    readings: Vec<u16>,
    reading_seen: Vec<bool>,
    cells: Cells,
    sums: Vec<SumState>,
    /// Sums with an open subscription.
    open_sums: Vec<u16>,
    /// What each state came to.
    totals: Totals,
    bases: Vec<i128>,
    changes: Vec<i128>,
    picked: Vec<Vec<i128>>,
    people: Vec<i128>,
    /// Whether the current customer is in a population in a month.
    members: Vec<((u16, Month), bool)>,
    customer: u32,
    subscription: u32,
    /// The partner's relations to the current customer.
    relations: Range<usize>,
    /// Windows and months that were asked for.
    windows: Vec<((Window, Month), (i64, i64))>,
    whole_months: Vec<(Month, (i64, i64))>,
    parts: [Parts; 2],
    /// Whether anything of the current partner was counted.
    anything: bool,
    scored: Scored,
}

/// What each state came to, and which of them came to something.
pub(super) struct Totals {
    values: Vec<i128>,
    touched: States,
    /// The same one by one: nearly all states of nearly all partners come to nothing.
    changed: Vec<u16>,
}

impl Totals {
    fn new(states: usize) -> Totals {
        Totals { values: vec![0; states], touched: States::none(states), changed: Vec::new() }
    }

    /// Sets what a state came to.
    fn set(&mut self, state: u16, value: i128) {
        self.values[usize::from(state)] = value;
        if self.touched.add(usize::from(state)) {
            self.changed.push(state);
        }
    }

    /// Counts one more thing.
    fn count(&mut self, state: u16) {
        self.set(state, self.values[usize::from(state)] + 1);
    }
}

/// The open subscription of a sum.
#[derive(Clone, Default)]
struct SumState {
    open: bool,
    now: i128,
    base: i128,
}

/// No customer, and no subscription: there are fewer.
const NOBODY: u32 = u32::MAX;

impl<'p> Worker<'p> {
    /// A worker with its memory.
    pub fn new(plan: &'p Compiled<'p>) -> Worker<'p> {
        Worker {
            plan,
            looks: vec![0; plan.looks.len()],
            seen: vec![false; plan.looks.len()],
            touched: Vec::new(),
            readings: Vec::new(),
            reading_seen: vec![false; plan.readings.len()],
            cells: Cells::new(plan),
            sums: vec![SumState::default(); plan.states.len()],
            open_sums: Vec::new(),
            totals: Totals::new(plan.states.len()),
            bases: vec![0; plan.states.len()],
            changes: vec![0; plan.states.len()],
            relations: 0..0,
            windows: Vec::new(),
            whole_months: Vec::new(),
            parts: Default::default(),
            picked: vec![Vec::new(); plan.states.len()],
            people: vec![0; plan.holdings.len()],
            members: Vec::new(),
            customer: NOBODY,
            subscription: NOBODY,
            anything: false,
            scored: Scored::new(plan),
        }
    }

    /// How the partner at `place` stands in every division, in the order of the program.
    ///
    /// # Errors
    /// As [`crate::tiers::evaluate`]: numbers out of range, or currencies that meet without a rate.
    pub fn judge(&mut self, place: usize) -> Result<&[Decision], EvaluateError> {
        match self.take_in(place)? {
            true => Ok(self.score()),
            false => Ok(&[]),
        }
    }

    /// Counts all of the partner at `place`; false where there is none.
    pub(super) fn take_in(&mut self, place: usize) -> Result<bool, EvaluateError> {
        let plan = self.plan;
        let Some(partner) = plan.columns.partners.get(place) else { return Ok(false) };
        if self.anything {
            self.begin();
        }
        self.forget_measures();
        // A refusal leaves places half counted: the next partner begins anew.
        let counted = self.count(partner);
        if counted.is_err() {
            *self = Worker::new(plan);
        }
        counted?;
        self.people(partner);
        Ok(true)
    }

    /// Forgets the last partner.
    pub(super) fn forget(&mut self) {
        self.begin();
        self.forget_measures();
    }

    /// How a partner stands of whom nothing is known.
    pub fn nobody(&mut self) -> &[Decision] {
        self.forget();
        self.score()
    }

    fn begin(&mut self) {
        for state in self.totals.changed.drain(..).map(usize::from) {
            self.totals.values[state] = 0;
            self.bases[state] = 0;
            self.changes[state] = 0;
            self.picked[state].clear();
        }
        self.totals.touched.clear();
        self.people.fill(0);
        self.relations = 0..0;
        self.anything = false;
    }

    fn count(&mut self, partner: &PartnerColumn) -> Result<(), EvaluateError> {
        let columns = self.plan.columns;
        (self.customer, self.subscription) = (NOBODY, NOBODY);
        self.members.clear();
        for number in span(&partner.relations) {
            let relation = &columns.relations[number];
            let place = &columns.places[relation.place as usize];
            if place.customer != self.customer || place.subscription != self.subscription {
                self.close_subscription()?;
            }
            if place.customer != self.customer {
                self.close_customer()?;
                self.members.clear();
                self.relations = number..number;
            }
            self.relations.end = number + 1;
            self.customer = place.customer;
            self.subscription = place.subscription;
            self.look(relation, place)?;
            if !self.touched.is_empty() {
                self.anything = true;
                self.read(relation, place)?;
            }
        }
        self.close_subscription()?;
        self.close_customer()?;
        self.close_partner();
        Ok(())
    }

    fn people(&mut self, partner: &PartnerColumn) {
        let columns = self.plan.columns;
        for person in &columns.people[span(&partner.people)] {
            for (place, moment) in self.plan.moments.iter().enumerate() {
                let holds = |from: i64, until: i64| from <= *moment && *moment < until;
                if !columns.links[span(&person.links)].iter().any(|(from, until)| holds(*from, *until)) {
                    continue;
                }
                let held = columns.held[span(&person.held)].iter().filter(|it| holds(it.from, it.until));
                let groups = held.fold(0, |all, it| all | self.plan.wanted[usize::from(it.certification)]);
                if groups == 0 {
                    continue;
                }
                self.anything = true;
                let counted = self.plan.holdings.iter().zip(&mut self.people);
                for ((needed, at), count) in counted {
                    *count += i128::from(*at == place && groups & needed == *needed && *needed != 0);
                }
            }
        }
        if self.anything {
            for (place, state) in self.plan.states.iter().enumerate() {
                if let State::People(holding) = state
                    && self.people[usize::from(*holding)] != 0
                {
                    // States are numbered so when they are made.
                    let state = u16::try_from(place).unwrap_or(u16::MAX);
                    self.totals.set(state, self.people[usize::from(*holding)]);
                }
            }
        }
    }

    /// Whether a row of the partner counts at an instant, by kinds of association that are not just any of some.
    fn credited(&self, credit: u16, relation: &Relation, at: i64) -> bool {
        let columns = self.plan.columns;
        match &self.plan.credits[usize::from(credit)] {
            Credit::Anyone => true,
            Credit::Any(kinds) => {
                let mut runs = columns.runs(relation).iter();
                runs.any(|run| run.from <= at && at < run.until && run.kinds & kinds != 0)
            }
            Credit::First(kinds) => {
                let runs = columns.runs(relation).iter().filter(|run| run.from <= at && at < run.until);
                let spans = columns.spans(relation);
                let (from, until) = self.plan.counted_time(at);
                let mut over = spans.iter().filter(|held| held.from < until && from < held.until);
                runs.count() > 0 && over.any(|held| granted(kinds, held.mine, held.present))
            }
        }
    }
}

/// Whether of some kinds the first that anybody has is the partner's.
fn granted(kinds: &[u64], mine: u64, present: u64) -> bool {
    kinds.iter().find(|kind| present & **kind != 0).is_some_and(|first| mine & first != 0)
}

impl Compiled<'_> {
    /// The time over which recognition counts for a row at an instant, by the convention of months.
    fn counted_time(&self, at: i64) -> (i64, i64) {
        let zone = &self.clock.zone;
        let instant = Instant::from_micros(at).unwrap_or(Instant::MAX);
        let month = zone.whole_month(zone.month(instant));
        let last = crate::ground::last_instant(&month).min(self.clock.as_of).micros();
        match self.columns.wants.recognized_month {
            RecognizedMonth::UsageStart => (at, at.saturating_add(1)),
            RecognizedMonth::LastDay => (last, last.saturating_add(1)),
            RecognizedMonth::AnyDay => (month.start().micros(), last.saturating_add(1)),
        }
    }

    fn read(&self, source: u16, kind: u32) -> Result<bool, EvaluateError> {
        let found = &self.sources[usize::from(source)];
        match found.kinds[kind as usize] {
            Read::No => Ok(false),
            Read::Yes => Ok(true),
            Read::Mixed => Err(self.mixed(source, kind)),
        }
    }

    fn mixed(&self, source: u16, kind: u32) -> EvaluateError {
        let source = &self.sources[usize::from(source)];
        let found = self.columns.kinds.all[kind as usize].currency;
        EvaluateError::MixedCurrencies {
            rule: source.rule.clone(),
            expected: source.expected.clone(),
            found: found.map(|currency| currency.to_string()).unwrap_or_default(),
        }
    }

    fn out_of_range(&self, source: u16) -> EvaluateError {
        let rule = self.sources.get(usize::from(source)).map(|source| source.rule.clone()).unwrap_or_default();
        EvaluateError::OutOfRange { rule, what: "a sum".to_owned() }
    }
}
