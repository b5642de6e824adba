//! Rule trees in their compiled form: no JSON, no names to look up, references already checked (incentives.md section
//! 6).

mod attribute;
mod circumstance;
mod constraint;
mod count;
mod data;
mod node;
mod outcome;
mod value;

pub use attribute::Attribute;
pub use circumstance::{Circumstance, CircumstanceTest, DayAndHour};
pub use constraint::{
    ChannelTest, CheckSize, CheckSizeBasis, ItemKey, ItemSet, PaymentTest, PurchaseTest, ReferenceKind,
    ReferenceTest, StoreTest,
};
pub use count::{CountTest, Counted, EventTest, PointsTest};
pub use data::{Aggregate, DataLevel, DataPath};
pub use node::{
    AccountSum, AttributeTest, BalanceTest, Comparison, CounterTest, FieldTest, MembershipTest, Node,
    NodeTest, TagMatch, TagTest,
};
pub use outcome::{
    Act, ActionRule, AmountBasis, AwardRule, Combine, Effect, MoveTo, Multiplied, Outcome, PerAmount,
    PerQuantity, SpendRule, TagRule,
};
pub use value::{Value, ValueComparison, ValueKind, ValueTest};

use super::LevelConstraint;
use crate::{
    amount::Points,
    id::{AllotmentId, RuleTreeId, TierLevelId, TierSystemId},
    time::{Span, Timestamp, Zone},
};

/// A rule: conditions, and what they give or allow (incentives.md 6.1).
#[derive(Debug, Clone)]
pub struct RuleTree {
    /// Its id.
    pub id: RuleTreeId,
    /// Its name, for messages.
    pub name: String,
    /// Status 2. Drafts, paused and archived trees are known but do not run.
    pub live: bool,
    /// Holds for business times from here on.
    pub starts: Option<Timestamp>,
    /// Holds for business times up to here, this moment included.
    pub ends: Option<Timestamp>,
    /// Calendar windows of its limits follow this zone.
    pub zone: Zone,
    /// 0 to 1000; higher runs first.
    pub priority: u16,
    /// How it competes with others.
    pub exclusivity: Option<Exclusivity>,
    /// Purchase and event trees: holders of one of these levels only; empty: everybody. Enter and stay trees: the
    /// levels to enter or keep.
    pub levels: Vec<TierLevelId>,
    /// Purchase and event trees: who else they are not for, by tier level (incentives.md 7.7).
    pub level_constraints: Vec<LevelConstraint>,
    /// How often, or how much, a customer may get from the tree as a whole (incentives.md 6.8).
    pub limits: Vec<Limit>,
    /// What all customers together may get from it (incentives.md 6.8).
    pub budget: Option<Budget>,
    /// The conditions, children before their parents; the last is the root.
    pub nodes: Vec<Node>,
    /// What it is for.
    pub kind: TreeKind,
}

impl RuleTree {
    /// The business time lies in its date window.
    pub fn holds_at(&self, time: Timestamp) -> bool {
        self.starts.is_none_or(|starts| starts <= time) && self.ends.is_none_or(|ends| time <= ends)
    }

    /// An event of this name, in upper case, is looked at by it.
    pub fn listens_to(&self, lookup: &str) -> bool {
        self.live
            && matches!(&self.kind, TreeKind::Event(lookups, _) if lookups.iter().any(|known| **known == *lookup))
    }

    /// It is for holders of these levels at a time, or has nothing to do with levels held; `joined` says since when
    /// they are held.
    pub fn is_for(
        &self,
        tiers: &[(TierSystemId, TierLevelId)],
        joined: &dyn Fn(TierSystemId) -> Option<Timestamp>,
        at: Timestamp,
    ) -> bool {
        match &self.kind {
            TreeKind::Purchase(_) | TreeKind::Event(..) => {
                let holds = || tiers.iter().any(|(_, level)| self.levels.contains(level));
                (self.levels.is_empty() || holds())
                    && self.level_constraints.iter().all(|known| known.admits(tiers, joined, at))
            }
            TreeKind::Enter(..) | TreeKind::Stay(_) => true,
        }
    }

