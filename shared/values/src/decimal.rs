//! A decimal number with eighteen exact places.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Digits after the point that a [`Decimal`] holds.
pub(crate) const PLACES: usize = 18;
const ONE: i128 = 1_000_000_000_000_000_000;
const NANO: i128 = 1_000_000_000;

/// An exact decimal number: at most twenty digits before the point and eighteen after it.
///
/// Quantities and amounts of real cloud bills carry eleven decimals and more; eighteen hold every
/// one of them with room for sums, and a number with more digits is refused, never rounded.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal {
    attos: i128,
}

/// Why a text or a computation gave no [`Decimal`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// The text is not a plain decimal number. Exponents are allowed, words are not.
    #[error("`{0}` is not a decimal number")]
    NotANumber(String),
    /// The number has digits beyond the eighteenth decimal place.
    #[error("`{0}` has more than 18 decimal places")]
    TooManyPlaces(String),
    /// The number is too large.
    #[error("a decimal number is out of range (at most 20 digits before the point)")]
    OutOfRange,
}

impl Decimal {
    /// Zero.
    pub const ZERO: Decimal = Decimal { attos: 0 };
    /// One.
    pub const ONE: Decimal = Decimal { attos: ONE };

    /// The number of 10⁻¹⁸ units given.
    pub const fn from_attos(attos: i128) -> Decimal {
        Decimal { attos }
    }

    /// The whole number given.
    pub const fn from_int(units: i64) -> Decimal {
        Decimal { attos: units as i128 * ONE }
    }

    /// The value counted in 10⁻¹⁸ units.
    pub const fn attos(self) -> i128 {
        self.attos
    }

    /// The three integers under which both database engines store and add a decimal exactly:
    /// units, nanos and attos, each of the last two within nine digits, all of one sign.
    ///
    /// # Errors
    /// [`DecimalError::OutOfRange`] when the units leave 64 bits.
    pub fn parts(self) -> Result<[i64; 3], DecimalError> {
        let units = i64::try_from(self.attos / ONE).map_err(|_| DecimalError::OutOfRange)?;
        let rest = self.attos % ONE;
        let nanos = rest / NANO;
        let attos = rest % NANO;
        // Both are remainders below 10⁹ in magnitude.
        Ok([units, nanos as i64, attos as i64])
    }

    /// The decimal with these parts. Sums of stored parts need not be normalised: carries are
    /// taken here.
    ///
    /// # Errors
    /// [`DecimalError::OutOfRange`] when the total leaves the range.
    pub fn from_parts(parts: [i64; 3]) -> Result<Decimal, DecimalError> {
        let [units, nanos, attos] = parts.map(i128::from);
        units
            .checked_mul(ONE)
            .and_then(|sum| sum.checked_add(nanos * NANO))
            .and_then(|sum| sum.checked_add(attos))
            .map(|attos| Decimal { attos })
            .ok_or(DecimalError::OutOfRange)
    }

    /// The sum.
    ///
    /// # Errors
    /// [`DecimalError::OutOfRange`].
    pub fn checked_add(self, other: Decimal) -> Result<Decimal, DecimalError> {
        self.attos.checked_add(other.attos).map(|attos| Decimal { attos }).ok_or(DecimalError::OutOfRange)
    }

    /// The difference.
    ///
    /// # Errors
    /// [`DecimalError::OutOfRange`].
    pub fn checked_sub(self, other: Decimal) -> Result<Decimal, DecimalError> {
        self.attos.checked_sub(other.attos).map(|attos| Decimal { attos }).ok_or(DecimalError::OutOfRange)
    }

    /// The number with its sign changed.
    ///
    /// # Errors
    /// [`DecimalError::OutOfRange`] for the one value without an opposite.
    pub fn checked_neg(self) -> Result<Decimal, DecimalError> {
        self.attos.checked_neg().map(|attos| Decimal { attos }).ok_or(DecimalError::OutOfRange)
    }

    /// The sum of many.
    ///
    /// # Errors
    /// [`DecimalError::OutOfRange`].
    pub fn checked_sum(values: impl IntoIterator<Item = Decimal>) -> Result<Decimal, DecimalError> {
        values.into_iter().try_fold(Decimal::ZERO, Decimal::checked_add)
    }

    /// Whether the number is zero.
    pub const fn is_zero(self) -> bool {
        self.attos == 0
    }

    /// Whether the number is below zero.
    pub const fn is_negative(self) -> bool {
        self.attos < 0
    }

