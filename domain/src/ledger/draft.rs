//! The movements of one decision, collected over an unchanged ledger.
//!
//! Cost follows what the decision touches, not how many lots the customer has: lots are looked at in spend order and
//! only as far as they are needed.

use std::collections::BTreeMap;

use super::{AccountLedger, Draw, Ledger, Lot, LotLoss, Movement, ReceivedBy, TakenFor};
use crate::{
    allotment::Granted,
    amount::{AmountError, Points},
    id::{IdRun, LedgerRowId, PointAccountId, PointSourceId, SaleId, UserPointAccountId},
    program::{PointAccount, PointSource, Program},
    time::Timestamp,
};

/// A ledger with the movements of a decision on top.
#[derive(Debug, Clone)]
pub struct Draft<'a> {
    pub(super) ledger: &'a Ledger,
    pub(super) movements: Vec<Movement>,
    touched: BTreeMap<PointAccountId, Touched>,
    ids: IdRun,
    next_id: u64,
    /// Everything that was due by then is among the movements or in the ledger.
    pub(super) settled: Option<Timestamp>,
    /// What of the restrictions over all customers has been reserved for it.
    pub(super) grants: &'a [Granted],
}

/// What the movements so far have done to one account.
#[derive(Debug, Clone, Default)]
struct Touched {
    available: Points,
    lifetime: Points,
    overdraft: Points,
    /// Lots that are not in the ledger, or not in this form, in spend order.
    new_lots: Vec<Lot>,
    /// What has been taken of lots as they are in the ledger.
    drawn: BTreeMap<LedgerRowId, Points>,
}

/// Why movements cannot be drafted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// A number does not fit.
    #[error(transparent)]
    Amount(#[from] AmountError),
    /// It depends on lots that the state does not hold: draft it over a ledger folded from the whole history.
    #[error("it depends on lots that are only in the history")]
    Hidden,
}

impl<'a> Draft<'a> {
    /// Nothing on top yet. New rows take their ids from `ids`, beginning with number `first_id`.
    pub fn new(ledger: &'a Ledger, ids: IdRun, first_id: u64) -> Self {
        let settled = ledger.settled_until();
        let (movements, touched, grants) = (Vec::new(), BTreeMap::new(), &[]);
        Self { ledger, movements, touched, ids, next_id: first_id, settled, grants }
    }

