//! The movements of one decision, collected over an unchanged ledger.
//!
//! Cost follows what the decision touches, not how many lots the customer has: lots are looked at in spend order and
//! only as far as they are needed.

use std::collections::BTreeMap;

use super::{AccountLedger, Draw, Ledger, Lot, Movement, TakenFor};
use crate::{
    amount::{AmountError, Points},
    id::{IdRun, LedgerRowId, PointAccountId, PointSourceId, SaleId},
    program::{PointAccount, PointSource, Program},
    time::Timestamp,
};

/// A ledger with the movements of a decision on top.
#[derive(Debug, Clone)]
pub struct Draft<'a> {
    ledger: &'a Ledger,
    movements: Vec<Movement>,
    touched: BTreeMap<PointAccountId, Touched>,
    ids: IdRun,
    next_id: u64,
}

/// What the movements so far have done to one account.
#[derive(Debug, Clone, Default)]
struct Touched {
    available: Points,
    lifetime: Points,
    overdraft: Points,
    new_lots: Vec<Lot>,
    drawn: BTreeMap<LedgerRowId, Points>,
}

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
    /// Lots of this sale go first, newest first (incentives.md 9.3).
    pub first_from: Option<SaleId>,
    /// The id of the first row written, when the caller chose it.
    pub row: Option<LedgerRowId>,
}

/// How many points the lots did not have.
pub type Shortfall = Points;

impl<'a> Draft<'a> {
    /// Nothing on top yet. New rows take their ids from `ids`, beginning with number `first_id`.
    pub fn new(ledger: &'a Ledger, ids: IdRun, first_id: u64) -> Self {
        Self { ledger, movements: Vec::new(), touched: BTreeMap::new(), ids, next_id: first_id }
    }

    /// What is to be written, in order.
    pub fn movements(&self) -> &[Movement] {
        &self.movements
    }

    /// What is to be written, and the number of the next free id.
    pub fn finish(self) -> (Vec<Movement>, u64) {
        (self.movements, self.next_id)
    }

    /// The next free id.
    pub fn next_id(&mut self) -> uuid::Uuid {
        let id = self.ids.nth(self.next_id);
        self.next_id += 1;
        id
    }

    /// The available balance with the movements so far.
    pub fn available(&self, account: PointAccountId) -> Points {
        self.touched.get(&account).map_or_else(
            || self.ledger.account(account).map_or(Points::ZERO, |known| known.available),
            |touched| touched.available,
        )
    }

    /// The lifetime value with the movements so far.
    pub fn lifetime(&self, account: PointAccountId) -> Points {
        self.touched.get(&account).map_or_else(
            || self.ledger.account(account).map_or(Points::ZERO, |known| known.lifetime),
            |touched| touched.lifetime,
        )
    }

    /// Writes down what has expired by `now`, oldest expiry first within each account.
    pub fn expire(&mut self, now: Timestamp) -> Result<(), AmountError> {
        for account in self.ledger.accounts() {
            let due =
                account.lots().iter().take_while(|lot| lot.expires.is_some_and(|expires| expires <= now));
            let due: Vec<_> = due.map(|lot| (lot.expires.unwrap_or(now), lot.row, lot.remaining)).collect();
            for same_moment in due.chunk_by(|left, right| left.0 == right.0) {
                let draws: Vec<_> =
                    same_moment.iter().map(|&(_, lot, points)| Draw { lot, points }).collect();
                let row = LedgerRowId(self.next_id());
                self.take(row, account.account, draws, same_moment[0].0, TakenFor::Expiration)?;
            }
        }
        Ok(())
    }

