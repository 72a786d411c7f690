//! Rates the closed periods that late facts touch, and then the period itself: each unit from what the one
//! before it left behind. Close, preview and replay all come through here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use program::incentives::{self, Carried, Prior, Rating};
use program::{Bundle, Facts};
use values::{Canon, Currency, Instant, Interval, Money, MoneyError, Month, Zone};

use super::rules::Rules;
use super::{Office, OpError};
use crate::domain::adjustment::{Cause, Issued, adjustments};
use crate::domain::control;
use crate::domain::correction::Adjusted;
use crate::domain::earning;
use crate::domain::line::{GroundedLine, Grounds, LinePlace, rated};
use crate::domain::run::{Pins, Run};
use crate::domain::statement::Payment;
use crate::store::statement_lines::{self, LineFilter, Owner};
use crate::store::units::{self, Unit};
use crate::store::{adjusted, books};
use crate::wire::grounds;

/// A line with what explains it, encoded.
pub type EncodedLine = GroundedLine<Vec<u8>>;

/// What is rated, and where it is kept meanwhile.
#[derive(Clone, Debug)]
pub struct Task {
    /// The period to close.
    pub period: Month,
    /// What rules and how far facts count.
    pub pins: Pins,
    /// The run that keeps each unit as it is done; none for a preview or a replay.
    pub journal: Option<i64>,
    /// Only what runs before this one left counts.
    pub before: i64,
}

impl Task {
    /// The task of a run.
    pub fn of(run: &Run, journal: bool) -> Task {
        let journal = journal.then_some(run.number);
        Task { period: run.period, pins: run.pins.clone(), journal, before: run.number }
    }
}

/// What was rated: units in order, and all lines of the statements to come.
#[derive(Clone, Debug, Default)]
pub struct Chain {
    /// Every unit, corrected periods first.
    pub units: Vec<Unit>,
    /// The lines of the period and the adjustments of earlier ones.
    pub lines: Vec<EncodedLine>,
}

/// Rates unit after unit, and carries on what plans left that the bundle no longer has. Units that the run has kept
/// already are taken as they are.
///
/// # Errors
/// The engine's, the database's; [`OpError::Control`] when totals of a rating differ.
pub async fn rate_all(
    office: &Office,
    task: &Task,
    rules: &Rules,
    facts: &Arc<Facts>,
    todo: &[(Month, String)],
) -> Result<Chain, OpError> {
    let mut kept: BTreeMap<(Month, String), Unit> = BTreeMap::new();
    if let Some(run) = task.journal {
        let units = units::list(office.store().read(), run).await?;
        kept.extend(units.into_iter().map(|unit| ((unit.period, unit.plan.clone()), unit)));
    }
    let mut chain = Chain::default();
    for (period, plan) in todo {
        let (unit, lines) = match kept.remove(&(*period, plan.clone())) {
            Some(unit) => {
                let lines = kept_lines(office, task, *period, plan).await?;
                (unit, lines)
            }
            None => {
                let (unit, lines) = rate_one(office, task, rules, facts, &chain, *period, plan).await?;
                keep(office, task, &unit, &lines).await?;
                (unit, lines)
            }
        };
        chain.units.push(unit);
        chain.lines.extend(lines);
    }
    let left = carry_over(office, task, &chain).await?;
    chain.units.extend(left);
    Ok(chain)
}

async fn kept_lines(office: &Office, task: &Task, period: Month, plan: &str) -> Result<Vec<EncodedLine>, OpError> {
    let Some(run) = task.journal else { return Ok(Vec::new()) };
    let owner = Owner::Rated { run, plan: plan.to_owned() };
    let connection = office.store().read();
    let everything = LineFilter::default();
    let lines = statement_lines::list(connection, &owner, period, &everything, 0, u64::from(u32::MAX));
    Ok(lines.await?.into_iter().map(|(_, line)| line).collect())
}

async fn keep(office: &Office, task: &Task, unit: &Unit, lines: &[EncodedLine]) -> Result<(), OpError> {
    let Some(run) = task.journal else { return Ok(()) };
    let kept = office.store().transact(|tx| {
        Box::pin(async move {
            // Two replicas may drive one run: the second waits here and finds what the first kept.
            books::lock(&*tx).await?;
            if units::insert(&*tx, run, unit).await? {
                let owner = Owner::Rated { run, plan: unit.plan.clone() };
                statement_lines::insert(&*tx, &owner, unit.period, lines).await?;
            }
            Ok::<_, OpError>(())
        })
    });
    kept.await
}

