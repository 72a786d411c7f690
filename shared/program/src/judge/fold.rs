//! Folds rows into the state of a metric at one moment: rows, filters, recognition, groups, tests, fold.

use std::collections::{BTreeMap, BTreeSet};

use values::{Decimal, Ratio, ratio_from_decimal};

use super::Judge;
use super::parts::{range_of, tested, thing_of};
use super::people::holders;
use super::rows::{Place, Rows, Thing, rows};
use super::window::{Moment, window};
use crate::catalog::{Measure, Reads};
use crate::explain::Rejected;
use crate::facts::{FactRef, Flow};
use crate::ground::last_instant;
use crate::model::metric::{Counted, Fold, Metric, Period, Pick, Stream};
use crate::reason::Reason;
use crate::tiers::EvaluateError;

/// A metric at one moment.
#[derive(Default)]
pub(crate) struct State {
    pub value: Ratio,
    /// What was counted, with the places it was found in.
    pub things: BTreeMap<Thing, BTreeSet<Place>>,
    /// The value of each place of a sum.
    pub places: BTreeMap<Place, Decimal>,
    pub facts: Vec<FactRef>,
    pub rejected: Vec<Rejected>,
    /// Why there is no value, where there is none.
    pub absent: Option<Reason>,
}

pub(crate) fn whole(count: usize) -> Ratio {
    Ratio::from_integer(count.into())
}

pub(crate) fn state(judge: &Judge<'_>, metric: &Metric, at: Moment) -> Result<State, EvaluateError> {
    match &metric.fold {
        Fold::Count(Counted::People) => Ok(people(judge, metric, at)),
        Fold::Count(counted) => count(judge, metric, *counted, at),
        Fold::Sum(measure) => sum(judge, metric, measure, at),
        Fold::Pick(pick, measure) => {
            let mut state = sum(judge, metric, measure, at)?;
            match picked(*pick, state.places.values().map(|value| ratio_from_decimal(*value)).collect()) {
                Some(value) => state.value = value,
                None => state.absent = Some(Reason::NothingUsed),
            }
            Ok(state)
        }
        Fold::Figure(name) => Ok(figure(judge, name, at)),
        Fold::Share { of, whole } => share(judge, of, whole),
        Fold::Combined { add, less } => combined(judge, add, less),
    }
}

fn picked(pick: Pick, mut values: Vec<Ratio>) -> Option<Ratio> {
    values.sort();
    let middle = values.len() / 2;
    match pick {
        Pick::Largest => values.pop(),
        Pick::Smallest => values.into_iter().next(),
        Pick::Average if values.is_empty() => None,
        Pick::Average => Some(values.iter().sum::<Ratio>() / whole(values.len())),
        Pick::Median if values.len() % 2 == 1 => values.get(middle).cloned(),
        Pick::Median => Some((values.get(middle.checked_sub(1)?)? + values.get(middle)?) / whole(2)),
    }
}

fn figure(judge: &Judge<'_>, name: &str, at: Moment) -> State {
    let figures = judge.ground.facts.figures.iter();
    let mine =
        figures.filter(|fact| fact.figure == name && fact.month == at.month && judge.accounts.contains(&fact.partner));
    let mut state = State { absent: Some(Reason::MissingProof), ..State::default() };
    for fact in mine {
        state.absent = None;
        state.value += ratio_from_decimal(fact.value);
        state.facts.push(FactRef::new("figure", format!("{}/{}/{}", fact.partner, fact.figure, fact.month)));
    }
    state
}

fn share(judge: &Judge<'_>, of: &Metric, whole: &Metric) -> Result<State, EvaluateError> {
    let (of, whole) = (judge.measure(of)?, judge.measure(whole)?);
    let mut state = State { absent: of.absent.or(whole.absent), ..State::default() };
    if whole.value == Ratio::default() {
        state.absent = state.absent.or(Some(Reason::ZeroBase));
    } else {
        state.value = &of.value / &whole.value * Ratio::from_integer(100.into());
    }
    Ok(state)
}