    /// One of its outcomes publishes an event.
    pub fn publishes(&self) -> bool {
        let publishes =
            |outcome: &Outcome| matches!(outcome.effect, Effect::Action(ActionRule::Publish { .. }));
        self.outcomes().iter().any(publishes)
    }

    /// What it gives when it passes, by rank.
    pub fn outcomes(&self) -> &[Outcome] {
        match &self.kind {
            TreeKind::Purchase(outcomes)
            | TreeKind::Event(_, outcomes)
            | TreeKind::Enter(_, outcomes)
            | TreeKind::Stay(outcomes) => outcomes,
        }
    }
}

/// What a tree is for (`tree_type`, incentives.md 6.1).
#[derive(Debug, Clone)]
pub enum TreeKind {
    /// 1: gives something for a purchase. By rank, in the order of the document where ranks are equal.
    Purchase(Vec<Outcome>),
    /// 3: says who enters a tier level, after what it is looked at, and what joining gives.
    Enter(Triggers, Vec<Outcome>),
    /// 4: says who stays in a tier level, and what staying gives. The maintenance clock alone looks at it.
    Stay(Vec<Outcome>),
    /// 2: gives something for an event of one of these names, which are in upper case.
    Event(Vec<Box<str>>, Vec<Outcome>),
}

/// What happened to a customer, or after what a tree is looked at (`trigger_events`, incentives.md 6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Triggers {
    /// `COMPLETE_TRANSACTION`: a purchase was evaluated.
    pub purchase: bool,
    /// `EARN_POINTS`: points were issued, by a rule or on request.
    pub points_earned: bool,
    /// An event that the retailer has defined. A tree is looked at after all of them or after none.
    pub custom_event: bool,
}

impl Triggers {
    /// Whatever starts a tree: for a qualification on demand.
    pub const ALL: Self = Self { purchase: true, points_earned: true, custom_event: true };

    /// Something happened that the tree is looked at after.
    pub const fn meet(self, happened: Self) -> bool {
        (self.purchase && happened.purchase)
            || (self.points_earned && happened.points_earned)
            || (self.custom_event && happened.custom_event)
    }
}

/// A group of trees of which one wins (incentives.md 6.1, 6.4 step 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exclusivity {
    /// The group, as a number within the program.
    pub group: u32,
    /// How the winner is found.
    pub mode: ExclusivityMode,
}

/// `exclusivity_mode` (incentives.md 6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExclusivityMode {
    /// 0: no competition; the group is only a name that multipliers can use.
    Stack,
    /// 1: the first passing tree of the group wins.
    FirstMatch,
    /// 2: the tree that gives the most points wins.
    MostPoints,
}

/// A frequency cap per customer (incentives.md 6.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// What is counted and how much of it there is.
    pub cap: Cap,
    /// Within which time. [`crate::time::Unit::Forever`] is a lifetime.
    pub window: Span,
    /// How the window lies.
    pub kind: WindowKind,
}

/// What all customers together may get from a tree (incentives.md 6.8). Points that go to several accounts at once
/// count once, as for limits; an award is an outcome that gave something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Where it is counted.
    pub allotment: AllotmentId,
    /// In total.
    pub total: crate::allotment::Cap,
    /// Awards on a calendar day in the tree's zone.
    pub per_day: Option<i64>,
    /// What happens when there is not enough.
    pub on_exhausted: OnExhausted,
}

impl Budget {
    /// An award that does not fit is given in part.
    pub const fn in_part(&self) -> bool {
        matches!(self.on_exhausted, OnExhausted::PayTheRest)
    }
}

/// What happens when a budget has not enough left for an award (`on_exhausted`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnExhausted {
    /// 0: it is not given.
    Skip,
    /// 1: what is left is given.
    PayTheRest,
    /// 2: it is not given, and the tree is paused.
    PauseTheTree,
}

/// What a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cap {
    /// Scope 0: so many purchases that gave something.
    Times(u32),
    /// Scope 1: so many points. Points that go to several accounts at once count once.
    Points(Points),
}

/// How a limit's window lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowKind {
    /// 0: the span that ends with the purchase.
    Rolling,
    /// 1: the calendar unit that holds the purchase, in the tree's zone.
    Calendar,
}
