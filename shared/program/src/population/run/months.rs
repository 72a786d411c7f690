//! What is asked customer by customer and place by place, at months that only the data tells.

use values::Month;

use super::places::{rated, verdict};
use super::{Worker, granted};
use crate::judge::window::{Moment, back};
use crate::model::metric::Window;
use crate::population::columns::{Place, Relation};
use crate::population::reading::{Credit, Measured, PartOf, TestPlan};
use crate::population::states::{Already, Paired, State};
use crate::tiers::EvaluateError;

/// Whose rows are looked at: of a customer's places those of the partner, or all.
#[derive(Clone, Copy)]
enum Whose<'r> {
    Partner(&'r [Relation], u16),
    Everybody(u32, u32),
}

/// The value of a part of a customer: which part, and its subscriptions.
pub(super) type Parts = Vec<(u32, u32, i128)>;

impl Worker<'_> {
    /// Whether a customer belongs to a population in a month, whoever is recognized on it.
    pub(super) fn among(&mut self, among: u16, customer: u32) -> Result<bool, EvaluateError> {
        let (population, month) = self.plan.among[usize::from(among)];
        self.member(population, month, customer)
    }

    fn member(&mut self, population: u16, month: Month, customer: u32) -> Result<bool, EvaluateError> {
        if let Some((_, known)) = self.members.iter().find(|(asked, _)| *asked == (population, month)) {
            return Ok(*known);
        }
        let places = &self.plan.columns.customers[customer as usize];
        let tests = self.plan.populations[usize::from(population)].tests;
        let found = self.holds(tests, month, Whose::Everybody(places.start, places.end), None)?;
        self.members.push(((population, month), found));
        Ok(found)
    }

    /// Closes the current customer's things; what counted already when its association began does not count.
    pub(super) fn close_customers_things(&mut self) -> Result<(), EvaluateError> {
        let plan = self.plan;
        let mut things = std::mem::take(&mut self.cells.customers);
        for thing in things.drain(..) {
            if !self.cells.passes(plan, thing) {
                continue;
            }
            let Some(State::Count(count)) = plan.states.get(usize::from(thing.0)) else { continue };
            if let Some(already) = &count.already
                && self.counted_already(thing.0, already)?
            {
                continue;
            }
            self.totals.count(thing.0);
        }
        self.cells.customers = things;
        self.cells.began.clear();
        Ok(())
    }

    fn counted_already(&mut self, state: u16, already: &Already) -> Result<bool, EvaluateError> {
        let began = self.cells.began.iter().find(|(known, _)| *known == state);
        let Some((_, month)) = began.copied() else { return Ok(false) };
        let columns = self.plan.columns;
        let relations = &columns.relations[self.relations.clone()];
        self.holds(already.tests, month, Whose::Partner(relations, already.credit), already.among)
    }

    /// Remembers when the association began of a place at which a state found something.
    pub(super) fn remember(&mut self, state: u16, relation: &Relation) {
        let Some(State::Count(count)) = self.plan.states.get(usize::from(state)) else { return };
        let Some(already) = &count.already else { return };
        let Some(month) = self.began(relation, already.credit, already.month) else { return };
        match self.cells.began.iter_mut().find(|(known, _)| *known == state) {
            Some((_, known)) => *known = (*known).min(month),
            None => self.cells.began.push((state, month)),
        }
    }

    /// The month in which the unbroken recognition began that covers the place in `month`.
    fn began(&mut self, relation: &Relation, credit: u16, month: Month) -> Option<Month> {
        let (start, end) = self.month(month);
        let moment = end.saturating_sub(1).min(self.plan.clock.as_of.micros());
        let counts = |mine: u64, present: u64| match &self.plan.credits[usize::from(credit)] {
            Credit::Any(kinds) => mine & kinds != 0,
            Credit::First(kinds) => granted(kinds, mine, present),
            Credit::Anyone => true,
        };
        // The last run of spans that touch, up to the month's end.
        let mut run: Option<(Month, i64)> = None;
        for held in self.plan.columns.spans(relation).iter().filter(|held| held.from <= moment) {
            if !counts(held.mine, held.present) {
                continue;
            }
            run = match run {
                Some((began, until)) if until == held.from => Some((began, held.until)),
                _ => Some((held.month, held.until)),
            };
        }
        // A run that ended before the month covers no day of it.
        run.filter(|(_, until)| *until > moment || *until > start).map(|(began, _)| began)
    }

    /// The value of a place in the month it is compared with.
    pub(super) fn before(
        &mut self,
        paired: &Paired,
        relation: &Relation,
        place: &Place,
    ) -> Result<i128, EvaluateError> {
        let start = match paired.not_before_association {
            true => self.began(relation, paired.credit, paired.month),
            false => None,
        };
        let month = start.map_or(paired.common, |start| start.max(paired.common).min(paired.month));
        let span = self.span(paired.window, month);
        Ok(self.measured(&paired.measure, place, Some((relation, paired.credit)), span)?.unwrap_or(0))
    }

    /// Whether a customer passes tests in a month, by the rows of the partner or of everybody.
    fn holds(&mut self, tests: u16, month: Month, whose: Whose<'_>, among: Option<u16>) -> Result<bool, EvaluateError> {
        let plan = self.plan;
        let tests = &plan.tests[usize::from(tests)];
        // Without tests one of the measures that show something is enough.
        let any = tests.iter().all(|test| test.spread == PartOf::Place);
        let mut held = 0;
        for test in tests {
            let mut times = 0;
            for (window, months) in &test.looks {
                let at = back(month, i32::from(*months));
                if let Some(population) = among
                    && !self.member(population, at, self.customer)?
                {
                    continue;
                }
                times += usize::from(self.holds_once(test, *window, at, whose)?);
            }
            let passes = times >= test.needed;
            if any && passes {
                return Ok(true);
            }
            held += usize::from(passes);
        }
        Ok(!any && held == tests.len())
    }

    fn holds_once(
        &mut self,
        test: &TestPlan,
        window: Window,
        at: Month,
        whose: Whose<'_>,
    ) -> Result<bool, EvaluateError> {
        let span = self.span(window, at);
        let mut of = std::mem::take(&mut self.parts[0]);
        let mut wholes = std::mem::take(&mut self.parts[1]);
        of.clear();
        wholes.clear();
        self.parts(test, &test.of, span, whose, &mut of)?;
        if let Some(whole) = &test.whole {
            self.parts(test, whole, span, whose, &mut wholes)?;
        }
        let value = |parts: &Parts, part: u32| {
            let mine = parts.iter().filter(|(known, _, _)| *known == part);
            mine.fold(None, |sum: Option<i128>, (_, _, value)| Some(sum.unwrap_or(0).saturating_add(*value)))
        };
        let parts = if test.whole.is_some() { &wholes } else { &of };
        let (mut some, mut all, mut seen) = (false, true, false);
        for (part, _, _) in parts {
            if let Some(passes) = verdict(&test.accept, value(&of, *part), value(&wholes, *part)) {
                seen = true;
                some |= passes;
                all &= passes;
            }
        }
        self.parts = [of, wholes];
        Ok(if test.every { seen && all } else { some })
    }

    /// The values of a measure by part and subscription.
    fn parts(
        &self,
        test: &TestPlan,
        measure: &Measured,
        span: (i64, i64),
        whose: Whose<'_>,
        parts: &mut Parts,
    ) -> Result<(), EvaluateError> {
        let places = &self.plan.columns.places;
        let mut add = |place: &Place, number: u32, value: Option<i128>| {
            let Some(value) = value else { return Ok(()) };
            let part = match test.spread {
                PartOf::Place => number,
                PartOf::Workload => u32::from(place.workload),
                PartOf::Subscription => place.subscription,
                PartOf::Customer | PartOf::Total => 0,
            };
            let known = parts.iter_mut().find(|(known, of, _)| (*known, *of) == (part, place.subscription));
            match known {
                None => parts.push((part, place.subscription, value)),
                Some((_, _, known)) if measure.largest => *known = (*known).max(value),
                Some((_, _, known)) => {
                    *known = known.checked_add(value).ok_or_else(|| self.plan.out_of_range(u16::MAX))?;
                }
            }
            Ok(())
        };
        match whose {
            Whose::Partner(relations, credit) => {
                for relation in relations {
                    let place = &places[relation.place as usize];
                    let value = self.measured(measure, place, Some((relation, credit)), span)?;
                    add(place, relation.place, value)?;
                }
            }
            Whose::Everybody(first, last) => {
                for number in first..last {
                    let place = &places[number as usize];
                    add(place, number, self.measured(measure, place, None, span)?)?;
                }
            }
        }
        Ok(())
    }

    /// The value of a measure at a place: by the partner's rows, or by everybody's.
    fn measured(
        &self,
        measure: &Measured,
        place: &Place,
        whose: Option<(&Relation, u16)>,
        (from, until): (i64, i64),
    ) -> Result<Option<i128>, EvaluateError> {
        let plan = self.plan;
        let counts = |at: i64| whose.is_none_or(|(relation, credit)| self.credited(credit, relation, at));
        let mut sum: Option<i128> = None;
        for (number, rates) in &measure.parts {
            let source = &plan.sources[usize::from(*number)];
            let out = || plan.out_of_range(*number);
            let mut found: Option<i128> = None;
            if source.seats {
                let seats = plan.seats_at(place, until.saturating_sub(1));
                let seats =
                    seats.map(|(kind, seats)| plan.read(*number, kind).map(|read| (read, seats))).transpose()?;
                found = seats.filter(|(read, _)| *read && counts(until.saturating_sub(1))).map(|(_, seats)| seats);
            } else {
                for (at, kind, value) in plan.columns.usage(place) {
                    if at < from || at >= until || !plan.read(*number, kind)? || !counts(at) {
                        continue;
                    }
                    found = Some(match found {
                        Some(known) if !source.level => known.checked_add(value).ok_or_else(out)?,
                        _ => value,
                    });
                }
            }
            let Some(found) = found.and_then(|found| rated(found, rates.as_ref(), place.workload)) else { continue };
            let value = found.map_err(|()| out())?;
            sum = Some(sum.unwrap_or(0).checked_add(value).ok_or_else(out)?);
        }
        Ok(sum)
    }

    /// The instants of a window at a month, remembered.
    fn span(&mut self, window: Window, month: Month) -> (i64, i64) {
        if let Some((_, known)) = self.windows.iter().find(|(asked, _)| *asked == (window, month)) {
            return *known;
        }
        let found = self.plan.clock.span(window, Moment { month, day: month.last_day() });
        self.windows.push(((window, month), found));
        found
    }

    /// The instants of a month, remembered.
    fn month(&mut self, month: Month) -> (i64, i64) {
        if let Some((_, known)) = self.whole_months.iter().find(|(asked, _)| *asked == month) {
            return *known;
        }
        let whole = self.plan.clock.zone.whole_month(month);
        let found = (whole.start().micros(), whole.end().map_or(i64::MAX, values::Instant::micros));
        self.whole_months.push((month, found));
        found
    }
}
