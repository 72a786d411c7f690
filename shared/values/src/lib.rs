//! Exact values: the words in which every service and the engine speak of numbers, money, time and
//! identity.
//!
//! Nothing in this crate does IO, reads a clock or knows a wire format, and nothing in it is a
//! binary floating-point number. Every operation that can lose a digit or leave its range is
//! checked and says so.

mod currency;
mod date;
mod decimal;
mod digest;
mod fraction;
mod id;
mod instant;
mod interval;
mod money;
mod ratio;
mod zone;

#[cfg(test)]
mod tests;

pub use currency::{Currency, UnknownCurrency};
pub use date::{Date, DateError, Month};
pub use decimal::{Decimal, DecimalError};
pub use digest::{Canon, Digest, DigestError};
pub use fraction::Ratio;
pub use id::{Id, IdError};
pub use instant::{Instant, InstantError};
pub use interval::{Interval, IntervalError};
pub use money::{Amount, Money, MoneyError};
pub use ratio::{Rounding, largest_remainder, ratio_from_decimal, ratio_to_text, round_ratio, round_to_minor};
pub use zone::{Zone, ZoneError};
