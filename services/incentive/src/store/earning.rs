//! Earning types in a column: one a line of text, its values apart by tabs. They are read with what they belong to and
//! never searched by, and an earning type is a word without spaces.

use ::store::StoreError;
use values::Money;

use super::columns;
use crate::domain::earning::{Share, TypeTotal};

fn unread(what: &str) -> StoreError {
    StoreError::bug(format!("stored earning types cannot be read: {what}"))
}

fn money(minor: &str, currency: &str) -> Result<Money, StoreError> {
    columns::money(minor.parse().map_err(|_| unread(minor))?, currency)
}

/// The shares of a line as text.
pub fn shares_text(shares: &[Share]) -> Result<String, StoreError> {
    let line = |share: &Share| {
        let amount = columns::minor(share.amount)?;
        Ok(format!("{}\t{}\t{amount}", share.earning_type, share.exact))
    };
    Ok(shares.iter().map(line).collect::<Result<Vec<_>, StoreError>>()?.join("\n"))
}

/// The shares of a line in a currency.
pub fn shares(text: &str, currency: &str) -> Result<Vec<Share>, StoreError> {
    let share = |line: &str| match line.split('\t').collect::<Vec<_>>()[..] {
        [earning_type, exact, amount] => Ok(Share {
            earning_type: earning_type.to_owned(),
            exact: exact.to_owned(),
            amount: money(amount, currency)?,
        }),
        _ => Err(unread(line)),
    };
    text.lines().map(share).collect()
}

/// Totals by earning type as text.
pub fn totals_text(totals: &[TypeTotal]) -> Result<String, StoreError> {
    let line = |total: &TypeTotal| {
        let amounts = [
            total.earned,
            total.adjusted,
            total.brought_forward,
            total.moved,
            total.paid,
            total.forfeited,
            total.carried_forward,
        ];
        let amounts: Vec<String> = amounts
            .into_iter()
            .map(|amount| Ok(columns::minor(amount)?.to_string()))
            .collect::<Result<_, StoreError>>()?;
        Ok(format!("{}\t{}\t{}", total.earning_type, amounts.join("\t"), total.reason))
    };
    Ok(totals.iter().map(line).collect::<Result<Vec<_>, StoreError>>()?.join("\n"))
}

/// Totals by earning type in a currency.
pub fn totals(text: &str, currency: &str) -> Result<Vec<TypeTotal>, StoreError> {
    let total = |line: &str| match line.split('\t').collect::<Vec<_>>()[..] {
        [earning_type, earned, adjusted, brought_forward, moved, paid, forfeited, carried_forward, reason] => {
            Ok(TypeTotal {
                earning_type: earning_type.to_owned(),
                earned: money(earned, currency)?,
                adjusted: money(adjusted, currency)?,
                brought_forward: money(brought_forward, currency)?,
                moved: money(moved, currency)?,
                paid: money(paid, currency)?,
                forfeited: money(forfeited, currency)?,
                carried_forward: money(carried_forward, currency)?,
                reason: reason.to_owned(),
            })
        }
        _ => Err(unread(line)),
    };
    text.lines().map(total).collect()
}
