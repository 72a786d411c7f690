//! Money: exact amounts that come from outside, and results in minor units.

use std::fmt;

use num_bigint::BigInt;
use serde::{Deserialize, Serialize};

use crate::{Currency, Decimal, DecimalError, Ratio};

/// An exact amount of one currency as a bill states it, with all its decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Amount {
    /// The number, in units of the currency.
    pub value: Decimal,
    /// The currency.
    pub currency: Currency,
}

/// A result in the currency's minor unit: what a line earns and a statement pays.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    minor: i128,
    currency: Currency,
}

/// Why two amounts of money could not be combined.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The two amounts are of different currencies; nothing converts silently.
    #[error("cannot combine {left} with {right}")]
    MixedCurrencies {
        /// The currency on the left.
        left: Currency,
        /// The currency on the right.
        right: Currency,
    },
    /// The amount is too large.
    #[error("an amount of money is out of range")]
    OutOfRange,
    /// The amount's number could not be computed.
    #[error(transparent)]
    Decimal(#[from] DecimalError),
}

impl Amount {
    /// The sum of two amounts of one currency.
    ///
    /// # Errors
    /// [`MoneyError::MixedCurrencies`], or out of range.
    pub fn checked_add(self, other: Amount) -> Result<Amount, MoneyError> {
        same(self.currency, other.currency)?;
        Ok(Amount { value: self.value.checked_add(other.value)?, currency: self.currency })
    }
}

impl Money {
    /// So many minor units of a currency.
    pub const fn new(minor: i128, currency: Currency) -> Money {
        Money { minor, currency }
    }

    /// No money at all.
    pub const fn zero(currency: Currency) -> Money {
        Money { minor: 0, currency }
    }

    /// The number of minor units.
    pub const fn minor(self) -> i128 {
        self.minor
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether this is no money.
    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// The amount in units of the currency, exact.
    pub fn to_ratio(self) -> Ratio {
        Ratio::new(BigInt::from(self.minor), BigInt::from(10u32).pow(self.currency.exponent()))
    }

    /// The sum of two amounts of one currency.
    ///
    /// # Errors
    /// [`MoneyError::MixedCurrencies`] or [`MoneyError::OutOfRange`].
    pub fn checked_add(self, other: Money) -> Result<Money, MoneyError> {
        same(self.currency, other.currency)?;
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::OutOfRange)?;
        Ok(Money { minor, currency: self.currency })
    }

    /// The difference of two amounts of one currency.
    ///
    /// # Errors
    /// [`MoneyError::MixedCurrencies`] or [`MoneyError::OutOfRange`].
    pub fn checked_sub(self, other: Money) -> Result<Money, MoneyError> {
        same(self.currency, other.currency)?;
        let minor = self.minor.checked_sub(other.minor).ok_or(MoneyError::OutOfRange)?;
        Ok(Money { minor, currency: self.currency })
    }

    /// The sum of many amounts of `currency`.
    ///
    /// # Errors
    /// [`MoneyError::MixedCurrencies`] or [`MoneyError::OutOfRange`].
    pub fn checked_sum(currency: Currency, all: impl IntoIterator<Item = Money>) -> Result<Money, MoneyError> {
        all.into_iter().try_fold(Money::zero(currency), Money::checked_add)
    }
}

fn same(left: Currency, right: Currency) -> Result<(), MoneyError> {
    if left == right { Ok(()) } else { Err(MoneyError::MixedCurrencies { left, right }) }
}

impl fmt::Display for Money {
    /// The currency and the amount with as many decimals as its minor unit has: `USD 12.30`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exponent = self.currency.exponent();
        let scale = 10u128.pow(exponent);
        let magnitude = self.minor.unsigned_abs();
        let sign = if self.minor < 0 { "-" } else { "" };
        let text = match exponent {
            0 => format!("{} {sign}{magnitude}", self.currency),
            _ => format!(
                "{} {sign}{}.{:0width$}",
                self.currency,
                magnitude / scale,
                magnitude % scale,
                width = exponent as usize
            ),
        };
        f.pad(&text)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Money({self})")
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{} {}", self.currency, self.value))
    }
}
