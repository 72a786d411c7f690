//! Metrics at a moment: what is counted, summed or picked.

use num_bigint::BigInt;
use num_traits::ToPrimitive as _;
use values::{Decimal, Ratio};

use super::{Planner, index};
use crate::catalog::Derived;
use crate::judge::window::Moment;
use crate::limit::Limits;
use crate::model::metric::{Base, Change, Counted, Fold, Losses, Metric, Part as Parts, Period, Pick, Spread, Test};
use crate::model::metric::{Since, Stream, Window};
use crate::model::{Bound, Holding, Range};
use crate::population::reading::{Accept, Feed, PartOf, TestPlan};
use crate::population::states::{Already, Cell, Count, Paired, Slot, State, Sum, SumTest, by_workload};
use crate::population::wants::{NotCompiled, shows_presence};

/// What a test reads: one measure, or one in percent of another.
struct Tested<'t> {
    of: &'t str,
    whole: Option<&'t str>,
}

impl Planner<'_, '_> {
    /// The state of a metric at a moment.
    pub(super) fn state(&mut self, metric: &Metric, at: Moment) -> Result<u16, NotCompiled> {
        let key = format!("{} {} {} {}", metric.rule, metric.not_if_already, at.month, at.day);
        if let Some(known) = self.states.get(&key) {
            return Ok(*known);
        }
        let number = match &metric.fold {
            Fold::Count(Counted::People) => self.people(metric, at)?,
            Fold::Count(Counted::Transactions) => return Err(self.shape(&metric.rule, "a count of transactions")),
            Fold::Count(_) if metric.stream == Stream::Transactions => {
                return Err(self.shape(&metric.rule, "a count over transactions"));
            }
            Fold::Count(counted) => self.count(metric, *counted, at)?,
            Fold::Sum(measure) => self.sum(metric, measure, None, at)?,
            Fold::Pick(pick, measure) => self.sum(metric, measure, Some(*pick), at)?,
            Fold::Figure(_) => return Err(self.shape(&metric.rule, "a number from elsewhere")),
            Fold::Share { .. } | Fold::Combined { .. } => {
                return Err(self.shape(&metric.rule, "a change of a metric that is made of others"));
            }
        };
        self.states.insert(key, number);
        Ok(number)
    }

    fn keep(&mut self, state: State) -> Result<u16, NotCompiled> {
        let number = index(self.plan.states.len())?;
        self.plan.states.push(state);
        Ok(number)
    }

    fn people(&mut self, metric: &Metric, at: Moment) -> Result<u16, NotCompiled> {
        let Some(holding) = &metric.holding else {
            return Err(self.shape(&metric.rule, "people who hold nothing in particular"));
        };
        let clock = &self.plan.clock;
        let instant = match at == clock.now() {
            true => clock.as_of.micros(),
            false => crate::ground::last_instant(&clock.zone.day(at.day)).micros(),
        };
        let known = self.plan.moments.iter().position(|known| *known == instant);
        let moment = known.unwrap_or_else(|| {
            self.plan.moments.push(instant);
            self.plan.moments.len() - 1
        });
        let holding = self.holding(&metric.rule, holding, moment)?;
        self.keep(State::People(holding))
    }

    fn holding(&mut self, rule: &str, holding: &Holding, moment: usize) -> Result<u16, NotCompiled> {
        let day = self.plan.clock.day;
        let mut needed: u128 = 0;
        for group in &holding.groups {
            let mut words: Vec<&String> = group.words(day).iter().collect();
            words.sort();
            let key = format!("{words:?}");
            let next = u32::try_from(self.groups.len()).unwrap_or(u32::MAX);
            let bit = *self.groups.entry(key).or_insert(next);
            if bit >= u128::BITS {
                return Err(self.shape(rule, "so many groups of certifications"));
            }
            for word in words {
                if let Ok(place) = self.plan.columns.certifications.binary_search(word) {
                    self.plan.wanted[place] |= 1 << bit;
                }
            }
            needed |= 1 << bit;
        }
        let key = format!("{needed} {moment}");
        if let Some(known) = self.holdings.get(&key) {
            return Ok(*known);
        }
        let number = index(self.plan.holdings.len())?;
        self.plan.holdings.push((needed, moment));
        self.holdings.insert(key, number);
        Ok(number)
    }

