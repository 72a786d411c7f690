//! Totals that must agree before anything is issued.

use std::collections::BTreeMap;

use program::incentives::ControlTotals;
use thiserror::Error;
use values::{Currency, Money, MoneyError};

use super::ledger::{self, Account, Posting};
use super::statement::{self, Statement};

/// One lever's basis, summed over its lines and over its facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BasisTotal {
    /// The plan's id in its document.
    pub plan: String,
    /// The lever.
    pub lever: String,
    /// The sum over the lines, with its unit.
    pub lines: String,
    /// The sum over the facts, with its unit.
    pub facts: String,
}

/// The money of one currency, counted at each stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stages {
    /// What the rules gave, the differences to earlier periods included.
    pub rated: Money,
    /// The sum of the statements' lines.
    pub lines: Money,
    /// The sum of the statements' totals.
    pub statements: Money,
    /// What the ledger posts to partners.
    pub ledger: Money,
}

/// Two totals that must agree do not. Nothing is issued.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ControlError {
    /// The money of a currency differs between stages.
    #[error("{currency}: rated {}, lines {}, statements {}, ledger {}", .stages.rated, .stages.lines, .stages.statements, .stages.ledger)]
    Stages {
        /// The currency.
        currency: Currency,
        /// The sums.
        stages: Box<Stages>,
    },
    /// A lever's lines do not stand on all the facts it looked at.
    #[error("{plan} {lever}: lines stand on {lines}, facts are {facts}")]
    Basis {
        /// The plan.
        plan: String,
        /// The lever.
        lever: String,
        /// The sum over the lines.
        lines: String,
        /// The sum over the facts.
        facts: String,
    },
    /// An amount left its range.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// The bases of a rating, lever by lever.
///
/// Rule: `incentive.usage-is-rated-whole`. What the lines of a lever stand on is what its facts sum to: nothing
/// is rated twice, nothing is left out.
///
/// # Errors
/// [`ControlError::Basis`] for the first lever that differs.
pub fn bases(plan: &str, control: &ControlTotals) -> Result<Vec<BasisTotal>, ControlError> {
    let facts: BTreeMap<&str, String> =
        control.facts.iter().map(|(lever, quantity)| (lever.as_str(), quantity.to_string())).collect();
    let mut found = Vec::new();
    for (lever, lines) in &control.bases {
        let lines = lines.to_string();
        let facts = facts.get(lever.as_str()).cloned().unwrap_or_default();
        if lines != facts {
            return Err(ControlError::Basis { plan: plan.to_owned(), lever: lever.clone(), lines, facts });
        }
        found.push(BasisTotal { plan: plan.to_owned(), lever: lever.clone(), lines, facts });
    }
    Ok(found)
}

/// The money by currency at each stage, when the stages agree.
///
/// Rule: `incentive.control-totals-agree`. What the rules gave is what lines, statements and ledger say, in all
/// and in every currency.
///
/// # Errors
/// [`ControlError::Stages`] for the first currency that differs.
pub fn stages<G>(
    rated: &[Money],
    statements: &[Statement<G>],
    postings: &[Posting],
) -> Result<BTreeMap<Currency, Stages>, ControlError> {
    let mut sums: BTreeMap<Currency, Stages> = BTreeMap::new();
    let mut at = |money: Money, place: fn(&mut Stages) -> &mut Money| -> Result<(), MoneyError> {
        let zero = Money::zero(money.currency());
        let none = Stages { rated: zero, lines: zero, statements: zero, ledger: zero };
        let sum = place(sums.entry(money.currency()).or_insert(none));
        *sum = sum.checked_add(money)?;
        Ok(())
    };
    for money in rated {
        at(*money, |stages| &mut stages.rated)?;
    }
    for statement in statements {
        for line in &statement.lines {
            at(line.line.amount, |stages| &mut stages.lines)?;
        }
        for amounts in statement::totals(&statement.plan_totals)?.values() {
            at(amounts.total()?, |stages| &mut stages.statements)?;
        }
    }
    for sum in ledger::sums(postings, Some(Account::PartnerPayable))?.values() {
        at(*sum, |stages| &mut stages.ledger)?;
    }
    for (currency, stages) in &sums {
        let same = [stages.lines, stages.statements, stages.ledger].iter().all(|sum| *sum == stages.rated);
        if !same {
            return Err(ControlError::Stages { currency: *currency, stages: Box::new(*stages) });
        }
    }
    Ok(sums)
}
