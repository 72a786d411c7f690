//! Rates the closed periods that late facts touch, and then the period itself: each unit from what the one
//! before it left behind. Close, preview and replay all come through here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use program::incentives::{self, Carried, Prior, Rating};
use program::{Bundle, Facts};
use values::{Canon, Currency, Instant, Interval, Money, MoneyError, Month, Zone};

use super::{Office, OpError};
use crate::domain::line::{GroundedLine, rated};
use crate::domain::plan::touches;
use crate::domain::run::{Pins, Run, Source};
use crate::domain::statement::Payment;
use crate::domain::{adjustment, control};
use crate::store::statement_lines::{self, LineFilter, Owner};
use crate::store::units::{self, Unit};
use crate::store::{books, cells, received, runs};
use crate::wire::{grounds, known};

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

/// The months and plans to rate, in order: closed months that something recorded since touches, then the
/// period.
///
/// # Errors
/// The database's.
pub async fn units_to_rate(office: &Office, task: &Task, bundle: &Bundle) -> Result<Vec<(Month, String)>, OpError> {
    let mut months = corrected_months(office, task).await?;
    months.push(task.period);
    let mut found = Vec::new();
    for month in months {
        let mut plans = bundle.incentive_plans().iter().filter(|plan| touches(plan.effective, None, month));
        found.extend(plans.by_ref().map(|plan| (month, plan.id.clone())));
    }
    Ok(found)
}

/// The closed months that something recorded since the last close may change, oldest first.
async fn corrected_months(office: &Office, task: &Task) -> Result<Vec<Month>, OpError> {
    let connection = office.store().read();
    let books = books::load(connection).await?;
    let mut closed: Vec<(Month, i64)> = books.closed.into_iter().filter(|(month, _)| *month < task.period).collect();
    closed.sort();
    let Some((_, last)) = closed.last().copied() else { return Ok(Vec::new()) };
    let last = runs::find(connection, last).await?;
    let last = last.ok_or_else(|| OpError::Inconsistent("a closed period has no run".to_owned()))?;
    let closed: Vec<Month> = closed.into_iter().map(|(month, _)| month).collect();
    if last.pins.bundle != task.pins.bundle || last.pins.engine != task.pins.engine {
        return Ok(closed);
    }
    let Some(first) = first_affected(office, &last.pins, &task.pins).await? else { return Ok(Vec::new()) };
    // A day more: in another zone it may still be the month before.
    let first = Zone::utc().month(first.saturating_add(-DAY_MICROS));
    Ok(closed.into_iter().filter(|month| *month >= first).collect())
}

const DAY_MICROS: i64 = 24 * 3_600 * 1_000_000;

/// The earliest instant that anything recorded between two pins may change something for.
async fn first_affected(office: &Office, then: &Pins, now: &Pins) -> Result<Option<Instant>, OpError> {
    let connection = office.store().read();
    let unread = known::bundle_kind();
    let mut first: Option<Instant> = None;
    let mut note = |found: Option<Instant>| {
        first = [first, found].into_iter().flatten().min();
    };
    for source in Source::ALL {
        let up_to = |pins: &Pins| pins.feeds.get(&source).map_or(pins.known, |pin| pin.known);
        note(received::first_affected(connection, source, up_to(then), up_to(now), &unread).await?);
        if source == Source::Association {
            note(cells::touched(connection, up_to(then), up_to(now)).await?);
        }
    }
    Ok(first)
}

/// Rates unit after unit. Those that the run has kept already are taken as they are.
///
/// # Errors
/// The engine's, the database's; [`OpError::Control`] when totals of a rating differ.
pub async fn rate_all(
    office: &Office,
    task: &Task,
    bundle: &Arc<Bundle>,
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
                let (unit, lines) = rate_one(office, task, bundle, facts, &chain, *period, plan).await?;
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
    bundle: &Arc<Bundle>,
    facts: &Arc<Facts>,
    chain: &Chain,
    period: Month,
    plan: &str,
) -> Result<(Unit, Vec<EncodedLine>), OpError> {
    let own = period == task.period;
    let prior = prior(office, task, chain, period, plan, own).await?;
    let rating = engine(bundle, plan, period, facts, task.pins.latest(), prior).await?;
    let bases = control::bases(plan, &rating.control)?;
    let mut unit = Unit {
        period,
        plan: plan.to_owned(),
        hash: rating.result_hash,
        rated: rating.control.amount,
        payments: Vec::new(),
        bases,
        counters: rating.counters.clone(),
        paid_once: rating.paid_once.clone(),
    };
    let lines = if own {
        unit.payments = payments(plan, &rating);
        rating.lines.into_iter().map(|line| rated(plan, line)).collect()
    } else {
        let issued = statement_lines::issued(office.store().read(), period, plan, task.period).await?;
        let now = rating.lines.into_iter().map(|line| rated(plan, line)).collect();
        let found = adjustment::adjustments(period, now, issued)?;
        unit.rated = Money::checked_sum(rating.currency, found.iter().map(|line| line.line.amount))?;
        found
    };
    Ok((unit, lines.into_iter().map(grounds::encoded).collect()))
}

/// The engine at work, off the threads that answer calls.
async fn engine(
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
        reason: total.reason.map(|reason| reason.name().to_owned()).unwrap_or_default(),
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
            reason: program::Reason::NotInForce.name().to_owned(),
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