async fn rate_one(
    office: &Office,
    task: &Task,
    rules: &Rules,
    facts: &Arc<Facts>,
    chain: &Chain,
    period: Month,
    plan: &str,
) -> Result<(Unit, Vec<EncodedLine>), OpError> {
    if period != task.period {
        return correct_one(office, task, rules, facts, chain, period, plan).await;
    }
    let prior = prior(office, task, chain, period, plan, true).await?;
    let rating = engine(rules.of(period), plan, period, facts, task.pins.latest(), prior).await?;
    let mut unit = unit_of(plan, &rating)?;
    unit.payments = payments(plan, &rating);
    let lines = rating.lines.into_iter().map(|line| grounds::encoded(rated(plan, line))).collect();
    Ok((unit, lines))
}

/// A closed period: the adjustments that somebody approved exactly as they were approved, and those that late facts
/// make beyond them.
async fn correct_one(
    office: &Office,
    task: &Task,
    rules: &Rules,
    facts: &Arc<Facts>,
    chain: &Chain,
    period: Month,
    plan: &str,
) -> Result<(Unit, Vec<EncodedLine>), OpError> {
    let approved = match rules.corrected(period) {
        Some(correction) => adjusted::of_unit(office.store().read(), correction.number, period, plan).await?,
        None => Vec::new(),
    };
    let place = |line: &EncodedLine| LinePlace {
        period: task.period,
        partner: line.line.partner.clone().unwrap_or_default(),
        number: i32::MAX,
    };
    let approved_as_issued =
        approved.iter().map(|line| Issued { place: place(line), line: line.line.clone() }).collect();
    let asked = Corrected { period, plan, cause: Cause::LateFacts, approved: approved_as_issued };
    let (mut unit, found) = rate_closed(office, task, rules, facts, chain, asked).await?;
    let mut lines = approved;
    lines.extend(found.into_iter().map(|adjusted| grounds::encoded(adjusted.line)));
    unit.rated = Money::checked_sum(unit.rated.currency(), lines.iter().map(|line| line.line.amount))?;
    Ok((unit, lines))
}

/// A closed period under a plan that is rated again.
#[derive(Clone, Debug)]
pub struct Corrected<'a> {
    /// The period.
    pub period: Month,
    /// The plan's id in its document.
    pub plan: &'a str,
    /// Why.
    pub cause: Cause,
    /// Approved adjustments that count as issued: they are about to be.
    pub approved: Vec<Issued>,
}

/// Rates a closed period again and finds what has to be adjusted. The unit's sum is that of the adjustments.
///
/// # Errors
/// The engine's, the database's.
pub async fn rate_closed(
    office: &Office,
    task: &Task,
    rules: &Rules,
    facts: &Arc<Facts>,
    chain: &Chain,
    asked: Corrected<'_>,
) -> Result<(Unit, Vec<Adjusted<Grounds>>), OpError> {
    let Corrected { period, plan, cause, approved } = asked;
    let prior = prior(office, task, chain, period, plan, false).await?;
    let rating = engine(rules.of(period), plan, period, facts, task.pins.latest(), prior).await?;
    let mut unit = unit_of(plan, &rating)?;
    let mut issued = statement_lines::issued(office.store().read(), period, plan, task.period).await?;
    issued.extend(approved);
    let now = rating.lines.into_iter().map(|line| rated(plan, line)).collect();
    let found = adjustments(period, cause, now, issued)?;
    unit.rated = Money::checked_sum(rating.currency, found.iter().map(|adjusted| adjusted.line.line.amount))?;
    Ok((unit, found))
}

fn unit_of(plan: &str, rating: &Rating) -> Result<Unit, OpError> {
    Ok(Unit {
        period: rating.period,
        plan: plan.to_owned(),
        hash: rating.result_hash,
        rated: rating.control.amount,
        payments: Vec::new(),
        bases: control::bases(plan, &rating.control)?,
        counters: rating.counters.clone(),
        paid_once: rating.paid_once.clone(),
    })
}

/// The engine at work, off the threads that answer calls.
///
/// # Errors
/// The engine's.
pub async fn engine(
    bundle: &Arc<Bundle>,
    plan: &str,
    period: Month,
    facts: &Arc<Facts>,
    known: Instant,
    prior: Prior,
) -> Result<Rating, OpError> {
    let (bundle, plan, facts) = (bundle.clone(), plan.to_owned(), facts.clone());
    let rating =
        tokio::task::spawn_blocking(move || incentives::rate(&bundle, &plan, period, &facts, known, &prior)).await;
    match rating {
        Ok(rating) => Ok(rating?),
        Err(failed) => Err(OpError::Inconsistent(format!("rating did not end: {failed}"))),
    }
}

fn payments(plan: &str, rating: &Rating) -> Vec<Payment> {
    let payment = |total: &incentives::StatementTotal| Payment {
        partner: total.partner.clone(),
        plan: plan.to_owned(),
        earned: total.earned,
        due_before: total.brought_forward,
        paid: total.paid,
        carried_forward: total.carried_forward,
        advanced: total.advanced,
        recovered: total.recovered,
        forfeited: total.forfeited,
        reason: total.reason.map(|reason| reason.name().to_owned()).unwrap_or_default(),
        types: earning::totals(total),
    };
    rating.statements.iter().map(payment).collect()
}

