//! Terms and commitments: how long a purchase lasts, until when it can be taken back, what is owed of it, and
//! what a part of a period costs.
//!
//! A catalog says the numbers; everything here is dates and exact amounts.

use std::collections::BTreeMap;

use num_traits::Zero;
use values::{Currency, Date, Instant, Money, MoneyError, Ratio, Rounding, round_to_minor};

/// Microseconds of a day.
const DAY: i64 = 24 * 3_600_000_000;

/// What a catalog says about terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Its rule id.
    pub rule: String,
    /// Where it comes from.
    pub source: Option<String>,
    /// The lengths, by name.
    pub lengths: BTreeMap<String, Length>,
    /// A purchase can be cancelled within so many days.
    pub cancel_days: u16,
    /// Added seats can be reduced within so many days.
    pub reduce_days: u16,
    /// How parts of a period are rounded, by occasion: `seats-changed`, `upgrade`, ...
    pub proration: BTreeMap<String, Proration>,
}

/// One length of a term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Length {
    /// How many months it lasts.
    pub months: u16,
    /// By which fraction its price is above that of the longest term; zero for a fixed price.
    pub raised_by: Ratio,
}

/// How the price of a part of a period is rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proration {
    /// The mode.
    pub mode: Rounding,
    /// The place.
    pub at: ProratedAt,
}

/// Where a part of a price is rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProratedAt {
    /// The price of one unit, which is then multiplied.
    UnitPrice,
    /// The price of all units together.
    Line,
}

/// One period of a purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// Its first day.
    pub first: Date,
    /// Its last day.
    pub last: Date,
    /// The first day of the next one.
    pub renews: Date,
}

impl Terms {
    /// The period number `number`, from 0, of a purchase on `bought`. None for an unknown length, and beyond the
    /// calendar.
    ///
    /// Rule: `program.periods_count_from_their_anchor`: every period is counted from the day of the purchase and
    /// never from the one before, and a month without that day ends it on its last: bought on 31 January, the
    /// periods begin on 28 February, 31 March, 30 April.
    pub fn period(&self, length: &str, bought: Date, number: u16) -> Option<Period> {
        let months = i32::from(self.lengths.get(length)?.months);
        let begin = |number: i32| bought.add_months_clamped(months.checked_mul(number)?).ok();
        let (first, renews) = (begin(number.into())?, begin(i32::from(number) + 1)?);
        Some(Period { first, last: renews.add_days(-1).ok()?, renews })
    }

    /// The last instant at which a purchase can be cancelled: so many times twenty-four hours after it.
    pub fn cancellable_until(&self, bought: Instant) -> Instant {
        bought.saturating_add(i64::from(self.cancel_days) * DAY)
    }

    /// The last instant at which added seats can be reduced again.
    pub fn reducible_until(&self, added: Instant) -> Instant {
        added.saturating_add(i64::from(self.reduce_days) * DAY)
    }

    /// What the partner still owes on `day` for a term bought on `bought`, at `monthly` for all its seats: the
    /// months that have not begun, whether or not the customer pays. None for an unknown length.
    ///
    /// Rule: `program.the_rest_of_the_term_is_owed`.
    pub fn owed(&self, length: &str, bought: Date, day: Date, monthly: &Ratio) -> Option<Ratio> {
        let months = i32::from(self.lengths.get(length)?.months);
        let begun = (0..months).filter(|month| bought.add_months_clamped(*month).is_ok_and(|first| first <= day));
        let left = months - i32::try_from(begun.count()).ok()?;
        Some(monthly * Ratio::from_integer(left.into()))
    }

    /// The price of a length, from that of a term with a fixed price.
    pub fn price(&self, length: &str, fixed: &Ratio) -> Option<Ratio> {
        let length = self.lengths.get(length)?;
        Some(fixed * (Ratio::from_integer(1.into()) + &length.raised_by))
    }
}

impl Period {
    /// The days that are left from `day` on, itself counted, and the days of the whole period.
    pub fn left(&self, day: Date) -> (i32, i32) {
        let whole = self.first.days_until(self.renews);
        (day.days_until(self.renews).clamp(0, whole), whole)
    }
}

impl Proration {
    /// What `units` at `price` cost for `part` of a period: so many days, or months, of so many. Negative units are
    /// a refund of as much. A period without days costs nothing.
    ///
    /// # Errors
    ///
    /// When the amount leaves the range of money.
    pub fn of(self, price: &Ratio, units: &Ratio, part: (i32, i32), currency: Currency) -> Result<Money, MoneyError> {
        if part.1 == 0 || units.is_zero() {
            return Ok(Money::zero(currency));
        }
        let share = Ratio::new(part.0.into(), part.1.into());
        let size = units.abs();
        let exact = match self.at {
            ProratedAt::Line => price * share * size,
            ProratedAt::UnitPrice => round_to_minor(&(price * share), currency, self.mode)?.to_ratio() * size,
        };
        let amount = round_to_minor(&exact, currency, self.mode)?;
        match units.is_negative() {
            true => Money::zero(currency).checked_sub(amount),
            false => Ok(amount),
        }
    }
}