fn combined(judge: &Judge<'_>, add: &[Metric], less: &[Metric]) -> Result<State, EvaluateError> {
    let mut state = State::default();
    for metric in add {
        let part = judge.measure(metric)?;
        state.value += &part.value;
        state.absent = state.absent.or(part.absent);
    }
    for metric in less {
        let part = judge.measure(metric)?;
        state.value -= &part.value;
        state.absent = state.absent.or(part.absent);
    }
    Ok(state)
}

fn people(judge: &Judge<'_>, metric: &Metric, at: Moment) -> State {
    let Some(holding) = &metric.holding else { return State::default() };
    let instant = match at == Moment::now(judge) {
        true => judge.as_of,
        false => last_instant(&judge.ground.zone.day(at.day)),
    };
    let found = holders(judge, holding, instant);
    let facts = found.people.values().flatten().cloned().collect();
    let things: BTreeMap<Thing, BTreeSet<Place>> =
        found.people.into_keys().map(|learner| (learner.into(), BTreeSet::new())).collect();
    State { value: whole(things.len()), things, facts, rejected: found.rejected, ..State::default() }
}

fn sum(judge: &Judge<'_>, metric: &Metric, name: &str, at: Moment) -> Result<State, EvaluateError> {
    let rows = rows(judge, metric, name, window(judge, metric.window, at), at)?;
    let (kept, mut rejected) = tested_places(judge, metric, &rows, at)?;
    let mut state = State::default();
    for (place, value) in rows.values.into_iter().filter(|(place, _)| kept.contains(place)) {
        state.facts.extend(rows.facts.get(&place).into_iter().flatten().cloned());
        state.places.insert(place, value);
    }
    rejected.extend(rows.rejected);
    state.rejected = rejected;
    let sums = by_subscription(judge, metric, name, &state.places)?;
    let out = |_| EvaluateError::OutOfRange { rule: metric.rule.clone(), what: format!("the sum of {name}") };
    state.value = ratio_from_decimal(Decimal::checked_sum(sums.into_values()).map_err(out)?);
    Ok(state)
}

/// Customer and subscription.
pub(crate) type Holder = (Thing, Thing);

/// By subscription first: a seat in two workloads of one subscription is one seat.
pub(crate) fn by_subscription(
    judge: &Judge<'_>,
    metric: &Metric,
    measure: &str,
    places: &BTreeMap<Place, Decimal>,
) -> Result<BTreeMap<Holder, Decimal>, EvaluateError> {
    let known = judge.ground.catalog.measures.get(measure);
    let largest = known.is_some_and(|known| known.flow == Flow::Level && !known.adds_across_workloads);
    let mut sums: BTreeMap<Holder, Decimal> = BTreeMap::new();
    for (place, value) in places {
        let key = (place.customer().clone(), place.subscription().clone());
        let sum = match sums.get(&key) {
            None => Ok(*value),
            Some(known) if largest => Ok((*known).max(*value)),
            Some(known) => known.checked_add(*value),
        };
        let out = |_| EvaluateError::OutOfRange { rule: metric.rule.clone(), what: format!("the sum of {measure}") };
        sums.insert(key, sum.map_err(out)?);
    }
    Ok(sums)
}

/// The places of a sum whose own values pass the metric's tests.
fn tested_places(
    judge: &Judge<'_>,
    metric: &Metric,
    all: &Rows,
    at: Moment,
) -> Result<(BTreeSet<Place>, Vec<Rejected>), EvaluateError> {
    let mut kept: BTreeSet<Place> = all.values.keys().cloned().collect();
    let mut rejected = Vec::new();
    let name = Place::whole;
    for test in &metric.tests {
        let range = range_of(judge, test)?;
        let found = tested(judge, metric, test, &name, at)?;
        kept.retain(|place| {
            let key = place.whole();
            // What the test's measure says nothing about is at zero.
            let nothing = !found.failed.contains(&key) && range.holds(&Ratio::default());
            let passes = found.passed.contains(&key) || (nothing && test.period == Period::Own);
            if !passes {
                let key = format!("{}/{}", place.subscription(), place.workload());
                rejected.push(Rejected { fact: FactRef::new("subscription", key), reason: Reason::BelowThreshold });
            }
            passes
        });
    }
    Ok((kept, rejected))
}

