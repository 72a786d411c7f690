//! Drafts of levers that pay on usage: one for every stretch of it with one payee and one rule.

use std::collections::{BTreeMap, BTreeSet};

use values::{Date, Decimal, Instant, Interval, Ratio, ratio_from_decimal};

use super::drafts::{Draft, usage_row};
use super::eligibility::asks;
use super::rating::InputRef;
use super::scene::{Scene, in_force, payee_moment, payees, rule_date, usage_in};
use super::{RateError, overflow};
use crate::conventions::RulesDatedBy;
use crate::facts::{Grain, Subscription, UsageKey};
use crate::ground::usage_number;
use crate::model::{Charge, CountedFrom, Found, Lever, LinePer, PayeeAt, Requirement};
use crate::recognition::Payee;

/// Microseconds of an hour.
const HOUR: i64 = 3_600_000_000;

/// A part of the period in which payee and rule of one workload of one subscription stay the same.
#[derive(Clone)]
struct Segment<'a> {
    interval: Interval,
    payee: Option<Payee>,
    charge: Option<Found<'a, Charge>>,
    asks: Option<Found<'a, Requirement>>,
    shares: Vec<Vec<Ratio>>,
    in_force: bool,
    rule_date: Date,
}

/// A usage line's key: subscription, workload where the lever asks for it, segment start, and the
/// paying association, because workloads of one subscription may have different payees.
type Slot = (String, String, Instant, Option<String>);

/// A draft for every stretch of usage with one payee and one rule.
pub(crate) fn usage<'a>(
    scene: &Scene<'a>,
    lever: &'a Lever,
    split: &mut BTreeSet<UsageKey>,
) -> Result<Vec<Draft<'a>>, RateError> {
    let ground = scene.ground;
    let Some(measure) = ground.catalog.measures.get(&lever.basis.measure) else { return Ok(Vec::new()) };
    let mut segments: BTreeMap<(&str, &str), Vec<Segment<'a>>> = BTreeMap::new();
    let mut drafts: BTreeMap<Slot, (Draft<'a>, Vec<Part>)> = BTreeMap::new();
    for usage in ground.facts.usage.iter().filter(|usage| touches(scene, usage)) {
        let (Some(number), Some(subscription)) =
            (usage_number(measure, usage), ground.subscription(&usage.subscription, usage.start))
        else {
            continue;
        };
        let row = usage_row(subscription, &usage.workload, &usage.meter, usage.start);
        if !ground.passes(&lever.basis.filters, &row) {
            continue;
        }
        if usage.start < scene.interval.start() {
            split.insert(usage.usage_key());
            continue;
        }
        let number = usage_in(scene, lever, number, usage)?;
        let place = (usage.subscription.as_str(), usage.workload.as_str());
        let found = segments.entry(place).or_insert_with(|| cut(scene, lever, subscription, &usage.workload));
        let after = found.partition_point(|segment| segment.interval.start() <= usage.start);
        // The first segment starts with the period, and the usage lies in it.
        let Some(segment) = after.checked_sub(1).and_then(|place| found.get(place)) else { continue };
        let cut_inside = segment.interval.end().is_some_and(|end| end < usage.start.saturating_add(HOUR));
        if usage.grain == Grain::Hour && cut_inside {
            split.insert(usage.usage_key());
            continue;
        }
        let workload = (lever.basis.per == LinePer::SubscriptionWorkload).then(|| usage.workload.clone());
        let paying = segment.payee.as_ref().map(|payee| payee.association.clone());
        let slot = (usage.subscription.clone(), workload.clone().unwrap_or_default(), segment.interval.start(), paying);
        let (_, moves) =
            drafts.entry(slot).or_insert_with(|| (usage_draft(scene, lever, subscription, workload, segment), vec![]));
        moves.push((usage.start, InputRef::Usage(usage.usage_key()), number));
    }
    let mut finished = Vec::with_capacity(drafts.len());
    for (mut draft, moves) in drafts.into_values() {
        let moves = merged(moves, lever)?;
        let sum = Decimal::checked_sum(moves.iter().map(|(_, _, number)| *number)).map_err(|_| overflow(lever))?;
        draft.basis = ratio_from_decimal(sum);
        draft.counted = draft.basis.clone();
        draft.position = draft.basis.clone();
        draft.inputs = moves.iter().map(|(_, input, _)| input.clone()).collect();
        draft.inputs.sort();
        draft.moves = moves.into_iter().map(|(start, input, sum)| (start, input, ratio_from_decimal(sum))).collect();
        finished.push(draft);
    }
    Ok(finished)
}

/// What one fact adds, in the numbers of facts.
type Part = (Instant, InputRef, Decimal);

/// One part per fact, however many differences it arrived in.
fn merged(mut moves: Vec<Part>, lever: &Lever) -> Result<Vec<Part>, RateError> {
    moves.sort();
    let mut merged: Vec<Part> = Vec::with_capacity(moves.len());
    for (start, input, quantity) in moves {
        match merged.last_mut() {
            Some((_, known, sum)) if *known == input => {
                *sum = sum.checked_add(quantity).map_err(|_| overflow(lever))?
            }
            _ => merged.push((start, input, quantity)),
        }
    }
    Ok(merged)
}

