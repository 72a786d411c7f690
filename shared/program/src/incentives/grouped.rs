//! Drafts that fold the rows of a whole month: levels, growth, lines of a customer or a partner.

use std::collections::{BTreeMap, BTreeSet};

use num_traits::ToPrimitive;
use values::{Date, Decimal, Instant, Interval, Month, Ratio, ratio_from_decimal};

use super::RateError;
use super::drafts::{Draft, usage_row};
use super::eligibility::asks;
use super::growth::{Base, grow};
use super::levels::{Measurements, mean, seats};
use super::rating::InputRef;
use super::scene::{Scene, payee_moment, payees, rule_date, usage_in};
use super::transactions::{number, original, transaction_row};
use super::usage::touches;
use crate::catalog::{Derived, Measure, Reads};
use crate::facts::{Flow, Grain, Usage, UsageKey};
use crate::ground::{Row, last_instant, usage_number};
use crate::model::{Charge, Found, Lever, LinePer, MonthValue, Requirement, Several, Stream};
use crate::recognition::Payee;

/// One row that a line folds.
pub(crate) struct GroupRow<'a> {
    pub row: Row<'a>,
    /// The instant whose rules, payee and fields are its own: that of what it reverses.
    pub since: Instant,
    pub input: InputRef,
    pub number: Decimal,
}

/// The rows of a lever that lie in `interval`. Hours that the month's first instant cuts go to `split`.
pub(crate) fn rows<'a>(
    scene: &Scene<'a>,
    lever: &Lever,
    interval: Interval,
    split: &mut BTreeSet<UsageKey>,
) -> Result<Vec<GroupRow<'a>>, RateError> {
    let measure = scene.ground.catalog.measures.get(&lever.basis.measure);
    let mut rows = match (lever.basis.stream, measure) {
        (_, None) => Vec::new(),
        (Stream::Transactions, _) => sold(scene, lever, interval)?,
        (_, Some(measure)) if measure.reads == Reads::Seats => seats(scene, lever, interval)?,
        (_, Some(measure)) => match &measure.derived {
            Some(Derived::Rated(card)) => rated(scene, lever, card, interval, split)?,
            _ => used(scene, lever, measure, interval, split)?,
        },
    };
    rows.sort_by(|a, b| (a.row.at, &a.input).cmp(&(b.row.at, &b.input)));
    Ok(rows)
}

/// Keeps the rows whose rules are those of the scene's version of the plan.
pub(crate) fn own_rows(scene: &Scene<'_>, lever: &Lever, rows: &mut Vec<GroupRow<'_>>) {
    rows.retain(|row| owned(scene, lever, &row.row, row.since));
}

/// Whether the rules of a row are those of the scene's version of the plan.
pub(crate) fn owned(scene: &Scene<'_>, lever: &Lever, row: &Row<'_>, since: Instant) -> bool {
    if scene.alone() {
        return true;
    }
    let first = row.transaction.map(|one| original(&scene.ground.facts.transactions, one));
    let since = first.map_or(since, |first| first.at);
    scene.owns(rule_date(scene, lever, since, row.subscription, first))
}

fn sold<'a>(scene: &Scene<'a>, lever: &Lever, interval: Interval) -> Result<Vec<GroupRow<'a>>, RateError> {
    let ground = scene.ground;
    let mut rows = Vec::new();
    for transaction in ground.facts.transactions.iter().filter(|transaction| interval.contains(transaction.at)) {
        let row = transaction_row(ground, transaction);
        let Some(number) = number(scene, lever, &lever.basis.measure, transaction)? else { continue };
        if ground.passes(&lever.basis.filters, &row) {
            let since = original(&ground.facts.transactions, transaction).at;
            rows.push(GroupRow { row, since, input: InputRef::Transaction(transaction.transaction.clone()), number });
        }
    }
    Ok(rows)
}

