//! What a plan pays over some months, and what the months before them left.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use program::Bundle;
use program::Facts;
use program::incentives::{Prior, first_month, rate};
use program::model::IncentivePlan;
use values::{Currency, Instant, Money, Month};

use crate::paid::{Paid, Place};

/// Amounts of one plan by partner and lever, over all months.
#[derive(Clone, Debug)]
pub(crate) struct Earned {
    pub currency: Currency,
    /// Partner to lever to amount.
    pub by_partner: BTreeMap<String, BTreeMap<String, Money>>,
    /// Partner to its lines.
    pub lines: BTreeMap<String, BTreeMap<Place, Paid>>,
}

impl Earned {
    /// A plan that pays nobody anything.
    pub fn nothing(currency: Currency) -> Earned {
        Earned { currency, by_partner: BTreeMap::new(), lines: BTreeMap::new() }
    }

    /// What some accounts earn together, by lever.
    pub fn of(&self, accounts: &[&str]) -> BTreeMap<&str, Money> {
        let mut levers: BTreeMap<&str, Money> = BTreeMap::new();
        for (lever, amount) in accounts.iter().filter_map(|account| self.by_partner.get(*account)).flatten() {
            let sum = levers.entry(lever).or_insert(Money::zero(self.currency));
            *sum = add(*sum, *amount);
        }
        levers
    }
}

/// The sum of two amounts of one plan, which has one currency.
pub(crate) fn add(one: Money, other: Money) -> Money {
    Money::new(one.minor().saturating_add(other.minor()), one.currency())
}

/// What the months before `month` left by the bundle's own rules: counters, what caps have used, marks, what was paid
/// once and what is carried. Nobody kept them for documents on a disk, so every month is rated from the first on.
///
/// # Errors
/// When a month before cannot be rated.
pub(crate) fn before(bundle: &Bundle, plan: &str, facts: &Facts, month: Month, known_at: Instant) -> Result<Prior> {
    let mut prior = Prior::default();
    let Some(mut earlier) = first_month(bundle, plan, facts) else { return Ok(prior) };
    while earlier < month {
        let rating = rate(bundle, plan, earlier, facts, known_at, &prior);
        let rating = rating
            .with_context(|| format!("{plan} in {earlier}, which decides what {month} begins with, cannot be rated"))?;
        prior = Prior::after(&rating);
        earlier = earlier.add(1)?;
    }
    Ok(prior)
}

/// Rates every month in its order, each with what the one before it left.
///
/// # Errors
/// When a month cannot be rated.
pub(crate) fn over(
    bundle: &Bundle,
    plan: &IncentivePlan,
    facts: &Facts,
    (first, last): (Month, Month),
    known_at: Instant,
) -> Result<Earned> {
    let currency = plan.conventions.currency.unwrap_or(Currency::USD);
    let mut earned = Earned::nothing(currency);
    let mut prior = before(bundle, &plan.id, facts, first, known_at)?;
    let mut month = first;
    while month <= last {
        let rating = rate(bundle, &plan.id, month, facts, known_at, &prior)
            .with_context(|| format!("{} in {month} cannot be rated", plan.id))?;
        for line in &rating.lines {
            let Some(partner) = &line.partner else { continue };
            let levers = earned.by_partner.entry(partner.clone()).or_default();
            let sum = levers.entry(line.lever.clone()).or_insert(Money::zero(currency));
            *sum = add(*sum, line.amount);
            let lines = earned.lines.entry(partner.clone()).or_default();
            lines.insert(Place::of(month, line), Paid::of(line));
        }
        prior = Prior::after(&rating);
        month = month.add(1)?;
    }
    Ok(earned)
}
