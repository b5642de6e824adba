//! Point accounts and their expiration policies (incentives.md 2.1, 2.2).

use serde::{Deserialize, Serialize};

use super::event::{COMPLETE_TRANSACTION, PlatformEvent};
use crate::{
    amount::{Points, Rate, Rounding, divide_rounded},
    id::PointAccountId,
    time::{Span, Timestamp, Zone},
};

/// A kind of points a customer can have (incentives.md 2.1).
#[derive(Debug, Clone)]
pub struct PointAccount {
    /// Its id.
    pub id: PointAccountId,
    /// Internal name; `account_name` in balances.
    pub name: String,
    /// Groups accounts; `Spend` and `Tier` drive the core projection (incentives.md 2.9).
    pub grouping_label: String,
    /// Spends that name no account draw from these.
    pub in_default_pool: bool,
    /// Inactive: no deposits, no spends, not listed in balances.
    pub active: bool,
    /// Returns and forced spends may overdraw.
    pub allow_negative_balance: bool,
    /// Ceiling of the available balance.
    pub max_allowed_balance: Option<Points>,
    /// When its points expire.
    pub expiration: ExpirationPolicy,
}

/// When points of an account expire (incentives.md 2.2, 4.6). Percentages of 0 are [`ExpirationPolicy::Never`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpirationPolicy {
    /// Type 0.
    Never,
    /// Type 1: at every evaluation, lots that are old enough lose a share.
    Aged {
        /// When it is evaluated.
        schedule: Schedule,
        /// How old a lot must be.
        age: Span,
        /// What is lost, and to where.
        loss: Loss,
    },
    /// Type 2: at every evaluation before which the customer was inactive for so long, all lots lose a share.
    Inactive {
        /// When it is evaluated.
        schedule: Schedule,
        /// How long without any of `events`.
        age: Span,
        /// What counts as activity; not empty.
        events: Vec<ActivityKind>,
        /// What is lost, and to where.
        loss: Loss,
    },
}

/// Fixed calendar dates: the first, and every so much time after it, in the retailer's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// The first (`next_evaluation_date` as configured).
    pub first: Timestamp,
    /// From each to the next; above zero and with an end.
    pub every: Span,
}

impl Schedule {
    /// The first date at or after `at`.
    pub fn at_or_after(&self, at: Timestamp, zone: &Zone) -> Option<Timestamp> {
        zone.next_occurrence(self.first, self.every, at)
    }

    /// The first date after `at`.
    pub fn after(&self, at: Timestamp, zone: &Zone) -> Option<Timestamp> {
        self.at_or_after(at.plus_millis(1), zone)
    }
}

/// What an evaluation takes from a lot, and where that goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loss {
    /// Of what remains of the lot.
    pub share: LostShare,
    /// Into this account; none: it is gone.
    pub rollover: Option<PointAccountId>,
}

/// A percentage above 0 and up to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LostShare(Rate);

impl LostShare {
    /// Everything.
    pub const WHOLE: Self = Self(Rate::from_units(Self::PERCENT_MAX));
    const PERCENT_MAX: i64 = 100 * Rate::UNIT;

    /// A percentage; nothing when it is not above 0 and up to 100.
    pub fn percent(percentage: Rate) -> Option<Self> {
        (1..=Self::PERCENT_MAX).contains(&percentage.units()).then_some(Self(percentage))
    }

    /// As a percentage.
    pub const fn percentage(self) -> Rate {
        self.0
    }

    /// The share of so many points, which are not below zero: `round(points * percentage / 100, 4)` (incentives.md
    /// 4.6), halves up. Never more than the points.
    pub fn of(self, points: Points) -> Points {
        let product = points.wide() * self.0.wide();
        let share = divide_rounded(product, i128::from(Self::PERCENT_MAX), Rounding::Nearest);
        share.and_then(Points::from_wide).expect("a share of an amount is an amount")
    }
}

/// A loyalty event that may count as activity (`specific_activity_event_types`, incentives.md 1.6, 2.2). Stored in
/// customers' states: grows at the end only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ActivityKind {
    /// A purchase was evaluated.
    CompleteTransaction,
    /// Points were issued.
    EarnPoints,
    /// Points were spent.
    SpendPoints,
    /// A higher level was entered.
    TierPromoted,
    /// Points ran out.
    ExpirePoints,
    /// A lower level was entered.
    TierDemoted,
    /// An event that the retailer has defined, upper case.
    Reported(Box<str>),
}

impl ActivityKind {
    /// Those of the platform.
    pub const PLATFORM: [Self; 6] = [
        Self::CompleteTransaction,
        Self::EarnPoints,
        Self::SpendPoints,
        Self::TierPromoted,
        Self::ExpirePoints,
        Self::TierDemoted,
    ];

    /// The name on the wire.
    pub fn lookup(&self) -> &str {
        match self {
            Self::CompleteTransaction => COMPLETE_TRANSACTION,
            Self::EarnPoints => PlatformEvent::EarnPoints.lookup(),
            Self::SpendPoints => PlatformEvent::SpendPoints.lookup(),
            Self::TierPromoted => PlatformEvent::TierPromoted.lookup(),
            Self::ExpirePoints => PlatformEvent::ExpirePoints.lookup(),
            Self::TierDemoted => PlatformEvent::TierDemoted.lookup(),
            Self::Reported(lookup) => lookup,
        }
    }

    /// The kind of the platform of that name, in any letter case.
    pub fn of_platform(lookup: &str) -> Option<Self> {
        Self::PLATFORM.into_iter().find(|kind| kind.lookup().eq_ignore_ascii_case(lookup))
    }
}

impl ExpirationPolicy {
    /// When a lot that was earned at `occurred` expires by its age: the first evaluation `d` with `occurred + age <= d`
    /// (incentives.md 4.6). None where nothing expires by age.
    pub fn expiry_of(&self, occurred: Timestamp, zone: &Zone) -> Option<Timestamp> {
        match self {
            Self::Never | Self::Inactive { .. } => None,
            Self::Aged { schedule, age, .. } => schedule.at_or_after(zone.later(occurred, *age)?, zone),
        }
    }

    /// What an evaluation takes; none: nothing ever.
    pub const fn loss(&self) -> Option<Loss> {
        match self {
            Self::Never => None,
            Self::Aged { loss, .. } | Self::Inactive { loss, .. } => Some(*loss),
        }
    }

    /// The account that expired points move to.
    pub fn rollover(&self) -> Option<PointAccountId> {
        self.loss()?.rollover
    }
}