    /// Whether the number has no decimals.
    pub const fn is_whole(self) -> bool {
        self.attos % ONE == 0
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    /// Reads `-12.5`, `+3`, `.5`, `7.` and `1.5e-3`. Only ASCII digits count as digits; group
    /// separators, currency signs, `NaN` and the like are refused.
    fn from_str(text: &str) -> Result<Decimal, DecimalError> {
        let not_a_number = || DecimalError::NotANumber(shortened(text));
        let (negative, rest) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let (mantissa, exponent) = match rest.find(['e', 'E']) {
            Some(at) => (&rest[..at], parse_exponent(&rest[at + 1..]).ok_or_else(not_a_number)?),
            None => (rest, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits_only = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !digits_only(whole) || !digits_only(fraction) {
            return Err(not_a_number());
        }
        let attos = scaled(whole, fraction, exponent).map_err(|error| match error {
            DecimalError::TooManyPlaces(_) => DecimalError::TooManyPlaces(shortened(text)),
            other => other,
        })?;
        Ok(Decimal { attos: if negative { -attos } else { attos } })
    }
}

/// At most the first forty characters of a refused text, for its error.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

fn parse_exponent(text: &str) -> Option<i32> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || digits.len() > 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// The most digits that are read as one 64-bit number; the numbers of bills have fewer.
const SHORT: usize = 18;

/// The digits of `whole` and `fraction`, moved by `exponent` places, as a count of 10⁻¹⁸.
fn scaled(whole: &str, fraction: &str, exponent: i32) -> Result<i128, DecimalError> {
    // The weight of the last digit, as a power of ten in attos.
    let last = i64::from(exponent) + PLACES as i64 - fraction.len() as i64;
    let power = u32::try_from(last).ok().and_then(|last| 10i128.checked_pow(last));
    match power {
        Some(power) if whole.len() + fraction.len() <= SHORT => {
            let digits = whole.bytes().chain(fraction.bytes());
            let number = digits.fold(0_u64, |number, byte| number * 10 + u64::from(byte - b'0'));
            i128::from(number).checked_mul(power).ok_or(DecimalError::OutOfRange)
        }
        _ => scaled_one_by_one(whole, fraction, last),
    }
}

/// As [`scaled`], for any number of digits, of which the last weighs 10 to `last` attos.
fn scaled_one_by_one(whole: &str, fraction: &str, last: i64) -> Result<i128, DecimalError> {
    let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).map(|byte| byte - b'0').collect();
    let mut attos: i128 = 0;
    for (index, digit) in digits.iter().enumerate() {
        let weight = last + (digits.len() - 1 - index) as i64;
        if *digit == 0 {
            continue;
        }
        if weight < 0 {
            return Err(DecimalError::TooManyPlaces(String::new()));
        }
        let weight = u32::try_from(weight).ok().and_then(|weight| 10i128.checked_pow(weight));
        attos = weight
            .and_then(|weight| weight.checked_mul(i128::from(*digit)))
            .and_then(|part| attos.checked_add(part))
            .ok_or(DecimalError::OutOfRange)?;
    }
    Ok(attos)
}

/// Digits before the point of the largest number, the point, and the places.
const LONGEST: usize = 21 + 1 + PLACES;

impl fmt::Display for Decimal {
    /// The shortest exact text: no exponent, no trailing zeros after the point. A precision (`{:.2}`)
    /// pads with zeros and never cuts a digit.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.attos.unsigned_abs();
        // Numbers below eighteen, which is most of a bill, are divided in one machine word.
        let (mut whole, mut fraction) = match u64::try_from(magnitude) {
            Ok(small) => (u128::from(small / ONE as u64), small % ONE as u64),
            Err(_) => (magnitude / ONE.unsigned_abs(), (magnitude % ONE.unsigned_abs()) as u64),
        };
        let mut text = [b'0'; LONGEST];
        text[LONGEST - PLACES - 1] = b'.';
        for place in (LONGEST - PLACES..LONGEST).rev() {
            text[place] += (fraction % 10) as u8;
            fraction /= 10;
        }
        let zeros = text.iter().rev().take(PLACES).take_while(|digit| **digit == b'0').count();
        let shown = (PLACES - zeros).max(f.precision().unwrap_or(0).min(PLACES));
        let end = if shown == 0 { LONGEST - PLACES - 1 } else { LONGEST - PLACES + shown };
        let mut start = LONGEST - PLACES - 1;
        loop {
            start -= 1;
            text[start] += (whole % 10) as u8;
            whole /= 10;
            if whole == 0 {
                break;
            }
        }
        // Only ASCII digits and the point were written.
        let text = std::str::from_utf8(&text[start..end]).map_err(|_| fmt::Error)?;
        f.pad_integral(self.attos >= 0, "", text)
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Decimal({self})")
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
