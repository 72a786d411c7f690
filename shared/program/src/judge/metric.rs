//! A metric's value: its state now, and what it is compared with.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;
use values::{Date, Decimal, Month, Ratio, ratio_from_decimal};

use super::Judge;
use super::association::began;
use super::fold::{State, by_subscription, state, whole};
use super::rows::{Place, Thing, rows};
use super::window::{Moment, back, window};
use crate::explain::{Explanation, FACTS_SHOWN, Rejected, Step};
use crate::facts::FactRef;
use crate::ground::last_instant;
use crate::model::metric::{Base, Change, Counted, Fold, Losses, Metric, Since, Window};
use crate::model::value::Value;
use crate::quantity::{Quantity, Unit};
use crate::reason::Reason;
use crate::tiers::EvaluateError;

/// A metric's value with what was counted and what was not.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    pub value: Ratio,
    pub unit: Unit,
    /// What it is compared with, where it is, in the unit of what is folded.
    pub base: Option<Ratio>,
    /// Why there is no value; it fails every bound then.
    pub absent: Option<Reason>,
    /// Why it counts as nothing although there is something.
    pub reason: Option<Reason>,
    pub rejected: Vec<Rejected>,
    pub explanation: Explanation,
}

/// What becomes of a state when it is compared.
pub(super) struct Compared {
    pub state: State,
    pub base: Option<Ratio>,
    pub reason: Option<Reason>,
    pub numbers: Vec<(&'static str, String)>,
}

pub(crate) fn measure(judge: &Judge<'_>, metric: &Metric) -> Result<Measured, EvaluateError> {
    let at = Moment::now(judge).back(metric.months_back);
    let mut now = state(judge, metric, at)?;
    if metric.not_if_already {
        leave_out_old(judge, metric, at, &mut now)?;
    }
    let compared = match &metric.change {
        Change::None => Compared { state: now, base: None, reason: None, numbers: Vec::new() },
        Change::Since(since) => compare(judge, metric, since, now, at)?,
        Change::BeganInLast(months) => begun(judge, metric, now, at, *months)?,
        Change::ComingsAndGoings { months, losses } => super::coming::net(judge, metric, now, at, *months, *losses)?,
    };
    let Compared { state, base, reason, numbers } = compared;
    let shown = Quantity::new(state.value.clone(), metric.unit.clone()).to_string();
    let title = if metric.title.is_empty() { &metric.name } else { &metric.title };
    let value = match state.absent {
        Some(reason) => format!("none ({reason})"),
        None => shown,
    };
    let rule = SmolStr::from(&metric.rule);
    let group = |thing: &Thing| Explanation::new(Step::Group, rule.clone(), thing.clone(), "counted");
    let mut explanation = Explanation::new(Step::Metric, rule.clone(), title, value).source(metric.source.as_ref());
    explanation = match looked_at(judge, metric, at) {
        Some((first, last)) => explanation.number("window", format_args!("{first}..{last}")),
        None => explanation.number("month", at.month),
    };
    for (name, value) in numbers {
        explanation = explanation.text_of(name, value);
    }
    if let Some(reason) = reason {
        explanation = explanation.number("reason", reason);
    }
    for part in metric.family().into_iter().skip(1) {
        explanation = explanation.part(judge.measure(part)?.explanation.clone());
    }
    let explanation = explanation
        .parts(state.things.keys().take(FACTS_SHOWN).map(group))
        .counting(state.facts)
        .rejecting(state.rejected.clone());
    Ok(Measured {
        value: state.value,
        unit: metric.unit.clone(),
        base,
        absent: state.absent,
        reason,
        rejected: state.rejected,
        explanation,
    })
}

/// The first and the last day that a metric of rows looks at, where they are not those of its month.
fn looked_at(judge: &Judge<'_>, metric: &Metric, at: Moment) -> Option<(Date, Date)> {
    let of_rows = match metric.fold {
        Fold::Count(counted) => counted != Counted::People,
        Fold::Sum(_) | Fold::Pick(..) => true,
        Fold::Figure(_) | Fold::Share { .. } | Fold::Combined { .. } => false,
    };
    if !of_rows || metric.window == Window::CurrentMonth {
        return None;
    }
    let (zone, span) = (&judge.ground.zone, window(judge, metric.window, at));
    Some((zone.date(span.start()), zone.date(last_instant(&span))))
}

/// Rule: `program.change_counts_losses`: the metric now less the metric at the base, recognition and
/// tests included, so that losses count against gains.
fn compare(
    judge: &Judge<'_>,
    metric: &Metric,
    since: &Since,
    mut now: State,
    at: Moment,
) -> Result<Compared, EvaluateError> {
    let shown = |value: &Ratio| Quantity::new(value.clone(), metric.folded_in.clone()).to_string();
    let (base, change) = match &metric.fold {
        Fold::Sum(measure) if since.not_before_association || since.losses == Losses::EachBecomesZero => {
            place_by_place(judge, metric, since, measure, &now, at)?
        }
        _ => {
            let base = base_value(judge, metric, since.base, at)?;
            let change = &now.value - &base;
            (base, change)
        }
    };
    let change = if since.losses == Losses::Count { change } else { change.max(Ratio::default()) };
    let mut numbers = vec![("now", shown(&now.value)), ("base", shown(&base))];
    match since.base {
        Base::MonthsBack(months) => numbers.push(("base month", at.back(months).month.to_string())),
        Base::MonthOf(day) => numbers.push(("base month", day.month().to_string())),
        Base::AverageOfLast { count, months } => {
            numbers.push(("base", format!("mean of {count} times {months} months")))
        }
    }
    let below = |minimum: &Option<Value<Quantity>>, value: &Ratio| {
        let found = minimum.as_ref().and_then(|minimum| judge.find(minimum));
        found.is_some_and(|found| *value < found.value.value)
    };
    let reason = if below(&since.base_at_least, &base) {
        Some(Reason::BelowMinimumBase)
    } else if below(&since.now_at_least, &now.value) {
        Some(Reason::BelowMinimumNow)
    } else {
        None
    };
    now.value = match (reason, since.percent) {
        (Some(_), _) => Ratio::default(),
        (None, false) => change,
        (None, true) => percent(&mut now.absent, since, &base, change),
    };
    Ok(Compared { state: now, base: Some(base), reason, numbers })
}

/// Growth in percent; from nothing there is none, unless the document calls it full.
fn percent(absent: &mut Option<Reason>, since: &Since, base: &Ratio, change: Ratio) -> Ratio {
    let hundred = Ratio::from_integer(100.into());
    if *base != Ratio::default() {
        return change / base * hundred;
    }
    match since.zero_base_full {
        true if change > Ratio::default() => hundred,
        true => Ratio::default(),
        false => {
            *absent = Some(Reason::ZeroBase);
            Ratio::default()
        }
    }
}

fn base_value(judge: &Judge<'_>, metric: &Metric, base: Base, at: Moment) -> Result<Ratio, EvaluateError> {
    match base {
        Base::MonthsBack(months) => state(judge, metric, at.back(months)).map(|state| state.value),
        Base::MonthOf(day) => state(judge, metric, Moment::of(day)).map(|state| state.value),
        Base::AverageOfLast { count, months } => {
            let mut sum = Ratio::default();
            for place in 1..=count {
                sum += state(judge, metric, at.back(place.saturating_mul(months)))?.value;
            }
            Ok(sum / whole(usize::from(count)))
        }
    }
}

/// Rule: `program.growth_counts_since_association`: each place is compared by itself with the later of
/// the base month and the month in which the partner's unbroken association began.
fn place_by_place(
    judge: &Judge<'_>,
    metric: &Metric,
    since: &Since,
    measure: &str,
    now: &State,
    at: Moment,
) -> Result<(Ratio, Ratio), EvaluateError> {
    let common = match since.base {
        Base::MonthsBack(months) => at.back(months),
        Base::MonthOf(day) => Moment::of(day),
        Base::AverageOfLast { months, .. } => at.back(months),
    };
    // What is compared was chosen now; the base looks at the same places as they were.
    let plain = Metric { tests: Vec::new(), among: None, ..metric.clone() };
    let mut known: BTreeMap<Month, BTreeMap<Place, Decimal>> = BTreeMap::new();
    let mut bases: BTreeMap<Place, Decimal> = BTreeMap::new();
    for place in now.places.keys() {
        let start = if since.not_before_association { began(judge, metric, place, at) } else { None };
        let month = start.map_or(common.month, |start| start.max(common.month).min(at.month));
        let values = match known.entry(month) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(free) => {
                let day = if month == common.month { common.day } else { month.last_day() };
                let moment = Moment { month, day };
                free.insert(rows(judge, &plain, measure, window(judge, plain.window, moment), moment)?.values)
            }
        };
        bases.insert(place.clone(), values.get(place).copied().unwrap_or(Decimal::ZERO));
    }
    let now = by_subscription(judge, metric, measure, &now.places)?;
    let base = by_subscription(judge, metric, measure, &bases)?;
    let (mut total, mut change) = (Ratio::default(), Ratio::default());
    for (key, value) in now {
        let before = base.get(&key).copied().unwrap_or(Decimal::ZERO);
        let difference = ratio_from_decimal(value) - ratio_from_decimal(before);
        total += ratio_from_decimal(before);
        change += if since.losses == Losses::EachBecomesZero { difference.max(Ratio::default()) } else { difference };
    }
    Ok((total, change))
}

