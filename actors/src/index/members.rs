//! The members of tier levels (incentives.md 7.8). Key: level, customer.

use std::ops::Bound;

use domain::{
    Timestamp,
    customer::UserTier,
    id::{CustomerId, TierLevelId},
    program::Maintenance,
};
use serde::{Deserialize, Serialize};
use store::{IndexChange, RowKey, ScanRange, codec};

use super::{MEMBERS, VALUE_VERSION};
use crate::error::EngineError;

/// What a row says of a membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// When the level was joined.
    pub joined: Timestamp,
    /// The settings by which the member's next review was computed.
    pub maintenance: Option<Maintenance>,
}

impl Membership {
    /// What there is to say of a tier.
    pub fn of(tier: &UserTier) -> Self {
        Self { joined: tier.joined, maintenance: tier.review.map(|review| review.by) }
    }
}

fn key(level: TierLevelId, customer: CustomerId) -> RowKey {
    RowKey::of(&[&level.bytes(), &customer.bytes()])
}

/// The changes from the levels that a customer holds to those after a decision.
pub fn changes(before: &[UserTier], after: &[UserTier], customer: CustomerId) -> Vec<IndexChange> {
    let held = |tiers: &[UserTier], level| tiers.iter().find(|tier| tier.level == level).map(Membership::of);
    let gone = before.iter().filter(|tier| held(after, tier.level).is_none());
    let gone = gone.map(|tier| IndexChange::Delete { index: MEMBERS, key: key(tier.level, customer) });
    let changed = after.iter().filter(|tier| held(before, tier.level) != Some(Membership::of(tier)));
    let changed = changed.map(|tier| {
        let value = codec::encode(VALUE_VERSION, &Membership::of(tier)).into();
        IndexChange::Put { index: MEMBERS, key: key(tier.level, customer), value }
    });
    gone.chain(changed).collect()
}

/// The members of a level behind a customer, by id; none: all of them.
pub fn behind(level: TierLevelId, after: Option<CustomerId>) -> ScanRange {
    let all = of(level);
    match after {
        Some(after) => ScanRange { start: Bound::Excluded(key(level, after).to_vec()), ..all },
        None => all,
    }
}

/// All members of a level.
pub fn of(level: TierLevelId) -> ScanRange {
    ScanRange::prefix(&level.bytes())
}

/// Reads a row.
pub fn read(key: &[u8], value: &[u8]) -> Result<(CustomerId, Membership), EngineError> {
    let customer = key.get(16..).and_then(|bytes| bytes.try_into().ok()).map(CustomerId::from_bytes);
    match (customer, codec::decode::<Membership>(value)) {
        (Some(customer), Ok((_, membership))) => Ok((customer, membership)),
        (None, _) | (_, Err(_)) => {
            tracing::error!("a row of the index of members does not decode");
            Err(EngineError::Damaged)
        }
    }
}