fn used<'a>(
    scene: &Scene<'a>,
    lever: &Lever,
    measure: &Measure,
    interval: Interval,
    split: &mut BTreeSet<UsageKey>,
) -> Result<Vec<GroupRow<'a>>, RateError> {
    let ground = scene.ground;
    let mut rows = Vec::new();
    let mut levels: BTreeMap<(&str, &str, &str), (&'a Usage, Decimal)> = BTreeMap::new();
    let mut measured: BTreeMap<(&str, &str, &str), Measurements> = BTreeMap::new();
    for usage in &ground.facts.usage {
        let Some(number) = usage_number(measure, usage) else { continue };
        if interval == scene.interval && usage.grain == Grain::Hour && usage.start < interval.start() {
            if touches(scene, usage) && measure.flow == Flow::Flow {
                split.insert(usage.usage_key());
            }
            continue;
        }
        if !interval.contains(usage.start) {
            continue;
        }
        if measure.flow == Flow::Level {
            let slot = levels.entry((&usage.subscription, &usage.workload, &usage.meter)).or_insert((usage, number));
            if stands_for_month(lever, (usage, number), *slot) {
                *slot = (usage, number);
            }
            if lever.basis.month_value == Some(MonthValue::Average) {
                let place = (usage.subscription.as_str(), usage.workload.as_str(), usage.meter.as_str());
                measured.entry(place).or_default().push((usage.start, number));
            }
            continue;
        }
        rows.extend(used_row(scene, lever, usage, number)?);
    }
    for (place, (usage, number)) in levels {
        let number = match measured.remove(&place) {
            Some(measured) => mean(scene, lever, interval, measured)?,
            None => number,
        };
        rows.extend(used_row(scene, lever, usage, number)?);
    }
    Ok(rows)
}

/// Quantities times the rates of a card, by workload; what has no rate is worth nothing.
fn rated<'a>(
    scene: &Scene<'a>,
    lever: &Lever,
    card: &str,
    interval: Interval,
    split: &mut BTreeSet<UsageKey>,
) -> Result<Vec<GroupRow<'a>>, RateError> {
    let catalog = scene.ground.catalog;
    let Some(card) = catalog.rate_cards.get(card) else { return Ok(Vec::new()) };
    let measures: BTreeSet<&String> = card.rates.values().flatten().map(|(measure, _)| measure).collect();
    let mut found = Vec::new();
    for name in measures {
        let Some(measure) = catalog.measures.get(name) else { continue };
        for mut row in used(scene, lever, measure, interval, split)? {
            let rates = card.rates.get(row.row.workload).into_iter().flatten();
            let Some((_, rate)) = rates.into_iter().find(|(rated, _)| rated == name) else { continue };
            let value = ratio_from_decimal(row.number) * ratio_from_decimal(*rate);
            row.number = exact_decimal(&value).ok_or_else(|| super::overflow(lever))?;
            found.push(row);
        }
    }
    Ok(found)
}

fn exact_decimal(value: &Ratio) -> Option<Decimal> {
    let attos = value * Ratio::from_integer(Decimal::ONE.attos().into());
    attos.is_integer().then(|| attos.to_integer().to_i128()).flatten().map(Decimal::from_attos)
}

fn used_row<'a>(
    scene: &Scene<'a>,
    lever: &Lever,
    usage: &'a Usage,
    number: Decimal,
) -> Result<Option<GroupRow<'a>>, RateError> {
    let Some(subscription) = scene.ground.subscription(&usage.subscription, usage.start) else { return Ok(None) };
    let row = usage_row(subscription, &usage.workload, &usage.meter, usage.start);
    if !scene.ground.passes(&lever.basis.filters, &row) {
        return Ok(None);
    }
    let number = usage_in(scene, lever, number, usage)?;
    Ok(Some(GroupRow { row, since: usage.start, input: InputRef::Usage(usage.usage_key()), number }))
}

/// Whether a measurement takes the place of another as the one that stands for the month.
fn stands_for_month(lever: &Lever, new: (&Usage, Decimal), known: (&Usage, Decimal)) -> bool {
    let last = |(usage, number): (&Usage, Decimal)| (usage.start, usage.recorded.at, number);
    match lever.basis.month_value {
        Some(MonthValue::Highest) => (new.1, last(new)) > (known.1, last(known)),
        _ => last(new) > last(known),
    }
}

/// What a line is about, by the lever's `per`: customer, subscription, workload.
pub(crate) type Subject = (String, String, String);