    /// With what has been reserved for it of what all customers share.
    #[must_use]
    pub fn granted(self, grants: &'a [Granted]) -> Self {
        Self { grants, ..self }
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

    /// The customer's use of an account; none: it is not used.
    pub fn user_account(&self, account: PointAccountId) -> Option<UserPointAccountId> {
        let known = self.ledger.account(account).map(|known| known.user_account);
        let first = || self.movements.iter().find(|movement| movement.account() == account);
        known.or_else(|| first().map(|movement| UserPointAccountId(movement.row().0)))
    }

    /// What is overdrawn with the movements so far.
    pub fn overdraft(&self, account: PointAccountId) -> Points {
        self.touched.get(&account).map_or_else(
            || self.ledger.account(account).map_or(Points::ZERO, |known| known.overdraft),
            |touched| touched.overdraft,
        )
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
        let lot = Lot { row, source: source.id, occurred, expires, weight: 0, remaining: points, sale };
        self.issue(account.id, lot, counted_until)?;
        Ok(row)
    }

    /// Issues a lot as it is described; it counts against personal limits of its source until then.
    pub fn issue(
        &mut self,
        account: PointAccountId,
        lot: Lot,
        counted_until: Option<Timestamp>,
    ) -> Result<(), AmountError> {
        let Lot { row, source, occurred, expires, weight, remaining: points, .. } = lot;
        let repaid = self.receive_lot(account, lot, true)?;
        self.movements.push(Movement::Earned {
            row,
            account,
            source,
            points,
            occurred,
            expires,
            weight,
            repaid,
            counted_until,
        });
        Ok(())
    }

    /// Takes in points that were issued before: a new lot that first repays overdraft. Gives the row.
    pub fn receive(&mut self, receiving: Receiving) -> Result<LedgerRowId, AmountError> {
        let row = LedgerRowId(self.next_id());
        self.receive_as(row, receiving)?;
        Ok(row)
    }

    /// The same, as this row.
    pub fn receive_as(&mut self, row: LedgerRowId, receiving: Receiving) -> Result<(), AmountError> {
        let Receiving { account, source, points, occurred, expires, weight, sale, by } = receiving;
        assert!(points.is_positive(), "only points above zero are received");
        let lot = Lot { row, source, occurred, expires, weight, remaining: points, sale };
        let repaid = self.receive_lot(account, lot, by.counts_as_issued())?;
        let movement =
            Movement::Received { row, account, source, points, occurred, expires, weight, repaid, sale, by };
        self.movements.push(movement);
        Ok(())
    }

    /// What of a new lot has repaid overdraft.
    fn receive_lot(
        &mut self,
        account: PointAccountId,
        mut lot: Lot,
        counts: bool,
    ) -> Result<Points, AmountError> {
        let touched = self.touch(account);
        let points = lot.remaining;
        let repaid = touched.overdraft.min(points);
        touched.overdraft = touched.overdraft.minus(repaid)?;
        touched.available = touched.available.plus(points)?;
        if counts {
            touched.lifetime = touched.lifetime.plus(points)?;
        }
        lot.remaining = points.minus(repaid)?;
        if lot.remaining.is_positive() {
            touched.insert(lot);
        }
        Ok(repaid)
    }

    /// Gives points back into the very lots they were in; `lots` say what each gets, `overdraft` what of one is undone.
    pub fn restore(
        &mut self,
        row: LedgerRowId,
        account: PointAccountId,
        lots: Vec<Lot>,
        overdraft: Points,
        occurred: Timestamp,
    ) -> Result<(), AmountError> {
        let points = overdraft.plus(Points::sum(lots.iter().map(|lot| lot.remaining))?)?;
        let mut lots = lots;
        for lot in &mut lots {
            let known = self.lots(account).find(|(known, _)| known.row == lot.row);
            let known = known.map(|(known, left)| (known.clone(), left));
            let restored = match known {
                Some((known, left)) => {
                    // A date that has passed on what was too little to expire does not count for more.
                    if known.expires.is_none_or(|expires| expires > occurred) {
                        lot.expires = known.expires;
                    }
                    Lot { remaining: left.plus(lot.remaining)?, expires: lot.expires, ..known }
                }
                None => lot.clone(),
            };
            self.supersede(account, restored);
        }
        let touched = self.touch(account);
        touched.available = touched.available.plus(points)?;
        touched.overdraft = touched.overdraft.minus(overdraft)?;
        assert!(!touched.overdraft.is_negative(), "no more is undone than is overdrawn");
        self.movements.push(Movement::Restored { row, account, points, occurred, lots, overdraft });
        Ok(())
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

    /// Takes points out of these lots.
    pub fn take(
        &mut self,
        row: LedgerRowId,
        account: PointAccountId,
        draws: Vec<Draw>,
        occurred: Timestamp,
        reason: TakenFor,
    ) -> Result<(), AmountError> {
        let points = self.reduce(account, draws.iter().map(|draw| (draw.lot, draw.points)))?;
        self.movements.push(Movement::Taken { row, account, points, occurred, draws, reason });
        Ok(())
    }

    /// Lets points of these lots run out, or roll over `into` another account.
    pub(super) fn expire_lots(
        &mut self,
        account: PointAccountId,
        losses: Vec<LotLoss>,
        occurred: Timestamp,
        into: Option<PointAccountId>,
    ) -> Result<(), AmountError> {
        let row = LedgerRowId(self.next_id());
        let points = self.reduce(account, losses.iter().map(|loss| (loss.lot, loss.points)))?;
        for loss in &losses {
            let known = self.lots(account).find(|(known, _)| known.row == loss.lot);
            let redated = known.filter(|(known, _)| known.expires != loss.next).map(|(known, left)| Lot {
                remaining: left,
                expires: loss.next,
                ..known.clone()
            });
            if let Some(lot) = redated {
                self.supersede(account, lot);
            }
        }
        self.movements.push(Movement::Expired { row, account, points, occurred, losses, into });
        Ok(())
    }

    /// Takes points out of lots and gives their sum.
    fn reduce(
        &mut self,
        account: PointAccountId,
        parts: impl Iterator<Item = (LedgerRowId, Points)>,
    ) -> Result<Points, AmountError> {
        let touched = self.touch(account);
        let mut sum = Points::ZERO;
        for (row, points) in parts {
            sum = sum.plus(points)?;
            match touched.new_lots.iter().position(|lot| lot.row == row) {
                Some(place) => {
                    let lot = &mut touched.new_lots[place];
                    lot.remaining = lot.remaining.minus(points)?;
                    if lot.remaining.is_zero() {
                        touched.new_lots.remove(place);
                    }
                }
                None => {
                    let drawn = touched.drawn.entry(row).or_default();
                    *drawn = drawn.plus(points)?;
                }
            }
        }
        touched.available = touched.available.minus(sum)?;
        Ok(sum)
    }

    /// Puts a lot in the place of the one of its row, if there is one.
    fn supersede(&mut self, account: PointAccountId, lot: Lot) {
        let held = self.ledger.account(account).map_or(&[][..], AccountLedger::lots);
        let old = held.iter().find(|known| known.row == lot.row).map(|known| known.remaining);
        let touched = self.touch(account);
        if let Some(remaining) = old {
            touched.drawn.insert(lot.row, remaining);
        }
        touched.new_lots.retain(|known| known.row != lot.row);
        touched.insert(lot);
    }

    /// The accounts that the customer uses, with those of this draft.
    pub fn accounts(&self) -> impl Iterator<Item = PointAccountId> {
        let new = self.touched.keys().copied().filter(|id| self.ledger.account(*id).is_none());
        self.ledger.accounts().iter().map(|known| known.account).chain(new)
    }

    /// The lots of an account in spend order, old and new, with what is left of each. Those that the ledger does not
    /// hold are missing.
    pub fn lots(&self, account: PointAccountId) -> impl Iterator<Item = (&Lot, Points)> {
        let touched = self.touched.get(&account);
        let held = self.ledger.account(account).map_or(&[][..], AccountLedger::lots);
        let new = touched.map_or(&[][..], |touched| touched.new_lots.as_slice());
        let left = move |lot: &'_ Lot| {
            let drawn =
                touched.and_then(|touched| touched.drawn.get(&lot.row)).copied().unwrap_or(Points::ZERO);
            lot.remaining.minus(drawn).unwrap_or(Points::ZERO)
        };
        let held = held.iter().map(move |lot| (lot, left(lot))).filter(|(_, left)| left.is_positive());
        let (mut held, mut new) = (held.peekable(), new.iter().map(|lot| (lot, lot.remaining)).peekable());
        std::iter::from_fn(move || match (held.peek(), new.peek()) {
            (Some((left, _)), Some((right, _))) if right.spend_order(0) < left.spend_order(0) => new.next(),
            (Some(_), _) => held.next(),
            (None, _) => new.next(),
        })
    }

    /// All lots of an account, or that some of them are not held.
    pub fn all_lots(&self, account: PointAccountId) -> Result<Vec<(&Lot, Points)>, DraftError> {
        self.require_all(account)?;
        Ok(self.lots(account).collect())
    }

    /// The ledger holds all lots of the account.
    pub(super) fn require_all(&self, account: PointAccountId) -> Result<(), DraftError> {
        let left_out = self.ledger.account(account).and_then(AccountLedger::left_out);
        if left_out.is_some() { Err(DraftError::Hidden) } else { Ok(()) }
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

impl Touched {
    fn insert(&mut self, lot: Lot) {
        let order = lot.spend_order(0);
        let place = self.new_lots.partition_point(|known| known.spend_order(0) < order);
        self.new_lots.insert(place, lot);
    }
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

/// Points that were issued before and come in.
#[derive(Debug, Clone, Copy)]
pub struct Receiving {
    /// Where they go.
    pub account: PointAccountId,
    /// Where they came from when they were issued.
    pub source: PointSourceId,
    /// How many; above zero.
    pub points: Points,
    /// Business time.
    pub occurred: Timestamp,
    /// When they expire.
    pub expires: Option<Timestamp>,
    /// Consumption priority.
    pub weight: i32,
    /// The sale that earned them.
    pub sale: Option<SaleId>,
    /// How they came.
    pub by: ReceivedBy,
}
