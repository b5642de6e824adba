//! Taking points out of lots: which give how much, and in which order (incentives.md 4.2, 9.3).

use super::{AccountLedger, Draft, DraftError, Draw, Lot, LotLoss, SpendOrder, TakenFor};
use crate::{
    amount::{AmountError, Points},
    id::{LedgerRowId, PointAccountId, PointSourceId, SaleId},
    program::LostShare,
    time::Timestamp,
};

/// A request to take points.
#[derive(Debug, Clone, Copy)]
pub struct Taking<'a> {
    /// Which accounts, in the order of the request.
    pub accounts: &'a [PointAccountId],
    /// Only lots of this source.
    pub source: Option<PointSourceId>,
    /// How many; above zero.
    pub points: Points,
    /// Business time.
    pub occurred: Timestamp,
    /// Why.
    pub reason: TakenFor,
    /// Which lots go before all others: account by account as they are named, newest first (incentives.md 9.3).
    pub first_from: First,
    /// The id of the first row written, when the caller chose it.
    pub row: Option<LedgerRowId>,
}

/// Lots that are taken from before all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum First {
    /// None is.
    None,
    /// Those that a sale earned.
    Sale(SaleId),
    /// The lot of this row.
    Lot(LedgerRowId),
}

impl First {
    fn owns(self, lot: &Lot) -> bool {
        match self {
            Self::None => false,
            Self::Sale(sale) => lot.sale == Some(sale),
            Self::Lot(row) => lot.row == row,
        }
    }
}

/// How many points the lots did not have.
pub type Shortfall = Points;

/// A request to let points of one account run out at once (incentives.md 7.1, expire).
#[derive(Debug, Clone, Copy)]
pub struct Expiring {
    /// Which account.
    pub account: PointAccountId,
    /// Only lots of this source.
    pub source: Option<PointSourceId>,
    /// Only lots that were earned before.
    pub older_than: Option<Timestamp>,
    /// How much of each lot, or how many in spend order.
    pub what: ExpiringAmount,
}

/// How much runs out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpiringAmount {
    /// A share of each lot.
    Share(LostShare),
    /// At most so many points, in spend order.
    Points(Points),
}

impl Draft<'_> {
    /// What the lots of the accounts hold at most up to `points`; cheap when there is enough.
    pub fn pool(&self, taking: &Taking<'_>) -> Result<Points, DraftError> {
        Ok(Points::sum(self.draws(taking)?.into_iter().map(|(_, draw)| draw.points))?)
    }

    /// Takes points out of the lots, one movement per account touched, and says how many the lots did not have.
    pub fn take_from_pool(&mut self, taking: &Taking<'_>) -> Result<Shortfall, DraftError> {
        let draws = self.draws(taking)?;
        let mut missing = taking.points;
        let mut by_account: Vec<(PointAccountId, Vec<Draw>)> = Vec::new();
        for (account, draw) in draws {
            missing = missing.minus(draw.points)?;
            match by_account.iter_mut().find(|(known, _)| *known == account) {
                Some((_, draws)) => draws.push(draw),
                None => by_account.push((account, vec![draw])),
            }
        }
        // One row per account, in the order of the request.
        by_account.sort_by_key(|(account, _)| taking.accounts.iter().position(|known| known == account));
        let mut chosen = taking.row;
        for (account, draws) in by_account {
            let row = chosen.take().unwrap_or_else(|| LedgerRowId(self.next_id()));
            self.take(row, account, draws, taking.occurred, taking.reason)?;
        }
        Ok(missing)
    }

    /// What would run out of each lot, in spend order.
    pub fn losses_of(&self, expiring: &Expiring) -> Result<Vec<LotLoss>, DraftError> {
        self.require_all(expiring.account)?;
        let mut missing = match expiring.what {
            ExpiringAmount::Share(_) => Points::ZERO,
            ExpiringAmount::Points(points) => points,
        };
        let mut losses = Vec::new();
        for (lot, left) in self.lots(expiring.account) {
            let wanted = expiring.source.is_none_or(|source| source == lot.source)
                && expiring.older_than.is_none_or(|limit| lot.occurred < limit);
            if !wanted {
                continue;
            }
            let points = match expiring.what {
                ExpiringAmount::Share(share) => share.of(left),
                ExpiringAmount::Points(_) => left.min(missing),
            };
            if points.is_positive() {
                missing = missing.minus(points)?.max(Points::ZERO);
                losses.push(LotLoss { lot: lot.row, points, next: lot.expires });
            }
        }
        Ok(losses)
    }

    /// Which lots give how much, in the order they are consumed, until the amount is reached or nothing is left.
    fn draws(&self, taking: &Taking<'_>) -> Result<Vec<(PointAccountId, Draw)>, DraftError> {
        let mut missing = taking.points;
        let mut draws: Vec<(PointAccountId, Draw)> = Vec::new();
        let own = |lot: &Lot| taking.first_from.owns(lot);
        if taking.first_from != First::None {
            let mut owned: Vec<_> = Vec::new();
            for &account in taking.accounts {
                self.require_all(account)?;
                let lots = self.lots(account).filter(|(lot, _)| own(lot));
                owned.extend(lots.map(|(lot, left)| (account, lot, left)));
            }
            // Account by account, as they are named: in escrow first (9.3).
            let place = |account| taking.accounts.iter().position(|known| *known == account);
            owned.sort_by_key(|(account, lot, _)| {
                (place(*account), std::cmp::Reverse((lot.occurred, lot.row)))
            });
            for (account, lot, left) in owned {
                missing = draw_some(&mut draws, account, lot.row, left, missing)?;
            }
        }
        let mut heads: Vec<_> =
            taking.accounts.iter().map(|&account| self.lots(account).peekable()).collect();
        let gaps = || taking.accounts.iter().filter_map(|account| self.ledger.account(*account));
        let gap: Option<SpendOrder> = gaps().filter_map(AccountLedger::left_out_from).min();
        while missing.is_positive() {
            let next = (0_u16..)
                .zip(&mut heads)
                .filter_map(|(place, lots)| lots.peek().map(|(lot, _)| (lot.spend_order(place), place)))
                .min();
            if gap.is_some_and(|gap| next.is_none_or(|(next, _)| gap <= next)) {
                return Err(DraftError::Hidden);
            }
            let Some((_, place)) = next else { break };
            let place = usize::from(place);
            let Some((lot, left)) = heads[place].next() else { break };
            let wanted = taking.source.is_none_or(|source| source == lot.source);
            if wanted && !own(lot) {
                missing = draw_some(&mut draws, taking.accounts[place], lot.row, left, missing)?;
            }
        }
        Ok(draws)
    }
}

fn draw_some(
    draws: &mut Vec<(PointAccountId, Draw)>,
    account: PointAccountId,
    lot: LedgerRowId,
    left: Points,
    missing: Points,
) -> Result<Points, AmountError> {
    let points = left.min(missing);
    if points.is_positive() {
        draws.push((account, Draw { lot, points }));
    }
    missing.minus(points)
}
