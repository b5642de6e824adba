//! Lots: the positive rows of the ledger, as far as something remains of them.

use serde::{Deserialize, Serialize};

use crate::{
    amount::Points,
    id::{LedgerRowId, PointSourceId, SaleId},
    time::Timestamp,
};

/// What remains of an issue of points. Spent and expired lots leave the state; their history stays in the events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lot {
    /// The ledger row that created it.
    pub row: LedgerRowId,
    /// Where its points came from.
    pub source: PointSourceId,
    /// Business time of the issue.
    pub occurred: Timestamp,
    /// When what remains expires.
    pub expires: Option<Timestamp>,
    /// Consumption priority, lower first.
    pub weight: i32,
    /// What is left; above zero as long as the lot is kept.
    pub remaining: Points,
    /// The sale that earned it: a return takes from it first (incentives.md 9.3).
    pub sale: Option<SaleId>,
}

/// The order in which lots are spent (incentives.md 4.2): expiry ascending with never last, weight, time, row id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SpendOrder {
    never_expires: bool,
    expires: Option<Timestamp>,
    weight: i32,
    occurred: Timestamp,
    account_position: u16,
    row: LedgerRowId,
}

impl Lot {
    /// Where the lot stands among all lots of the accounts named in a request; `account_position` is its account's
    /// place there.
    pub fn spend_order(&self, account_position: u16) -> SpendOrder {
        SpendOrder {
            never_expires: self.expires.is_none(),
            expires: self.expires,
            weight: self.weight,
            occurred: self.occurred,
            account_position,
            row: self.row,
        }
    }
}

impl SpendOrder {
    /// The very next place; no lot stands between the two.
    pub(super) fn just_after(self) -> Self {
        let row =
            LedgerRowId::from_bytes(u128::from_be_bytes(self.row.bytes()).saturating_add(1).to_be_bytes());
        Self { row, ..self }
    }
}
