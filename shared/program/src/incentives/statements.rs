//! From lines to what every partner gets, and the totals that must agree.

use std::collections::BTreeMap;

use values::{Currency, Money, Month};

use super::rating::{ControlTotals, Line, Prior, StatementTotal};
use super::{RateError, Totals};
use crate::model::IncentivePlan;
use crate::reason::Reason;

/// One total per partner that has a line or a balance, ordered by partner.
pub(crate) fn statements(
    plan: &IncentivePlan,
    period: Month,
    currency: Currency,
    lines: &[Line],
    prior: &Prior,
) -> Result<Vec<StatementTotal>, RateError> {
    let out = |_| RateError::OutOfRange { rule: plan.id.clone(), what: "a statement's total".to_owned() };
    let mut partners: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, line) in lines.iter().enumerate() {
        if let Some(partner) = &line.partner {
            partners.entry(partner).or_default().push(place);
        }
    }
    for carried in &prior.carried {
        partners.entry(&carried.partner).or_default();
    }
    let mut statements = Vec::new();
    for (partner, places) in partners {
        let earned = Money::checked_sum(currency, places.iter().map(|&place| lines[place].amount)).map_err(out)?;
        let balances = prior.carried.iter().filter(|carried| carried.partner == partner).map(|carried| carried.amount);
        let brought_forward = Money::checked_sum(currency, balances).map_err(out)?;
        let due = earned.checked_add(brought_forward).map_err(out)?;
        let held = held_back(plan, period, due)?;
        statements.push(StatementTotal {
            partner: partner.to_owned(),
            lines: places,
            earned,
            brought_forward,
            paid: if held { Money::zero(currency) } else { due },
            carried_forward: if held { due } else { Money::zero(currency) },
            reason: held.then_some(Reason::BelowPaymentMinimum),
        });
    }
    Ok(statements)
}

/// Rule: `program.below_minimum_is_carried`: less than the minimum, and anything owed by the partner,
/// is carried into the next period and never lost.
fn held_back(plan: &IncentivePlan, period: Month, due: Money) -> Result<bool, RateError> {
    if due.is_zero() {
        return Ok(false);
    }
    let Some(minimum) = &plan.minimum else { return Ok(due.minor() < 0) };
    let day = period.last_day();
    let none = || RateError::NoValue { rule: minimum.rule.clone(), day: day.to_string() };
    let least = minimum.on(day).ok_or_else(none)?;
    Ok(due.to_ratio() < least.value.value || due.minor() < 0)
}

/// Totals of all lines and of all statements, beside those of the facts.
pub(crate) fn control(
    currency: Currency,
    lines: &[Line],
    statements: &[StatementTotal],
    bases: Totals,
    facts: Totals,
) -> Result<ControlTotals, RateError> {
    let out =
        |_| RateError::OutOfRange { rule: "program.control_totals".to_owned(), what: "the grand total".to_owned() };
    Ok(ControlTotals {
        lines: lines.len() as u64,
        amount: Money::checked_sum(currency, lines.iter().map(|line| line.amount)).map_err(out)?,
        earned: Money::checked_sum(currency, statements.iter().map(|statement| statement.earned)).map_err(out)?,
        bases,
        facts,
    })
}
