//! The ledger: what is owed to partners, as entries that balance.

use std::collections::BTreeMap;

use thiserror::Error;
use values::{Currency, Money, MoneyError, Month};

use super::line::LinePlace;
use super::statement::Statement;

/// What a posting changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Account {
    /// What the vendor owes the partner: positive is owed.
    PartnerPayable,
    /// What the program cost the vendor: the other side.
    ProgramCost,
}

impl Account {
    /// The name under which it is stored.
    pub fn name(self) -> &'static str {
        match self {
            Account::PartnerPayable => "PARTNER_PAYABLE",
            Account::ProgramCost => "PROGRAM_COST",
        }
    }

    /// The account of a stored name.
    pub fn find(name: &str) -> Option<Account> {
        [Account::PartnerPayable, Account::ProgramCost].into_iter().find(|account| account.name() == name)
    }
}

/// One side of an entry. The line that made the entry is its business key: a line posts once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// The line that made it.
    pub line: LinePlace,
    /// What it changes.
    pub account: Account,
    /// By how much.
    pub amount: Money,
}

/// The entries do not balance, or do not agree with their statement.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LedgerError {
    /// The sides of the entries of a statement do not sum to zero.
    #[error("the postings of {partner} sum to {sum}")]
    Unbalanced {
        /// The partner.
        partner: String,
        /// What they sum to.
        sum: Money,
    },
    /// The amounts cannot be added.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// The postings of a statement: two for every line that is not zero, in the statement's order.
///
/// Rule: `incentive.every-entry-balances`. What a line owes the partner is what it costs the program.
///
/// # Errors
/// When an amount has no opposite, or the entries do not balance.
pub fn postings<G>(period: Month, statement: &Statement<G>) -> Result<Vec<Posting>, LedgerError> {
    let mut found = Vec::new();
    for (number, line) in statement.numbered() {
        if line.line.amount.is_zero() {
            continue;
        }
        let place = LinePlace { period, partner: statement.partner.clone(), number };
        let amount = line.line.amount;
        let opposite = Money::zero(amount.currency()).checked_sub(amount)?;
        found.push(Posting { line: place.clone(), account: Account::PartnerPayable, amount });
        found.push(Posting { line: place, account: Account::ProgramCost, amount: opposite });
    }
    for (currency, sum) in sums(&found, None)? {
        if !sum.is_zero() {
            return Err(LedgerError::Unbalanced {
                partner: statement.partner.clone(),
                sum: Money::new(sum.minor(), currency),
            });
        }
    }
    Ok(found)
}

/// The sums of postings by currency, of one account or of both.
///
/// # Errors
/// When a sum leaves its range.
pub fn sums(postings: &[Posting], account: Option<Account>) -> Result<BTreeMap<Currency, Money>, MoneyError> {
    let mut sums: BTreeMap<Currency, Money> = BTreeMap::new();
    for posting in postings.iter().filter(|posting| account.is_none_or(|account| account == posting.account)) {
        let currency = posting.amount.currency();
        let sum = sums.entry(currency).or_insert_with(|| Money::zero(currency));
        *sum = sum.checked_add(posting.amount)?;
    }
    Ok(sums)
}