/// Whether the usage starts in the period, or is an hour that the period's first instant cuts, as
/// in zones that are not whole hours away from UTC.
pub(crate) fn touches(scene: &Scene<'_>, usage: &crate::facts::Usage) -> bool {
    let (start, first) = (usage.start, scene.interval.start());
    let straddles = usage.grain == Grain::Hour && start < first && first < start.saturating_add(HOUR);
    scene.interval.contains(start) || straddles
}

fn usage_draft<'a>(
    scene: &Scene<'a>,
    lever: &'a Lever,
    subscription: &Subscription,
    workload: Option<String>,
    segment: &Segment<'a>,
) -> Draft<'a> {
    let id = &subscription.subscription;
    let mut key = format!("{}/{id}", lever.name);
    if let Some(workload) = &workload {
        key.push_str(&format!("/{workload}"));
    }
    key.push_str(&format!("/{}", segment.interval.start()));
    if let (LinePer::Subscription, Some(payee)) = (lever.basis.per, &segment.payee) {
        key.push_str(&format!("/{}", payee.association));
    }
    let time = (segment.interval, segment.rule_date);
    let draft = Draft::new(scene, lever, time, segment.payee.clone(), segment.charge);
    Draft {
        key,
        customer: subscription.customer.clone(),
        subscription: Some(id.clone()),
        workload,
        deal: subscription.deal.clone().unwrap_or_else(|| id.clone()),
        asks: segment.asks,
        shares: segment.shares.clone(),
        ..draft
    }
}

/// Cuts the period wherever payee, rule or the subscription's own values change for one workload,
/// and joins neighbours in which nothing a line depends on differs.
///
/// Rule: `program.usage_belongs_to_its_start`.
fn cut<'a>(scene: &Scene<'a>, lever: &'a Lever, subscription: &Subscription, workload: &str) -> Vec<Segment<'a>> {
    let ground = scene.ground;
    let inside = |instant: &Instant| *instant > scene.interval.start() && scene.interval.contains(*instant);
    let mut cuts: BTreeSet<Instant> = BTreeSet::from([scene.interval.start()]);
    let zone = &ground.zone;
    if lever.pays.at == PayeeAt::Start {
        let known = ground.associations(&subscription.customer).iter();
        for association in known.filter(|association| lever.pays.kinds.contains(&association.kind)) {
            for kind in ground.policy.versions(&association.kind) {
                cuts.insert(kind.counted_since(association));
                cuts.extend(association.effective.end());
                cuts.insert(kind.in_force.start());
                cuts.extend(kind.in_force.end());
            }
        }
    }
    let clock = lever.dated_by.or(scene.plan.conventions.rules_dated_by);
    if clock == Some(RulesDatedBy::TransactionDate) {
        let parts = lever.accelerators.steps.iter().flat_map(|step| &step.parts);
        let days = lever.charge.days().into_iter().chain(parts.flat_map(|part| part.share.days()));
        let days = days.chain(scene.plan.effective).chain(scene.plan.until);
        cuts.extend(days.map(|day| zone.start_of_day(day)));
    }
    // A requirement that counts from its day is judged day by day.
    if lever.eligible.as_ref().is_some_and(|rule| rule.counted_from == CountedFrom::TheDay) {
        let days =
            (0..scene.period.last_day().day()).filter_map(|day| scene.period.first_day().add_days(day.into()).ok());
        cuts.extend(days.map(|day| zone.start_of_day(day)));
    }
    let versions = ground.versions(&subscription.subscription).iter().map(|version| version.effective);
    cuts.extend(versions.flat_map(|version| [Some(version.start()), version.end()]).flatten());
    let starts: Vec<Instant> = cuts.into_iter().filter(|cut| *cut == scene.interval.start() || inside(cut)).collect();
    let mut segments: Vec<Segment<'a>> = Vec::new();
    for (place, &start) in starts.iter().enumerate() {
        let end = starts.get(place + 1).copied().or(scene.interval.end());
        let version = ground.subscription(&subscription.subscription, start).unwrap_or(subscription);
        let row = usage_row(version, workload, "", start);
        let rule_date = rule_date(scene, lever, start, Some(version), None);
        let moment = payee_moment(scene, lever, start);
        let payee = payees(scene, lever, Some(version), workload, None, moment).into_iter().flatten().next();
        let segment = Segment {
            interval: Interval::new(start, end).unwrap_or(scene.interval),
            charge: lever.charge.find(rule_date, &|field| scene.field(&row, payee.as_ref(), field)),
            asks: asks(scene, lever, &row, payee.as_ref(), start),
            shares: scene.shares(lever, rule_date, &row, payee.as_ref()),
            payee,
            in_force: in_force(scene.plan, rule_date),
            rule_date,
        };
        match segments.last_mut() {
            Some(last) if alike(lever, last, &segment) => {
                last.interval = Interval::new(last.interval.start(), end).unwrap_or(last.interval);
            }
            _ => segments.push(segment),
        }
    }
    segments
}

fn alike(lever: &Lever, a: &Segment<'_>, b: &Segment<'_>) -> bool {
    let daily = lever.eligible.as_ref().is_some_and(|rule| rule.counted_from == CountedFrom::TheDay);
    !daily
        && a.payee == b.payee
        && a.in_force == b.in_force
        && a.shares == b.shares
        && a.asks.map(|asks| asks.rule) == b.asks.map(|asks| asks.rule)
        && a.charge.map(|charge| charge.rule) == b.charge.map(|charge| charge.rule)
}
