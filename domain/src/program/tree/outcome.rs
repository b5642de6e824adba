//! What a passing tree gives (incentives.md 6.5).

use super::{DataPath, Limit};
use crate::{
    amount::{Money, Points, Quantity, Rate, Rounding},
    id::{OutcomeId, PointAccountId, PointSourceId, RuleTreeId, TierLevelId, TierSystemId},
};

/// One thing that a passing tree gives.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Its id.
    pub id: OutcomeId,
    /// Caps of this outcome alone.
    pub limits: Vec<Limit>,
    /// What it gives.
    pub effect: Effect,
}

/// What an outcome does.
#[derive(Debug, Clone)]
pub enum Effect {
    /// 1, 2, 4: the same points into each of the accounts.
    Points {
        /// Where they come from.
        source: PointSourceId,
        /// Where they go; at least one.
        accounts: Vec<PointAccountId>,
        /// How many.
        award: AwardRule,
    },
    /// 4096: more of what other outcomes give.
    Multiplier {
        /// How much more, as one factor; at least 1.
        factor: Rate,
        /// How it goes together with other multipliers on the same award.
        combine: Combine,
        /// Which awards it multiplies.
        applies_to: Multiplied,
    },
    /// Everything that gives no points.
    Action(ActionRule),
}

/// An outcome that gives no points, as the program has it.
pub type ActionRule = Act<SpendRule>;

/// What is done by an outcome that gives no points. `P` is how many points it takes: what the rule came to, or the
/// rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act<P = Points> {
    /// 32: takes points as a payment; more than there are are not taken at all, unless forced.
    Spend {
        /// Out of these accounts.
        accounts: Vec<PointAccountId>,
        /// How many.
        points: P,
        /// Overdraw where the first account allows it.
        force: bool,
    },
    /// 512: lets a part of what the accounts hold run out at once.
    Expire {
        /// The accounts.
        accounts: Vec<PointAccountId>,
        /// Per cent, above 0 to 100.
        percentage: Rate,
    },
    /// 64 with `add`: gives tags.
    AddTags(Vec<TagRule>),
    /// 64 with `remove`: takes tags, in lower case.
    RemoveTags(Vec<Box<str>>),
    /// 16: moves the customer within a tier system.
    Move {
        /// The system.
        system: TierSystemId,
        /// Where to.
        to: MoveTo,
        /// The benefits for entering the level are given.
        joining_outcomes: bool,
    },
    /// 2048: takes the customer out of a tier system.
    Leave(TierSystemId),
    /// 128: publishes an event of this name, with this context: a flat JSON object.
    Publish {
        /// The event, upper case.
        lookup: Box<str>,
        /// Its context, as JSON text.
        context: Option<Box<str>>,
    },
}

impl<P> Act<P> {
    /// Its wire number (incentives.md 3.8).
    pub const fn number(&self) -> u32 {
        match self {
            Self::Spend { .. } => 32,
            Self::Expire { .. } => 512,
            Self::AddTags(_) | Self::RemoveTags(_) => 64,
            Self::Move { .. } => 16,
            Self::Leave(_) => 2048,
            Self::Publish { .. } => 128,
        }
    }
}

/// How many points a spend takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpendRule {
    /// Always so many.
    Fixed(Points),
    /// So many for each unit of money.
    Rate(Rate, AmountBasis),
}

/// A tag and how long it stays: `name;;seconds` (incentives.md 6.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagRule {
    /// In lower case.
    pub name: Box<str>,
    /// Seconds until it goes; none: it stays.
    pub seconds: Option<i64>,
}

/// Where a movement leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoveTo {
    /// To this level.
    Level(TierLevelId),
    /// To the next live level.
    Up,
    /// To the next lower live level.
    Down,
}

/// How the points of an outcome are computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AwardRule {
    /// 1: always so many.
    Fixed(Points),
    /// 2: by the eligible amount.
    PerAmount(PerAmount),
    /// 4: by the quantity of the qualifying lines, of the event, or of a field.
    PerQuantity(PerQuantity),
}

impl AwardRule {
    /// Its wire number (incentives.md 3.8).
    pub const fn number(&self) -> u32 {
        match self {
            Self::Fixed(_) => 1,
            Self::PerAmount(_) => 2,
            Self::PerQuantity(_) => 4,
        }
    }
}

/// `base / per_amount * rate` (incentives.md 6.5, 4.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PerAmount {
    /// Points for each `per_amount`.
    pub rate: Rate,
    /// Above zero.
    pub per_amount: Money,
    /// Which amount.
    pub basis: AmountBasis,
    /// Below it nothing is earned; from it on the whole amount earns.
    pub hurdle: Option<Money>,
    /// The most that the outcome gives for one purchase, multipliers included.
    pub max_points: Option<Points>,
    /// How the result is rounded.
    pub rounding: Rounding,
    /// To how many decimals, 0 to 4. Without meaning when the rounding is none.
    pub precision: u32,
}

/// `quantity / quantity_per_award`, truncated, times `points` (incentives.md 4.9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PerQuantity {
    /// Points for each `quantity_per_award`.
    pub points: Points,
    /// Above zero.
    pub quantity_per_award: Quantity,
    /// Where the quantity stands, when it is not that of the lines or of the event (litres, miles). Of several lines
    /// or payments the sum counts.
    pub field: Option<DataPath>,
    /// Decimals that the number of awards is truncated to, 0 to 6.
    pub decimal_precision: u32,
    /// Units below which nothing is earned.
    pub hurdle: Option<Quantity>,
    /// The most that the outcome gives for one purchase, multipliers included.
    pub max_points: Option<Points>,
    /// How the result is rounded.
    pub rounding: Rounding,
    /// To how many decimals, 0 to 4. Without meaning when the rounding is none.
    pub precision: u32,
}

/// Which amount earns (`basis`, incentives.md 6.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmountBasis {
    /// 0: all lines.
    Items,
    /// 1: the ticket's subtotal.
    Subtotal,
    /// 2: the qualifying lines.
    Qualifying,
    /// 3: all lines, once one qualifies.
    TotalSpend,
}

/// How several multipliers on one award go together (incentives.md 6.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Combine {
    /// What each adds to 1 is summed.
    Add,
    /// The product.
    Multiply,
    /// The largest.
    Max,
}

/// Which awards a multiplier multiplies.
#[derive(Debug, Clone)]
pub enum Multiplied {
    /// Those of every tree.
    All,
    /// Those of these trees and of the trees of these exclusivity groups.
    Some {
        /// Trees, sorted.
        trees: Vec<RuleTreeId>,
        /// Groups, as in [`super::Exclusivity`].
        groups: Vec<u32>,
    },
}
