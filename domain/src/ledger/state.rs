//! The ledger's state: a fold of movements.

use serde::{Deserialize, Serialize};

use super::{Activity, Lot, Movement, SpendOrder, holding::Holding};
use crate::{
    amount::Points,
    id::{LedgerRowId, PointAccountId, PointSourceId, SaleId, UserPointAccountId},
    program::ActivityKind,
    time::Timestamp,
};

/// All points of one customer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    accounts: Vec<AccountLedger>,
    issued: Vec<Issued>,
    activity: Activity,
    /// Everything that was due by then has been written down.
    settled_until: Option<Timestamp>,
    /// No lot is ever left out: a ledger that is folded from the whole history. Not part of the state.
    #[serde(skip)]
    keeps_all: bool,
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
    holding: Holding,
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
    /// The lots of which something remains, in spend order, as far as the state holds them.
    pub fn lots(&self) -> &[Lot] {
        self.holding.lots()
    }

    /// What remains of lots that the state does not hold; none: it holds all.
    pub fn left_out(&self) -> Option<Points> {
        self.holding.gap()
    }

    /// The lots held that are spent before those that are not; none: all are held.
    pub fn lots_before_gap(&self) -> Option<&[Lot]> {
        let gap = self.holding.gap_from()?;
        let lots = self.lots();
        Some(&lots[..lots.partition_point(|lot| lot.spend_order(0) < gap)])
    }

    pub(super) fn left_out_from(&self) -> Option<SpendOrder> {
        self.holding.gap_from()
    }
}

impl Ledger {
    /// An empty ledger that leaves no lot out, to be folded from the whole history.
    pub fn keeping_all() -> Self {
        Self { keeps_all: true, ..Self::default() }
    }

    /// When the customer last did what keeps points alive.
    pub fn activity(&self) -> &Activity {
        &self.activity
    }

    /// Everything that was due by then has been written down; none: nothing has been decided yet.
    pub fn settled_until(&self) -> Option<Timestamp> {
        self.settled_until
    }

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

    /// The customer came into being: from then on it can be inactive.
    pub fn begin(&mut self, at: Timestamp) {
        self.activity.begin(at);
        self.settle(at);
    }

    /// The customer did something.
    pub fn record_activity(&mut self, kind: ActivityKind, at: Timestamp) {
        self.activity.record(kind, at);
    }

    /// A decision has written down everything that was due by then.
    pub fn settle(&mut self, at: Timestamp) {
        self.settled_until = self.settled_until.max(Some(at));
    }

    /// Holds lots again that were left out, for decisions to come.
    pub fn recall(&mut self, account: PointAccountId, lots: &[Lot]) {
        if !self.keeps_all
            && let Some(entry) = self.accounts.iter_mut().find(|known| known.account == account)
        {
            entry.holding.recall(lots);
        }
    }

    /// The customer's issues, lifetime values included, are another's from now on, who was given the lots (7.9).
    pub fn forget_issues(&mut self) {
        self.issued.clear();
        self.accounts.iter_mut().for_each(|account| account.lifetime = Points::ZERO);
    }

    /// What another customer was issued in an account counts for this one; `first_row` names the use of an account that
    /// was never used.
    ///
    /// # Panics
    /// When the lifetime values do not sum, which the decision has checked.
    pub fn add_lifetime(&mut self, account: PointAccountId, points: Points, first_row: LedgerRowId) {
        self.entry(account, first_row).count_lifetime(points);
    }

    /// What another customer was issued counts against the personal limits of this one.
    pub fn add_issued(&mut self, issued: &[Issued]) {
        self.issued.extend_from_slice(issued);
    }

    /// Gives lots another date of expiry: `lots` are what they are from now on.
    pub fn redate(&mut self, account: PointAccountId, lots: &[Lot]) {
        let all = self.keeps_all;
        let entry = self.accounts.iter_mut().find(|known| known.account == account);
        entry.expect("a lot is in an account that is used").holding.redate(lots, all);
    }

    /// Folds a movement into the state. `sale` is the sale that caused it, which the lot remembers.
    ///
    /// # Panics
    /// When the movement does not fit the state: it was not decided on it.
    pub fn apply(&mut self, movement: &Movement, sale: Option<SaleId>) {
        let keeps_all = self.keeps_all;
        let entry = self.entry(movement.account(), movement.row());
        entry.available = entry.available.plus(movement.change()).expect("a balance is within an amount");
        match movement {
            Movement::Earned {
                row,
                source,
                points,
                occurred,
                expires,
                weight,
                repaid,
                counted_until,
                ..
            } => {
                entry.count_lifetime(*points);
                let (row, source, occurred) = (*row, *source, *occurred);
                let (expires, weight, remaining) = (*expires, *weight, *points);
                let lot = Lot { row, source, occurred, expires, weight, remaining, sale };
                entry.receive(lot, *repaid, keeps_all);
                if let Some(until) = *counted_until {
                    self.issued.retain(|issued| issued.until > occurred);
                    self.issued.push(Issued { source, at: occurred, points: *points, until });
                }
            }
            Movement::Received {
                row, source, points, occurred, expires, weight, repaid, sale, by, ..
            } => {
                if by.counts_as_issued() {
                    entry.count_lifetime(*points);
                }
                let (row, source, occurred, sale) = (*row, *source, *occurred, *sale);
                let (expires, weight, remaining) = (*expires, *weight, *points);
                let lot = Lot { row, source, occurred, expires, weight, remaining, sale };
                entry.receive(lot, *repaid, keeps_all);
            }
            Movement::Taken { draws, .. } => entry.holding.draw(draws),
            Movement::Expired { losses, .. } => entry.holding.lose(losses),
            Movement::Overdrawn { points, .. } => {
                entry.overdraft = entry.overdraft.plus(*points).expect("an overdraft is within an amount");
            }
            Movement::Restored { lots, overdraft, .. } => {
                entry.repay(*overdraft);
                for lot in lots {
                    entry.holding.restore(lot.clone(), keeps_all);
                }
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
                holding: Holding::default(),
            });
            self.accounts.len() - 1
        });
        &mut self.accounts[place]
    }
}

impl AccountLedger {
    fn count_lifetime(&mut self, points: Points) {
        self.lifetime = self.lifetime.plus(points).expect("a lifetime is within an amount");
    }

    fn repay(&mut self, points: Points) {
        self.overdraft = self.overdraft.minus(points).expect("an overdraft is within an amount");
        assert!(!self.overdraft.is_negative(), "no more is repaid than was overdrawn");
    }

    /// Takes a new lot in, of which some points have repaid overdraft.
    fn receive(&mut self, mut lot: Lot, repaid: Points, keeps_all: bool) {
        self.repay(repaid);
        lot.remaining = lot.remaining.minus(repaid).expect("no more is repaid than came in");
        if lot.remaining.is_positive() {
            self.holding.add(lot, keeps_all);
        }
    }
}
