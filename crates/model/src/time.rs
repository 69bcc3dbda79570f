//! Instants: whole seconds since 1970 in UTC. RFC 3339 in text, an integer in CBOR (DESIGN §6).

use std::borrow::Cow;
use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Seconds in a day. Durations in policies are whole days.
pub const DAY: i64 = 86_400;

/// An instant, in seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The last instant that has an RFC 3339 form: 9999-12-30T22:00:00Z, rounded down to what every library can print.
    pub const MAX: Timestamp = Timestamp(253_402_207_200);
    /// The first instant that has an RFC 3339 form without a sign: 0000-01-02.
    pub const MIN: Timestamp = Timestamp(-62_167_132_800);

    /// Clamps to [`Timestamp::MIN`]..=[`Timestamp::MAX`], so that every value can be printed.
    pub const fn from_seconds(seconds: i64) -> Timestamp {
        if seconds > Self::MAX.0 {
            Self::MAX
        } else if seconds < Self::MIN.0 {
            Self::MIN
        } else {
            Timestamp(seconds)
        }
    }

    /// Seconds since 1970.
    pub const fn seconds(self) -> i64 {
        self.0
    }

    /// This instant moved by whole days, clamped.
    pub const fn plus_days(self, days: u32) -> Timestamp {
        Timestamp::from_seconds(self.0.saturating_add((days as i64).saturating_mul(DAY)))
    }

    /// Whole days from `earlier` to here, rounded down; negative if `earlier` is later.
    pub const fn days_since(self, earlier: Timestamp) -> i64 {
        self.0.saturating_sub(earlier.0).div_euclid(DAY)
    }

    /// The first second of this instant's day in UTC.
    pub const fn start_of_day(self) -> Timestamp {
        Timestamp::from_seconds(self.0.saturating_sub(self.0.rem_euclid(DAY)))
    }

    /// The calendar date in UTC, `YYYY-MM-DD`.
    pub fn date(self) -> String {
        self.to_string().get(..10).unwrap_or_default().to_owned()
    }
}

impl Add<i64> for Timestamp {
    type Output = Timestamp;
    fn add(self, seconds: i64) -> Timestamp {
        Timestamp::from_seconds(self.0.saturating_add(seconds))
    }
}

impl Sub<i64> for Timestamp {
    type Output = Timestamp;
    fn sub(self, seconds: i64) -> Timestamp {
        Timestamp::from_seconds(self.0.saturating_sub(seconds))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_second(self.0) {
            Ok(instant) => write!(f, "{instant}"),
            Err(_) => write!(f, "{}s", self.0),
        }
    }
}

/// A text that is neither a date (`2026-11-22`) nor an RFC 3339 instant (`2026-11-22T10:00:00Z`).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time: write a date (2026-11-22) or an RFC 3339 instant (2026-11-22T10:00:00Z)")]
pub struct TimestampError(String);

impl FromStr for Timestamp {
    type Err = TimestampError;

    /// A bare date means its first second in UTC.
    fn from_str(text: &str) -> Result<Timestamp, TimestampError> {
        let instant = text
            .parse::<jiff::Timestamp>()
            .or_else(|_| if text.len() == 10 { format!("{text}T00:00:00Z").parse() } else { text.parse() });
        instant
            .map(|instant| Timestamp::from_seconds(instant.as_second()))
            .map_err(|_| TimestampError(text.chars().take(64).collect()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { serializer.serialize_i64(self.0) }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        deserializer.deserialize_any(TimestampVisitor)
    }
}

/// Takes either form: serde's buffered maps forget which format they came from. `canonical::decode` refuses the
/// wrong one by encoding again.
struct TimestampVisitor;

impl de::Visitor<'_> for TimestampVisitor {
    type Value = Timestamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an RFC 3339 instant or whole seconds since 1970")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Timestamp, E> {
        let instant = Timestamp::from_seconds(seconds);
        if instant.0 == seconds { Ok(instant) } else { Err(E::custom("instant out of range")) }
    }

    fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Timestamp, E> {
        self.visit_i64(i64::try_from(seconds).map_err(|_| E::custom("instant out of range"))?)
    }
}

impl JsonSchema for Timestamp {
    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "date-time", "description": "RFC 3339 instant in UTC"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_dates_and_instants() {
        let read = |text: &str| text.parse::<Timestamp>().map(|t| t.to_string());
        assert_eq!(read("2026-11-22").unwrap(), "2026-11-22T00:00:00Z");
        assert_eq!(read("2026-11-22T10:00:00+02:00").unwrap(), "2026-11-22T08:00:00Z");
        assert!(read("yesterday").is_err());
    }

    #[test]
    fn the_ends_of_time_can_be_printed_and_read_back() {
        for end in [Timestamp::MIN, Timestamp::MAX] {
            assert_eq!(end.to_string().parse::<Timestamp>().unwrap(), end);
        }
        assert_eq!(Timestamp::MAX.plus_days(u32::MAX), Timestamp::MAX);
    }
}
