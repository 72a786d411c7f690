//! Tests of counted things: by which parts a thing is looked at, and whether it passes.

use std::collections::{BTreeMap, BTreeSet};

use values::{Decimal, Ratio, ratio_from_decimal};

use super::Judge;
use super::rows::{Place, Rows, Thing, rows};
use super::window::{Moment, window};
use crate::catalog::Derived;
use crate::facts::Flow;
use crate::model::Range;
use crate::model::metric::{Counted, Metric, Part, Period, Spread, Test, Window};
use crate::tiers::EvaluateError;

/// What one test says about the things it saw.
pub(crate) struct Tested {
    pub passed: BTreeSet<Thing>,
    pub failed: BTreeSet<Thing>,
    pub rows: Rows,
}

/// Thing to part to value.
type Parts = BTreeMap<Thing, BTreeMap<Thing, Ratio>>;

pub(crate) fn tested(
    judge: &Judge<'_>,
    metric: &Metric,
    test: &Test,
    thing: &dyn Fn(&Place) -> Thing,
    at: Moment,
) -> Result<Tested, EvaluateError> {
    let range = range_of(judge, test)?;
    let month = |back: u16| (Window::CurrentMonth, at.back(back));
    let looks: Vec<(Window, Moment)> = match test.period {
        Period::Own => vec![(metric.window, at)],
        Period::InLast(months) => vec![(Window::LastMonths(months), at)],
        Period::SameMonthLastYear => vec![month(12)],
        Period::InAnyOfLast(months) | Period::InEveryOfLast(months) => (0..months).map(month).collect(),
    };
    let mut seen: BTreeMap<Thing, usize> = BTreeMap::new();
    let mut all = Rows { values: BTreeMap::new(), facts: BTreeMap::new(), rejected: Vec::new() };
    for (span, at) in &looks {
        let (parts, found) = parts(judge, metric, test, thing, window(judge, *span, *at), *at)?;
        for (thing, parts) in parts {
            *seen.entry(thing).or_default() += usize::from(passes(range, test.spread, &parts));
        }
        all.absorb(found);
    }
    let needed = if matches!(test.period, Period::InEveryOfLast(_)) { looks.len() } else { 1 };
    let (passed, failed): (Vec<_>, Vec<_>) = seen.into_iter().partition(|(_, held)| *held >= needed);
    let names = |found: Vec<(Thing, usize)>| found.into_iter().map(|(thing, _)| thing).collect();
    Ok(Tested { passed: names(passed), failed: names(failed), rows: all })
}

pub(crate) fn range_of<'t>(judge: &Judge<'_>, test: &'t Test) -> Result<&'t Range, EvaluateError> {
    let found = judge.find(&test.range).map(|found| found.value);
    found.ok_or_else(|| EvaluateError::NoValue { rule: test.rule.clone(), day: judge.day.to_string() })
}

fn passes(range: &Range, spread: Spread, parts: &BTreeMap<Thing, Ratio>) -> bool {
    match spread {
        Spread::InAny(_) | Spread::InTotal => parts.values().any(|value| range.holds(value)),
        Spread::InEach(_) => !parts.is_empty() && parts.values().all(|value| range.holds(value)),
    }
}

/// The values of the test's measure by thing and part, and the rows they were read from.
fn parts(
    judge: &Judge<'_>,
    metric: &Metric,
    test: &Test,
    thing: &dyn Fn(&Place) -> Thing,
    span: values::Interval,
    at: Moment,
) -> Result<(Parts, Rows), EvaluateError> {
    let measures = &judge.ground.catalog.measures;
    let derived = measures.get(&test.measure).and_then(|measure| measure.derived.as_ref());
    let Some(Derived::Share { of, whole }) = derived else {
        let found = rows(judge, metric, &test.measure, span, at)?;
        return Ok((added(judge, metric, &test.measure, test.spread, thing, &found)?, found));
    };
    let mut found = rows(judge, metric, of, span, at)?;
    let wholes = rows(judge, metric, whole, span, at)?;
    let part = added(judge, metric, of, test.spread, thing, &found)?;
    let mut shares = Parts::new();
    let zero = Ratio::from_integer(0.into());
    for (thing, places) in added(judge, metric, whole, test.spread, thing, &wholes)? {
        for (place, value) in places.into_iter().filter(|(_, value)| *value > zero) {
            let of = part.get(&thing).and_then(|places| places.get(&place)).cloned().unwrap_or_default();
            shares.entry(thing.clone()).or_default().insert(place, of / value * Ratio::from_integer(100.into()));
        }
    }
    found.absorb(wholes);
    Ok((shares, found))
}

/// Adds places up to the parts of things. A level that does not add up over workloads is, for each
/// subscription, the largest of its workloads.
fn added(
    judge: &Judge<'_>,
    metric: &Metric,
    measure: &str,
    spread: Spread,
    thing: &dyn Fn(&Place) -> Thing,
    rows: &Rows,
) -> Result<Parts, EvaluateError> {
    let known = judge.ground.catalog.measures.get(measure);
    let largest = known.is_some_and(|known| known.flow == Flow::Level && !known.adds_across_workloads);
    let mut cells: BTreeMap<(Thing, Thing), BTreeMap<Thing, Decimal>> = BTreeMap::new();
    let out = |_| EvaluateError::OutOfRange { rule: metric.rule.clone(), what: format!("the sum of {measure}") };
    for (place, value) in &rows.values {
        let part = match spread {
            Spread::InAny(Part::Workload) | Spread::InEach(Part::Workload) => place.workload().clone(),
            Spread::InAny(Part::Subscription) | Spread::InEach(Part::Subscription) => place.subscription().clone(),
            Spread::InAny(Part::Customer) | Spread::InEach(Part::Customer) => place.customer().clone(),
            Spread::InTotal => Thing::default(),
        };
        let cell = cells.entry((thing(place), part)).or_default().entry(place.subscription().clone());
        match cell {
            std::collections::btree_map::Entry::Vacant(cell) => {
                cell.insert(*value);
            }
            std::collections::btree_map::Entry::Occupied(mut cell) => {
                let known = *cell.get();
                cell.insert(if largest { known.max(*value) } else { known.checked_add(*value).map_err(out)? });
            }
        }
    }
    let mut parts = Parts::new();
    for ((thing, part), subscriptions) in cells {
        let sum = Decimal::checked_sum(subscriptions.into_values()).map_err(out)?;
        parts.entry(thing).or_default().insert(part, ratio_from_decimal(sum));
    }
    Ok(parts)
}

/// The things that places belong to.
pub(crate) fn thing_of(counted: Counted, place: &Place) -> Thing {
    match counted {
        Counted::Customers => place.customer().clone(),
        Counted::Subscriptions => place.subscription().clone(),
        Counted::Workloads => place.workload().clone(),
        Counted::CustomerWorkloads => place.customer_workload(),
        Counted::People | Counted::Transactions => place.whole(),
    }
}
