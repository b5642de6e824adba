//! Movements: what is written to the ledger. Each is one row of the point audit log (incentives.md 2.4).

use serde::{Deserialize, Serialize};

use super::Lot;
use crate::{
    amount::Points,
    id::{LedgerRowId, PointAccountId, PointSourceId, SaleId},
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
    /// Points ran out, or moved on to another account because their time in this one was over.
    Expired {
        /// The row.
        row: LedgerRowId,
        /// From where.
        account: PointAccountId,
        /// How many: the sum of the losses.
        points: Points,
        /// The evaluation.
        occurred: Timestamp,
        /// Out of which lots.
        losses: Vec<LotLoss>,
        /// The account they rolled over into; none: they are gone.
        into: Option<PointAccountId>,
    },
    /// Points came in that were issued before: a new lot.
    Received {
        /// The row.
        row: LedgerRowId,
        /// Where they go.
        account: PointAccountId,
        /// Where they came from when they were issued.
        source: PointSourceId,
        /// How many.
        points: Points,
        /// Business time; expiry counts from it.
        occurred: Timestamp,
        /// When they expire.
        expires: Option<Timestamp>,
        /// Consumption priority.
        weight: i32,
        /// What of them repaid overdraft at once (incentives.md 4.4).
        repaid: Points,
        /// The sale that earned them.
        sale: Option<SaleId>,
        /// How they came.
        by: ReceivedBy,
    },
    /// Points that had been taken are back, in the very lots they were in.
    Restored {
        /// The row.
        row: LedgerRowId,
        /// Which account.
        account: PointAccountId,
        /// How many: the sum of the lots' parts and of the overdraft.
        points: Points,
        /// Business time.
        occurred: Timestamp,
        /// The lots; `remaining` is what each gets back.
        lots: Vec<Lot>,
        /// What of an overdraft is undone.
        overdraft: Points,
    },
}

/// What an expiry takes from one lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LotLoss {
    /// The lot's row.
    pub lot: LedgerRowId,
    /// How many points.
    pub points: Points,
    /// When what remains of it expires next.
    pub next: Option<Timestamp>,
}

/// How points came in that were issued before. Stored: grows at the end only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReceivedBy {
    /// Their time in another account of the customer was over. Counts as a fresh issue (incentives.md 2.5).
    Rollover,
    /// Somebody moved them, from another account or another customer. Was issued once and is not counted again.
    Transfer,
    /// Another system issued them, and they were brought along from there (incentives.md 7.18).
    Migration,
}

impl ReceivedBy {
    /// The account counts them as issued (incentives.md 2.5).
    pub const fn counts_as_issued(self) -> bool {
        match self {
            Self::Rollover | Self::Migration => true,
            Self::Transfer => false,
        }
    }
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
    /// They went to another account or customer.
    Transfer,
    /// Too many had been issued.
    Correction,
}

impl Movement {
    /// The row's id.
    pub const fn row(&self) -> LedgerRowId {
        match self {
            Self::Earned { row, .. }
            | Self::Taken { row, .. }
            | Self::Overdrawn { row, .. }
            | Self::Expired { row, .. }
            | Self::Received { row, .. }
            | Self::Restored { row, .. } => *row,
        }
    }

    /// The account it belongs to.
    pub const fn account(&self) -> PointAccountId {
        match self {
            Self::Earned { account, .. }
            | Self::Taken { account, .. }
            | Self::Overdrawn { account, .. }
            | Self::Expired { account, .. }
            | Self::Received { account, .. }
            | Self::Restored { account, .. } => *account,
        }
    }

    /// How many points it moves, above zero.
    pub const fn points(&self) -> Points {
        match self {
            Self::Earned { points, .. }
            | Self::Taken { points, .. }
            | Self::Overdrawn { points, .. }
            | Self::Expired { points, .. }
            | Self::Received { points, .. }
            | Self::Restored { points, .. } => *points,
        }
    }

    /// What it draws out of which lots, on request.
    pub fn draws(&self) -> &[Draw] {
        match self {
            Self::Taken { draws, .. } => draws,
            Self::Earned { .. }
            | Self::Overdrawn { .. }
            | Self::Expired { .. }
            | Self::Received { .. }
            | Self::Restored { .. } => &[],
        }
    }

    /// The change of the available balance: above zero for what came in, below for the rest.
    pub fn change(&self) -> Points {
        match self {
            Self::Earned { points, .. } | Self::Received { points, .. } | Self::Restored { points, .. } => {
                *points
            }
            Self::Taken { points, .. } | Self::Overdrawn { points, .. } | Self::Expired { points, .. } => {
                points.negated().expect("a movement is above zero, so its negative is an amount")
            }
        }
    }

    /// Points were taken on purpose, not by time.
    pub const fn takes(&self) -> bool {
        match self {
            Self::Taken { .. } | Self::Overdrawn { .. } => true,
            Self::Earned { .. } | Self::Expired { .. } | Self::Received { .. } | Self::Restored { .. } => {
                false
            }
        }
    }

    /// Points were issued.
    pub const fn is_issue(&self) -> bool {
        match self {
            Self::Earned { .. } => true,
            Self::Taken { .. }
            | Self::Overdrawn { .. }
            | Self::Expired { .. }
            | Self::Received { .. }
            | Self::Restored { .. } => false,
        }
    }

    /// Its business time.
    pub const fn occurred(&self) -> Timestamp {
        match self {
            Self::Earned { occurred, .. }
            | Self::Taken { occurred, .. }
            | Self::Overdrawn { occurred, .. }
            | Self::Expired { occurred, .. }
            | Self::Received { occurred, .. }
            | Self::Restored { occurred, .. } => *occurred,
        }
    }
}
