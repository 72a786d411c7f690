//! Instants: whole microseconds since the Unix epoch, in UTC.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Microseconds in one hour.
const HOUR: i64 = 3_600_000_000;

/// A point in time, to the microsecond. Both database engines keep exactly this much.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

/// The text is not a point in time, or lies outside the years 0000 to 9999.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an instant (expected 2024-09-18T22:00:00Z or 2024-09-18 22:00:00)")]
pub struct InstantError(pub String);

impl Instant {
    /// The first instant this type knows: 0000-01-01T00:00:00Z.
    pub const MIN: Instant = Instant(-62_167_219_200_000_000);
    /// The last instant this type knows: 9999-12-30T22:00:00Z, the last that every zone can show.
    pub const MAX: Instant = Instant(253_402_207_200_000_000);

    /// The instant so many microseconds after the epoch, if it lies between [`Instant::MIN`] and
    /// [`Instant::MAX`].
    ///
    /// # Errors
    /// [`InstantError`] outside that range.
    pub fn from_micros(micros: i64) -> Result<Instant, InstantError> {
        if (Instant::MIN.0..=Instant::MAX.0).contains(&micros) {
            Ok(Instant(micros))
        } else {
            Err(InstantError(format!("{micros} µs")))
        }
    }

    /// Microseconds since the epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The start of the UTC hour that holds this instant.
    pub const fn hour(self) -> Instant {
        Instant(self.0 - self.0.rem_euclid(HOUR))
    }

    /// The instant so many microseconds later (or earlier), kept within the known range.
    pub fn saturating_add(self, micros: i64) -> Instant {
        Instant(self.0.saturating_add(micros).clamp(Instant::MIN.0, Instant::MAX.0))
    }

    pub(crate) fn timestamp(self) -> Timestamp {
        // The range of this type lies within the range of a timestamp.
        Timestamp::from_microsecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

impl FromStr for Instant {
    type Err = InstantError;

    /// Reads RFC 3339 (`2024-09-18T22:00:00.5Z`, with any offset), or a date and time without a zone,
    /// separated by `T` or a space, which is UTC. More than six decimals of a second are refused: nothing is
    /// rounded.
    fn from_str(text: &str) -> Result<Instant, InstantError> {
        let wrong = || InstantError(text.chars().take(40).collect());
        let timestamp = match text.parse::<Timestamp>() {
            Ok(timestamp) => timestamp,
            Err(_) => {
                let civil: DateTime = text.parse().map_err(|_| wrong())?;
                if !text.contains(':') {
                    return Err(wrong());
                }
                civil.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| wrong())?.timestamp()
            }
        };
        if timestamp.as_nanosecond() % 1_000 != 0 {
            return Err(wrong());
        }
        Instant::from_micros(timestamp.as_microsecond()).map_err(|_| wrong())
    }
}

impl fmt::Display for Instant {
    /// RFC 3339 in UTC with no more decimals than needed: `2024-09-18T22:00:00Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (f.width(), f.precision()) {
            (None, None) => write!(f, "{}", self.timestamp()),
            _ => f.pad(&self.timestamp().to_string()),
        }
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Instant, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
