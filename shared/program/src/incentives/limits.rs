//! Floors and caps on what is paid, with what is left of them.

use std::collections::BTreeMap;

use num_traits::Zero;
use values::{Currency, Money, Ratio, Rounding, ratio_to_text, round_to_minor};

use super::RateError;
use super::counters::{CounterKey, Counters, span};
use super::lines::share;
use super::rating::{Balance, Line};
use super::scene::Scene;
use super::transactions::original;
use crate::conventions::CountersOnChange;
use crate::explain::{Explanation, Step};
use crate::model::{Limit, LimitOwner, Reached};
use crate::reason::Reason;

/// Applies the levers' limits and then the plan's, each on what the one before left. Gives what is left
/// of every cap that a line of the period touched.
pub(crate) fn apply(
    scene: &Scene<'_>,
    currency: Currency,
    lines: &mut [Line],
    counters: &mut Counters,
) -> Result<Vec<Balance>, RateError> {
    let mut balances = Vec::new();
    for lever in &scene.plan.levers {
        let mine: Vec<usize> = (0..lines.len()).filter(|&place| lines[place].lever == lever.name).collect();
        for limit in &lever.limits {
            balances.extend(one(scene, limit, currency, lines, &mine, counters)?);
        }
    }
    let all: Vec<usize> = (0..lines.len()).collect();
    for limit in &scene.plan.limits {
        balances.extend(one(scene, limit, currency, lines, &all, counters)?);
    }
    Ok(balances)
}

/// The bounds of a limit on a day.
#[derive(Clone, Default)]
struct Bounds<'r> {
    least: Option<Ratio>,
    most: Option<Ratio>,
    /// The rule of the place where the cap, else the floor, was found.
    rule: &'r str,
}

fn bounds<'r>(limit: &'r Limit, line: &Line) -> Bounds<'r> {
    let least = limit.least.as_ref().and_then(|least| least.on(line.rule_date));
    let most = limit.most.as_ref().and_then(|most| most.on(line.rule_date));
    let rule = most.or(least).map_or(limit.rule.as_str(), |found| found.rule);
    let value = |found: crate::model::Found<'_, crate::quantity::Quantity>| found.value.value.clone();
    Bounds { least: least.map(value), most: most.map(value), rule }
}

impl Bounds<'_> {
    /// Rule: `program.cap_is_a_difference_of_totals`: of a total earned, so much is paid: at least the
    /// floor as soon as anything is earned, at most the cap. A line is paid the difference that it makes,
    /// so that a correction gives back room exactly as far as it had taken it, and neither order nor
    /// batches change what an owner is paid in all.
    fn paid(&self, total: &Ratio) -> Ratio {
        let floored = match &self.least {
            Some(least) if total.is_positive() => total.max(least),
            _ => total,
        };
        self.most.as_ref().map_or(floored, |most| floored.min(most)).clone()
    }
}

fn one(
    scene: &Scene<'_>,
    limit: &Limit,
    currency: Currency,
    lines: &mut [Line],
    places: &[usize],
    counters: &mut Counters,
) -> Result<Vec<Balance>, RateError> {
    let mut groups: BTreeMap<CounterKey, Vec<usize>> = BTreeMap::new();
    for &place in places.iter().filter(|&&place| !lines[place].amount.is_zero()) {
        let line = &lines[place];
        let rule = match scene.plan.conventions.counters_on_change {
            Some(CountersOnChange::Restart) => bounds(limit, line).rule.to_owned(),
            _ => limit.rule.clone(),
        };
        let partner = line.partner.as_deref().unwrap_or_default();
        let time = limit.over.map(|over| span(scene, over, partner)).unwrap_or_default();
        let owner = if limit.over.is_none() { line.key.clone() } else { owner(limit, line) };
        groups.entry((rule, owner, time)).or_default().push(place);
    }
    let mut balances = Vec::new();
    for (key, mut group) in groups {
        group.sort_by(|&a, &b| {
            (lines[a].interval.start(), &lines[a].key).cmp(&(lines[b].interval.start(), &lines[b].key))
        });
        let before = if limit.over.is_some() { counters.total(&key) } else { Ratio::zero() };
        let after = match limit.reached {
            Reached::LastLinePaysTheRest => by_time(limit, currency, lines, &group, &before)?,
            Reached::LinesShareTheRest => shared(limit, currency, lines, &group, &before)?,
            Reached::LineAboveIsRefused => refusing(scene, limit, (&key.0, currency), lines, &group, &before, counters),
        };
        let Some(bounds) = group.last().map(|&last| bounds(limit, &lines[last])) else { continue };
        if limit.over.is_some() {
            if let Some(most) = &bounds.most {
                let used = bounds.paid(&after);
                let left = money(limit, currency, &(most - &used))?;
                let used = money(limit, currency, &used)?;
                let (rule, owner, span) = key.clone();
                balances.push(Balance { rule, owner, span, used, left });
            }
            counters.set(key, after);
        }
    }
    Ok(balances)
}

fn owner(limit: &Limit, line: &Line) -> String {
    let part = |owner: &LimitOwner| match owner {
        LimitOwner::Partner => line.partner.clone().unwrap_or_default(),
        LimitOwner::Customer => line.customer.clone(),
        LimitOwner::Subscription => line.subscription.clone().unwrap_or_default(),
        LimitOwner::Workload => line.workload.clone().unwrap_or_default(),
    };
    limit.per.iter().map(part).collect::<Vec<_>>().join("|")
}

