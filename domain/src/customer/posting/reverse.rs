//! Undoing a deposit or a spend (incentives.md 7.2, reverse; 9.4).

use super::{Outcome, Run};
use crate::{
    amount::Points,
    customer::{About, AuditKind, AuditLog, AuditRow, PostedStatus, ReverseDetail, Reversed, stop::Stop},
    id::{LedgerRowId, PointAccountId},
    ledger::{Draw, First, Lot, TakenFor, Taking},
    program::ExpirationPolicy,
    time::Timestamp,
};

impl Run<'_> {
    /// Newest row first. What has been undone before is not undone again: a repeat finds nothing left and changes
    /// nothing.
    pub(super) fn reverse(&mut self, asked: &ReverseDetail) -> Result<Outcome, Stop> {
        let log = self.log()?;
        let rows = log.reversible(&asked.target);
        if rows.is_empty() {
            return Ok(Outcome::failed(PostedStatus::NothingToReverse));
        }
        let left = Points::sum(rows.iter().map(|(_, left)| *left))?;
        let wanted = asked.amount.unwrap_or(left);
        if asked.amount.is_some_and(|amount| !amount.is_positive()) || (wanted > left && !left.is_zero()) {
            return Ok(Outcome::failed(PostedStatus::InvalidAmount));
        }
        let (before, mut missing, mut undone) = (self.draft.movements().len(), wanted.min(left), Vec::new());
        let (mut short, mut accounts) = (Points::ZERO, Vec::new());
        for (row, left) in rows {
            let points = left.min(missing);
            missing = missing.minus(points)?;
            accounts.push(row.account);
            if !points.is_positive() {
                continue;
            }
            let mut repaid = Vec::new();
            match row.kind {
                AuditKind::Overdraft => repaid = self.undo_overdraft(row, points, &log)?,
                AuditKind::Redemption | AuditKind::Return => self.undo_taking(row, left, points, &log)?,
                AuditKind::Issuance | AuditKind::Migration => {
                    short = short.plus(self.undo_deposit(row, points)?)?
                }
                AuditKind::Expiration | AuditKind::Transfer | AuditKind::Rollover => {
                    unreachable!("only deposits and spends can be undone")
                }
            }
            undone.push(Reversed { row: row.id, points, repaid });
        }
        self.about = About::Reversal(undone);
        let mut rows = self.rows_since(before, None)?;
        for account in accounts {
            if rows.iter().all(|row| row.account != account) {
                rows.push(self.row(account, None, Points::ZERO));
            }
        }
        Ok(Outcome { status: PostedStatus::Ok, rows, shortfall: short })
    }

    /// Takes a deposit back: what is left of its own lot first, then the account's others, then overdraft. Gives how
    /// many points were not there to take.
    fn undo_deposit(&mut self, row: &AuditRow, points: Points) -> Result<Points, Stop> {
        let (program, now) = (self.context.program, self.context.now);
        let chain = program.rollover_chain(row.account);
        let missing = self.draft.take_from_pool(&Taking {
            accounts: &chain,
            source: None,
            points,
            occurred: now,
            reason: TakenFor::Return,
            first_from: First::Lot(row.id),
            row: None,
        })?;
        let by_now = program.account_by(row.account, row.occurred, now);
        let negative = program.account(by_now).is_some_and(|account| account.allow_negative_balance);
        if missing.is_positive() && negative {
            let row = LedgerRowId(self.draft.next_id());
            self.draft.overdraw(row, by_now, missing, now, TakenFor::Return)?;
            return Ok(Points::ZERO);
        }
        Ok(missing)
    }

    /// Gives a spend back, the lots that were taken from last first; `left` of it has not been given back before.
    fn undo_taking(
        &mut self,
        row: &AuditRow,
        left: Points,
        points: Points,
        log: &AuditLog,
    ) -> Result<(), Stop> {
        let mut passed_over = row.change.negated()?.minus(left)?;
        let (mut missing, mut parts) = (points, Vec::new());
        for draw in row.lots.iter().rev() {
            let skipped = draw.points.min(passed_over);
            passed_over = passed_over.minus(skipped)?;
            let part = draw.points.minus(skipped)?.min(missing);
            missing = missing.minus(part)?;
            if part.is_positive() {
                parts.push(Draw { lot: draw.lot, points: part });
            }
        }
        self.give_back(row, &parts, Points::ZERO, log)
    }

    /// Undoes an overdraft. What has been repaid of it meanwhile goes back to the lots that repaid, newest first.
    fn undo_overdraft(&mut self, row: &AuditRow, points: Points, log: &AuditLog) -> Result<Vec<Draw>, Stop> {
        let outstanding = self.draft.overdraft(row.account).min(points);
        let (mut missing, mut repaid) = (points.minus(outstanding)?, Vec::new());
        for (lot, paid) in log.repayments(row.account) {
            let part = paid.min(missing);
            missing = missing.minus(part)?;
            if part.is_positive() {
                repaid.push(Draw { lot: lot.id, points: part });
            }
        }
        self.give_back(row, &repaid, outstanding, log)?;
        Ok(repaid)
    }

    fn give_back(
        &mut self,
        row: &AuditRow,
        parts: &[Draw],
        overdraft: Points,
        log: &AuditLog,
    ) -> Result<(), Stop> {
        let lots = parts.iter().map(|part| {
            let lot = log.row(part.lot).expect("a row that was taken from is in the history");
            self.restored(lot, part.points)
        });
        let lots: Vec<Lot> = lots.collect();
        let id = LedgerRowId(self.draft.next_id());
        self.draft.restore(id, row.account, lots, overdraft, self.context.now)?;
        Ok(())
    }

    /// A lot as it comes back: with its old date, or the next run when that has passed (incentives.md 7.2).
    fn restored(&self, lot: &AuditRow, points: Points) -> Lot {
        Lot {
            row: lot.id,
            source: lot.source.expect("a lot has a source"),
            occurred: lot.occurred,
            expires: self.date_from_now(lot.account, lot.expires),
            weight: lot.weight,
            remaining: points,
            sale: lot.sale,
        }
    }

    /// A date of expiry; the next run of the account's policy by age when it has passed.
    pub(super) fn date_from_now(
        &self,
        account: PointAccountId,
        expires: Option<Timestamp>,
    ) -> Option<Timestamp> {
        let (program, now) = (self.context.program, self.context.now);
        let policy = program.account(account).map(|account| &account.expiration);
        match policy {
            Some(ExpirationPolicy::Aged { schedule, .. })
                if expires.is_some_and(|expires| expires <= now) =>
            {
                schedule.after(now, &program.retailer().zone)
            }
            Some(
                ExpirationPolicy::Aged { .. } | ExpirationPolicy::Never | ExpirationPolicy::Inactive { .. },
            )
            | None => expires,
        }
    }
}
