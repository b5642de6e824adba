//! Moving points between two accounts of one customer (incentives.md 7.1, transfer).

use super::{Outcome, Run};
use crate::{
    amount::Points,
    customer::{MoveDetail, PostedStatus, stop::Stop},
    id::{LedgerRowId, PointAccountId},
    ledger::{Draw, First, Lot, ReceivedBy, Receiving, TakenFor, Taking},
    program::PointAccount,
};

impl Run<'_> {
    /// All or nothing, never beyond what there is, and no limit of a source counts.
    pub(super) fn move_points(&mut self, asked: &MoveDetail) -> Result<Outcome, Stop> {
        let program = self.context.program;
        let Some(to) = program.account(asked.to) else {
            return Ok(Outcome::failed(PostedStatus::AccountNotFound));
        };
        if !to.active {
            return Ok(self.failed_on(to, None, PostedStatus::AccountInactive));
        }
        let pool = match self.pool_accounts(&asked.from, None) {
            Ok(pool) => pool,
            Err(outcome) => return Ok(outcome),
        };
        let accounts: Vec<_> = pool.iter().map(|account| account.id).filter(|id| *id != to.id).collect();
        let names_itself = !asked.from.is_empty() && accounts.len() < pool.len();
        if accounts.is_empty() || names_itself {
            return Ok(self.failed_on(to, None, PostedStatus::SameAccount));
        }
        if !asked.amount.is_positive() {
            return Ok(self.failed_on(to, None, PostedStatus::InvalidAmount));
        }
        let taking = Taking {
            accounts: &accounts,
            source: None,
            points: asked.amount,
            occurred: self.context.now,
            reason: TakenFor::Transfer,
            first_from: First::None,
            row: None,
        };
        if self.draft.pool(&taking)? < asked.amount {
            return Ok(self.failed_on(pool[0], None, PostedStatus::InsufficientPoints));
        }
        let ceiling = to.max_allowed_balance;
        let after = self.draft.available(to.id).plus(asked.amount)?;
        if ceiling.is_some_and(|ceiling| after > ceiling) {
            return Ok(self.failed_on(to, None, PostedStatus::MaxBalanceExceeded));
        }
        let before = self.draft.movements().len();
        let lots = self.taken_lots(&taking)?;
        let mut rows = self.rows_since(before, None)?;
        for lot in lots {
            self.receive_moved(lot, to, asked.preserve_expiration)?;
        }
        rows.push(self.row(to.id, None, asked.amount.negated()?));
        Ok(Outcome { status: PostedStatus::Ok, rows, shortfall: Points::ZERO })
    }

    /// Takes points; gives the lots they were in, with what was taken of each.
    pub(super) fn taken_lots(&mut self, taking: &Taking<'_>) -> Result<Vec<Lot>, Stop> {
        let mut known: Vec<Lot> = Vec::new();
        for &account in taking.accounts {
            known.extend(self.draft.lots(account).map(|(lot, _)| lot.clone()));
        }
        let before = self.draft.movements().len();
        self.draft.take_from_pool(taking)?;
        let draws: Vec<Draw> =
            self.draft.movements()[before..].iter().flat_map(|movement| movement.draws()).copied().collect();
        let lot_of = |row: LedgerRowId| known.iter().find(|lot| lot.row == row);
        let lots = draws.iter().map(|draw| {
            let lot = lot_of(draw.lot).expect("a draw names a lot that is there");
            Lot { remaining: draw.points, ..lot.clone() }
        });
        Ok(lots.collect())
    }

    fn receive_moved(&mut self, lot: Lot, to: &PointAccount, preserve: bool) -> Result<(), Stop> {
        let now = self.context.now;
        let zone = &self.context.program.retailer().zone;
        let (occurred, expires) =
            if preserve { (lot.occurred, lot.expires) } else { (now, to.expiration.expiry_of(now, zone)) };
        let account: PointAccountId = to.id;
        let Lot { source, weight, sale, remaining: points, .. } = lot;
        let by = ReceivedBy::Transfer;
        self.draft.receive(Receiving { account, source, points, occurred, expires, weight, sale, by })?;
        Ok(())
    }
}