fn by_time(
    limit: &Limit,
    currency: Currency,
    lines: &mut [Line],
    group: &[usize],
    before: &Ratio,
) -> Result<Ratio, RateError> {
    let mut total = before.clone();
    for &place in group {
        let bounds = bounds(limit, &lines[place]);
        let next = &total + lines[place].amount.to_ratio();
        let paid = bounds.paid(&next) - bounds.paid(&total);
        let paid = money(limit, currency, &paid)?;
        hold(limit, &bounds, &mut lines[place], paid, &total, &next);
        total = next;
    }
    Ok(total)
}

/// Rule: `program.line_above_is_refused`: a line that would bring the total above the cap is paid nothing and takes
/// nothing of it, so that a smaller one may still fit. What takes a refused line back takes nothing.
fn refusing(
    scene: &Scene<'_>,
    limit: &Limit,
    (rule, currency): (&str, Currency),
    lines: &mut [Line],
    group: &[usize],
    before: &Ratio,
    counters: &mut Counters,
) -> Ratio {
    let mut total = before.clone();
    let all = &scene.ground.facts.transactions;
    for &place in group {
        let line = &mut lines[place];
        let bounds = bounds(limit, line);
        let amount = line.amount.to_ratio();
        let next = &total + &amount;
        let transaction = line.transaction.as_ref().and_then(|id| all.iter().find(|one| one.transaction == *id));
        let first = transaction.map(|transaction| original(all, transaction).transaction.as_str());
        let key = |id: &str| (format!("{rule}.refused"), format!("{}|{id}", line.lever), "asked".to_owned());
        let of_refused =
            first.filter(|first| line.transaction.as_deref() != Some(*first) && counters.find(&key(first)).is_some());
        let above = amount.is_positive() && bounds.most.as_ref().is_some_and(|most| next > *most);
        if let (true, None, Some(first)) = (above, of_refused, first) {
            counters.set(key(first), amount.clone());
        }
        if above || of_refused.is_some() {
            let taken_back = of_refused.map(str::to_owned);
            refuse(limit, &bounds, line, taken_back.as_deref(), &total, Money::zero(currency));
        } else {
            total = next;
        }
    }
    total
}

/// Pays a line nothing, and says what it asked for and what was left.
fn refuse(limit: &Limit, bounds: &Bounds<'_>, line: &mut Line, of: Option<&str>, total: &Ratio, nothing: Money) {
    let mut node = Explanation::new(Step::Amount, bounds.rule, "refused", nothing.to_string())
        .source(limit.source.as_ref())
        .number("asked", line.amount)
        .number("total before", ratio_to_text(total));
    if let Some(of) = of {
        node = node.number("takes back what was refused", of);
    }
    if let Some(most) = &bounds.most {
        node = node.number("at most", ratio_to_text(most)).number("left", ratio_to_text(&(most - bounds.paid(total))));
    }
    line.reason = Some(Reason::CapReached);
    line.amount = nothing;
    line.exact = Ratio::zero();
    line.explanation.value = nothing.to_string().into();
    line.explanation.parts.push(node);
}

fn shared(
    limit: &Limit,
    currency: Currency,
    lines: &mut [Line],
    group: &[usize],
    before: &Ratio,
) -> Result<Ratio, RateError> {
    let moved: Ratio = group.iter().map(|&place| lines[place].amount.to_ratio()).sum();
    let after = before + &moved;
    let Some(&last) = group.last() else { return Ok(after) };
    let bounds = bounds(limit, &lines[last]);
    let paid = bounds.paid(&after) - bounds.paid(before);
    // Nothing moved in sum: what one line earns another takes back, and the limit changes neither.
    if moved.is_zero() || paid == moved {
        return Ok(after);
    }
    let part = |place: &usize| lines[*place].amount.to_ratio() * &paid / &moved;
    let exact: Vec<Ratio> = group.iter().map(part).collect();
    let shares = share(&exact.iter().collect::<Vec<_>>(), None, currency, Rounding::Down, &limit.rule)?;
    for (&place, paid) in group.iter().zip(shares) {
        hold(limit, &bounds, &mut lines[place], paid, before, &after);
    }
    Ok(after)
}

/// Puts what is paid in the place of what was earned, and says why.
fn hold(limit: &Limit, bounds: &Bounds<'_>, line: &mut Line, paid: Money, before: &Ratio, after: &Ratio) {
    if paid == line.amount {
        return;
    }
    let mut node = Explanation::new(Step::Amount, bounds.rule, "limited", paid.to_string())
        .source(limit.source.as_ref())
        .number("earned", line.amount)
        .number("total before", ratio_to_text(before))
        .number("total after", ratio_to_text(after));
    if let Some(least) = &bounds.least {
        node = node.number("at least", ratio_to_text(least));
    }
    if let Some(most) = &bounds.most {
        node = node.number("at most", ratio_to_text(most)).number("left", ratio_to_text(&(most - bounds.paid(after))));
    }
    let less = paid.minor().abs() < line.amount.minor().abs();
    line.reason = Some(if less { Reason::CapReached } else { Reason::RaisedToFloor });
    line.amount = paid;
    line.exact = paid.to_ratio();
    line.explanation.value = paid.to_string().into();
    line.explanation.parts.push(node);
}

/// Amounts and bounds are whole minor units, so nothing is rounded here.
fn money(limit: &Limit, currency: Currency, value: &Ratio) -> Result<Money, RateError> {
    let out = |_| RateError::OutOfRange { rule: limit.rule.clone(), what: "a limited amount".to_owned() };
    round_to_minor(value, currency, Rounding::Down).map_err(out)
}
