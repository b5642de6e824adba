//! What an evaluation takes and gives.

use serde::{Deserialize, Serialize};

use super::{BudgetUse, CountChange, CountKey, LimitUse, Share};
use crate::{
    amount::{Money, Points, Quantity},
    id::{OutcomeId, PointAccountId, PointSourceId, RuleTreeId, StoreId},
    program::tree::Act,
    sale::Content,
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
    /// What else the till has sent: few rules look at it. None: nothing.
    pub content: Option<&'a Content>,
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

/// What the trees give for a trigger.
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
    /// What gives no points, in the order in which it is to be done.
    pub actions: Vec<Action>,
    /// What the trigger, and the events it led to, add to the nodes that count.
    pub counted: Vec<CountChange>,
    /// What the nodes of the trees that were looked at had counted before.
    pub counts_before: Vec<(CountKey, i64)>,
    /// How deep in the cascade of events an outcome was reached; those not listed: by the trigger itself.
    pub depths: Vec<(RuleTreeId, OutcomeId, u8)>,
    /// What it takes of the budgets of trees.
    pub budgets: Vec<BudgetUse>,
}

/// An outcome that gives no points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// The tree that caused it.
    pub tree: RuleTreeId,
    /// Its outcome.
    pub outcome: OutcomeId,
    /// What is to be done.
    pub act: Act,
}

impl Act {
    /// Its place in the order of incentives.md 6.4, step 8.
    pub(super) const fn order(&self) -> u8 {
        match self {
            Self::Spend { .. } => 0,
            Self::Expire { .. } => 1,
            Self::AddTags(_) | Self::RemoveTags(_) => 2,
            Self::Move { .. } | Self::Leave(_) => 3,
            Self::Publish { .. } => 4,
        }
    }
}

/// A value that a node has compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    /// Points.
    Points(Points),
    /// An amount of money.
    Money(Money),
    /// Units, or a number of a caller's.
    Quantity(Quantity),
    /// Times, days, different items.
    Whole(i64),
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
    /// A restriction of the point source cut it, or the source is for other tier levels (incentives.md 7.7).
    SourceLimit,
    /// The account's ceiling cut it.
    MaxBalance,
    /// The account or the source is inactive.
    Inactive,
    /// The accounts hold fewer points than were to be spent.
    InsufficientPoints,
    /// The customer holds that level already, or is not in the system that was to be left.
    AlreadyInLevel,
    /// Events led to events more often than is allowed.
    CascadeDepth,
    /// The customer has as many tags as a customer may have.
    TooManyTags,
    /// The budget of the tree, over all customers, has not enough left.
    BudgetExhausted,
}

impl RefusalReason {
    /// Its name (`refusal_reason`, incentives.md 6.5).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FrequencyLimit => "frequency_limit",
            Self::Exclusivity => "exclusivity",
            Self::HurdleNotMet => "hurdle_not_met",
            Self::SourceLimit => "source_limit",
            Self::MaxBalance => "max_balance",
            Self::Inactive => "inactive",
            Self::InsufficientPoints => "insufficient_points",
            Self::AlreadyInLevel => "already_in_level",
            Self::CascadeDepth => "cascade_depth",
            Self::TooManyTags => "too_many_tags",
            Self::BudgetExhausted => "budget_exhausted",
        }
    }
}