    fn count(&mut self, metric: &Metric, thing: Counted, at: Moment) -> Result<u16, NotCompiled> {
        let state = index(self.plan.states.len())?;
        // The state's number is taken before its populations and tests are.
        self.plan.states.push(State::Count(Count { tests: Vec::new(), already: None }));
        let already = match metric.not_if_already {
            true => Some(self.already(metric, thing, at)?),
            false => None,
        };
        let remember = already.is_some();
        let mut tests = Vec::new();
        if metric.tests.is_empty() {
            let mut slots = Vec::new();
            for name in self.present() {
                let reading = self.reading(metric, &name, metric.window, at)?;
                let slot = self.slot(state, thing, Cell::Place, false, Accept::Something, remember)?;
                self.feed(reading, None, slot);
                slots.push(slot);
            }
            tests.push((slots, 1));
        }
        for test in &metric.tests {
            let accept = self.accept(test)?;
            let cell = cell(thing, test.spread);
            let every = matches!(test.spread, Spread::InEach(_));
            let looks = looks(metric, test.period);
            let mut slots = Vec::new();
            for (window, back) in &looks {
                let (of, whole) = self.readings_of(metric, test, *window, at.back(*back))?;
                let slot = self.slot(state, thing, cell, every, accept.clone(), remember)?;
                self.feed(of, whole, slot);
                slots.push(slot);
            }
            tests.push((slots, needed(test.period, looks.len())));
        }
        if let Some(State::Count(count)) = self.plan.states.get_mut(usize::from(state)) {
            count.tests = tests;
            count.already = already;
        }
        Ok(state)
    }

    /// The measures that show that a thing is there at all.
    fn present(&self) -> Vec<String> {
        let measures = self.program.catalog.measures.iter();
        measures.filter(|(_, measure)| shows_presence(measure)).map(|(name, _)| name.clone()).collect()
    }

    fn already(&mut self, metric: &Metric, thing: Counted, at: Moment) -> Result<Already, NotCompiled> {
        if thing != Counted::Customers {
            return Err(self.shape(&metric.rule, "things other than customers that counted already"));
        }
        let among = metric.among.as_ref().map(|population| self.population(population)).transpose()?;
        let (tests, credit) = (self.tests_at_any_month(metric)?, self.credit(metric)?);
        Ok(Already { tests, credit, among, month: at.month })
    }

    fn slot(
        &mut self,
        state: u16,
        thing: Counted,
        cell: Cell,
        every: bool,
        accept: Accept,
        remember_places: bool,
    ) -> Result<u16, NotCompiled> {
        let workloads = self.plan.columns.kinds.workloads.len();
        let wide = |wide: bool| if wide { workloads } else { 1 };
        let (cells, verdicts) = self.plan.slots.last().map_or((0, 0), |last| {
            (last.cells + wide(last.cell.by_workload()), last.verdicts + wide(by_workload(last.thing)))
        });
        let number = index(self.plan.slots.len())?;
        let largest = [false; 2];
        self.plan.slots.push(Slot { state, cell, thing, every, accept, largest, cells, verdicts, remember_places });
        Ok(number)
    }

    fn feed(&mut self, of: u16, whole: Option<u16>, slot: u16) {
        for (place, reading) in [Some(of), whole].into_iter().enumerate() {
            let Some(reading) = reading else { continue };
            let found = &mut self.plan.readings[usize::from(reading)];
            found.slots.push(Feed { slot, whole: place == 1 });
            self.plan.slots[usize::from(slot)].largest[place] = found.largest;
        }
    }

