//! What a node asks of the moment and of the customer, rather than of the goods (incentives.md 6.3).

use super::{ValueTest, data::DataPath};
use crate::{
    id::TierLevelId,
    time::{Span, Timestamp},
};

/// A constraint on the moment or on the customer.
#[derive(Debug, Clone)]
pub struct Circumstance {
    /// What is asked holds (`mode` include), or does not (exclude).
    pub include: bool,
    /// What is asked.
    pub test: CircumstanceTest,
}

/// What is asked.
#[derive(Debug, Clone)]
pub enum CircumstanceTest {
    /// Type 1: the business time lies inside; both ends included.
    Time {
        /// From here on.
        starts: Option<Timestamp>,
        /// Up to here.
        ends: Option<Timestamp>,
    },
    /// Type 128: on these days, at these hours.
    DayAndHour(DayAndHour),
    /// Type 256: the customer holds one of these levels.
    Levels(Vec<TierLevelId>),
    /// Type 512: the customer has one of these tags, written in lower case.
    Tags(Vec<Box<str>>),
    /// Type 1024: a member of the context of an event, or of the `custom_data` of a purchase. Missing or blank fails,
    /// included or excluded.
    Context {
        /// Which member.
        key: DataPath,
        /// What it must be.
        test: ValueTest,
    },
    /// Type 32768: the customer registered no longer ago than this.
    JoinedWithin(Span),
}

impl CircumstanceTest {
    /// Its wire number (incentives.md 6.3).
    pub const fn number(&self) -> u32 {
        match self {
            Self::Time { .. } => 1,
            Self::DayAndHour(_) => 128,
            Self::Levels(_) => 256,
            Self::Tags(_) => 512,
            Self::Context { .. } => 1024,
            Self::JoinedWithin(_) => 32_768,
        }
    }
}

/// Days of the week and hours of the day, on the clock of the store; without a store, on the retailer's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayAndHour {
    /// Bit 0 is Sunday, bit 6 Saturday. Behind midnight, the day is that on which the hours began.
    pub days: u8,
    /// Minute of the day from which it holds.
    pub from: u16,
    /// Last minute of the day in which it holds; below `from`: of the next day.
    pub to: u16,
}

impl DayAndHour {
    /// Whether it holds on a day of the week (0 is Sunday) in a minute of the day.
    pub const fn holds(self, weekday: u8, minute: u16) -> bool {
        if self.from <= self.to {
            return self.has(weekday) && self.from <= minute && minute <= self.to;
        }
        (self.has(weekday) && minute >= self.from) || (self.has((weekday + 6) % 7) && minute <= self.to)
    }

    const fn has(self, weekday: u8) -> bool {
        self.days & (1 << weekday) != 0
    }
}
