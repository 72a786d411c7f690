//! Lines before they have an amount: which facts, which payee, which rule, over which time.

use std::collections::{BTreeMap, BTreeSet};

use values::{Date, Decimal, Instant, Interval, Month, Ratio};

use super::rating::InputRef;
use super::transactions::{number, transactions};
use super::{RateError, overflow};
use crate::conventions::{PartnerLevel, RulesDatedBy};
use crate::explain::Explanation;
use crate::facts::{Facts, Grain, Subscription, UsageKey};
use crate::ground::{Ground, Row, last_instant, usage_number};
use crate::model::{Accelerator, Charge, Found, IncentivePlan, Lever, LinePer, PayeeAt, Stream};
use crate::quantity::Unit;
use crate::reason::Reason;
use crate::recognition::{Payee, among};

/// Microseconds of an hour.
const HOUR: i64 = 3_600_000_000;

/// Everything a rating looks at.
pub(crate) struct Scene<'a> {
    pub plan: &'a IncentivePlan,
    pub ground: &'a Ground<'a>,
    pub period: Month,
    pub interval: Interval,
}

impl<'a> Scene<'a> {
    /// The value of a field of a row, or of the payee's standing where the name asks for that.
    pub fn field(&self, row: &Row<'_>, payee: Option<&Payee>, name: &str) -> Option<String> {
        match name.strip_prefix(LEVEL_OF) {
            Some(award) => Some(level_of(self.ground, payee?, award, row)),
            None => self.ground.field(row, name),
        }
    }

    /// What the accelerators of a lever add for a row, by step and part.
    pub fn shares(&self, lever: &Lever, day: Date, row: &Row<'_>, payee: Option<&Payee>) -> Vec<Vec<Ratio>> {
        let share = |part: &Accelerator| {
            let found = part.share.find(day, &|field| self.field(row, payee, field));
            found.map(|found| found.value.clone()).unwrap_or_default()
        };
        lever.accelerators.steps.iter().map(|step| step.parts.iter().map(share).collect()).collect()
    }
}

/// How the field is named that stands for the payee's level of an award.
pub(crate) const LEVEL_OF: &str = "level of ";

/// The level at which the payee, or its global account, holds an award when the row happens; `none`
/// where it holds none. `award in field` looks at the division that a field of the row names.
fn level_of(ground: &Ground<'_>, payee: &Payee, name: &str, row: &Row<'_>) -> String {
    let (name, division) = match name.split_once(" in ") {
        Some((name, field)) => (name, ground.field(row, field)),
        None => (name, None),
    };
    let top = ground.global_account(&payee.partner, row.at);
    let held = ground.facts.awards.iter().filter(|award| award.partner == payee.partner || award.partner == top);
    let held = held.filter(|award| award_name(award) == name && award.effective.contains(row.at));
    let held = held.filter(|award| division.as_ref().is_none_or(|division| award.division == *division));
    held.max_by_key(|award| award.effective.start()).map_or_else(|| "none".to_owned(), |award| award.level.clone())
}

fn award_name(award: &crate::facts::Award) -> String {
    if award.program.is_empty() { award.award.clone() } else { format!("{}/{}", award.program, award.award) }
}

/// What one fact moves a counter by: start, name, quantity.
pub(crate) type Move = (Instant, InputRef, Decimal);

/// A line on its way.
pub(crate) struct Draft<'a> {
    pub lever: &'a Lever,
    pub key: String,
    pub customer: String,
    pub subscription: Option<String>,
    pub workload: Option<String>,
    pub transaction: Option<String>,
    pub deal: String,
    pub interval: Interval,
    pub rule_date: Date,
    pub in_force: bool,
    pub payee: Option<Payee>,
    /// Why it is not paid whatever its payee does.
    pub refused: Option<Reason>,
    /// Why it comes to nothing, where it does.
    pub nothing: Option<Reason>,
    /// What made the basis, beside its facts: baseline, mark.
    pub notes: Vec<Explanation>,
    pub charge: Option<Found<'a, Charge>>,
    /// What the accelerators add, by step and part.
    pub shares: Vec<Vec<Ratio>>,
    pub basis: Decimal,
    /// Other measures of the same fact, by name, that alternatives ask for.
    pub numbers: BTreeMap<String, Decimal>,
    /// What moves through brackets: the basis, or another measure.
    pub position: Decimal,
    pub inputs: Vec<InputRef>,
    /// Start, name and position of each fact, for counters that are filled by time.
    pub moves: Vec<Move>,
}

