//! Letting points run out at once (incentives.md 7.1, expire).

use super::{Outcome, Run};
use crate::{
    amount::Points,
    customer::{ExpireDetail, PostedStatus, stop::Stop},
    ledger::{Expiring, ExpiringAmount},
    program::PointAccount,
};

impl Run<'_> {
    pub(super) fn expire(&mut self, asked: &ExpireDetail) -> Result<Outcome, Stop> {
        let program = self.context.program;
        let accounts: Option<Vec<&PointAccount>> =
            asked.accounts.iter().map(|id| program.account(*id)).collect();
        let Some(accounts) = accounts else { return Ok(Outcome::failed(PostedStatus::AccountNotFound)) };
        let mut missing = match asked.what {
            ExpiringAmount::Share(_) => Points::ZERO,
            ExpiringAmount::Points(points) => points,
        };
        let (mut rows, now) = (Vec::new(), self.context.now);
        for account in accounts {
            let what = match asked.what {
                ExpiringAmount::Share(share) => ExpiringAmount::Share(share),
                ExpiringAmount::Points(_) => ExpiringAmount::Points(missing),
            };
            let (source, older_than) = (asked.source, asked.older_than);
            let losses = self.draft.losses_of(&Expiring { account: account.id, source, older_than, what })?;
            let lost = Points::sum(losses.iter().map(|loss| loss.points))?;
            missing = missing.minus(lost)?.max(Points::ZERO);
            if lost.is_positive() {
                let into = account.expiration.rollover().filter(|_| asked.allow_rollover);
                let into = into.and_then(|into| program.account(into));
                self.draft.lose(account.id, losses, now, into, program)?;
            }
            rows.push(self.row(account.id, asked.source, lost));
        }
        Ok(Outcome { status: PostedStatus::Ok, rows, shortfall: missing })
    }
}
