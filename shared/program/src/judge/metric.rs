//! Folds facts into a metric's value. The steps are always the same: rows, filters, recognition,
//! groups, tests, fold, comparison.

use std::collections::{BTreeMap, BTreeSet};

use values::{Decimal, Interval, Month, Ratio, ratio_from_decimal};

use super::Judge;
use super::rows::{Place, Rows, rows};
use crate::catalog::{Measure, Reads};
use crate::explain::{Explanation, Rejected, Step};
use crate::facts::{Fact, FactRef, Flow};
use crate::ground::last_instant;
use crate::model::metric::{Change, Counted, Fold, Metric, Spread, Stream, Test, Window};
use crate::quantity::{Quantity, Unit};
use crate::reason::Reason;
use crate::tiers::EvaluateError;

/// A metric's value with what was counted and what was not.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    pub value: Ratio,
    pub unit: Unit,
    pub rejected: Vec<Rejected>,
    pub explanation: Explanation,
}

/// One state of a metric: the value in one month.
#[derive(Default)]
struct State {
    value: Ratio,
    things: BTreeSet<String>,
    facts: Vec<FactRef>,
    rejected: Vec<Rejected>,
}

pub(crate) fn measure(judge: &Judge<'_>, metric: &Metric) -> Result<Measured, EvaluateError> {
    let mut now = state(judge, metric, judge.month)?;
    let unit = metric.unit.clone();
    let shown = |value: &Ratio| Quantity::new(value.clone(), unit.clone()).to_string();
    let mut numbers = Vec::new();
    match metric.change {
        Change::None => {}
        Change::SinceSameMonthLastYear => {
            let month = back(judge.month, 12);
            let base = state(judge, metric, month)?;
            numbers = vec![("now", shown(&now.value)), ("base", shown(&base.value)), ("base month", month.to_string())];
            now.value -= base.value;
        }
        Change::BeganInLast(months) => {
            let before = began_before(judge, metric, back(judge.month, i32::from(months)))?;
            numbers = vec![("now", shown(&now.value))];
            let old: Vec<String> = now.things.intersection(&before).cloned().collect();
            for thing in old {
                now.things.remove(&thing);
                now.rejected.push(Rejected { fact: FactRef::new("thing", thing), reason: Reason::AlreadyCredited });
            }
            now.value = whole(now.things.len());
        }
    }
    let title = if metric.title.is_empty() { metric.name.clone() } else { metric.title.clone() };
    let mut explanation = Explanation::new(Step::Metric, metric.rule.clone(), title, shown(&now.value))
        .source(metric.source.clone())
        .number("month", judge.month);
    for (name, value) in numbers {
        explanation = explanation.number(name, value);
    }
    let explanation = explanation
        .parts(now.things.iter().take(crate::explain::FACTS_SHOWN).map(|thing| group(metric, thing)))
        .counting(now.facts.clone())
        .rejecting(now.rejected.clone());
    Ok(Measured { value: now.value, unit, rejected: now.rejected, explanation })
}

fn group(metric: &Metric, thing: &str) -> Explanation {
    Explanation::new(Step::Group, metric.rule.clone(), thing.to_owned(), "counted")
}

/// The things that passed in some month up to `last`.
fn began_before(judge: &Judge<'_>, metric: &Metric, last: Month) -> Result<BTreeSet<String>, EvaluateError> {
    let zone = &judge.ground.zone;
    let facts = judge.ground.facts;
    let starts = facts.usage.iter().map(|usage| usage.start).chain(facts.seats.iter().map(|seats| seats.from));
    let Some(first) = starts.chain(facts.transactions.iter().map(|transaction| transaction.at)).min() else {
        return Ok(BTreeSet::new());
    };
    let mut month = zone.month(first).max(back(last, 240));
    let mut things = BTreeSet::new();
    while month <= last {
        things.extend(state(judge, metric, month)?.things);
        month = back(month, -1);
    }
    Ok(things)
}

fn back(month: Month, months: i32) -> Month {
    // Years beyond the calendar hold no facts.
    month.add(-months).unwrap_or(month)
}

fn whole(count: usize) -> Ratio {
    Ratio::from_integer(count.into())
}

fn state(judge: &Judge<'_>, metric: &Metric, month: Month) -> Result<State, EvaluateError> {
    match (&metric.fold, metric.stream) {
        (_, Stream::People) => Ok(people(judge, metric)),
        (Fold::Count(counted), _) => count(judge, metric, *counted, month),
        (Fold::Sum(measure), _) => sum(judge, metric, measure, month),
    }
}

/// The instants a window holds when `month` is the current month, cut at the judged instant.
fn window(judge: &Judge<'_>, window: Window, month: Month) -> Interval {
    let first = match window {
        Window::CurrentMonth => month,
        Window::LastMonths(months) => back(month, i32::from(months) - 1),
        Window::CalendarYear => Month::new(month.year(), 1).unwrap_or(month),
    };
    let zone = &judge.ground.zone;
    let end = last_instant(&zone.whole_month(month)).min(judge.as_of);
    let start = zone.whole_month(first).start();
    // What is judged before the window begins sees an empty window.
    Interval::new(start, Some(end.saturating_add(1)))
        .unwrap_or(Interval::new(start, Some(start)).unwrap_or(Interval::since(start)))
}

