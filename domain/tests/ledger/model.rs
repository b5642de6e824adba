//! A naive ledger: a flat list of lots, searched and sorted anew for every question.

use std::cmp::Reverse;

use laurel_domain::{
    Points, Timestamp,
    id::{LedgerRowId, SaleId},
};

const DAY_MS: i64 = 86_400_000;
/// How many days the points of account 1 live; the other accounts' live for ever.
pub const LIFE_DAYS: i64 = 10;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lot {
    pub row: LedgerRowId,
    pub account: u32,
    pub source: u32,
    pub occurred: Timestamp,
    pub expires: Option<Timestamp>,
    pub remaining: Points,
    pub sale: Option<SaleId>,
}

#[derive(Debug, Default)]
pub struct Model {
    pub lots: Vec<Lot>,
    /// Of accounts 1, 2 and 3.
    pub overdraft: [Points; 3],
    pub lifetime: [Points; 3],
}

fn slot(account: u32) -> usize {
    usize::try_from(account - 1).unwrap()
}

impl Model {
    /// Account 1 is evaluated at every midnight.
    pub fn expiry(account: u32, occurred: Timestamp) -> Option<Timestamp> {
        let ripe = occurred.millis() + LIFE_DAYS * DAY_MS;
        let midnight = (ripe + DAY_MS - 1).div_euclid(DAY_MS) * DAY_MS;
        (account == 1).then_some(Timestamp::from_millis(midnight))
    }

    pub fn expire(&mut self, now: Timestamp) {
        self.lots.retain(|lot| lot.expires.is_none_or(|expires| expires > now));
    }

    pub fn earn(&mut self, mut lot: Lot) {
        let slot = slot(lot.account);
        self.lifetime[slot] = self.lifetime[slot].plus(lot.remaining).unwrap();
        let repaid = self.overdraft[slot].min(lot.remaining);
        self.overdraft[slot] = self.overdraft[slot].minus(repaid).unwrap();
        lot.remaining = lot.remaining.minus(repaid).unwrap();
        if lot.remaining.is_positive() {
            self.lots.push(lot);
        }
    }

    /// Takes and says what was missing.
    pub fn take(
        &mut self,
        accounts: &[u32],
        source: Option<u32>,
        first_from: Option<SaleId>,
        points: Points,
    ) -> Points {
        let mut missing = points;
        let position = |lot: &Lot| accounts.iter().position(|account| *account == lot.account);
        let mut pool: Vec<_> = (0..self.lots.len())
            .filter(|place| {
                let lot = &self.lots[*place];
                position(lot).is_some() && source.is_none_or(|source| source == lot.source)
            })
            .collect();
        pool.sort_by_key(|place| {
            let lot = &self.lots[*place];
            (lot.expires.is_none(), lot.expires, lot.occurred, position(lot), lot.row)
        });
        if first_from.is_some() {
            let (mut own, others): (Vec<_>, Vec<_>) =
                pool.into_iter().partition(|place| self.lots[*place].sale == first_from);
            own.sort_by_key(|place| Reverse((self.lots[*place].occurred, self.lots[*place].row)));
            pool = own.into_iter().chain(others).collect();
        }
        for place in pool {
            let lot = &mut self.lots[place];
            let drawn = lot.remaining.min(missing);
            lot.remaining = lot.remaining.minus(drawn).unwrap();
            missing = missing.minus(drawn).unwrap();
        }
        self.lots.retain(|lot| lot.remaining.is_positive());
        missing
    }

    pub fn overdraw(&mut self, account: u32, points: Points) {
        self.overdraft[slot(account)] = self.overdraft[slot(account)].plus(points).unwrap();
    }

    /// What can be spent at `now`.
    pub fn available(&self, account: u32, now: Timestamp) -> Points {
        let live = |lot: &&Lot| lot.account == account && lot.expires.is_none_or(|expires| expires > now);
        let lots = Points::sum(self.lots.iter().filter(live).map(|lot| lot.remaining)).unwrap();
        lots.minus(self.overdraft[slot(account)]).unwrap()
    }

    /// The lots of an account in the order in which they are spent.
    pub fn lots_of(&self, account: u32) -> Vec<Lot> {
        let mut lots: Vec<_> = self.lots.iter().filter(|lot| lot.account == account).cloned().collect();
        lots.sort_by_key(|lot| (lot.expires.is_none(), lot.expires, lot.occurred, lot.row));
        lots
    }
}
