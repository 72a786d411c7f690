//! What a plan pays over some months.

use std::collections::BTreeMap;

use anyhow::Result;
use program::Bundle;
use program::Facts;
use program::incentives::{Carried, Prior, Rating, rate};
use program::model::IncentivePlan;
use values::{Currency, Instant, Money, Month};

/// Amounts of one plan by partner and lever, over all months.
#[derive(Clone, Debug)]
pub(crate) struct Earned {
    pub currency: Currency,
    /// Partner to lever to amount.
    pub by_partner: BTreeMap<String, BTreeMap<String, Money>>,
}

impl Earned {
    /// A plan that pays nobody anything.
    pub fn nothing(currency: Currency) -> Earned {
        Earned { currency, by_partner: BTreeMap::new() }
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

/// Rates every month in its order, each with what the one before it left.
///
/// # Errors
/// When a month cannot be rated.
pub(crate) fn over(bundle: &Bundle, plan: &IncentivePlan, facts: &Facts, period: (Month, Month)) -> Result<Earned> {
    let currency = plan.conventions.currency.unwrap_or(Currency::USD);
    let mut earned = Earned::nothing(currency);
    let mut prior = Prior::default();
    let (mut month, last) = period;
    while month <= last {
        let rating = rate(bundle, &plan.id, month, facts, Instant::MAX, &prior)?;
        for line in &rating.lines {
            let Some(partner) = &line.partner else { continue };
            let levers = earned.by_partner.entry(partner.clone()).or_default();
            let sum = levers.entry(line.lever.clone()).or_insert(Money::zero(currency));
            *sum = add(*sum, line.amount);
        }
        prior = left(&rating);
        month = month.add(1)?;
    }
    Ok(earned)
}

fn left(rating: &Rating) -> Prior {
    let carried = rating.statements.iter().filter(|statement| !statement.carried_forward.is_zero());
    let carried =
        carried.map(|statement| Carried { partner: statement.partner.clone(), amount: statement.carried_forward });
    Prior { counters: rating.counters.clone(), carried: carried.collect(), paid_once: rating.paid_once.clone() }
}