/// What a row is about.
pub(crate) fn subject(lever: &Lever, row: &Row<'_>) -> Subject {
    let customer = row.customer.to_owned();
    let subscription = row.subscription.map(|one| one.subscription.clone()).unwrap_or_default();
    let workload = row.workload.to_owned();
    match lever.basis.per {
        LinePer::Subscription | LinePer::Transaction => (customer, subscription, String::new()),
        LinePer::SubscriptionWorkload => (customer, subscription, workload),
        LinePer::Customer => (customer, String::new(), String::new()),
        LinePer::CustomerWorkload => (customer, String::new(), workload),
        LinePer::Partner => (String::new(), String::new(), String::new()),
    }
}

/// A line's rows: subject, payee, rule.
type Slot = (Subject, Option<String>, Option<String>, Option<String>);

/// What a slot gathers.
struct Group<'a> {
    payee: Option<Payee>,
    charge: Option<Found<'a, Charge>>,
    asks: Option<Found<'a, Requirement>>,
    shares: Vec<Vec<Ratio>>,
    day: Date,
    deal: String,
    parts: BTreeMap<String, Decimal>,
    inputs: BTreeMap<InputRef, (Instant, Decimal)>,
    counted: Vec<Decimal>,
}

/// A draft for every subject, payee and rule of the month.
pub(crate) fn grouped<'a>(
    scene: &Scene<'a>,
    lever: &'a Lever,
    split: &mut BTreeSet<UsageKey>,
) -> Result<Vec<Draft<'a>>, RateError> {
    let mut rows = rows(scene, lever, scene.interval, split)?;
    own_rows(scene, lever, &mut rows);
    let mut groups: BTreeMap<Slot, Group<'a>> = BTreeMap::new();
    for row in &rows {
        gather(scene, lever, row, &mut groups)?;
    }
    let mut base = Base::default();
    let mut drafts = Vec::new();
    let mut keys: BTreeMap<String, usize> = BTreeMap::new();
    for ((subject, ..), group) in groups {
        let mut draft = draft(scene, lever, &subject, group)?;
        let number = keys.entry(draft.key.clone()).or_default();
        *number += 1;
        if *number > 1 {
            draft.key = format!("{}/{number}", draft.key);
        }
        grow(scene, lever, &subject, &mut draft, &mut base)?;
        drafts.push(draft);
    }
    Ok(drafts)
}

fn gather<'a>(
    scene: &Scene<'a>,
    lever: &'a Lever,
    row: &GroupRow<'a>,
    groups: &mut BTreeMap<Slot, Group<'a>>,
) -> Result<(), RateError> {
    let moment = payee_moment(scene, lever, row.since);
    // Usage is dated by its month, so that no hour has two rules.
    let start = if row.row.transaction.is_some() { row.since } else { scene.interval.start() };
    let day = rule_date(scene, lever, start, row.row.subscription, row.row.transaction);
    let then = Row { at: row.since, ..row.row };
    let payees = payees(scene, lever, row.row.subscription, row.row.workload, row.row.transaction, moment);
    for (place, payee) in payees.into_iter().enumerate() {
        let charge = lever.charge.find(day, &|field| scene.field(&then, payee.as_ref(), field));
        let partner = payee.as_ref().map(|payee| payee.partner.clone());
        let asks = asks(scene, lever, &then, payee.as_ref(), start);
        let (paid, asked) = (charge.map(|charge| charge.rule.to_owned()), asks.map(|asks| asks.rule.to_owned()));
        let slot = (subject(lever, &row.row), partner, paid, asked);
        let group = groups.entry(slot).or_insert_with(|| Group {
            shares: scene.shares(lever, day, &then, payee.as_ref()),
            payee: payee.clone(),
            charge,
            asks,
            day,
            deal: row.row.subscription.map(|one| one.subscription.clone()).unwrap_or_default(),
            parts: BTreeMap::new(),
            inputs: BTreeMap::new(),
            counted: Vec::new(),
        });
        // Of several associations of one payee the line names the earliest.
        let rank = |payee: &Payee| (payee.since, payee.association.clone());
        if let (Some(new), Some(known)) = (&payee, &group.payee)
            && rank(new) < rank(known)
        {
            group.payee.clone_from(&payee);
        }
        let out = |_| super::overflow(lever);
        let part = group.parts.entry(row.row.workload.to_owned()).or_default();
        *part = part.checked_add(row.number).map_err(out)?;
        let input = group.inputs.entry(row.input.clone()).or_insert((row.row.at, Decimal::ZERO));
        input.1 = input.1.checked_add(row.number).map_err(out)?;
        if place == 0 {
            group.counted.push(row.number);
        }
    }
    Ok(())
}