    fn readings_of(
        &mut self,
        metric: &Metric,
        test: &Test,
        window: Window,
        at: Moment,
    ) -> Result<(u16, Option<u16>), NotCompiled> {
        let program = self.program;
        let tested = tested(program, test);
        let of = self.reading(metric, tested.of, window, at)?;
        let whole = tested.whole.map(|whole| self.reading(metric, whole, window, at)).transpose()?;
        Ok((of, whole))
    }

    fn sum(&mut self, metric: &Metric, name: &str, pick: Option<Pick>, at: Moment) -> Result<u16, NotCompiled> {
        let reading = self.reading(metric, name, metric.window, at)?;
        let mut tests = Vec::new();
        for test in &metric.tests {
            let accept = self.accept(test)?;
            let zero = Ratio::default();
            let range = self.value(&test.range)?;
            let nothing_passes = test.period == Period::Own && range.holds(&zero);
            let times = looks(metric, test.period);
            let mut found = Vec::new();
            for (window, back) in &times {
                found.push(self.readings_of(metric, test, *window, at.back(*back))?);
            }
            tests.push(SumTest { looks: found, accept, needed: needed(test.period, times.len()), nothing_passes });
        }
        let paired = match (&metric.change, pick) {
            (Change::Since(since), None) if at == self.plan.clock.now().back(metric.months_back) => {
                self.paired(metric, name, since, at)?
            }
            _ => None,
        };
        let number = index(self.plan.states.len())?;
        self.plan.readings[usize::from(reading)].sums.push(number);
        self.keep(State::Sum(Sum { reading, largest: self.largest(name), tests, pick, paired }))
    }

    /// How each place is compared with itself, where it is.
    fn paired(
        &mut self,
        metric: &Metric,
        name: &str,
        since: &Since,
        at: Moment,
    ) -> Result<Option<Paired>, NotCompiled> {
        let losses_are_nothing = since.losses == Losses::EachBecomesZero;
        if !since.not_before_association && !losses_are_nothing {
            return Ok(None);
        }
        self.by_whole_months(metric)?;
        let common = match since.base {
            Base::MonthsBack(months) => at.back(months),
            Base::MonthOf(day) => Moment::of(day),
            Base::AverageOfLast { months, .. } => at.back(months),
        };
        Ok(Some(Paired {
            measure: self.measured(metric, name)?,
            window: metric.window,
            credit: self.credit(metric)?,
            common: common.month,
            month: at.month,
            not_before_association: since.not_before_association,
            losses_are_nothing,
        }))
    }

    /// Windows that are asked for at any month must be made of months.
    fn by_whole_months(&self, metric: &Metric) -> Result<(), NotCompiled> {
        match metric.window {
            Window::FullMonths(_) | Window::RollingMonths(_) | Window::RollingDays(_) | Window::AnniversaryYear => {
                Err(self.shape(&metric.rule, "a window by days, asked for place by place"))
            }
            _ => Ok(()),
        }
    }

    /// The tests of a count of customers, for what is asked customer by customer.
    pub(super) fn tests_at_any_month(&mut self, metric: &Metric) -> Result<u16, NotCompiled> {
        self.by_whole_months(metric)?;
        let program = self.program;
        let mut tests = Vec::new();
        if metric.tests.is_empty() {
            let names = self.present();
            for name in &names {
                let of = self.measured(metric, name)?;
                tests.push(TestPlan {
                    looks: vec![(metric.window, 0)],
                    of,
                    whole: None,
                    spread: PartOf::Place,
                    every: false,
                    accept: Accept::Something,
                    needed: 1,
                });
            }
        }
        for test in &metric.tests {
            let found = tested(program, test);
            let of = self.measured(metric, found.of)?;
            let whole = found.whole.map(|whole| self.measured(metric, whole)).transpose()?;
            let times = looks(metric, test.period);
            tests.push(TestPlan {
                needed: needed(test.period, times.len()),
                looks: times,
                of,
                whole,
                spread: part_of(test.spread),
                every: matches!(test.spread, Spread::InEach(_)),
                accept: self.accept(test)?,
            });
        }
        let number = index(self.plan.tests.len())?;
        self.plan.tests.push(tests);
        Ok(number)
    }

