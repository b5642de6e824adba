//! What an evaluation takes and gives.

use serde::{Deserialize, Serialize};

use super::{LimitUsage, LimitUse, Share};
use crate::{
    amount::{Money, Points, Quantity},
    id::{OutcomeId, PointAccountId, PointSourceId, RuleTreeId, StoreId, TierLevelId, TierSystemId},
    time::Timestamp,
};

/// A closed sale as the rules see it, for one payer.
#[derive(Debug, Clone, Copy)]
pub struct Purchase<'a> {
    /// The business time (catalog-transactions.md F.3).
    pub time: Timestamp,
    /// Where.
    pub store: StoreId,
    /// The ticket's channel; tenant-defined.
    pub channel: &'a str,
    /// The ticket's subtotal as the till sent it.
    pub subtotal: Money,
    /// The ticket's tax.
    pub tax_total: Money,
    /// Its lines.
    pub lines: &'a [Line<'a>],
    /// How it was paid.
    pub payments: &'a [Payment<'a>],
    /// This payer's part of it.
    pub share: &'a Share,
}

/// One line of a sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// The till's product key.
    pub item_id: &'a str,
    /// How many units; negative: returned.
    pub quantity: Quantity,
    /// Before discounts.
    pub subtotal: Money,
    /// Tax inside `subtotal`.
    pub tax_included: Money,
    /// What discounts took off this line.
    pub discount: Money,
}

/// One payment of a sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payment<'a> {
    /// Free text, compared case-insensitively.
    pub kind: &'a str,
    /// How much.
    pub amount: Money,
}

/// What a customer has before the evaluation.
#[derive(Clone, Copy)]
pub struct Standing<'a> {
    /// The level held in each tier system.
    pub tiers: &'a [(TierSystemId, TierLevelId)],
    /// The available balance of an account.
    pub balance: &'a dyn Fn(PointAccountId) -> Points,
    /// What is used of the limits.
    pub usage: &'a LimitUsage,
}

/// What the trees give for a purchase.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evaluation {
    /// The points, in the order in which they are to be written.
    pub awards: Vec<Award>,
    /// What was computed and then refused.
    pub refused: Vec<Refused>,
    /// What the awards use of the limits.
    pub uses: Vec<LimitUse>,
    /// Trees whose arithmetic failed; they give nothing and the others go on (incentives.md 6.4).
    pub failed: Vec<RuleTreeId>,
}

/// Points of one outcome for one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Award {
    /// The tree that caused it; for the bonus of a multiplier, the multiplier's tree.
    pub tree: RuleTreeId,
    /// The outcome that gives it; for a bonus, the outcome that was multiplied.
    pub outcome: OutcomeId,
    /// Where the points go.
    pub account: PointAccountId,
    /// Where they come from.
    pub source: PointSourceId,
    /// How many; never zero.
    pub points: Points,
}

/// An outcome that passed and yet gives nothing, or less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Whose.
    pub tree: RuleTreeId,
    /// Which.
    pub outcome: OutcomeId,
    /// Why.
    pub reason: RefusalReason,
}

/// Why an outcome was refused (incentives.md 6.5). Grows at the end only: it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RefusalReason {
    /// A limit of the tree or the outcome is used up.
    FrequencyLimit,
    /// Another tree of the exclusivity group won.
    Exclusivity,
    /// The eligible amount is below the outcome's hurdle.
    HurdleNotMet,
    /// A restriction of the point source cut it.
    SourceLimit,
    /// The account's ceiling cut it.
    MaxBalance,
    /// The account or the source is inactive.
    Inactive,
}
