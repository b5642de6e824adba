//! Point sources: where points come from, and how many may (incentives.md 2.3).

use super::LevelConstraint;
use crate::{
    amount::Points,
    id::{AllotmentId, PointAccountId, PointSourceId},
    time::{Span, Timestamp, Unit},
};

/// Every point originates from a source; a source may fill only the accounts it is linked to.
#[derive(Debug, Clone)]
pub struct PointSource {
    /// Its id.
    pub id: PointSourceId,
    /// Shown in ledger rows.
    pub name: String,
    /// Status 1. An inactive source gives nothing.
    pub active: bool,
    /// The accounts it may fill.
    pub accounts: Vec<PointAccountId>,
    /// Restrictions of the frequency kind that count per customer (`discriminator` 2, `personal` true).
    pub personal_limits: Vec<PersonalLimit>,
    /// Restrictions over all customers: inventories (`discriminator` 1) first, then those of the frequency kind that
    /// are not personal.
    pub shared_limits: Vec<SharedLimit>,
    /// Who gets something from it, by tier level (incentives.md 7.7).
    pub level_constraints: Vec<LevelConstraint>,
}

/// At most so many points from one source for all customers together (incentives.md 2.3, 4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SharedLimit {
    /// Where it is counted.
    pub allotment: AllotmentId,
    /// The most that may be issued.
    pub max_points: Points,
    /// Within which time.
    pub within: SharedWithin,
}

/// The time for which a restriction over all customers holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SharedWithin {
    /// An inventory: what is issued between two moments, both included.
    Dates(Option<Timestamp>, Option<Timestamp>),
    /// The window that ends with the issue.
    Window(Span),
}

impl SharedLimit {
    /// So many parts has a window at most, about: what was issued is summed per part.
    const PARTS: i64 = 1024;

    /// An issue of that business time counts.
    pub fn counts_at(&self, at: Timestamp) -> bool {
        match self.within {
            SharedWithin::Dates(from, to) => {
                from.is_none_or(|from| from <= at) && to.is_none_or(|to| at <= to)
            }
            SharedWithin::Window(_) => true,
        }
    }

    /// The start of the part of the window into which a time falls. Parts are of one length, whatever the month.
    pub fn part_of(&self, at: Timestamp) -> Timestamp {
        let SharedWithin::Window(span) = self.within else { return Timestamp::MIN };
        let unit_ms: i64 = match span.unit {
            Unit::Minute => 60_000,
            Unit::Hour => 3_600_000,
            Unit::Day => 86_400_000,
            Unit::Week => 7 * 86_400_000,
            Unit::Month => 30 * 86_400_000,
            Unit::Quarter => 91 * 86_400_000,
            Unit::Year | Unit::Forever => 365 * 86_400_000,
        };
        let part_ms = (unit_ms.saturating_mul(i64::from(span.value)) / Self::PARTS).max(1);
        Timestamp::from_millis(at.millis().div_euclid(part_ms).saturating_mul(part_ms))
    }
}

/// At most so many points per customer from one source within a window that ends now (incentives.md 2.3, 4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PersonalLimit {
    /// The most that may be issued within the window.
    pub max_points: Points,
    /// The length of the window.
    pub window: Span,
}
