//! Loyalty events: what a retailer lets callers report (incentives.md 1.6, 7.10, 7.12).

use uuid::Uuid;

/// What starts purchase trees, and what the platform says after a purchase.
pub const COMPLETE_TRANSACTION: &str = "COMPLETE_TRANSACTION";

/// An event that the platform raises about what a decision did to a customer's points and levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlatformEvent {
    /// Points were issued: once for each row of the ledger.
    EarnPoints,
    /// Points were spent: once for each row of the ledger.
    SpendPoints,
    /// Points ran out and are gone: once for each row of the ledger. What rolls over does not count (4.6).
    ExpirePoints,
    /// A higher level was entered, but for the one that every customer begins with.
    TierPromoted,
    /// A lower level was entered.
    TierDemoted,
}

impl PlatformEvent {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::EarnPoints, Self::SpendPoints, Self::ExpirePoints, Self::TierPromoted, Self::TierDemoted];

    /// Its name.
    pub const fn lookup(self) -> &'static str {
        match self {
            Self::EarnPoints => "EARN_POINTS",
            Self::SpendPoints => "SPEND_POINTS",
            Self::ExpirePoints => "EXPIRE_POINTS",
            Self::TierPromoted => "TIER_PROMOTED",
            Self::TierDemoted => "TIER_DEMOTED",
        }
    }

    /// The event of that name, in any letter case.
    pub fn of_lookup(lookup: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.lookup().eq_ignore_ascii_case(lookup))
    }

    const fn bit(self) -> u8 {
        match self {
            Self::EarnPoints => 1,
            Self::SpendPoints => 2,
            Self::ExpirePoints => 4,
            Self::TierPromoted => 8,
            Self::TierDemoted => 16,
        }
    }
}

/// Which of the platform's events some live tree follows: only these are raised.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Followed(u8);

impl Followed {
    /// One more.
    pub fn add(&mut self, event: PlatformEvent) {
        self.0 |= event.bit();
    }

    /// Some level publishes events for entering it or staying in it.
    pub fn add_published(&mut self) {
        self.0 |= 32;
    }

    /// Some tree follows this one.
    pub const fn has(self, event: PlatformEvent) -> bool {
        self.0 & event.bit() != 0
    }

    /// No tree follows any, and no level publishes any.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// The events that only the platform itself raises (incentives.md 1.6), and a second spelling of one.
const RESERVED: [&str; 9] = [
    COMPLETE_TRANSACTION,
    "EARN_POINTS",
    "SPEND_POINTS",
    "EXPIRE_POINTS",
    "OFFER_PURCHASED",
    "OFFER_REDEEEMED",
    "OFFER_REDEEMED",
    "TIER_PROMOTED",
    "TIER_DEMOTED",
];

/// An event that the retailer has defined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventDefinition {
    /// Its id.
    pub id: Uuid,
    /// Its name in calls and rules: `A-Z0-9_`, at most 64 characters.
    pub lookup: Box<str>,
    /// Its name for people.
    pub name: String,
    /// What it means.
    pub description: String,
    /// Status 2: it may be reported.
    pub live: bool,
}

/// Whether an event of this name, in any letter case, is the platform's.
pub fn is_reserved(lookup: &str) -> bool {
    RESERVED.iter().any(|known| known.eq_ignore_ascii_case(lookup))
}

/// The platform's events.
pub fn reserved() -> impl Iterator<Item = &'static str> {
    RESERVED.into_iter().filter(|known| *known != "OFFER_REDEEMED")
}