    /// How much of an award or a deposit may be issued (incentives.md 4.5), the stricter of ceiling and personal
    /// limits, and which of the two it was.
    pub fn room(
        &self,
        account: &PointAccount,
        source: &PointSource,
        occurred: Timestamp,
        program: &Program,
    ) -> Result<Room, AmountError> {
        let mut room = Room::default();
        if let Some(ceiling) = account.max_allowed_balance {
            room.ceiling = Some(ceiling.minus(self.available(account.id))?.max(Points::ZERO));
        }
        for limit in &source.personal_limits {
            let since = program.retailer().zone.earlier(occurred, limit.window);
            let within = |at: Timestamp| since.is_none_or(|since| at > since) && at <= occurred;
            let stored =
                self.ledger.issued().iter().filter(|issued| issued.source == source.id && within(issued.at));
            let mut issued = Points::sum(stored.map(|issued| issued.points))?;
            for movement in &self.movements {
                if let Movement::Earned { source: from, points, occurred: at, .. } = movement
                    && *from == source.id
                    && within(*at)
                {
                    issued = issued.plus(*points)?;
                }
            }
            let left = limit.max_points.minus(issued)?.max(Points::ZERO);
            room.source = Some(room.source.map_or(left, |known| known.min(left)));
        }
        Ok(room)
    }

    /// Issues points: a new lot that first repays overdraft (incentives.md 4.4). Gives the row.
    pub fn earn(&mut self, earning: Earning<'_>) -> Result<LedgerRowId, AmountError> {
        let Earning { account, source, points, occurred, sale, program } = earning;
        assert!(points.is_positive(), "only points above zero are issued");
        let zone = &program.retailer().zone;
        let row = LedgerRowId(self.next_id());
        let windows = source.personal_limits.iter().map(|limit| zone.later(occurred, limit.window));
        let counted_until = windows.map(|end| end.unwrap_or(Timestamp::MAX)).max();
        let expires = account.expiration.expiry_of(occurred, zone);
        let touched = self.touch(account.id);
        let repaid = touched.overdraft.min(points);
        touched.overdraft = touched.overdraft.minus(repaid)?;
        touched.available = touched.available.plus(points)?;
        touched.lifetime = touched.lifetime.plus(points)?;
        let remaining = points.minus(repaid)?;
        if remaining.is_positive() {
            let lot = Lot { row, source: source.id, occurred, expires, weight: 0, remaining, sale };
            let order = lot.spend_order(0);
            let place = touched.new_lots.partition_point(|known| known.spend_order(0) < order);
            touched.new_lots.insert(place, lot);
        }
        self.movements.push(Movement::Earned {
            row,
            account: account.id,
            source: source.id,
            points,
            occurred,
            expires,
            weight: 0,
            repaid,
            counted_until,
        });
        Ok(row)
    }

    /// What the lots of the accounts hold at most up to `points`; cheap when there is enough.
    pub fn pool(&self, taking: &Taking<'_>) -> Result<Points, AmountError> {
        Points::sum(self.draws(taking)?.into_iter().map(|(_, draw)| draw.points))
    }