fn count(judge: &Judge<'_>, metric: &Metric, counted: Counted, at: Moment) -> Result<State, EvaluateError> {
    let mut state = State::default();
    let mut facts: BTreeMap<Thing, Vec<FactRef>> = BTreeMap::new();
    let mut places: BTreeMap<Thing, BTreeSet<Place>> = BTreeMap::new();
    let mut kept: Option<BTreeSet<Thing>> = None;
    if metric.tests.is_empty() {
        kept = Some(present(judge, metric, counted, at, &mut facts, &mut places, &mut state.rejected)?);
    }
    let thing = |place: &Place| thing_of(counted, place);
    for test in &metric.tests {
        let found = tested(judge, metric, test, &thing, at)?;
        for failed in found.failed {
            let fact = FactRef::new(thing_kind(counted), failed);
            state.rejected.push(Rejected { fact, reason: Reason::BelowThreshold });
        }
        for (place, refs) in found.rows.facts {
            let thing = thing(&place);
            facts.entry(thing.clone()).or_default().extend(refs);
            places.entry(thing).or_default().insert(place);
        }
        state.rejected.extend(found.rows.rejected);
        kept = Some(match kept {
            Some(kept) => kept.intersection(&found.passed).cloned().collect(),
            None => found.passed,
        });
    }
    let kept = kept.unwrap_or_default();
    state.facts = kept.iter().filter_map(|thing| facts.remove(thing)).flatten().collect();
    state.value = whole(kept.len());
    state.things = kept.into_iter().map(|thing| (thing.clone(), places.remove(&thing).unwrap_or_default())).collect();
    Ok(state)
}

/// Things with any usage or seats at all: a row whose measures are all zero is not a row.
fn present(
    judge: &Judge<'_>,
    metric: &Metric,
    counted: Counted,
    at: Moment,
    facts: &mut BTreeMap<Thing, Vec<FactRef>>,
    places: &mut BTreeMap<Thing, BTreeSet<Place>>,
    rejected: &mut Vec<Rejected>,
) -> Result<BTreeSet<Thing>, EvaluateError> {
    let span = window(judge, metric.window, at);
    let mut things = BTreeSet::new();
    let wanted = |measure: &Measure| match metric.stream {
        Stream::Transactions => matches!(measure.reads, Reads::TransactionAmount | Reads::TransactionSeats),
        _ => !matches!(measure.reads, Reads::TransactionAmount | Reads::TransactionSeats | Reads::Derived),
    };
    for (name, _) in judge.ground.catalog.measures.iter().filter(|(_, measure)| wanted(measure)) {
        // Measures in other units than the metric's never meet: only presence is asked.
        let found = rows(judge, metric, name, span, at)?;
        for (place, facts_here) in found.facts {
            if found.values.get(&place).is_some_and(|value| value.is_zero()) {
                continue;
            }
            if counted == Counted::Transactions {
                things.extend(facts_here.iter().map(|fact| fact.key.clone()));
            } else {
                things.insert(thing_of(counted, &place));
            }
            let thing = thing_of(counted, &place);
            facts.entry(thing.clone()).or_default().extend(facts_here);
            places.entry(thing).or_default().insert(place);
        }
        rejected.extend(found.rejected);
    }
    Ok(things)
}

pub(crate) fn thing_kind(counted: Counted) -> &'static str {
    match counted {
        Counted::Customers => "customer",
        Counted::Subscriptions => "subscription",
        Counted::Workloads => "workload",
        Counted::CustomerWorkloads => "customer-workload",
        Counted::People => "person",
        Counted::Transactions => "transaction",
    }
}
