//! One place: its rows into looks, looks into readings, readings into counts and sums.

use values::Ratio;

use super::{SumState, Worker};
use crate::population::columns::{Place, Relation, span};
use crate::population::plan::Compiled;
use crate::population::reading::{Accept, NONE, Rates, Read, Reading};
use crate::population::states::{State, Sum, SumTest};
use crate::tiers::EvaluateError;

impl Worker<'_> {
    /// Adds the place's rows up, look by look.
    pub(super) fn look(&mut self, relation: &Relation, place: &Place) -> Result<(), EvaluateError> {
        let plan = self.plan;
        let runs = plan.columns.runs(relation);
        let (mut run, mut last, mut cut) = (0, None, 0);
        for (at, kind, value) in plan.columns.usage(place) {
            while runs.get(run).is_some_and(|run| run.until <= at) {
                run += 1;
            }
            let kinds = match runs.get(run) {
                Some(found) if found.from <= at => found.kinds,
                Some(_) => continue,
                None => break,
            };
            let table = &plan.by_kind[kind as usize];
            if last != Some(kind) {
                (last, cut) = (Some(kind), 0);
            }
            // Rows come by time: so do the cuts.
            while table.cuts.get(cut).is_some_and(|cut| *cut <= at) {
                cut += 1;
            }
            for entry in table.after(cut) {
                if kinds & entry.kinds == 0 {
                    continue;
                }
                if entry.credit != NONE && !self.credited(entry.credit, relation, at) {
                    continue;
                }
                if entry.among != NONE && !self.among(entry.among, place.customer)? {
                    continue;
                }
                if entry.mixed {
                    return Err(plan.mixed(plan.looks[usize::from(entry.look)].source, kind));
                }
                self.add(entry.look, value, entry.level)?;
            }
        }
        if !place.seats.is_empty() {
            self.look_at_seats(relation, place)?;
        }
        Ok(())
    }

    fn add(&mut self, look: u16, value: i128, level: bool) -> Result<(), EvaluateError> {
        let place = usize::from(look);
        let known = &mut self.looks[place];
        if !self.seen[place] {
            self.seen[place] = true;
            self.touched.push(look);
            *known = value;
        } else if level {
            // Rows come in order: the last one counts.
            *known = value;
        } else {
            let plan = self.plan;
            *known = known.checked_add(value).ok_or_else(|| plan.out_of_range(plan.looks[place].source))?;
        }
        Ok(())
    }

    fn look_at_seats(&mut self, relation: &Relation, place: &Place) -> Result<(), EvaluateError> {
        let plan = self.plan;
        // Most looks share their instants with others.
        let mut known = None;
        for look in &plan.seat_looks {
            let (_, found) = match known {
                Some((at, found)) if at == look.at => (at, found),
                _ => *known.insert((look.at, plan.seats_at(place, look.at))),
            };
            let Some((kind, seats)) = found else { continue };
            let counts = plan.sources[usize::from(look.source)].kinds[kind as usize] == Read::Yes
                && self.credited(look.credit, relation, look.at);
            if !counts || (look.among != NONE && !self.among(look.among, place.customer)?) {
                continue;
            }
            self.add(look.look, seats, true)?;
        }
        Ok(())
    }

    /// From looks to readings, and from these to what they feed.
    pub(super) fn read(&mut self, relation: &Relation, place: &Place) -> Result<(), EvaluateError> {
        let plan = self.plan;
        for look in &self.touched {
            for reading in &plan.looks[usize::from(*look)].readings {
                if !std::mem::replace(&mut self.reading_seen[usize::from(*reading)], true) {
                    self.readings.push(*reading);
                }
            }
        }
        let readings = std::mem::take(&mut self.readings);
        for reading in &readings {
            let found = &plan.readings[usize::from(*reading)];
            let Some(value) = self.value(found, place.workload)? else { continue };
            for feed in &found.slots {
                self.cells.feed(plan, *feed, place, value)?;
                let slot = &plan.slots[usize::from(feed.slot)];
                if slot.remember_places && !(slot.accept == Accept::Something && value == 0) {
                    self.remember(slot.state, relation);
                }
            }
            for state in &found.sums {
                self.sum(*state, relation, place, value)?;
            }
        }
        self.cells.close_place(plan);
        for reading in &readings {
            self.reading_seen[usize::from(*reading)] = false;
        }
        self.readings = readings;
        self.readings.clear();
        for look in self.touched.drain(..) {
            self.seen[usize::from(look)] = false;
        }
        Ok(())
    }

    /// The value of a reading at the current place; none where no row of it counts.
    fn value(&self, reading: &Reading, workload: u16) -> Result<Option<i128>, EvaluateError> {
        if let [part] = &reading.parts[..]
            && part.rates.is_none()
        {
            return Ok(self.seen[usize::from(part.look)].then(|| self.looks[usize::from(part.look)]));
        }
        let mut sum = None;
        for part in &reading.parts {
            let look = usize::from(part.look);
            if !self.seen[look] {
                continue;
            }
            let source = self.plan.looks[look].source;
            let Some(value) = rated(self.looks[look], part.rates.as_ref(), workload) else { continue };
            let value = value.map_err(|()| self.plan.out_of_range(source))?;
            let added = sum.unwrap_or(0_i128).checked_add(value);
            sum = Some(added.ok_or_else(|| self.plan.out_of_range(source))?);
        }
        Ok(sum)
    }

    fn sum(&mut self, state: u16, relation: &Relation, place: &Place, value: i128) -> Result<(), EvaluateError> {
        let plan = self.plan;
        let Some(State::Sum(sum)) = plan.states.get(usize::from(state)) else { return Ok(()) };
        for test in &sum.tests {
            if !self.passes(test, place.workload)? {
                return Ok(());
            }
        }
        let base = match &sum.paired {
            None => 0,
            Some(paired) => self.before(paired, relation, place)?,
        };
        if sum.pick.is_some() {
            self.picked[usize::from(state)].push(value);
        }
        let open = &mut self.sums[usize::from(state)];
        if !open.open {
            (open.open, open.now, open.base) = (true, value, base);
            self.open_sums.push(state);
            return Ok(());
        }
        let joined = |known: i128, value: i128| match sum.largest {
            true => Some(known.max(value)),
            false => known.checked_add(value),
        };
        let out = || plan.out_of_range(plan.source_of(sum));
        open.now = joined(open.now, value).ok_or_else(out)?;
        open.base = joined(open.base, base).ok_or_else(out)?;
        Ok(())
    }

    /// Whether the current place passes a test of a sum.
    fn passes(&self, test: &SumTest, workload: u16) -> Result<bool, EvaluateError> {
        let readings = &self.plan.readings;
        let (mut seen, mut held) = (false, 0);
        for (of, whole) in &test.looks {
            let of = self.value(&readings[usize::from(*of)], workload)?;
            let whole = match whole {
                Some(whole) => self.value(&readings[usize::from(*whole)], workload)?,
                None => None,
            };
            if let Some(passes) = verdict(&test.accept, of, whole) {
                seen = true;
                held += usize::from(passes);
            }
        }
        Ok(if seen { held >= test.needed } else { test.nothing_passes })
    }

    pub(super) fn close_subscription(&mut self) -> Result<(), EvaluateError> {
        let plan = self.plan;
        self.cells.close_subscription(plan, &mut self.totals)?;
        for state in self.open_sums.drain(..) {
            let place = usize::from(state);
            let Some(State::Sum(sum)) = plan.states.get(place) else { continue };
            let SumState { now, base, .. } = std::mem::take(&mut self.sums[place]);
            let change = now.checked_sub(base);
            let change = change.map(|it| if losses_vanish(sum) { it.max(0) } else { it });
            let add = |known: i128, more: Option<i128>| more.and_then(|more| known.checked_add(more));
            let out = || plan.out_of_range(plan.source_of(sum));
            self.totals.set(state, add(self.totals.values[place], Some(now)).ok_or_else(out)?);
            self.bases[place] = add(self.bases[place], Some(base)).ok_or_else(out)?;
            self.changes[place] = add(self.changes[place], change).ok_or_else(out)?;
        }
        Ok(())
    }

    pub(super) fn close_customer(&mut self) -> Result<(), EvaluateError> {
        self.cells.close_customer(self.plan);
        self.close_customers_things()
    }

    pub(super) fn close_partner(&mut self) {
        self.cells.close_partner(self.plan, &mut self.totals);
    }
}