fn draft<'a>(scene: &Scene<'a>, lever: &'a Lever, subject: &Subject, group: Group<'a>) -> Result<Draft<'a>, RateError> {
    let out = |_| super::overflow(lever);
    let (customer, subscription, workload) = subject;
    let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let basis = ratio_from_decimal(folded(scene, lever, &group.parts).map_err(out)?);
    let partner = group.payee.as_ref().map_or("nobody", |payee| payee.partner.as_str());
    let place: Vec<&str> = [customer, subscription, workload].into_iter().map(String::as_str).collect();
    let place: Vec<&str> = place.into_iter().filter(|text| !text.is_empty()).collect();
    let place = if place.is_empty() { "all".to_owned() } else { place.join("/") };
    let moves = group.inputs.iter().map(|(input, (at, number))| (*at, input.clone(), ratio_from_decimal(*number)));
    let mut moves: Vec<_> = moves.collect();
    moves.sort();
    if lever.pays.several == Several::AllInFull {
        // Everybody's counter moves by the whole line.
        moves = moves.first().map(|(at, input, _)| (*at, input.clone(), basis.clone())).into_iter().collect();
    }
    Ok(Draft {
        key: format!("{}/{place}/{}/{partner}", lever.name, scene.interval.start()),
        customer: customer.clone(),
        subscription: some(subscription),
        workload: some(workload),
        deal: if subscription.is_empty() { customer.clone() } else { group.deal },
        asks: group.asks,
        shares: group.shares,
        counted: ratio_from_decimal(Decimal::checked_sum(group.counted).map_err(out)?),
        position: basis.clone(),
        basis,
        inputs: group.inputs.into_keys().collect(),
        moves,
        ..Draft::new(scene, lever, (scene.interval, group.day), group.payee, group.charge)
    })
}

/// A level of several workloads is the largest of them, unless its measure adds them.
fn folded(
    scene: &Scene<'_>,
    lever: &Lever,
    parts: &BTreeMap<String, Decimal>,
) -> Result<Decimal, values::DecimalError> {
    let measure = scene.ground.catalog.measures.get(&lever.basis.measure);
    let largest = measure.is_some_and(|measure| measure.flow == Flow::Level && !measure.adds_across_workloads);
    match largest {
        true => Ok(parts.values().copied().max().unwrap_or_default()),
        false => Decimal::checked_sum(parts.values().copied()),
    }
}

/// What each subject's rows of a month come to, whoever was recognized on them; for lines of a partner, by
/// the partner who was paid for them then.
pub(crate) fn month_sums(
    scene: &Scene<'_>,
    lever: &Lever,
    month: Month,
) -> Result<BTreeMap<(Subject, String), Ratio>, RateError> {
    let interval = scene.ground.zone.whole_month(month);
    let mut parts: BTreeMap<(Subject, String), BTreeMap<String, Decimal>> = BTreeMap::new();
    for row in rows(scene, lever, interval, &mut BTreeSet::new())? {
        let owners: Vec<String> = match lever.basis.per {
            LinePer::Partner => {
                let at = match lever.pays.at {
                    crate::model::PayeeAt::Start => row.since,
                    crate::model::PayeeAt::LastDayOfMonth => last_instant(&interval),
                };
                let found = payees(scene, lever, row.row.subscription, row.row.workload, row.row.transaction, at);
                found.into_iter().flatten().map(|payee| payee.partner).collect()
            }
            _ => vec![String::new()],
        };
        for owner in owners {
            let sums = parts.entry((subject(lever, &row.row), owner)).or_default();
            let sum = sums.entry(row.row.workload.to_owned()).or_default();
            *sum = sum.checked_add(row.number).map_err(|_| super::overflow(lever))?;
        }
    }
    let mut sums = BTreeMap::new();
    for (key, parts) in parts {
        let sum = folded(scene, lever, &parts).map_err(|_| super::overflow(lever))?;
        sums.insert(key, ratio_from_decimal(sum));
    }
    Ok(sums)
}
