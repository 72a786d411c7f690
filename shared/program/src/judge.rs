//! Judges one partner on one instant: metrics, requirements, points.

mod association;
mod coming;
mod fold;
pub(crate) mod metric;
pub(crate) mod over;
mod parts;
pub(crate) mod people;
pub(crate) mod pins;
pub(crate) mod points;
pub(crate) mod quick;
pub(crate) mod requirement;
mod rows;
pub(crate) mod staff;
pub(crate) mod window;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use foldhash::HashMap;
use values::{Date, Instant, Month};

use crate::conventions::{CurrentMonth, RecognizedMonth};
use crate::ground::{Ground, current_month};
use crate::model::{Found, PeopleRules, Population, TierProgram, Value};
use crate::tiers::EvaluateError;
use metric::Measured;
use pins::Pins;
use rows::Thing;
use window::Moment;
pub(crate) use window::anniversary_after;

/// Customers of a population by month, by the population's rule.
type Populations = HashMap<String, Vec<(Month, Rc<BTreeSet<Thing>>)>>;

/// Certifications by their number among all, and whether the person counts.
type Certified = Rc<[(usize, bool)]>;

/// One partner on one instant. A metric is folded once, whoever asks for it.
pub(crate) struct Judge<'a> {
    pub ground: &'a Ground<'a>,
    /// The judged account and all accounts below it.
    pub accounts: BTreeSet<String>,
    pub as_of: Instant,
    pub day: Date,
    pub month: Month,
    pub recognized_month: RecognizedMonth,
    current: CurrentMonth,
    /// Results stated by a test; empty for every other question.
    pub pins: Pins,
    /// How long people count.
    people: PeopleRules,
    /// Recorded awards of programs before that hold no more.
    former: Vec<String>,
    /// The program whose enrollment has the anniversary of windows.
    program: String,
    /// The first month of the fiscal year, 1 to 12.
    fiscal_start: i8,
    /// The partner's case of each class.
    classes: BTreeMap<String, String>,
    measured: RefCell<HashMap<String, Rc<Measured>>>,
    populations: RefCell<Populations>,
    certified: RefCell<Vec<(Instant, Certified)>>,
}

impl<'a> Judge<'a> {
    pub fn new(
        ground: &'a Ground<'a>,
        accounts: impl IntoIterator<Item = String>,
        as_of: Instant,
        current: CurrentMonth,
        recognized_month: RecognizedMonth,
    ) -> Judge<'a> {
        let day = ground.zone.date(as_of);
        Judge {
            ground,
            accounts: accounts.into_iter().collect(),
            as_of,
            day,
            month: current_month(current, day),
            recognized_month,
            current,
            pins: Pins::default(),
            people: PeopleRules::default(),
            former: Vec::new(),
            program: String::new(),
            fiscal_start: 1,
            classes: BTreeMap::new(),
            measured: RefCell::default(),
            populations: RefCell::default(),
            certified: RefCell::default(),
        }
    }

    /// The judge of a tier program: with its people, its year and its classes.
    pub fn of(
        program: &TierProgram,
        ground: &'a Ground<'a>,
        accounts: impl IntoIterator<Item = String>,
        as_of: Instant,
        pins: Pins,
    ) -> Result<Judge<'a>, EvaluateError> {
        // Both conventions were asked for when the document was read.
        let current = program.conventions.current_month.unwrap_or(CurrentMonth::RunningMonth);
        let recognized = program.conventions.recognized_month.unwrap_or(RecognizedMonth::UsageStart);
        let mut judge = Judge::new(ground, accounts, as_of, current, recognized);
        judge.pins = pins;
        judge.people = program.people.clone();
        judge.former = program.former_over_on(judge.day).to_vec();
        judge.program.clone_from(&program.id);
        judge.fiscal_start = program.conventions.fiscal_year_starts.unwrap_or(1);
        for class in &program.classes {
            let case = requirement::case_of(&judge, class)?;
            judge.classes.insert(class.name.clone(), case);
        }
        Ok(judge)
    }

    /// The same partner at another instant, by that day's rules, over the same facts. Accounts and classes are those
    /// of the judged instant.
    pub fn then(&self, as_of: Instant) -> Judge<'a> {
        let mut then =
            Judge::new(self.ground, self.accounts.iter().cloned(), as_of, self.current, self.recognized_month);
        then.pins = self.pins.clone();
        then.people = self.people.clone();
        then.program.clone_from(&self.program);
        then.fiscal_start = self.fiscal_start;
        then.classes.clone_from(&self.classes);
        then
    }

    /// The first month of the fiscal year, 1 to 12.
    pub fn fiscal_start(&self) -> i8 {
        self.fiscal_start
    }

    /// The partner's case of a class, where the program has the class.
    pub fn case(&self, class: &str) -> Option<&str> {
        self.classes.get(class).map(String::as_str)
    }

    /// The value that rules for the partner on the judged day.
    pub fn find<'v, T>(&self, value: &'v Value<T>) -> Option<Found<'v, T>> {
        value.find(self.day, &|name| self.field(name))
    }

    /// A field of the partner by which values may be split: a class, or `partner-country`.
    fn field(&self, name: &str) -> Option<String> {
        if let Some(case) = self.case(name) {
            return Some(case.to_owned());
        }
        let mut accounts = self.accounts.iter();
        match name {
            "partner-country" => accounts.find_map(|account| self.ground.country(account, self.as_of)),
            _ => None,
        }
    }

    /// The metric's value with what was counted.
    pub fn measure(&self, metric: &crate::model::Metric) -> Result<Rc<Measured>, EvaluateError> {
        if let Some(known) = self.measured.borrow().get(&metric.rule) {
            return Ok(known.clone());
        }
        let measured = match self.pins.measured(metric) {
            Some(pinned) => pinned,
            None => metric::measure(self, metric)?,
        };
        let measured = Rc::new(measured);
        self.measured.borrow_mut().insert(metric.rule.clone(), measured.clone());
        Ok(measured)
    }

    /// The customers of a population at a moment.
    fn population(&self, population: &Population, at: Moment) -> Result<Rc<BTreeSet<Thing>>, EvaluateError> {
        let rule = &population.metric.rule;
        let known = self.populations.borrow().get(rule).and_then(|months| {
            let found = months.iter().find(|(month, _)| *month == at.month);
            found.map(|(_, customers)| customers.clone())
        });
        if let Some(known) = known {
            return Ok(known);
        }
        let found = Rc::new(fold::state(self, &population.metric, at)?.things.into_keys().collect::<BTreeSet<_>>());
        self.populations.borrow_mut().entry(rule.clone()).or_default().push((at.month, found.clone()));
        Ok(found)
    }

    /// The customers of a population in the current month, in order.
    pub fn members(&self, population: &Population) -> Result<Vec<String>, EvaluateError> {
        Ok(self.population(population, Moment::now(self))?.iter().map(|customer| customer.to_string()).collect())
    }

    /// The certifications of people linked to the partner, and whether each person counts at an instant.
    fn certified(&self, at: Instant) -> Certified {
        let known = self.certified.borrow().iter().find(|(known, _)| *known == at).map(|(_, found)| found.clone());
        known.unwrap_or_else(|| {
            let found: Certified = people::of_linked(self, at).into();
            self.certified.borrow_mut().push((at, found.clone()));
            found
        })
    }

    /// What was measured so far by a rule.
    pub fn measured(&self, rule: &str) -> Option<Rc<Measured>> {
        self.measured.borrow().get(rule).cloned()
    }
}
