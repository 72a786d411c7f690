//! Calendar dates and months.

use std::fmt;
use std::str::FromStr;

use jiff::civil;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A day of the Gregorian calendar, without a zone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(civil::Date);

/// A month of the Gregorian calendar, without a zone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i16,
    month: i8,
}

/// The text is not a date or a month, or the calendar has no such day.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a calendar date (expected 2024-09-30, or 2024-09 for a month)")]
pub struct DateError(pub String);

impl Date {
    /// The day given by year, month (1 to 12) and day of the month.
    ///
    /// # Errors
    /// [`DateError`] when the calendar has no such day or the year is not 0 to 9999.
    pub fn new(year: i16, month: i8, day: i8) -> Result<Date, DateError> {
        let wrong = || DateError(format!("{year:04}-{month:02}-{day:02}"));
        if !(0..=9999).contains(&year) {
            return Err(wrong());
        }
        civil::Date::new(year, month, day).map(Date).map_err(|_| wrong())
    }

    /// The year.
    pub fn year(self) -> i16 {
        self.0.year()
    }

    /// The month of the year, 1 to 12.
    pub fn month_of_year(self) -> i8 {
        self.0.month()
    }

    /// The day of the month, 1 to 31.
    pub fn day(self) -> i8 {
        self.0.day()
    }

    /// The month that holds this day.
    pub fn month(self) -> Month {
        Month { year: self.0.year(), month: self.0.month() }
    }

    /// The day so many days later, or earlier for a negative number.
    ///
    /// # Errors
    /// [`DateError`] outside the years 0 to 9999.
    pub fn add_days(self, days: i32) -> Result<Date, DateError> {
        let wrong = || DateError(format!("{self} + {days} days"));
        let moved = self.0.checked_add(jiff::Span::new().try_days(days).map_err(|_| wrong())?).map_err(|_| wrong())?;
        Date::new(moved.year(), moved.month(), moved.day())
    }

    /// The same day of the month so many months later; where that month is shorter, its last day.
    ///
    /// # Errors
    /// [`DateError`] outside the years 0 to 9999.
    pub fn add_months_clamped(self, months: i32) -> Result<Date, DateError> {
        let month = self.month().add(months)?;
        Date::new(month.year, month.month, self.day().min(month.last_day().day()))
    }

    /// How many days `other` lies after this one; negative when it lies before.
    pub fn days_until(self, other: Date) -> i32 {
        (other.0 - self.0).get_days()
    }

    pub(crate) fn civil(self) -> civil::Date {
        self.0
    }

    pub(crate) fn from_civil(date: civil::Date) -> Date {
        Date(date)
    }
}

impl Month {
    /// The month given by year and number (1 to 12).
    ///
    /// # Errors
    /// [`DateError`] when there is no such month or the year is not 0 to 9999.
    pub fn new(year: i16, month: i8) -> Result<Month, DateError> {
        if (0..=9999).contains(&year) && (1..=12).contains(&month) {
            Ok(Month { year, month })
        } else {
            Err(DateError(format!("{year:04}-{month:02}")))
        }
    }

    /// The year.
    pub const fn year(self) -> i16 {
        self.year
    }

    /// The month of the year, 1 to 12.
    pub const fn month_of_year(self) -> i8 {
        self.month
    }

    /// The first day.
    pub fn first_day(self) -> Date {
        Date(civil::Date::constant(self.year, self.month, 1))
    }

    /// The last day.
    pub fn last_day(self) -> Date {
        Date(self.first_day().0.last_of_month())
    }

    /// The month so many months later, or earlier for a negative number.
    ///
    /// # Errors
    /// [`DateError`] outside the years 0 to 9999.
    #[expect(clippy::should_implement_trait, reason = "it takes a number of months and can fail")]
    pub fn add(self, months: i32) -> Result<Month, DateError> {
        let wrong = || DateError(format!("{self} + {months} months"));
        let index = (i32::from(self.year) * 12 + i32::from(self.month) - 1).checked_add(months).ok_or_else(wrong)?;
        let year = i16::try_from(index.div_euclid(12)).map_err(|_| wrong())?;
        // A remainder by twelve is 0 to 11.
        Month::new(year, index.rem_euclid(12) as i8 + 1).map_err(|_| wrong())
    }
}

impl FromStr for Date {
    type Err = DateError;

    /// Reads `2024-09-30` and nothing else.
    fn from_str(text: &str) -> Result<Date, DateError> {
        let wrong = || DateError(text.chars().take(24).collect());
        let [year, month, day] = numbers(text, [4, 2, 2]).ok_or_else(wrong)?;
        Date::new(year, month as i8, day as i8).map_err(|_| wrong())
    }
}

impl FromStr for Month {
    type Err = DateError;

    /// Reads `2024-09` and nothing else.
    fn from_str(text: &str) -> Result<Month, DateError> {
        let wrong = || DateError(text.chars().take(24).collect());
        let [year, month] = numbers(text, [4, 2]).ok_or_else(wrong)?;
        Month::new(year, month as i8).map_err(|_| wrong())
    }
}

/// The numbers between hyphens, each with exactly so many ASCII digits.
fn numbers<const N: usize>(text: &str, widths: [usize; N]) -> Option<[i16; N]> {
    let mut parts = text.split('-');
    let mut found = [0; N];
    for (slot, width) in found.iter_mut().zip(widths) {
        let part = parts.next()?;
        if part.len() != width || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *slot = part.parse().ok()?;
    }
    parts.next().is_none().then_some(found)
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.to_string())
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (f.width(), f.precision()) {
            (None, None) => write!(f, "{:04}-{:02}", self.year, self.month),
            _ => f.pad(&format!("{:04}-{:02}", self.year, self.month)),
        }
    }
}

impl fmt::Debug for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for Month {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Month {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Month, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
