//! What callers read of a customer's points. Right at any moment: what has run out by then is left out, written down
//! or not.

use super::Customer;
use crate::{
    amount::{AmountError, Points},
    id::{PointAccountId, UserPointAccountId},
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
        Balances { accounts: active.map(|account| self.balance(account.id, now)).collect() }
    }

    /// The balance of one account; zeroes when it was never used.
    pub fn balance(&self, account: PointAccountId, now: Timestamp) -> AccountBalance {
        let known = self.ledger.account(account);
        AccountBalance {
            account,
            user_account: known.map(|known| known.user_account),
            available: known.map_or(Points::ZERO, |known| known.available_at(now)),
            lifetime: known.map_or(Points::ZERO, |known| known.lifetime),
        }
    }

    /// What can be spent of one account.
    pub fn available(&self, account: PointAccountId, now: Timestamp) -> Points {
        self.balance(account, now).available
    }

    /// Everything ever issued into one account.
    pub fn lifetime(&self, account: PointAccountId) -> Points {
        self.ledger.account(account).map_or(Points::ZERO, |known| known.lifetime)
    }
}
