//! The ledger's state: a fold of movements.

use serde::{Deserialize, Serialize};

use super::{Draw, Lot, Movement};
use crate::{
    amount::Points,
    id::{LedgerRowId, PointAccountId, PointSourceId, SaleId, UserPointAccountId},
    time::Timestamp,
};

/// All points of one customer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    accounts: Vec<AccountLedger>,
    issued: Vec<Issued>,
}

/// One customer's points in one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountLedger {
    /// Which account.
    pub account: PointAccountId,
    /// Names this customer's use of it.
    pub user_account: UserPointAccountId,
    /// What can be spent; negative when overdrawn.
    pub available: Points,
    /// Everything ever issued into it.
    pub lifetime: Points,
    /// What was taken beyond the lots and not yet repaid.
    pub overdraft: Points,
    lots: Vec<Lot>,
}

/// Points issued by a source that has a personal limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issued {
    /// The source.
    pub source: PointSourceId,
    /// When.
    pub at: Timestamp,
    /// How many.
    pub points: Points,
    /// When no window reaches back to it any more.
    pub until: Timestamp,
}

impl AccountLedger {
    /// The lots of which something remains, in spend order.
    pub fn lots(&self) -> &[Lot] {
        &self.lots
    }

    /// What of the balance has expired by `now` though no movement says so yet.
    pub fn expired_by(&self, now: Timestamp) -> Points {
        let expired = self.lots.iter().take_while(|lot| lot.expires.is_some_and(|expires| expires <= now));
        Points::sum(expired.map(|lot| lot.remaining)).expect("the lots of an account sum to an amount")
    }

    /// What can be spent at `now`. Right even before the expiry has been written down.
    pub fn available_at(&self, now: Timestamp) -> Points {
        self.available.minus(self.expired_by(now)).expect("expired points are part of the balance")
    }

    fn insert(&mut self, lot: Lot) {
        let order = lot.spend_order(0);
        // Mostly the newest lot is the last to be spent, so the search rarely moves anything.
        let place = self.lots.partition_point(|known| known.spend_order(0) < order);
        self.lots.insert(place, lot);
    }

    fn draw(&mut self, draws: &[Draw]) {
        for draw in draws {
            let place = self
                .lots
                .iter()
                .position(|lot| lot.row == draw.lot)
                .expect("a draw names a lot that is there");
            let lot = &mut self.lots[place];
            lot.remaining = lot.remaining.minus(draw.points).expect("a draw is within an amount");
            assert!(!lot.remaining.is_negative(), "a draw takes no more than remains of the lot");
            if lot.remaining.is_zero() {
                self.lots.remove(place);
            }
        }
    }
}

impl Ledger {
    /// The accounts the customer has used.
    pub fn accounts(&self) -> &[AccountLedger] {
        &self.accounts
    }

    /// One account; none when the customer never used it.
    pub fn account(&self, id: PointAccountId) -> Option<&AccountLedger> {
        self.accounts.iter().find(|known| known.account == id)
    }

    /// What was issued by sources with personal limits.
    pub fn issued(&self) -> &[Issued] {
        &self.issued
    }

    /// Folds a movement into the state. `sale` is the sale that caused it, which the lot remembers.
    ///
    /// # Panics
    /// When the movement does not fit the state: it was not decided on it.
    pub fn apply(&mut self, movement: &Movement, sale: Option<SaleId>) {
        match movement {
            Movement::Earned {
                row,
                account,
                source,
                points,
                occurred,
                expires,
                weight,
                repaid,
                counted_until,
            } => {
                let entry = self.entry(*account, *row);
                entry.available = entry.available.plus(*points).expect("a balance is within an amount");
                entry.lifetime = entry.lifetime.plus(*points).expect("a lifetime is within an amount");
                entry.overdraft = entry.overdraft.minus(*repaid).expect("an overdraft is within an amount");
                assert!(!entry.overdraft.is_negative(), "no more is repaid than was overdrawn");
                let remaining = points.minus(*repaid).expect("no more is repaid than was earned");
                if remaining.is_positive() {
                    entry.insert(Lot {
                        row: *row,
                        source: *source,
                        occurred: *occurred,
                        expires: *expires,
                        weight: *weight,
                        remaining,
                        sale,
                    });
                }
                if let Some(until) = *counted_until {
                    self.issued.retain(|issued| issued.until > *occurred);
                    self.issued.push(Issued { source: *source, at: *occurred, points: *points, until });
                }
            }
            Movement::Taken { row, account, points, draws, .. } => {
                let entry = self.entry(*account, *row);
                entry.available = entry.available.minus(*points).expect("a balance is within an amount");
                entry.draw(draws);
            }
            Movement::Overdrawn { row, account, points, .. } => {
                let entry = self.entry(*account, *row);
                entry.available = entry.available.minus(*points).expect("a balance is within an amount");
                entry.overdraft = entry.overdraft.plus(*points).expect("an overdraft is within an amount");
            }
        }
    }

    /// The account, opened under the id of the row that first touches it.
    fn entry(&mut self, account: PointAccountId, first_row: LedgerRowId) -> &mut AccountLedger {
        let place = self.accounts.iter().position(|known| known.account == account).unwrap_or_else(|| {
            self.accounts.push(AccountLedger {
                account,
                user_account: UserPointAccountId(first_row.0),
                available: Points::ZERO,
                lifetime: Points::ZERO,
                overdraft: Points::ZERO,
                lots: Vec::new(),
            });
            self.accounts.len() - 1
        });
        &mut self.accounts[place]
    }
}