/// All drafts of all levers, in the order of levers and keys.
pub(crate) fn drafts<'a>(scene: &Scene<'a>) -> Result<Vec<Draft<'a>>, RateError> {
    let mut all = Vec::new();
    let mut split: BTreeSet<UsageKey> = BTreeSet::new();
    for lever in &scene.plan.levers {
        let mut found = match lever.basis.stream {
            Stream::Transactions => transactions(scene, lever)?,
            _ => usage(scene, lever, &mut split)?,
        };
        found.sort_by(|a, b| a.key.cmp(&b.key));
        all.append(&mut found);
    }
    if split.is_empty() { Ok(all) } else { Err(RateError::HoursMustSplit(split.into_iter().collect())) }
}

/// A part of the period in which payee and rule of one workload of one subscription stay the same.
#[derive(Clone)]
struct Segment<'a> {
    interval: Interval,
    payee: Option<Payee>,
    charge: Option<Found<'a, Charge>>,
    shares: Vec<Vec<Ratio>>,
    in_force: bool,
    rule_date: Date,
}

/// A usage line's key: subscription, workload where the lever asks for it, segment start, and the
/// paying association, because workloads of one subscription may have different payees.
type Slot = (String, String, Instant, Option<String>);

fn usage<'a>(scene: &Scene<'a>, lever: &'a Lever, split: &mut BTreeSet<UsageKey>) -> Result<Vec<Draft<'a>>, RateError> {
    let ground = scene.ground;
    let Some(measure) = ground.catalog.measures.get(&lever.basis.measure) else { return Ok(Vec::new()) };
    let mut segments: BTreeMap<(&str, &str), Vec<Segment<'a>>> = BTreeMap::new();
    let mut drafts: BTreeMap<Slot, Draft<'a>> = BTreeMap::new();
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
        if lever.basis.unit != Unit::Money(usage.currency) && matches!(lever.basis.unit, Unit::Money(_)) {
            return Err(mixed(lever, usage.currency.code()));
        }
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
        let draft = drafts.entry(slot).or_insert_with(|| usage_draft(lever, subscription, workload, segment));
        let input = InputRef::Usage(usage.usage_key());
        draft.basis = draft.basis.checked_add(number).map_err(|_| overflow(lever))?;
        draft.position = draft.basis;
        draft.inputs.push(input.clone());
        draft.moves.push((usage.start, input, number));
    }
    let mut drafts: Vec<Draft<'a>> = drafts.into_values().collect();
    for draft in &mut drafts {
        draft.inputs.sort();
        draft.inputs.dedup();
        draft.moves = merged(std::mem::take(&mut draft.moves), lever)?;
    }
    Ok(drafts)
}

/// One move per fact, however many differences it arrived in.
fn merged(mut moves: Vec<Move>, lever: &Lever) -> Result<Vec<Move>, RateError> {
    moves.sort();
    let mut merged: Vec<Move> = Vec::with_capacity(moves.len());
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
fn touches(scene: &Scene<'_>, usage: &crate::facts::Usage) -> bool {
    let (start, first) = (usage.start, scene.interval.start());
    let straddles = usage.grain == Grain::Hour && start < first && first < start.saturating_add(HOUR);
    scene.interval.contains(start) || straddles
}

fn usage_row<'r>(subscription: &'r Subscription, workload: &'r str, meter: &'r str, at: Instant) -> Row<'r> {
    Row { customer: &subscription.customer, subscription: Some(subscription), workload, meter, transaction: None, at }
}

fn usage_draft<'a>(
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
    Draft {
        lever,
        key,
        customer: subscription.customer.clone(),
        subscription: Some(id.clone()),
        workload,
        transaction: None,
        deal: subscription.deal.clone().unwrap_or_else(|| id.clone()),
        interval: segment.interval,
        rule_date: segment.rule_date,
        in_force: segment.in_force,
        payee: segment.payee.clone(),
        refused: None,
        nothing: None,
        notes: Vec::new(),
        charge: segment.charge,
        shares: segment.shares.clone(),
        numbers: BTreeMap::new(),
        basis: Decimal::ZERO,
        position: Decimal::ZERO,
        inputs: Vec::new(),
        moves: Vec::new(),
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
            let Some(kind) = ground.policy.kind(&association.kind) else { continue };
            cuts.insert(kind.counted_since(association));
            cuts.extend(association.effective.end());
            cuts.extend(kind.in_force.end());
        }
    }
    if scene.plan.conventions.rules_dated_by == Some(RulesDatedBy::TransactionDate) {
        let parts = lever.accelerators.steps.iter().flat_map(|step| &step.parts);
        let days = lever.charge.days().into_iter().chain(parts.flat_map(|part| part.share.days()));
        let days = days.chain(scene.plan.effective).chain(scene.plan.until);
        cuts.extend(days.map(|day| zone.start_of_day(day)));
    }
    cuts.extend(ground.versions(&subscription.subscription).iter().map(|version| version.effective.start()));
    let starts: Vec<Instant> = cuts.into_iter().filter(|cut| *cut == scene.interval.start() || inside(cut)).collect();
    let mut segments: Vec<Segment<'a>> = Vec::new();
    for (place, &start) in starts.iter().enumerate() {
        let end = starts.get(place + 1).copied().or(scene.interval.end());
        let version = ground.subscription(&subscription.subscription, start).unwrap_or(subscription);
        let row = usage_row(version, workload, "", start);
        let rule_date = rule_date(scene, start);
        let payee = payee(scene, lever, version, workload, payee_moment(scene, lever, start));
        let segment = Segment {
            interval: Interval::new(start, end).unwrap_or(scene.interval),
            charge: lever.charge.find(rule_date, &|field| scene.field(&row, payee.as_ref(), field)),
            shares: scene.shares(lever, rule_date, &row, payee.as_ref()),
            payee,
            in_force: in_force(scene.plan, rule_date),
            rule_date,
        };
        match segments.last_mut() {
            Some(last) if alike(last, &segment) => {
                last.interval = Interval::new(last.interval.start(), end).unwrap_or(last.interval);
            }
            _ => segments.push(segment),
        }
    }
    segments
}

