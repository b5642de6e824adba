//! What callers read of a customer's points. Right at any moment: what has run out by then is left out, written down
//! or not.

use super::Customer;
use crate::{
    amount::{AmountError, Points},
    id::{IdRun, PointAccountId, UserPointAccountId},
    ledger::{Draft, DraftError},
    program::Program,
    time::Timestamp,
};

/// Balances of several accounts (incentives.md 2.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balances {
    /// In the order of the program.
    pub accounts: Vec<AccountBalance>,
}

/// The balance of one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountBalance {
    /// Which account.
    pub account: PointAccountId,
    /// The customer's use of it; none: never used.
    pub user_account: Option<UserPointAccountId>,
    /// What can be spent; negative when overdrawn.
    pub available: Points,
    /// Everything ever issued into it.
    pub lifetime: Points,
}

/// Points that will run out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiration {
    /// Of which account.
    pub account: PointAccountId,
    /// How many.
    pub points: Points,
    /// When.
    pub at: Timestamp,
}

impl Balances {
    /// The sum of what can be spent.
    pub fn available(&self) -> Result<Points, AmountError> {
        Points::sum(self.accounts.iter().map(|account| account.available))
    }

    /// The sum of everything ever issued.
    pub fn lifetime(&self) -> Result<Points, AmountError> {
        Points::sum(self.accounts.iter().map(|account| account.lifetime))
    }
}

impl Customer {
    /// The balances of every active account of the program, those never used included.
    pub fn balances(&self, program: &Program, now: Timestamp) -> Balances {
        let active = program.accounts().iter().filter(|account| account.active);
        self.balances_of(active.map(|account| account.id), program, now)
    }

    /// The balances of these accounts.
    pub fn balances_of(
        &self,
        accounts: impl IntoIterator<Item = PointAccountId>,
        program: &Program,
        now: Timestamp,
    ) -> Balances {
        let settled = self.settled(program, now);
        Balances {
            accounts: accounts.into_iter().map(|account| self.balance_in(&settled, account)).collect(),
        }
    }

    /// The balance of one account; zeroes when it was never used.
    pub fn balance(&self, account: PointAccountId, program: &Program, now: Timestamp) -> AccountBalance {
        self.balance_in(&self.settled(program, now), account)
    }

    /// What can be spent of one account.
    pub fn available(&self, account: PointAccountId, program: &Program, now: Timestamp) -> Points {
        self.balance(account, program, now).available
    }

    /// Everything ever issued into one account.
    pub fn lifetime(&self, account: PointAccountId, program: &Program, now: Timestamp) -> Points {
        self.balance(account, program, now).lifetime
    }

    /// What will run out by itself of some accounts by some time, if the customer does nothing, ascending by date: the
    /// next loss of each lot, those that roll over included. Accounts that expire after inactivity say nothing.
    pub fn expirations(
        &self,
        accounts: &[PointAccountId],
        until: Option<Timestamp>,
        program: &Program,
        now: Timestamp,
    ) -> Vec<Expiration> {
        let settled = self.settled(program, now);
        let mut found: Vec<Expiration> = Vec::new();
        for &account in accounts {
            for (at, points) in settled.coming_losses(account, program) {
                if until.is_some_and(|until| at > until) {
                    break;
                }
                match found.iter_mut().find(|known| (known.account, known.at) == (account, at)) {
                    Some(known) => {
                        known.points =
                            known.points.plus(points).expect("the lots of an account sum to an amount");
                    }
                    None => found.push(Expiration { account, points, at }),
                }
            }
        }
        found.sort_by_key(|expiration| expiration.at);
        found
    }

    fn balance_in(&self, settled: &Draft<'_>, account: PointAccountId) -> AccountBalance {
        AccountBalance {
            account,
            user_account: self.ledger.account(account).map(|known| known.user_account),
            available: settled.available(account),
            lifetime: settled.lifetime(account),
        }
    }

    pub(super) fn try_settled(&self, program: &Program, now: Timestamp) -> Result<Draft<'_>, DraftError> {
        // The ids of rows that are never written.
        let mut draft = Draft::new(&self.ledger, IdRun::starting_at(uuid::Uuid::nil()), 0);
        draft.settle(now, program)?;
        Ok(draft)
    }

    /// The ledger with everything written down that has run out.
    fn settled(&self, program: &Program, now: Timestamp) -> Draft<'_> {
        self.try_settled(program, now)
            .expect("a customer that is looked at is complete, and its balances are within an amount")
    }
}