/// What the month before left: running totals as they would be by what is known now, and for the period
/// itself the balances of the statements that were issued, with the adjustments found just now.
async fn prior(
    office: &Office,
    task: &Task,
    chain: &Chain,
    period: Month,
    plan: &str,
    own: bool,
) -> Result<Prior, OpError> {
    let Ok(month_before) = period.add(-1) else { return Ok(Prior::default()) };
    let connection = office.store().read();
    let in_chain = chain.units.iter().find(|unit| unit.period == month_before && unit.plan == plan).cloned();
    let issued = units::find_latest(connection, month_before, plan, task.before).await?;
    let mut prior = Prior::default();
    if let Some(unit) = in_chain.or_else(|| issued.clone()) {
        prior.counters = unit.counters;
        prior.paid_once = unit.paid_once;
    }
    if own {
        let carried = balances(issued.as_ref(), chain, plan)?;
        prior.carried = carried.into_iter().map(|(partner, amount)| Carried { partner, amount }).collect();
    }
    Ok(prior)
}

/// What each partner is owed under a plan before the period: what was carried, and the adjustments. A balance of
/// nothing is told too: it says that adjustments took what a plan's counters still hold.
fn balances(issued: Option<&Unit>, chain: &Chain, plan: &str) -> Result<BTreeMap<String, Money>, MoneyError> {
    let mut balances: BTreeMap<String, Money> = BTreeMap::new();
    let mut add = |partner: &str, amount: Money| -> Result<(), MoneyError> {
        let balance = balances.entry(partner.to_owned()).or_insert_with(|| Money::zero(amount.currency()));
        *balance = balance.checked_add(amount)?;
        Ok(())
    };
    for payment in issued.iter().flat_map(|unit| &unit.payments) {
        add(&payment.partner, payment.carried_forward)?;
    }
    let adjustments = chain.lines.iter().map(|line| &line.line);
    for line in adjustments.filter(|line| line.corrects.is_some() && line.plan == plan) {
        if let Some(partner) = &line.partner {
            add(partner, line.amount)?;
        }
    }
    Ok(balances)
}

/// Balances of plans that the bundle no longer has: carried on, so that nothing owed is lost.
///
/// Rule: `incentive.balances-outlive-their-plan`.
async fn carry_over(office: &Office, task: &Task, chain: &Chain) -> Result<Vec<Unit>, OpError> {
    let Ok(month_before) = task.period.add(-1) else { return Ok(Vec::new()) };
    let connection = office.store().read();
    let rated: BTreeSet<&str> =
        chain.units.iter().filter(|unit| unit.period == task.period).map(|unit| unit.plan.as_str()).collect();
    let mut left = Vec::new();
    for plan in units::plans(connection, month_before, task.before).await? {
        if rated.contains(plan.as_str()) {
            continue;
        }
        let issued = units::find_latest(connection, month_before, &plan, task.before).await?;
        let mut balances = balances(issued.as_ref(), chain, &plan)?;
        balances.retain(|_, balance| !balance.is_zero());
        let Some(currency) = balances.values().next().map(|balance| balance.currency()) else { continue };
        let unit = carried_unit(task.period, &plan, currency, balances);
        keep(office, task, &unit, &[]).await?;
        left.push(unit);
    }
    Ok(left)
}

fn carried_unit(period: Month, plan: &str, currency: Currency, balances: BTreeMap<String, Money>) -> Unit {
    let zero = Money::zero(currency);
    let mut canon = Canon::new("accolade incentive balance 1");
    canon.text(plan);
    let mut payments = Vec::new();
    for (partner, balance) in balances {
        canon.text(&partner).show(balance);
        payments.push(Payment {
            partner,
            plan: plan.to_owned(),
            earned: zero,
            due_before: balance,
            paid: zero,
            carried_forward: balance,
            advanced: zero,
            recovered: zero,
            forfeited: zero,
            reason: program::Reason::NotInForce.name().to_owned(),
            types: Vec::new(),
        });
    }
    Unit {
        period,
        plan: plan.to_owned(),
        hash: canon.digest(),
        rated: zero,
        payments,
        bases: Vec::new(),
        counters: Vec::new(),
        paid_once: Vec::new(),
    }
}

/// When a month ends in the last of the plans' zones.
pub fn end_of(bundle: &Bundle, period: Month) -> Instant {
    let ends = |zone: &Zone| -> Option<Instant> {
        let month: Interval = zone.whole_month(period);
        month.end()
    };
    let zones = bundle.incentive_plans().iter().map(|plan| &plan.conventions.zone);
    zones.chain([&Zone::utc()]).filter_map(ends).max().unwrap_or(Instant::MAX)
}
