//! A program on one day, compiled for the columns it is to judge.

mod depends;
mod looks;
mod scores;
mod states;

use std::collections::BTreeMap;

use foldhash::{HashMap, HashMapExt as _};
use values::{Date, Instant, Month, Zone};

use super::columns::Columns;
use super::reading::{Credit, Entry, Look, Population, Reading, SeatLook, Source, TestPlan, Timetable};
use super::scores::{ClassPlan, DivisionPlan, MeasurePlan};
use super::sheet::Figure;
use super::states::{Slot, State, States};
use super::wants::{NotCompiled, Wants};
use crate::bundle::Bundle;
use crate::conventions::{CurrentMonth, PartSteps};
use crate::ground::current_month;
use crate::judge::window::{Moment, Year, span};
use crate::model::metric::{RecognizedBy, Window};
use crate::model::{Metric, TierProgram, Value};
use crate::recognition::RecognitionPolicy;
use crate::tiers::{EvaluateError, version};

/// A tier program on one day with everything resolved that does not depend on a partner.
pub struct Compiled<'c> {
    pub(super) columns: &'c Columns,
    pub(super) clock: Clock,
    pub(super) parts: PartSteps,
    /// What is looked for in each kind of row of usage.
    pub(super) by_kind: Vec<Timetable>,
    pub(super) looks: Vec<Look>,
    pub(super) seat_looks: Vec<SeatLook>,
    pub(super) sources: Vec<Source>,
    pub(super) credits: Vec<Credit>,
    pub(super) readings: Vec<Reading>,
    pub(super) populations: Vec<Population>,
    /// Populations in months that looks ask for.
    pub(super) among: Vec<(u16, Month)>,
    /// Tests at any month, for what is asked customer by customer.
    pub(super) tests: Vec<Vec<TestPlan>>,
    pub(super) slots: Vec<Slot>,
    pub(super) states: Vec<State>,
    /// Of each certification the groups of holdings it belongs to, a bit each.
    pub(super) wanted: Vec<u128>,
    /// The groups of which a person must hold one each, and the instant.
    pub(super) holdings: Vec<(u128, usize)>,
    /// The instants at which people are counted.
    pub(super) moments: Vec<i64>,
    pub(super) measures: Vec<MeasurePlan>,
    /// Of each measure the states it depends on.
    pub(super) measure_reads: Vec<States>,
    /// The numbers that scores ask for, each once.
    pub(super) figures: Vec<Figure>,
    pub(super) classes: Vec<ClassPlan>,
    pub(super) divisions: Vec<DivisionPlan>,
}

/// When it is judged.
#[derive(Clone, PartialEq)]
pub(super) struct Clock {
    pub zone: Zone,
    pub as_of: Instant,
    pub day: Date,
    pub month: Month,
    fiscal_start: i8,
}

impl Clock {
    pub fn span(&self, window: Window, at: Moment) -> (i64, i64) {
        let year = Year { fiscal_start: self.fiscal_start, anniversary: &|_| None };
        let found = span(&self.zone, self.as_of, &year, window, at);
        (found.start().micros(), found.end().map_or(i64::MAX, Instant::micros))
    }

    fn now(&self) -> Moment {
        Moment { month: self.month, day: self.day }
    }
}

/// Compiles; what it has seen before it finds again.
struct Planner<'c, 'p> {
    program: &'p TierProgram,
    policy: &'p RecognitionPolicy,
    plan: Compiled<'c>,
    looks: HashMap<String, u16>,
    sources: HashMap<String, u16>,
    readings: HashMap<String, u16>,
    states: HashMap<String, u16>,
    measures: HashMap<String, u16>,
    populations: HashMap<String, u16>,
    holdings: HashMap<String, u16>,
    groups: HashMap<String, u32>,
    /// What is looked for in each kind of row, and when.
    entries: Vec<Vec<((i64, i64), Entry)>>,
}

