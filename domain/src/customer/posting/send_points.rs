//! Points for another customer: given, taken in, taken back (incentives.md 7.1, transfer).

use super::{Outcome, Run};
use crate::{
    amount::Points,
    customer::{
        About, Drawn, Effect, PostedStatus, Reversed, SendDetail, Transfer, TransferReturned, stop::Stop,
    },
    id::LedgerRowId,
    ledger::{First, Lot, Movement, ReceivedBy, Receiving, TakenFor, Taking},
    program::PointAccount,
};

impl Run<'_> {
    /// All or nothing, never beyond what there is, and no limit of a source counts.
    pub(super) fn send_points(&mut self, asked: &SendDetail) -> Result<Outcome, Stop> {
        let program = self.context.program;
        let Some(to) = program.account(asked.detail.to) else {
            return Ok(Outcome::failed(PostedStatus::AccountNotFound));
        };
        if !to.active {
            return Ok(self.failed_on(to, None, PostedStatus::AccountInactive));
        }
        let pool = match self.pool_accounts(&asked.detail.from, None) {
            Ok(pool) => pool,
            Err(outcome) => return Ok(outcome),
        };
        let amount = asked.detail.amount;
        if !amount.is_positive() {
            return Ok(self.failed_on(pool[0], None, PostedStatus::InvalidAmount));
        }
        let accounts: Vec<_> = pool.iter().map(|account| account.id).collect();
        let taking = Taking {
            accounts: &accounts,
            source: None,
            points: amount,
            occurred: self.context.now,
            reason: TakenFor::Transfer,
            first_from: First::None,
            row: None,
        };
        if self.draft.pool(&taking)? < amount {
            return Ok(self.failed_on(pool[0], None, PostedStatus::InsufficientPoints));
        }
        if asked.room.is_some_and(|room| amount > room) {
            return Ok(self.failed_on(pool[0], None, PostedStatus::MaxBalanceExceeded));
        }
        let before = self.draft.movements().len();
        let lots = self.taken_lots(&taking)?;
        self.drawn = self.drawn_since(before, lots);
        let rows = self.rows_since(before, None)?;
        Ok(Outcome { status: PostedStatus::Ok, rows, shortfall: Points::ZERO })
    }

    /// The lots that were taken, by the rows that took them.
    fn drawn_since(&self, before: usize, lots: Vec<Lot>) -> Vec<Drawn> {
        let mut lots = lots.into_iter();
        let of = |movement: &Movement| Drawn {
            account: movement.account(),
            row: movement.row(),
            lots: lots.by_ref().take(movement.draws().len()).collect(),
        };
        self.draft.movements()[before..].iter().map(of).collect()
    }

    /// Takes points of another customer in, or sends them back: never a part, and never a refusal, which would lose
    /// them.
    pub(super) fn receive_points(&mut self, transfer: &Transfer) -> Result<Outcome, Stop> {
        let program = self.context.program;
        let amount = transfer.points()?;
        let reason = match program.account(transfer.account) {
            None => Some(PostedStatus::AccountNotFound),
            Some(account) if !account.active => Some(PostedStatus::AccountInactive),
            Some(account) => match self.room_for(account, amount) {
                true => None,
                false => Some(PostedStatus::MaxBalanceExceeded),
            },
        };
        if let Some(reason) = reason {
            let returned = TransferReturned { transfer: transfer.clone(), reason };
            self.effects.push(Effect::ReturnPoints(Box::new(returned)));
            return Ok(Outcome::failed(reason));
        }
        let account = program.account(transfer.account).expect("an account that is not there is a reason");
        for lot in transfer.drawn.iter().flat_map(|drawn| &drawn.lots) {
            self.receive_sent(lot, account, transfer.preserve_expiration)?;
        }
        let rows = transfer.drawn.iter().map(|drawn| drawn.row).collect();
        self.about = About::Received { from: transfer.from, rows };
        let rows = vec![self.row(account.id, None, amount)];
        Ok(Outcome { status: PostedStatus::Ok, rows, shortfall: Points::ZERO })
    }

    /// The ceiling leaves room for all of it, and the numbers fit.
    fn room_for(&self, account: &PointAccount, amount: Points) -> bool {
        let available = self.draft.available(account.id).plus(amount);
        let fits = self.draft.lifetime(account.id).plus(amount).is_ok();
        let below = |after| account.max_allowed_balance.is_none_or(|ceiling| after <= ceiling);
        fits && available.is_ok_and(below)
    }

    fn receive_sent(&mut self, lot: &Lot, to: &PointAccount, preserve: bool) -> Result<(), Stop> {
        let now = self.context.now;
        let zone = &self.context.program.retailer().zone;
        let (occurred, expires) =
            if preserve { (lot.occurred, lot.expires) } else { (now, to.expiration.expiry_of(now, zone)) };
        self.draft.receive(Receiving {
            account: to.id,
            source: lot.source,
            points: lot.remaining,
            occurred,
            expires,
            weight: lot.weight,
            // A return of the giver's purchase is no matter of the receiver's.
            sale: None,
            by: ReceivedBy::Transfer,
        })?;
        Ok(())
    }

    /// Puts points that nobody took in back into the lots they were in.
    pub(super) fn take_back_points(&mut self, returned: &TransferReturned) -> Result<Outcome, Stop> {
        let before = self.draft.movements().len();
        let mut undone = Vec::with_capacity(returned.transfer.drawn.len());
        for drawn in &returned.transfer.drawn {
            let dated =
                |lot: &Lot| Lot { expires: self.date_from_now(drawn.account, lot.expires), ..lot.clone() };
            let lots = drawn.lots.iter().map(dated).collect();
            let row = LedgerRowId(self.draft.next_id());
            self.draft.restore(row, drawn.account, lots, Points::ZERO, self.context.now)?;
            undone.push(Reversed { row: drawn.row, points: drawn.points()?, repaid: Vec::new() });
        }
        self.about = About::Reversal(undone);
        Ok(Outcome {
            status: PostedStatus::Ok,
            rows: self.rows_since(before, None)?,
            shortfall: Points::ZERO,
        })
    }
}
