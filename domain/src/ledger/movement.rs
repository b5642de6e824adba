//! Movements: what is written to the ledger. Each is one row of the point audit log (incentives.md 2.4).

use serde::{Deserialize, Serialize};

use crate::{
    amount::Points,
    id::{LedgerRowId, PointAccountId, PointSourceId},
    time::Timestamp,
};

/// One row of the ledger. Amounts are above zero; the variant says which way they go. Stored: grows at the end only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Movement {
    /// Points were issued: a new lot.
    Earned {
        /// The row.
        row: LedgerRowId,
        /// Where they go.
        account: PointAccountId,
        /// Where they come from.
        source: PointSourceId,
        /// How many.
        points: Points,
        /// Business time.
        occurred: Timestamp,
        /// When they expire.
        expires: Option<Timestamp>,
        /// Consumption priority.
        weight: i32,
        /// What of them repaid overdraft at once (incentives.md 4.4).
        repaid: Points,
        /// Until when they count against a personal limit of the source; none: there is no such limit.
        counted_until: Option<Timestamp>,
    },
    /// Points left the account, out of these lots.
    Taken {
        /// The row.
        row: LedgerRowId,
        /// From where.
        account: PointAccountId,
        /// How many: the sum of the draws.
        points: Points,
        /// Business time.
        occurred: Timestamp,
        /// Out of which lots.
        draws: Vec<Draw>,
        /// Why.
        reason: TakenFor,
    },
    /// The account went below zero, or deeper below.
    Overdrawn {
        /// The row.
        row: LedgerRowId,
        /// Which account.
        account: PointAccountId,
        /// By how many.
        points: Points,
        /// Business time.
        occurred: Timestamp,
        /// Why.
        reason: TakenFor,
    },
}

/// So many points out of one lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draw {
    /// The lot's row.
    pub lot: LedgerRowId,
    /// How many.
    pub points: Points,
}

/// Why points were taken. Stored: grows at the end only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TakenFor {
    /// The customer paid with them.
    Spend,
    /// What a purchase gave was taken back.
    Return,
    /// They were too old.
    Expiration,
}

impl Movement {
    /// The row's id.
    pub const fn row(&self) -> LedgerRowId {
        match self {
            Self::Earned { row, .. } | Self::Taken { row, .. } | Self::Overdrawn { row, .. } => *row,
        }
    }

    /// The account it belongs to.
    pub const fn account(&self) -> PointAccountId {
        match self {
            Self::Earned { account, .. } | Self::Taken { account, .. } | Self::Overdrawn { account, .. } => {
                *account
            }
        }
    }

    /// The change of the available balance: above zero for what was earned, below for the rest.
    pub fn change(&self) -> Points {
        match self {
            Self::Earned { points, .. } => *points,
            Self::Taken { points, .. } | Self::Overdrawn { points, .. } => {
                points.negated().expect("a movement is above zero, so its negative is an amount")
            }
        }
    }

    /// Its business time.
    pub const fn occurred(&self) -> Timestamp {
        match self {
            Self::Earned { occurred, .. }
            | Self::Taken { occurred, .. }
            | Self::Overdrawn { occurred, .. } => *occurred,
        }
    }
}
