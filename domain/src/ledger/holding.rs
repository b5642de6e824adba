//! The lots of one account, in spend order, and what of them the state holds.
//!
//! Lots that never expire and are never spent come without end. Only the first and the last of them are held; those in
//! between are a [`Gap`]: their sum is known, each of them only in the history. Whatever depends on a lot in the gap
//! asks for the history (`Need::History`) and is decided on a ledger that was folded from all of it and has no gap. So
//! every result is the same as if nothing were left out: nothing is merged, and no order is guessed.

use serde::{Deserialize, Serialize};

use super::{Draw, Lot, LotLoss, SpendOrder};
use crate::{amount::Points, id::LedgerRowId};

/// How many lots without an expiry are held before the middle ones are left out.
const LASTING_MAX: usize = 192;
/// How many of them are held in front of the gap, and behind it, when it is made: the next to be spent, and the
/// newest, which sales that are returned gave.
const LASTING_KEPT: usize = 64;

/// Lots that are not held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// No lot in it comes before this.
    first: SpendOrder,
    /// No lot in it comes after this.
    last: SpendOrder,
    /// What remains of them together; above zero.
    remaining: Points,
}

/// The lots of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Holding {
    lots: Vec<Lot>,
    gap: Option<Gap>,
}

impl Holding {
    /// The lots held, in spend order. Those of the gap, if there is one, belong somewhere in between.
    pub fn lots(&self) -> &[Lot] {
        &self.lots
    }

    /// What remains of the lots that are not held.
    pub fn gap(&self) -> Option<Points> {
        self.gap.map(|gap| gap.remaining)
    }

    /// Where the gap begins.
    pub fn gap_from(&self) -> Option<SpendOrder> {
        self.gap.map(|gap| gap.first)
    }

    /// Adds points to a lot that may be there; its date is from now on the one given.
    pub fn restore(&mut self, mut lot: Lot, all: bool) {
        if let Some(place) = self.lots.iter().position(|known| known.row == lot.row) {
            let known = self.lots.remove(place);
            lot.remaining = lot.remaining.plus(known.remaining).expect("a lot is within an amount");
        }
        self.add(lot, all);
    }

    /// Adds a lot that is not there. With `all`, none is ever left out.
    pub fn add(&mut self, lot: Lot, all: bool) {
        let order = lot.spend_order(0);
        if let Some(gap) = self.gap.as_mut().filter(|gap| gap.first <= order && order <= gap.last) {
            gap.remaining =
                gap.remaining.plus(lot.remaining).expect("the lots of an account sum to an amount");
            return;
        }
        // Mostly the newest lot is the last to be spent, so the search rarely moves anything.
        let place = self.lots.partition_point(|known| known.spend_order(0) < order);
        self.lots.insert(place, lot);
        if !all {
            self.leave_out();
        }
    }

    /// Draws points; gone lots leave.
    pub fn draw(&mut self, draws: &[Draw]) {
        for draw in draws {
            self.reduce(draw.lot, draw.points);
        }
    }

    /// Takes what has expired and dates what remains.
    pub fn lose(&mut self, losses: &[LotLoss]) {
        for loss in losses {
            if let Some(place) = self.reduce(loss.lot, loss.points)
                && self.lots[place].expires != loss.next
            {
                let lot = self.lots.remove(place);
                self.add(Lot { expires: loss.next, ..lot }, true);
            }
        }
    }

    /// Gives lots another date: `lots` are what they are from now on.
    pub fn redate(&mut self, lots: &[Lot], all: bool) {
        for lot in lots {
            self.reduce(lot.row, lot.remaining);
        }
        for lot in lots {
            self.add(lot.clone(), all);
        }
    }

    /// Holds lots that were in the gap, in front of it.
    pub fn recall(&mut self, lots: &[Lot]) {
        let Some(last) = lots.last() else { return };
        let recalled = Points::sum(lots.iter().map(|lot| lot.remaining));
        self.shrink(recalled.expect("the lots of an account sum to an amount"));
        if let Some(gap) = &mut self.gap {
            gap.first = last.spend_order(0).just_after();
        }
        for lot in lots {
            self.add(lot.clone(), true);
        }
    }

    /// Takes points from a lot; gives its place while something remains of it and it is held.
    fn reduce(&mut self, row: LedgerRowId, points: Points) -> Option<usize> {
        let Some(place) = self.lots.iter().position(|lot| lot.row == row) else {
            self.shrink(points);
            return None;
        };
        let lot = &mut self.lots[place];
        lot.remaining = lot.remaining.minus(points).expect("a draw is within an amount");
        assert!(!lot.remaining.is_negative(), "a draw takes no more than remains of the lot");
        if lot.remaining.is_zero() {
            self.lots.remove(place);
            return None;
        }
        Some(place)
    }

    fn shrink(&mut self, points: Points) {
        let gap = self.gap.as_mut().expect("a draw names a lot that is there");
        gap.remaining = gap.remaining.minus(points).expect("a draw is within an amount");
        assert!(!gap.remaining.is_negative(), "a draw takes no more than there is");
        if gap.remaining.is_zero() {
            self.gap = None;
        }
    }

    /// Makes or widens the gap when there are too many lots that never expire.
    fn leave_out(&mut self) {
        let dated = self.lots.partition_point(|lot| lot.expires.is_some());
        if self.lots.len() - dated <= LASTING_MAX {
            return;
        }
        let (front, back) = match self.gap {
            None => (dated + LASTING_KEPT, self.lots.len() - LASTING_KEPT),
            // All that is held between the front and the gap, or the gap and the back, goes into it.
            Some(gap) => {
                let before = self.lots.partition_point(|lot| lot.spend_order(0) < gap.first);
                (before.min(dated + LASTING_KEPT), before.max(self.lots.len() - LASTING_KEPT))
            }
        };
        let left_out: Vec<Lot> = self.lots.drain(front..back).collect();
        let (Some(first), Some(last)) = (left_out.first(), left_out.last()) else { return };
        let remaining = Points::sum(left_out.iter().map(|lot| lot.remaining));
        let remaining = remaining.expect("the lots of an account sum to an amount");
        let made = Gap { first: first.spend_order(0), last: last.spend_order(0), remaining };
        self.gap = Some(self.gap.map_or(made, |gap| Gap {
            first: gap.first.min(made.first),
            last: gap.last.max(made.last),
            remaining: gap.remaining.plus(made.remaining).expect("the lots of an account sum to an amount"),
        }));
    }
}