impl<'c> Compiled<'c> {
    /// Compiles the program for the day the columns were gathered for.
    ///
    /// # Errors
    /// [`NotCompiled`]: a shape that is judged partner by partner only, columns of another question, or a day on which
    /// the program judges nobody.
    pub fn new(bundle: &Bundle, program: &str, columns: &'c Columns) -> Result<Compiled<'c>, NotCompiled> {
        let (program, policy) = version(bundle, program, columns.as_of)?;
        if !columns.wants.cover(&Wants::of(program)) {
            return Err(NotCompiled::OtherColumns);
        }
        let conventions = &program.conventions;
        let day = conventions.zone.date(columns.as_of);
        let clock = Clock {
            zone: conventions.zone.clone(),
            as_of: columns.as_of,
            day,
            month: current_month(conventions.current_month.unwrap_or(CurrentMonth::RunningMonth), day),
            fiscal_start: conventions.fiscal_year_starts.unwrap_or(1),
        };
        let plan = Compiled {
            columns,
            clock,
            parts: conventions.part_steps.unwrap_or(PartSteps::Exact),
            by_kind: Vec::new(),
            looks: Vec::new(),
            seat_looks: Vec::new(),
            sources: Vec::new(),
            credits: Vec::new(),
            readings: Vec::new(),
            populations: Vec::new(),
            among: Vec::new(),
            tests: Vec::new(),
            slots: Vec::new(),
            states: Vec::new(),
            wanted: vec![0; columns.certifications.len()],
            holdings: Vec::new(),
            moments: Vec::new(),
            measures: Vec::new(),
            measure_reads: Vec::new(),
            figures: Vec::new(),
            classes: Vec::new(),
            divisions: Vec::new(),
        };
        let mut planner = Planner {
            program,
            policy,
            plan,
            looks: HashMap::new(),
            sources: HashMap::new(),
            readings: HashMap::new(),
            states: HashMap::new(),
            measures: HashMap::new(),
            populations: HashMap::new(),
            holdings: HashMap::new(),
            groups: HashMap::new(),
            entries: columns.kinds.all.iter().map(|_| Vec::new()).collect(),
        };
        for class in &program.classes {
            planner.class(class)?;
        }
        for division in &program.divisions {
            planner.division(division)?;
        }
        planner.dependencies();
        planner.plan.by_kind = planner.entries.iter().map(|entries| Timetable::new(entries)).collect();
        Ok(planner.plan)
    }

    /// How many partners there are to judge.
    pub fn partners(&self) -> usize {
        self.columns.partners()
    }

    /// How many divisions every partner is judged in.
    pub fn divisions(&self) -> usize {
        self.divisions.len()
    }
}

impl Planner<'_, '_> {
    /// The value that rules on the day, for whoever is judged.
    fn value<'v, T>(&self, value: &'v Value<T>) -> Result<&'v T, NotCompiled> {
        if !value.split_by().is_empty() {
            return Err(self.shape(&value.rule, "a value that is split by what the partner is"));
        }
        let none = || EvaluateError::NoValue { rule: value.rule.clone(), day: self.plan.clock.day.to_string() };
        Ok(value.on(self.plan.clock.day).ok_or_else(none)?.value)
    }

    fn shape(&self, rule: &str, what: &'static str) -> NotCompiled {
        NotCompiled::Shape { rule: rule.to_owned(), what }
    }

    /// By which association kinds rows count.
    fn credit(&mut self, metric: &Metric) -> Result<u16, NotCompiled> {
        let bit = |name: &String| {
            let place = self.policy.kinds.iter().position(|kind| kind.name == *name);
            place.map_or(0, |place| 1_u64 << place)
        };
        let granting = |(_, kind): &(usize, &crate::recognition::Kind), grant| kind.grants.contains(grant);
        let found = match &metric.recognized_by {
            RecognizedBy::Granting(grant) => {
                let kinds = self.policy.kinds.iter().enumerate().filter(|kind| granting(kind, grant));
                Credit::Any(kinds.fold(0, |all, (place, _)| all | 1 << place))
            }
            RecognizedBy::Kinds(kinds) => Credit::Any(kinds.iter().fold(0, |all, kind| all | bit(kind))),
            RecognizedBy::FirstPresent(kinds) => Credit::First(kinds.iter().map(bit).collect()),
            RecognizedBy::Anyone => Credit::Anyone,
            RecognizedBy::Open => Credit::Any(0),
            RecognizedBy::Transacting => return Err(self.shape(&metric.rule, "who transacts")),
        };
        let known = self.plan.credits.iter().position(|known| *known == found);
        let place = known.unwrap_or_else(|| {
            self.plan.credits.push(found);
            self.plan.credits.len() - 1
        });
        index(place)
    }
}

/// An index of the compiled form. Documents are far smaller, which is checked here once for all of it.
fn index(place: usize) -> Result<u16, NotCompiled> {
    u16::try_from(place).map_err(|_| NotCompiled::Facts("the program is too large for the compiled form".to_owned()))
}

/// Rates of a card by workload.
type Rates = BTreeMap<String, values::Decimal>;