/// Leaves out things that passed the same tests already in the month in which their association began.
fn leave_out_old(judge: &Judge<'_>, metric: &Metric, at: Moment, now: &mut State) -> Result<(), EvaluateError> {
    let mut known: BTreeMap<Month, BTreeSet<Thing>> = BTreeMap::new();
    let mut old = Vec::new();
    for (thing, places) in &now.things {
        let starts = places.iter().filter_map(|place| began(judge, metric, place, at));
        let Some(start) = starts.min() else { continue };
        let then = match known.entry(start) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(free) => {
                let then = state(judge, metric, Moment { month: start, day: start.last_day() })?;
                free.insert(then.things.into_keys().collect())
            }
        };
        if then.contains(thing) {
            old.push(thing.clone());
        }
    }
    leave_out(now, old);
    Ok(())
}

fn leave_out(now: &mut State, old: Vec<Thing>) {
    for thing in old {
        now.things.remove(&thing);
        now.rejected.push(Rejected { fact: FactRef::new("thing", thing), reason: Reason::AlreadyCredited });
    }
    now.value = whole(now.things.len());
}

/// Only things that passed first within so many months.
fn begun(
    judge: &Judge<'_>,
    metric: &Metric,
    mut now: State,
    at: Moment,
    months: u16,
) -> Result<Compared, EvaluateError> {
    let counted = Quantity::new(now.value.clone(), metric.folded_in.clone()).to_string();
    let before = began_before(judge, metric, back(at.month, i32::from(months)))?;
    let old = now.things.keys().filter(|thing| before.contains(*thing)).cloned().collect();
    leave_out(&mut now, old);
    Ok(Compared { state: now, base: None, reason: None, numbers: vec![("now", counted)] })
}

/// The things that passed in some month up to `last`.
fn began_before(judge: &Judge<'_>, metric: &Metric, last: Month) -> Result<BTreeSet<Thing>, EvaluateError> {
    if matches!(metric.fold, Fold::Count(Counted::People)) {
        return Ok(BTreeSet::new());
    }
    let Some(first) = first_month(judge, last) else { return Ok(BTreeSet::new()) };
    let mut month = first;
    let mut things = BTreeSet::new();
    while month <= last {
        things.extend(state(judge, metric, Moment { month, day: month.last_day() })?.things.into_keys());
        month = back(month, -1);
    }
    Ok(things)
}

/// The first month in which anything is known, at most twenty years before `last`.
pub(super) fn first_month(judge: &Judge<'_>, last: Month) -> Option<Month> {
    let facts = judge.ground.facts;
    let starts = facts.usage.iter().map(|usage| usage.start).chain(facts.seats.iter().map(|seats| seats.from));
    let first = starts.chain(facts.transactions.iter().map(|transaction| transaction.at)).min()?;
    Some(judge.ground.zone.month(first).max(back(last, 240)))
}