    fn accept(&self, test: &Test) -> Result<Accept, NotCompiled> {
        let range = self.value(&test.range)?;
        let measure = self.program.catalog.measures.get(&test.measure);
        Ok(match measure.and_then(|measure| measure.derived.as_ref()) {
            Some(Derived::Share { .. }) => Accept::Share(Box::new(Limits::of(range))),
            _ => within(range),
        })
    }
}

fn tested<'t>(program: &'t crate::model::TierProgram, test: &'t Test) -> Tested<'t> {
    let measure = program.catalog.measures.get(&test.measure);
    match measure.and_then(|measure| measure.derived.as_ref()) {
        Some(Derived::Share { of, whole }) => Tested { of, whole: Some(whole) },
        _ => Tested { of: &test.measure, whole: None },
    }
}

/// The times a test looks at: a window, so many months before.
fn looks(metric: &Metric, period: Period) -> Vec<(Window, u16)> {
    match period {
        Period::Own => vec![(metric.window, 0)],
        Period::InLast(months) => vec![(Window::LastMonths(months), 0)],
        Period::SameMonthLastYear => vec![(Window::CurrentMonth, 12)],
        Period::InAnyOfLast(months) | Period::InEveryOfLast(months) => {
            (0..months).map(|back| (Window::CurrentMonth, back)).collect()
        }
    }
}

fn needed(period: Period, looks: usize) -> usize {
    if matches!(period, Period::InEveryOfLast(_)) { looks } else { 1 }
}

/// What a test of a thing adds up: the parts that it looks at.
fn cell(thing: Counted, spread: Spread) -> Cell {
    let part = part_of(spread);
    match (thing, part) {
        (Counted::Customers, PartOf::Workload) => Cell::CustomerWorkload,
        (Counted::Customers | Counted::Subscriptions, PartOf::Subscription) => Cell::Subscription,
        (Counted::Customers, _) => Cell::Customer,
        (Counted::Subscriptions, PartOf::Workload) => Cell::Place,
        (Counted::Subscriptions, _) => Cell::Subscription,
        (Counted::Workloads | Counted::CustomerWorkloads, PartOf::Subscription) => Cell::Place,
        (Counted::Workloads, PartOf::Customer | PartOf::Place) | (Counted::CustomerWorkloads, _) => {
            Cell::CustomerWorkload
        }
        (Counted::Workloads, PartOf::Workload | PartOf::Total) => Cell::Workload,
        (Counted::People | Counted::Transactions, _) => Cell::Place,
    }
}

fn part_of(spread: Spread) -> PartOf {
    match spread {
        Spread::InAny(Parts::Workload) | Spread::InEach(Parts::Workload) => PartOf::Workload,
        Spread::InAny(Parts::Subscription) | Spread::InEach(Parts::Subscription) => PartOf::Subscription,
        Spread::InAny(Parts::Customer) | Spread::InEach(Parts::Customer) => PartOf::Customer,
        Spread::InTotal => PartOf::Total,
    }
}

/// The decimals inside a range, in `10^-18`.
fn within(range: &Range) -> Accept {
    let attos = |value: &Ratio| value * Ratio::from_integer(BigInt::from(Decimal::ONE.attos()));
    let whole = |value: Ratio| {
        let edge = if value.is_negative() { i128::MIN } else { i128::MAX };
        value.to_integer().to_i128().unwrap_or(edge)
    };
    let (mut low, mut high) = (i128::MIN, i128::MAX);
    for bound in range.lower.iter().chain(&range.upper) {
        let value = attos(&bound.quantity().value);
        match bound {
            Bound::AtLeast(_) => low = low.max(whole(value.ceil())),
            Bound::Above(_) => low = low.max(whole(value.floor()).saturating_add(1)),
            Bound::AtMost(_) => high = high.min(whole(value.floor())),
            Bound::Below(_) => high = high.min(whole(value.ceil()).saturating_sub(1)),
        }
    }
    Accept::Within(low, high)
}
