//! Lines before they have an amount: which facts, which payee, which rule, over which time.

use std::collections::{BTreeMap, BTreeSet};

use num_traits::Zero;
use values::{Date, Decimal, Instant, Interval, Ratio, ratio_from_decimal};

use super::grouped::{grouped, own_rows, owned, rows};
use super::rating::InputRef;
use super::scene::{Scene, in_force, usage_in};
use super::transactions::{number, transactions};
use super::usage::usage;
use super::{RateError, overflow};
use crate::explain::Explanation;
use crate::facts::{Facts, Subscription, UsageKey};
use crate::ground::{Row, usage_number};
use crate::model::{Charge, Found, Lever, Requirement, Stream};
use crate::offers::Offer;
use crate::reason::Reason;
use crate::recognition::Payee;

/// What one fact moves a counter by: start, name, quantity.
pub(crate) type Move = (Instant, InputRef, Ratio);

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
    /// The offer that was bought on a day on which it was not sold.
    pub not_on_sale: Option<&'a Offer>,
    pub payee: Option<Payee>,
    /// Why it comes to nothing, where it does.
    pub nothing: Option<Reason>,
    /// What made the basis, beside its facts: baseline, mark.
    pub notes: Vec<Explanation>,
    pub charge: Option<Found<'a, Charge>>,
    /// What the lever asks of its payee.
    pub asks: Option<Found<'a, Requirement>>,
    /// What the accelerators add, by step and part.
    pub shares: Vec<Vec<Ratio>>,
    /// What the rate is applied to.
    pub basis: Ratio,
    /// The sum of its facts, which is not the basis where growth or a mark is paid, and zero where another
    /// line counts the same facts.
    pub counted: Ratio,
    /// The quantity at the start of the association, where the lever asks for it.
    pub baseline: Option<Ratio>,
    /// Other measures of the same fact, by name, that alternatives ask for.
    pub numbers: BTreeMap<String, Decimal>,
    /// What moves through brackets: the basis, or another measure.
    pub position: Ratio,
    pub inputs: Vec<InputRef>,
    /// Start, name and position of each fact, for counters that are filled by time.
    pub moves: Vec<Move>,
}

impl<'a> Draft<'a> {
    /// A draft of `lever` over `interval` without facts, whose rules are those of `day`.
    pub fn new(
        scene: &Scene<'a>,
        lever: &'a Lever,
        (interval, day): (Interval, Date),
        payee: Option<Payee>,
        charge: Option<Found<'a, Charge>>,
    ) -> Draft<'a> {
        Draft {
            lever,
            key: String::new(),
            customer: String::new(),
            subscription: None,
            workload: None,
            transaction: None,
            deal: String::new(),
            interval,
            rule_date: day,
            in_force: in_force(scene.plan, day),
            not_on_sale: None,
            payee,
            nothing: None,
            notes: Vec::new(),
            charge,
            asks: None,
            shares: Vec::new(),
            basis: Ratio::zero(),
            counted: Ratio::zero(),
            baseline: None,
            numbers: BTreeMap::new(),
            position: Ratio::zero(),
            inputs: Vec::new(),
            moves: Vec::new(),
        }
    }
}

/// All drafts of all levers, in the order of levers and keys.
pub(crate) fn drafts<'a>(scene: &Scene<'a>) -> Result<Vec<Draft<'a>>, RateError> {
    let mut all = Vec::new();
    let mut split: BTreeSet<UsageKey> = BTreeSet::new();
    for lever in &scene.plan.levers {
        let mut found = match lever.basis.stream {
            _ if lever.basis.grouped() => grouped(scene, lever, &mut split)?,
            Stream::Transactions => transactions(scene, lever)?,
            _ => usage(scene, lever, &mut split)?,
        };
        found.retain(|draft| scene.owns(draft.rule_date));
        found.sort_by(|a, b| a.key.cmp(&b.key));
        all.append(&mut found);
    }
    if split.is_empty() { Ok(all) } else { Err(RateError::HoursMustSplit(split.into_iter().collect())) }
}

/// What a usage row is.
pub(crate) fn usage_row<'r>(subscription: &'r Subscription, workload: &'r str, meter: &'r str, at: Instant) -> Row<'r> {
    Row { customer: &subscription.customer, subscription: Some(subscription), workload, meter, transaction: None, at }
}

/// What a lever's facts sum to, taken from the facts and not from lines: one side of the control
/// totals.
pub(crate) fn fact_total(scene: &Scene<'_>, lever: &Lever, facts: &Facts) -> Result<Ratio, RateError> {
    let ground = scene.ground;
    if lever.basis.grouped() {
        let mut rows = rows(scene, lever, scene.interval, &mut BTreeSet::new())?;
        own_rows(scene, lever, &mut rows);
        return Ok(rows.iter().map(|row| ratio_from_decimal(row.number)).sum());
    }
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
            if ground.passes(&lever.basis.filters, &row) && owned(scene, lever, &row, transaction.at) {
                numbers.extend(number(scene, lever, &lever.basis.measure, transaction)?);
            }
        }
    } else if let Some(measure) = ground.catalog.measures.get(&lever.basis.measure) {
        for usage in facts.usage.iter().filter(|usage| scene.interval.contains(usage.start)) {
            let Some(subscription) = ground.subscription(&usage.subscription, usage.start) else { continue };
            let row = usage_row(subscription, &usage.workload, &usage.meter, usage.start);
            let number = usage_number(measure, usage).filter(|_| ground.passes(&lever.basis.filters, &row));
            let number = number.filter(|_| owned(scene, lever, &row, usage.start));
            if let Some(number) = number {
                numbers.push(usage_in(scene, lever, number, usage)?);
            }
        }
    }
    let sum = Decimal::checked_sum(numbers).map_err(|_| overflow(lever))?;
    Ok(ratio_from_decimal(sum))
}