fn sum(judge: &Judge<'_>, metric: &Metric, name: &str, month: Month) -> Result<State, EvaluateError> {
    let rows = rows(judge, metric, name, window(judge, metric.window, month))?;
    let (kept, mut rejected) = tested_places(judge, metric, &rows, month)?;
    rejected.extend(rows.rejected);
    let measure = judge.ground.catalog.measures.get(name);
    let largest = measure.is_some_and(|measure| measure.flow == Flow::Level && !measure.adds_across_workloads);
    // By subscription first: a seat in two workloads of one subscription is one seat.
    let mut parts: BTreeMap<(String, String), Vec<Decimal>> = BTreeMap::new();
    let mut facts = Vec::new();
    for (place, value) in rows.values.iter().filter(|(place, _)| kept.contains(*place)) {
        parts.entry((place.0.clone(), place.1.clone())).or_default().push(*value);
        facts.extend(rows.facts.get(place).into_iter().flatten().cloned());
    }
    let values = parts.into_values().map(|values| match largest {
        true => Ok(values.into_iter().max().unwrap_or(Decimal::ZERO)),
        false => Decimal::checked_sum(values),
    });
    let out = |_| EvaluateError::OutOfRange { rule: metric.rule.clone(), what: format!("the sum of {name}") };
    let total = values.collect::<Result<Vec<_>, _>>().and_then(Decimal::checked_sum).map_err(out)?;
    Ok(State { value: ratio_from_decimal(total), things: BTreeSet::new(), facts, rejected })
}

/// The places of a sum whose own values pass the metric's tests.
fn tested_places(
    judge: &Judge<'_>,
    metric: &Metric,
    all: &Rows,
    month: Month,
) -> Result<(BTreeSet<Place>, Vec<Rejected>), EvaluateError> {
    let mut kept: BTreeSet<Place> = all.values.keys().cloned().collect();
    let mut rejected = Vec::new();
    for test in &metric.tests {
        let span = window(judge, test.window.unwrap_or(metric.window), month);
        let values = rows(judge, metric, &test.measure, span)?.values;
        let range = range_of(judge, test)?;
        kept.retain(|place| {
            let passes = range.holds(&ratio_from_decimal(values.get(place).copied().unwrap_or(Decimal::ZERO)));
            if !passes {
                let key = format!("{}/{}", place.1, place.2);
                rejected.push(Rejected { fact: FactRef::new("subscription", key), reason: Reason::BelowThreshold });
            }
            passes
        });
    }
    Ok((kept, rejected))
}

fn count(judge: &Judge<'_>, metric: &Metric, counted: Counted, month: Month) -> Result<State, EvaluateError> {
    let mut state = State::default();
    let mut facts: BTreeMap<String, Vec<FactRef>> = BTreeMap::new();
    let mut kept: Option<BTreeSet<String>> = None;
    if metric.tests.is_empty() {
        kept = Some(present(judge, metric, counted, month, &mut facts, &mut state.rejected)?);
    }
    for test in &metric.tests {
        let span = window(judge, test.window.unwrap_or(metric.window), month);
        let rows = rows(judge, metric, &test.measure, span)?;
        let range = range_of(judge, test)?;
        let mut passed = BTreeSet::new();
        for (thing, value) in by_thing(judge, &rows, counted, test, &metric.rule)? {
            if range.holds(&ratio_from_decimal(value)) {
                passed.insert(thing);
            } else {
                let fact = FactRef::new(thing_kind(counted), thing);
                state.rejected.push(Rejected { fact, reason: Reason::BelowThreshold });
            }
        }
        for (place, found) in rows.facts {
            facts.entry(thing_of(counted, &place)).or_default().extend(found);
        }
        state.rejected.extend(rows.rejected);
        kept = Some(match kept {
            Some(kept) => kept.intersection(&passed).cloned().collect(),
            None => passed,
        });
    }
    state.things = kept.unwrap_or_default();
    state.facts = state.things.iter().filter_map(|thing| facts.remove(thing)).flatten().collect();
    state.value = whole(state.things.len());
    Ok(state)
}

fn range_of<'t>(judge: &Judge<'_>, test: &'t Test) -> Result<&'t crate::model::Range, EvaluateError> {
    let found = test.range.on(judge.day).map(|found| found.value);
    found.ok_or_else(|| EvaluateError::NoValue { rule: test.rule.clone(), day: judge.day.to_string() })
}

