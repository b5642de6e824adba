//! What a passing purchase tree gives (incentives.md 6.5).

use super::Limit;
use crate::{
    amount::{Money, Points, Quantity, Rate, Rounding},
    id::{OutcomeId, PointAccountId, PointSourceId, RuleTreeId},
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
}

/// How the points of an outcome are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AwardRule {
    /// 1: always so many.
    Fixed(Points),
    /// 2: by the eligible amount.
    PerAmount(PerAmount),
    /// 4: by the quantity of the qualifying lines.
    PerQuantity(PerQuantity),
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PerQuantity {
    /// Points for each `quantity_per_award`.
    pub points: Points,
    /// Above zero.
    pub quantity_per_award: Quantity,
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
