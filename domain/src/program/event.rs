//! Loyalty events: what a retailer lets callers report (incentives.md 1.6, 7.10, 7.12).

use uuid::Uuid;

/// What starts purchase trees, and what the platform says after a purchase.
pub const COMPLETE_TRANSACTION: &str = "COMPLETE_TRANSACTION";

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
