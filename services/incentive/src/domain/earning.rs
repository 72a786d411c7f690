//! Earning types: as what a plan pays, where it divides its lines or names what they are.

use program::incentives::{self, LinePart};
use program::model::EARNINGS;
use values::{Canon, Money, MoneyError, ratio_to_text};

/// The share of one earning type in a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// The earning type: `rebate`, `co-op`, ...
    pub earning_type: String,
    /// The share before rounding, exact.
    pub exact: String,
    /// The share. The shares of a line add up to its amount.
    pub amount: Money,
}

/// What a partner gets of one earning type of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeTotal {
    /// The earning type.
    pub earning_type: String,
    /// The sum of the shares of the lines earned.
    pub earned: Money,
    /// The sum of the shares of the adjustments.
    pub adjusted: Money,
    /// What earlier statements carried forward; before a statement is made, with its adjustments.
    pub brought_forward: Money,
    /// What came from another earning type, negative where it went to one.
    pub moved: Money,
    /// What is paid now, before advances and recoveries.
    pub paid: Money,
    /// What is lost.
    pub forfeited: Money,
    /// What goes into the next statement.
    pub carried_forward: Money,
    /// Why not everything is paid; empty when all is.
    pub reason: String,
}

/// The shares of a line; none where its plan names no earning type.
pub fn shares(parts: &[LinePart]) -> Vec<Share> {
    if parts.iter().all(|part| part.earning_type == EARNINGS) {
        return Vec::new();
    }
    let share = |part: &LinePart| Share {
        earning_type: part.earning_type.clone(),
        exact: ratio_to_text(&part.exact),
        amount: part.amount,
    };
    parts.iter().map(share).collect()
}

/// The shares of an adjustment of `amount`: what lines come to now less what was issued, by earning type. What was
/// issued undivided, or is so now, counts under the first type that there is.
///
/// Rule: `incentive.adjustments-add-up-by-earning-type`.
///
/// # Errors
/// Out of range.
pub fn difference<'l>(
    amount: Money,
    now: impl Iterator<Item = &'l Share>,
    issued: impl Iterator<Item = &'l Share>,
) -> Result<Vec<Share>, MoneyError> {
    let zero = Money::zero(amount.currency());
    let mut found: Vec<(&str, Money)> = Vec::new();
    let mut add = |share: &'l Share, amount: Money| -> Result<(), MoneyError> {
        let place = found.iter().position(|(earning_type, _)| *earning_type == share.earning_type);
        let place = place.unwrap_or_else(|| {
            found.push((&share.earning_type, zero));
            found.len() - 1
        });
        found[place].1 = found[place].1.checked_add(amount)?;
        Ok(())
    };
    for share in now {
        add(share, share.amount)?;
    }
    for share in issued {
        add(share, zero.checked_sub(share.amount)?)?;
    }
    let told = Money::checked_sum(amount.currency(), found.iter().map(|(_, amount)| *amount))?;
    if let Some((_, first)) = found.first_mut() {
        *first = first.checked_add(amount.checked_sub(told)?)?;
    }
    let share = |(earning_type, amount): (&str, Money)| Share {
        earning_type: earning_type.to_owned(),
        exact: ratio_to_text(&amount.to_ratio()),
        amount,
    };
    Ok(found.into_iter().filter(|(_, amount)| !amount.is_zero()).map(share).collect())
}

/// What a partner gets of each earning type; nothing where the plan names none.
pub fn totals(total: &incentives::StatementTotal) -> Vec<TypeTotal> {
    if total.parts.iter().all(|part| part.earning_type == EARNINGS) {
        return Vec::new();
    }
    let told = |part: &incentives::PartTotal| TypeTotal {
        earning_type: part.earning_type.clone(),
        earned: part.earned,
        adjusted: Money::zero(part.earned.currency()),
        brought_forward: part.brought_forward,
        moved: part.moved,
        paid: part.paid,
        forfeited: part.forfeited,
        carried_forward: part.carried_forward,
        reason: part.reason.map(|reason| reason.name().to_owned()).unwrap_or_default(),
    };
    total.parts.iter().map(told).collect()
}

/// Takes the adjustments out of what was brought forward: a statement tells them apart.
///
/// # Errors
/// Out of range.
pub fn told_apart<'s>(
    totals: &[TypeTotal],
    adjustments: impl Iterator<Item = &'s Share>,
) -> Result<Vec<TypeTotal>, MoneyError> {
    let mut totals = totals.to_vec();
    for share in adjustments {
        if let Some(total) = totals.iter_mut().find(|total| total.earning_type == share.earning_type) {
            total.adjusted = total.adjusted.checked_add(share.amount)?;
            total.brought_forward = total.brought_forward.checked_sub(share.amount)?;
        }
    }
    Ok(totals)
}

/// Writes shares into a hash; a line without any says nothing about them.
pub fn write_shares(canon: &mut Canon, shares: &[Share]) {
    for share in shares {
        canon.text("share").text(&share.earning_type).text(&share.exact).show(share.amount);
    }
}

/// Writes totals into a hash; a plan without earning types says nothing about them.
pub fn write_totals(canon: &mut Canon, totals: &[TypeTotal]) {
    for total in totals {
        canon.text("earning type").text(&total.earning_type).show(total.earned).show(total.adjusted);
        canon.show(total.brought_forward).show(total.moved).show(total.paid).show(total.forfeited);
        canon.show(total.carried_forward).text(&total.reason);
    }
}
