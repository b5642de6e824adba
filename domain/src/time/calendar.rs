//! Calendar units (incentives.md 3.1) and time zones.
//!
//! Zones come from the table inside the program, never from the machine's, so that a replay is the same everywhere.

use jiff::{civil, tz};
use serde::{Deserialize, Serialize};

use super::Timestamp;

/// A unit of time (incentives.md 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Unit {
    /// 0
    Day,
    /// 1
    Week,
    /// 2
    Month,
    /// 3
    Year,
    /// 4
    Hour,
    /// 5
    Minute,
    /// 6
    Quarter,
    /// 7
    Forever,
}

impl Unit {
    /// The number of incentives.md 3.1.
    pub const fn number(self) -> u8 {
        match self {
            Self::Day => 0,
            Self::Week => 1,
            Self::Month => 2,
            Self::Year => 3,
            Self::Hour => 4,
            Self::Minute => 5,
            Self::Quarter => 6,
            Self::Forever => 7,
        }
    }

    /// The unit behind a wire number.
    pub const fn from_number(number: i64) -> Option<Self> {
        Some(match number {
            0 => Self::Day,
            1 => Self::Week,
            2 => Self::Month,
            3 => Self::Year,
            4 => Self::Hour,
            5 => Self::Minute,
            6 => Self::Quarter,
            7 => Self::Forever,
            _ => return None,
        })
    }

    /// The unit behind its English name, in any letter case (`unit_of_time`).
    pub fn from_name(name: &str) -> Option<Self> {
        const NAMES: [(&str, Unit); 8] = [
            ("day", Unit::Day),
            ("week", Unit::Week),
            ("month", Unit::Month),
            ("year", Unit::Year),
            ("hour", Unit::Hour),
            ("minute", Unit::Minute),
            ("quarter", Unit::Quarter),
            ("forever", Unit::Forever),
        ];
        NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, unit)| *unit)
    }
}

/// So many units of time. Zero of any unit is no time at all; any number of [`Unit::Forever`] has no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Span {
    /// How many.
    pub value: u32,
    /// Of what.
    pub unit: Unit,
}

/// A time zone by its IANA name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(tz::TimeZone);

impl Default for Zone {
    fn default() -> Self {
        Self::UTC
    }
}

impl Zone {
    /// UTC.
    pub const UTC: Self = Self(tz::TimeZone::UTC);

    /// The zone of an IANA name such as `Europe/Madrid`; nothing when there is none of that name.
    pub fn named(name: &str) -> Option<Self> {
        if name.eq_ignore_ascii_case("UTC") {
            return Some(Self::UTC);
        }
        tz::TimeZoneDatabase::bundled().get(name).ok().map(Self)
    }

    /// Its IANA name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// What a clock on the wall of this zone shows.
    pub(super) fn civil(&self, at: Timestamp) -> civil::DateTime {
        let instant = jiff::Timestamp::from_millisecond(at.millis())
            .expect("a Timestamp is within the calendar's range");
        self.0.to_datetime(instant)
    }

    /// The day of the week (0 is Sunday) and the minute of the day that a clock on the wall of this zone shows.
    pub fn weekday_and_minute(&self, at: Timestamp) -> (u8, u16) {
        let local = self.civil(at);
        let weekday = local.date().weekday().to_sunday_zero_offset().unsigned_abs();
        let minute = u16::from(local.hour().unsigned_abs()) * 60 + u16::from(local.minute().unsigned_abs());
        (weekday, minute)
    }

    /// When the wall clock shows this; in a gap or fold, the reading that is compatible with RFC 5545.
    pub(super) fn instant(&self, local: civil::DateTime) -> Option<Timestamp> {
        let instant = self.0.to_ambiguous_timestamp(local).compatible().ok()?;
        Some(Timestamp::from_millis(instant.as_millisecond()))
    }

    /// `at` moved by a calendar span in this zone: a month later is the same day of the next month, or its last day.
    /// `None` when there is no end (forever) or the calendar ends before it.
    pub fn later(&self, at: Timestamp, span: Span) -> Option<Timestamp> {
        self.moved(at, i64::from(span.value), span.unit)
    }

    /// `at` moved back by a calendar span; `None` when the span has no beginning.
    pub fn earlier(&self, at: Timestamp, span: Span) -> Option<Timestamp> {
        self.moved(at, -i64::from(span.value), span.unit)
    }