    /// Takes points out of the lots, one movement per account touched, and says how many the lots did not have.
    pub fn take_from_pool(&mut self, taking: &Taking<'_>) -> Result<Shortfall, AmountError> {
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

    /// Books points that no lot holds (incentives.md 4.4).
    pub fn overdraw(
        &mut self,
        row: LedgerRowId,
        account: PointAccountId,
        points: Points,
        occurred: Timestamp,
        reason: TakenFor,
    ) -> Result<(), AmountError> {
        assert!(points.is_positive(), "only points above zero are overdrawn");
        let touched = self.touch(account);
        touched.available = touched.available.minus(points)?;
        touched.overdraft = touched.overdraft.plus(points)?;
        self.movements.push(Movement::Overdrawn { row, account, points, occurred, reason });
        Ok(())
    }

    fn take(
        &mut self,
        row: LedgerRowId,
        account: PointAccountId,
        draws: Vec<Draw>,
        occurred: Timestamp,
        reason: TakenFor,
    ) -> Result<(), AmountError> {
        let points = Points::sum(draws.iter().map(|draw| draw.points))?;
        let touched = self.touch(account);
        touched.available = touched.available.minus(points)?;
        for draw in &draws {
            let drawn = touched.drawn.entry(draw.lot).or_default();
            *drawn = drawn.plus(draw.points)?;
        }
        self.movements.push(Movement::Taken { row, account, points, occurred, draws, reason });
        Ok(())
    }

    /// Which lots give how much, in the order they are consumed, until the amount is reached or nothing is left.
    fn draws(&self, taking: &Taking<'_>) -> Result<Vec<(PointAccountId, Draw)>, AmountError> {
        let mut missing = taking.points;
        let mut draws: Vec<(PointAccountId, Draw)> = Vec::new();
        if let Some(sale) = taking.first_from {
            let mut own: Vec<_> = Vec::new();
            for &account in taking.accounts {
                own.extend(
                    self.lots(account)
                        .filter(|(lot, _)| lot.sale == Some(sale))
                        .map(|(lot, left)| (account, lot, left)),
                );
            }
            own.sort_by_key(|(_, lot, _)| std::cmp::Reverse((lot.occurred, lot.row)));
            for (account, lot, left) in own {
                missing = draw_some(&mut draws, account, lot.row, left, missing)?;
            }
        }
        let mut heads: Vec<_> =
            taking.accounts.iter().map(|&account| self.lots(account).peekable()).collect();
        while missing.is_positive() {
            let next = (0..heads.len())
                .filter_map(|place| heads[place].peek().map(|(lot, _)| (lot.spend_order(place), place)))
                .min();
            let Some((_, place)) = next else { break };
            let Some((lot, left)) = heads[place].next() else { break };
            let wanted = taking.source.is_none_or(|source| source == lot.source);
            let drawn_before = taking.first_from.is_some() && lot.sale == taking.first_from;
            if wanted && !drawn_before {
                missing = draw_some(&mut draws, taking.accounts[place], lot.row, left, missing)?;
            }
        }
        Ok(draws)
    }

    /// The lots of an account in spend order, old and new, with what is left of each.
    fn lots(&self, account: PointAccountId) -> impl Iterator<Item = (&Lot, Points)> {
        let touched = self.touched.get(&account);
        let old = self.ledger.account(account).map_or(&[][..], AccountLedger::lots);
        let new = touched.map_or(&[][..], |touched| touched.new_lots.as_slice());
        let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
        std::iter::from_fn(move || match (old.peek(), new.peek()) {
            (Some(left), Some(right)) if right.spend_order(0) < left.spend_order(0) => new.next(),
            (Some(_), _) => old.next(),
            (None, _) => new.next(),
        })
        .filter_map(move |lot| {
            let drawn =
                touched.and_then(|touched| touched.drawn.get(&lot.row)).copied().unwrap_or(Points::ZERO);
            let left = lot.remaining.minus(drawn).unwrap_or(Points::ZERO);
            left.is_positive().then_some((lot, left))
        })
    }

    fn touch(&mut self, account: PointAccountId) -> &mut Touched {
        self.touched.entry(account).or_insert_with(|| {
            self.ledger.account(account).map_or_else(Touched::default, |known| Touched {
                available: known.available,
                lifetime: known.lifetime,
                overdraft: known.overdraft,
                ..Touched::default()
            })
        })
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

/// An issue of points.
#[derive(Debug, Clone, Copy)]
pub struct Earning<'a> {
    /// Where they go.
    pub account: &'a PointAccount,
    /// Where they come from.
    pub source: &'a PointSource,
    /// How many; above zero.
    pub points: Points,
    /// Business time; expiry counts from it.
    pub occurred: Timestamp,
    /// The sale that earned them.
    pub sale: Option<SaleId>,
    /// For zone and policy.
    pub program: &'a Program,
}

/// How much may still be issued; none: no limit of that kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Room {
    /// Under the account's ceiling.
    pub ceiling: Option<Points>,
    /// Under the source's personal limits.
    pub source: Option<Points>,
}

impl Room {
    /// What of `points` may be issued.
    pub fn allowed(&self, points: Points) -> Points {
        let allowed = self.ceiling.map_or(points, |left| left.min(points));
        self.source.map_or(allowed, |left| left.min(allowed))
    }

    /// The source's limit cuts deeper than the ceiling.
    pub fn source_is_stricter(&self) -> bool {
        self.source.is_some_and(|source| self.ceiling.is_none_or(|ceiling| source <= ceiling))
    }
}