/// Things with any usage or seats at all: a row whose measures are all zero is not a row.
fn present(
    judge: &Judge<'_>,
    metric: &Metric,
    counted: Counted,
    month: Month,
    facts: &mut BTreeMap<String, Vec<FactRef>>,
    rejected: &mut Vec<Rejected>,
) -> Result<BTreeSet<String>, EvaluateError> {
    let span = window(judge, metric.window, month);
    let mut things = BTreeSet::new();
    let wanted = |measure: &Measure| match metric.stream {
        Stream::Transactions => matches!(measure.reads, Reads::TransactionAmount | Reads::TransactionSeats),
        _ => !matches!(measure.reads, Reads::TransactionAmount | Reads::TransactionSeats),
    };
    for (name, _) in judge.ground.catalog.measures.iter().filter(|(_, measure)| wanted(measure)) {
        // Measures in other units than the metric's never meet: only presence is asked.
        let found = rows(judge, metric, name, span)?;
        for (place, facts_here) in found.facts {
            if !found.values.get(&place).is_some_and(|value| value.is_zero()) {
                if counted == Counted::Transactions {
                    things.extend(facts_here.iter().map(|fact| fact.key.clone()));
                }
                things.extend((counted != Counted::Transactions).then(|| thing_of(counted, &place)));
                facts.entry(thing_of(counted, &place)).or_default().extend(facts_here);
            }
        }
        rejected.extend(found.rejected);
    }
    Ok(things)
}

fn by_thing(
    judge: &Judge<'_>,
    rows: &Rows,
    counted: Counted,
    test: &Test,
    rule: &str,
) -> Result<BTreeMap<String, Decimal>, EvaluateError> {
    let measure = judge.ground.catalog.measures.get(&test.measure);
    let level = measure.is_some_and(|measure| measure.flow == Flow::Level && !measure.adds_across_workloads);
    // Thing, then the part that is looked at by itself.
    let mut parts: BTreeMap<String, BTreeMap<String, Vec<Decimal>>> = BTreeMap::new();
    for (place, value) in &rows.values {
        let part = match (test.spread, level) {
            (Spread::InAnyWorkload, _) => place.2.clone(),
            // A level of one subscription's workloads is the largest of them.
            (Spread::InTotal, true) => place.1.clone(),
            (Spread::InTotal, false) => String::new(),
        };
        parts.entry(thing_of(counted, place)).or_default().entry(part).or_default().push(*value);
    }
    let out = |_| EvaluateError::OutOfRange { rule: rule.to_owned(), what: format!("the sum of {}", test.measure) };
    let mut values = BTreeMap::new();
    for (thing, parts) in parts {
        let mut sums = Vec::new();
        for part in parts.into_values() {
            sums.push(match (test.spread, level) {
                (Spread::InTotal, true) => part.into_iter().max().unwrap_or(Decimal::ZERO),
                _ => Decimal::checked_sum(part).map_err(out)?,
            });
        }
        let value = match test.spread {
            Spread::InAnyWorkload => sums.into_iter().max().unwrap_or(Decimal::ZERO),
            Spread::InTotal => Decimal::checked_sum(sums).map_err(out)?,
        };
        values.insert(thing, value);
    }
    Ok(values)
}

fn thing_of(counted: Counted, place: &Place) -> String {
    match counted {
        Counted::Customers => place.0.clone(),
        Counted::Subscriptions => place.1.clone(),
        Counted::Workloads => place.2.clone(),
        Counted::CustomerWorkloads => format!("{}/{}", place.0, place.2),
        Counted::People | Counted::Transactions => format!("{}/{}/{}", place.0, place.1, place.2),
    }
}

fn thing_kind(counted: Counted) -> &'static str {
    match counted {
        Counted::Customers => "customer",
        Counted::Subscriptions => "subscription",
        Counted::Workloads => "workload",
        Counted::CustomerWorkloads => "customer-workload",
        Counted::People => "person",
        Counted::Transactions => "transaction",
    }
}

/// People linked to the partner at the judged instant who hold one of the certifications then.
fn people(judge: &Judge<'_>, metric: &Metric) -> State {
    let mut state = State::default();
    let wanted = metric.holding.as_ref().map_or(&[][..], |holding| &holding.any_of[..]);
    let links = judge.ground.facts.people.iter().filter(|link| judge.accounts.contains(&link.partner));
    let mut linked: BTreeMap<&str, bool> = BTreeMap::new();
    for link in links {
        *linked.entry(&link.learner).or_default() |= link.effective.contains(judge.as_of);
    }
    for certification in &judge.ground.facts.certifications {
        if !wanted.contains(&certification.certification) {
            continue;
        }
        let Some(active) = linked.get(certification.learner.as_str()) else { continue };
        let fact = FactRef::new("certification", certification.key());
        if !active {
            state.rejected.push(Rejected { fact, reason: Reason::NotLinked });
        } else if !certification.effective.contains(judge.as_of) {
            state.rejected.push(Rejected { fact, reason: Reason::NotCertified });
        } else {
            state.things.insert(certification.learner.clone());
            state.facts.push(fact);
        }
    }
    state.value = whole(state.things.len());
    state
}