    fn moved(&self, at: Timestamp, value: i64, unit: Unit) -> Option<Timestamp> {
        let span = match unit {
            Unit::Forever => return None,
            // By way of its local time, a moment in an hour that comes twice would move to the first of the two.
            _ if value == 0 => return Some(at),
            Unit::Minute => return Some(at.plus_millis(value * 60_000)),
            Unit::Hour => return Some(at.plus_millis(value * 3_600_000)),
            Unit::Day => jiff::Span::new().try_days(value).ok()?,
            Unit::Week => jiff::Span::new().try_weeks(value).ok()?,
            Unit::Month => jiff::Span::new().try_months(value).ok()?,
            Unit::Quarter => jiff::Span::new().try_months(value.checked_mul(3)?).ok()?,
            Unit::Year => jiff::Span::new().try_years(value).ok()?,
        };
        self.instant(self.civil(at).checked_add(span).ok()?)
    }

    /// The start of the calendar window of `span` that holds `at`. A window of several units (2 months) counts from the
    /// start of the year 1970, so that all customers share its borders. [`Unit::Forever`] has one window.
    pub fn window_start(&self, at: Timestamp, span: Span) -> Timestamp {
        let local = self.civil(at);
        let date = local.date();
        let count = i64::from(span.value.max(1));
        let epoch = civil::date(1970, 1, 1);
        let months = (i64::from(date.year()) - 1970) * 12 + i64::from(date.month()) - 1;
        let days = i64::from(epoch.until(date).map_or(0, |span| span.get_days()));
        let start = match span.unit {
            Unit::Forever => return Timestamp::MIN,
            Unit::Minute | Unit::Hour => {
                let width = count * if span.unit == Unit::Hour { 3_600_000 } else { 60_000 };
                return Timestamp::from_millis(at.millis() - at.millis().rem_euclid(width));
            }
            Unit::Day => jiff::Span::new().try_days(days - days.rem_euclid(count)),
            // 1970-01-01 was a Thursday; weeks begin on Monday (ISO 8601), three days before it.
            Unit::Week => jiff::Span::new().try_days(days - (days + 3).rem_euclid(7 * count)),
            Unit::Month => jiff::Span::new().try_months(months - months.rem_euclid(count)),
            Unit::Quarter => jiff::Span::new().try_months(months - months.rem_euclid(3 * count)),
            Unit::Year => jiff::Span::new().try_months(months - months.rem_euclid(12 * count)),
        };
        // A window so long that it began before the calendar does holds everything from there on.
        let start = start.and_then(|since_epoch| epoch.checked_add(since_epoch)).ok();
        start.and_then(|date| self.midnight_of(date)).unwrap_or(Timestamp::MIN)
    }

    /// The first of `anchor`, `anchor + every`, `anchor + 2 every`, ... that is not before `from`. `None` when
    /// `every` has no end or no length.
    pub fn next_occurrence(&self, anchor: Timestamp, every: Span, from: Timestamp) -> Option<Timestamp> {
        let step_days = match every.unit {
            Unit::Forever => return None,
            Unit::Minute | Unit::Hour | Unit::Day => 1,
            Unit::Week => 7,
            Unit::Month => 31,
            Unit::Quarter => 92,
            Unit::Year => 366,
        };
        if every.value == 0 {
            return None;
        }
        let count = i64::from(every.value);
        // A first guess that is never too late, then single steps: 31-day months fall short by at most a few per
        // century.
        let distance_days = (from.millis() - anchor.millis()).div_euclid(86_400_000);
        let per_day = match every.unit {
            Unit::Minute => 1_440,
            Unit::Hour => 24,
            _ => 1,
        };
        let mut steps = ((distance_days * per_day).div_euclid(step_days * count) - 1).max(0);
        loop {
            let at = self.moved(anchor, steps.checked_mul(count)?, every.unit)?;
            if at >= from {
                return Some(at);
            }
            steps += 1;
        }
    }

    /// The next midnight of this zone at or after `at`.
    pub fn midnight_from(&self, at: Timestamp) -> Timestamp {
        let day = Span { value: 1, unit: Unit::Day };
        if self.window_start(at, day) == at {
            return at;
        }
        // Not a day after the start of today: where the clock jumps at midnight, that is no midnight.
        let tomorrow = self.civil(at).date().tomorrow().ok();
        tomorrow.and_then(|date| self.midnight_of(date)).unwrap_or(Timestamp::MAX)
    }

    /// The start of a day: its midnight, or the first moment after it where the clock jumps over midnight.
    fn midnight_of(&self, date: civil::Date) -> Option<Timestamp> {
        self.instant(date.to_datetime(civil::Time::midnight()))
    }
}
