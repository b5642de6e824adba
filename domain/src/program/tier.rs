//! Tier systems and their levels (incentives.md 2.6).

use serde::{Deserialize, Serialize};

use crate::{
    id::{TierLevelId, TierSystemId},
    time::{Span, Timestamp, Unit, Zone},
};

/// A ladder of levels. A customer holds at most one level of it.
#[derive(Debug, Clone)]
pub struct TierSystem {
    /// Its id.
    pub id: TierSystemId,
    /// Its name.
    pub name: String,
    /// Status 2 and not disabled: members join and move.
    pub live: bool,
    /// The levels by ascending rank; the first has rank 0.
    pub levels: Vec<TierLevel>,
}

impl TierSystem {
    /// The level of this id.
    pub fn level(&self, id: TierLevelId) -> Option<&TierLevel> {
        self.levels.iter().find(|level| level.id == id)
    }

    /// The live levels above a rank, lowest first.
    pub fn live_levels_above(&self, rank: u32) -> impl Iterator<Item = &TierLevel> {
        self.levels.iter().filter(move |level| level.rank > rank && level.is_live())
    }

    /// The live levels below a rank, highest first.
    pub fn live_levels_below(&self, rank: u32) -> impl Iterator<Item = &TierLevel> {
        self.levels.iter().rev().filter(move |level| level.rank < rank && level.is_live())
    }
}

/// One level of a tier system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierLevel {
    /// Its id.
    pub id: TierLevelId,
    /// Its name, shown as the customer's `tier`.
    pub name: String,
    /// 0 is the default level; higher is better.
    pub rank: u32,
    /// 2 is live (incentives.md 3.2).
    pub status: u8,
    /// How often a customer gets what joining it gives; none: every time.
    pub joining_cap: Option<JoiningCap>,
    /// When its stay rules run; none: never.
    pub maintenance: Option<Maintenance>,
    /// Some live tree says who stays in it. Without one, members stay for ever (incentives.md 8.3).
    pub has_stay_rules: bool,
}

impl TierLevel {
    /// Members may enter it.
    pub const fn is_live(&self) -> bool {
        self.status == 2
    }
}

/// So many times per unit of time (`joining_outcome_frequency_value`, `joining_outcome_frequency_uom`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JoiningCap {
    /// How many times; above 0.
    pub times: u32,
    /// Within the unit of time that ends now; [`Unit::Forever`]: in a lifetime.
    pub per: Unit,
}

/// When the stay rules of a level run (incentives.md 2.6, 8.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Maintenance {
    /// How often (`maintenance_frequency_value`, `maintenance_frequency_uom`); neither zero nor without end.
    pub every: Span,
    /// What the runs are counted from.
    pub counted: Counted,
    /// The time after joining in which a member is left alone (`maintenance_age_value`, `maintenance_age_uom`).
    pub safe: Option<Span>,
}

/// What the runs of a maintenance are counted from (`maintenance_frequency_is_relative`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Counted {
    /// From the day on which the member joined the level.
    FromJoining,
    /// By the calendar, for all members together: on this day of every period (`maintenance_frequency_day`).
    ByCalendar {
        /// As [`Zone::next_run`] takes it.
        day: u16,
    },
}

impl Maintenance {
    /// The first run after `after` for a member who joined at `joined` and is then no longer in the safe time. Runs of
    /// days and longer are at the start of a day. `None`: there is none any more.
    pub fn next(&self, joined: Timestamp, after: Timestamp, zone: &Zone) -> Option<Timestamp> {
        let safe_until = match self.safe {
            None => joined,
            Some(safe) => zone.later(joined, safe)?,
        };
        let from = after.max(joined).plus_millis(1).max(safe_until);
        match self.counted {
            Counted::ByCalendar { day } => zone.next_run(self.every, day, from),
            Counted::FromJoining => {
                let anchor = match self.every.unit {
                    Unit::Minute | Unit::Hour => joined,
                    Unit::Day | Unit::Week | Unit::Month | Unit::Quarter | Unit::Year | Unit::Forever => {
                        zone.window_start(joined, Span { value: 1, unit: Unit::Day })
                    }
                };
                zone.next_occurrence(anchor, self.every, from)
            }
        }
    }
}
