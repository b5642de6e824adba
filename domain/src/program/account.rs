//! Point accounts and their expiration policies (incentives.md 2.1, 2.2).

use crate::{
    amount::Points,
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

/// When points of an account expire (incentives.md 2.2, 4.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpirationPolicy {
    /// Type 0.
    Never,
    /// Type 1: a lot expires whole at the first evaluation at which it is at least this old.
    Aged {
        /// The first evaluation; the others follow it at the frequency.
        evaluation: Timestamp,
        /// How often the policy runs.
        frequency: Span,
        /// How old a lot must be.
        age: Span,
    },
}

impl ExpirationPolicy {
    /// When a lot that was earned at `occurred` expires: the first evaluation `d` with `occurred + age <= d`.
    pub fn expiry_of(&self, occurred: Timestamp, zone: &Zone) -> Option<Timestamp> {
        match *self {
            Self::Never => None,
            Self::Aged { evaluation, frequency, age } => {
                let ripe = zone.later(occurred, age)?;
                zone.next_occurrence(evaluation, frequency, ripe)
            }
        }
    }
}
