//! The budget of a tree during one evaluation: what all customers together may get from it (incentives.md 6.8).
//!
//! How much there is, is not known here. As long as nobody has said what a decision may take, it takes what it would
//! take without a budget, and what it took says how much it wants.

use crate::{
    allotment::{Amounts, Cap, Piece},
    amount::Points,
    id::RuleTreeId,
    program::RuleTree,
};

/// What a decision may take out of the budget of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetRoom {
    /// The tree.
    pub tree: RuleTreeId,
    /// How much.
    pub cap: Cap,
    /// An award that does not fit is given in part.
    pub in_part: bool,
}

/// What an evaluation takes out of the budget of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetUse {
    /// The tree.
    pub tree: RuleTreeId,
    /// What it would have taken, in order.
    pub pieces: Vec<Piece>,
    /// What it takes.
    pub used: Amounts,
}

#[derive(Debug, Clone)]
pub(super) struct BudgetMeter {
    cap: Cap,
    in_part: bool,
    pieces: Vec<Piece>,
    used: Amounts,
}

impl BudgetMeter {
    /// Of a tree that has a budget.
    pub(super) fn of(tree: &RuleTree, rooms: &[BudgetRoom]) -> Option<Box<Self>> {
        let budget = tree.budget.as_ref()?;
        let room = rooms.iter().find(|room| room.tree == tree.id);
        let (cap, in_part) = room.map_or((Cap::default(), budget.in_part()), |room| (room.cap, room.in_part));
        Some(Box::new(Self { cap, in_part, pieces: Vec::new(), used: Amounts::default() }))
    }

    /// Takes points of an award, or an award without points. Says how many points, or nothing when there is nothing
    /// left for it.
    pub(super) fn take(&mut self, points: Points, awards: i64) -> Option<Points> {
        let piece = Piece { points, awards };
        self.pieces.push(piece);
        let taken = self.cap.take(piece, self.in_part);
        self.used = self.used.plus(taken);
        (!taken.is_nothing()).then_some(taken.points)
    }

    pub(super) fn into_use(self, tree: RuleTreeId) -> Option<BudgetUse> {
        let Self { pieces, used, .. } = self;
        (!pieces.is_empty()).then_some(BudgetUse { tree, pieces, used })
    }
}

/// What is left for later trees of the same decision.
pub(super) fn left(rooms: &[BudgetRoom], uses: &[BudgetUse]) -> Vec<BudgetRoom> {
    let used = |tree: RuleTreeId| {
        let uses = uses.iter().filter(|used| used.tree == tree);
        uses.fold(Amounts::default(), |sum, known| sum.plus(known.used))
    };
    rooms.iter().map(|room| BudgetRoom { cap: room.cap.without(used(room.tree)), ..*room }).collect()
}