fn losses_vanish(sum: &Sum) -> bool {
    sum.paired.as_ref().is_some_and(|paired| paired.losses_are_nothing)
}

impl Compiled<'_> {
    /// What a seat of a place is at an instant, and how many there are.
    pub(super) fn seats_at(&self, place: &Place, at: i64) -> Option<(u32, i128)> {
        let counts = &self.columns.seats[span(&place.seats)];
        let counted = counts.partition_point(|(from, _)| *from <= at);
        let (_, seats) = counts.get(counted.checked_sub(1)?)?;
        let mut kinds = self.columns.seat_kinds[span(&place.seat_kinds)].iter();
        let kind = kinds.find(|kind| kind.from <= at && at < kind.until)?;
        Some((kind.kind, *seats))
    }

    pub(super) fn source_of(&self, sum: &Sum) -> u16 {
        let look = self.readings[usize::from(sum.reading)].parts.first().map(|part| part.look);
        look.map_or(NONE, |look| self.looks[usize::from(look)].source)
    }
}

/// A value times the rate of a workload: none without a rate, a refusal where the product is not an exact decimal.
pub(super) fn rated(value: i128, rates: Option<&Rates>, workload: u16) -> Option<Result<i128, ()>> {
    let Some(rates) = rates else { return Some(Ok(value)) };
    let (numerator, denominator) = (*rates.get(usize::from(workload))?)?;
    if value % denominator == 0
        && let Some(product) = (value / denominator).checked_mul(numerator)
    {
        return Some(Ok(product));
    }
    // Exact or refused, whatever the size of what is in between.
    let product = Ratio::whole(value) * Ratio::of(numerator, denominator);
    let whole = product.is_integer().then(|| product.to_integer());
    Some(whole.and_then(|whole| i128::try_from(whole).ok()).ok_or(()))
}

/// Whether a part passes a test; none where there is nothing to test.
pub(super) fn verdict(accept: &Accept, of: Option<i128>, whole: Option<i128>) -> Option<bool> {
    match accept {
        Accept::Within(low, high) => of.map(|of| *low <= of && of <= *high),
        Accept::Something => of.filter(|of| *of != 0).map(|_| true),
        Accept::Share(limits) => {
            let whole = whole.filter(|whole| *whole > 0)?;
            let percent = Ratio::of(of.unwrap_or(0), whole) * Ratio::whole(100);
            Some(limits.hold(&percent))
        }
    }
}