fn alike(a: &Segment<'_>, b: &Segment<'_>) -> bool {
    a.payee == b.payee
        && a.in_force == b.in_force
        && a.shares == b.shares
        && a.charge.map(|charge| charge.rule) == b.charge.map(|charge| charge.rule)
}

pub(crate) fn payee_moment(scene: &Scene<'_>, lever: &Lever, start: Instant) -> Instant {
    match lever.pays.at {
        PayeeAt::Start => start,
        PayeeAt::LastDayOfMonth => last_instant(&scene.interval),
    }
}

/// The day by which a rule is read for something that starts at `start`.
pub(crate) fn rule_date(scene: &Scene<'_>, start: Instant) -> Date {
    match scene.plan.conventions.rules_dated_by {
        Some(RulesDatedBy::UsageMonth) => scene.period.first_day(),
        Some(RulesDatedBy::CalculationDate | RulesDatedBy::TheDay) => scene.period.last_day(),
        Some(RulesDatedBy::TransactionDate) | None => scene.ground.zone.date(start),
    }
}

/// Rule: `program.announced_has_no_effect`: before its effective day, and while that is undecided, a
/// plan pays nothing.
pub(crate) fn in_force(plan: &IncentivePlan, day: Date) -> bool {
    plan.effective.is_some_and(|from| from <= day) && plan.until.is_none_or(|until| day < until)
}

/// Who is paid at `moment`, among the kinds the lever names.
pub(crate) fn payee(
    scene: &Scene<'_>,
    lever: &Lever,
    subscription: &Subscription,
    workload: &str,
    moment: Instant,
) -> Option<Payee> {
    let ground = scene.ground;
    let subject = crate::ground::subject(subscription, workload);
    let named = ground.associations(&subscription.customer).iter().copied();
    let named = named.filter(|association| lever.pays.kinds.contains(&association.kind));
    let mut payee = among(ground.policy, named, &subject, moment).payee?;
    if scene.plan.conventions.partner_level == Some(PartnerLevel::GlobalAccount) {
        payee.partner = ground.global_account(&payee.partner, moment);
    }
    Some(payee)
}

pub(crate) fn mixed(lever: &Lever, found: &str) -> RateError {
    RateError::MixedCurrencies {
        rule: lever.rule.clone(),
        expected: lever.basis.unit.to_string(),
        found: found.to_owned(),
    }
}

/// What a lever's facts sum to, taken from the facts and not from lines: one side of the control
/// totals.
pub(crate) fn fact_total(scene: &Scene<'_>, lever: &Lever, facts: &Facts) -> Result<Decimal, RateError> {
    let ground = scene.ground;
    let mut numbers = Vec::new();
    if lever.basis.stream == Stream::Transactions {
        for transaction in facts.transactions.iter().filter(|transaction| scene.interval.contains(transaction.at)) {
            let subscription =
                transaction.subscription.as_deref().and_then(|id| ground.subscription(id, transaction.at));
            let row = Row {
                customer: &transaction.customer,
                subscription,
                workload: &transaction.workload,
                meter: "",
                transaction: Some(transaction),
                at: transaction.at,
            };
            if ground.passes(&lever.basis.filters, &row) {
                numbers.extend(number(ground, lever, &lever.basis.measure, transaction)?);
            }
        }
    } else if let Some(measure) = ground.catalog.measures.get(&lever.basis.measure) {
        for usage in facts.usage.iter().filter(|usage| scene.interval.contains(usage.start)) {
            let Some(subscription) = ground.subscription(&usage.subscription, usage.start) else { continue };
            let row = usage_row(subscription, &usage.workload, &usage.meter, usage.start);
            if ground.passes(&lever.basis.filters, &row) {
                numbers.extend(usage_number(measure, usage));
            }
        }
    }
    Decimal::checked_sum(numbers).map_err(|_| overflow(lever))
}
