//! Points that another system has issued (incentives.md 7.18).

use super::{Outcome, Run};
use crate::{
    amount::Points,
    customer::{PostedStatus, SeedDetail, stop::Stop},
    ledger::{ReceivedBy, Receiving},
};

impl Run<'_> {
    /// As issued, whenever that was: neither limits of the source nor the ceiling of the account are asked, for what a
    /// customer brings along is what he has. Overdraft is repaid, and what has run out since runs out now.
    pub(super) fn seed(&mut self, asked: &SeedDetail) -> Result<Outcome, Stop> {
        let SeedDetail { row, deposit } = asked;
        let program = self.context.program;
        let Some(account) = program.account(deposit.account) else {
            return Ok(Outcome::failed(PostedStatus::AccountNotFound));
        };
        let failed = |run: &Self, status| Ok(run.failed_on(account, Some(deposit.source), status));
        let occurred = deposit.occurred.unwrap_or(self.context.now);
        if !deposit.amount.is_positive() || occurred > self.context.now {
            return failed(self, PostedStatus::InvalidAmount);
        }
        if !account.active {
            return failed(self, PostedStatus::AccountInactive);
        }
        let Some(source) = program.source(deposit.source).filter(|source| source.active) else {
            return failed(self, PostedStatus::SourceNotFound);
        };
        if !source.accounts.contains(&account.id) {
            return failed(self, PostedStatus::SourceNotLinked);
        }
        let receiving = Receiving {
            account: account.id,
            source: source.id,
            points: deposit.amount,
            occurred,
            expires: account.expiration.expiry_of(occurred, &program.retailer().zone),
            weight: 0,
            sale: None,
            by: ReceivedBy::Migration,
        };
        self.draft.receive_as(*row, receiving)?;
        let done = self.row(account.id, Some(source.id), deposit.amount);
        Ok(Outcome { status: PostedStatus::Ok, rows: vec![done], shortfall: Points::ZERO })
    }
}
