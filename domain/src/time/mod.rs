//! Time: points in it, calendar units, and the text forms of the wire.
//!
//! Time is passed in, never asked for. Inside it is epoch milliseconds; zones matter only where a calendar does.

mod calendar;
mod period;
mod text;

use serde::{Deserialize, Serialize};

pub use calendar::{Span, Unit, Zone};
pub use text::{InvalidTime, TimeForm};

/// A point in time: milliseconds since 1970-01-01T00:00:00Z, between the years 0000 and 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The earliest time there is: 0000-01-01T00:00:00Z.
    pub const MIN: Self = Self(-62_167_219_200_000);
    /// The latest time there is: 9999-12-30T22:00:00Z (the calendar library stops there).
    pub const MAX: Self = Self(253_402_207_200_000);

    /// From epoch milliseconds; values outside the range are brought to its ends.
    pub const fn from_millis(millis: i64) -> Self {
        if millis < Self::MIN.0 {
            Self::MIN
        } else if millis > Self::MAX.0 {
            Self::MAX
        } else {
            Self(millis)
        }
    }

    /// Epoch milliseconds.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Later by so many milliseconds (earlier when negative), kept within the range.
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self::from_millis(self.0.saturating_add(millis))
    }
}
