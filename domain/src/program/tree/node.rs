//! Nodes of a tree (incentives.md 6.2).

use super::{Aggregate, Attribute, CountTest, DataPath, EventTest, PurchaseTest, ValueTest};
use crate::{
    amount::{Points, Quantity},
    id::{ConstraintId, PointAccountId, RuleNodeId, TierLevelId, TierSystemId},
};

/// One condition. Stored children before parents, so that a flat walk meets them in the order of incentives.md 2.8.
#[derive(Debug, Clone)]
pub struct Node {
    /// Its id.
    pub id: RuleNodeId,
    /// The group it stands in; none: the root.
    pub parent: Option<RuleNodeId>,
    /// Order among its siblings.
    pub rank: i64,
    /// The result is turned round.
    pub negate: bool,
    /// What it asks.
    pub test: NodeTest,
}

/// What a node asks.
#[derive(Debug, Clone)]
pub enum NodeTest {
    /// 1: all children hold. The places of the children in the tree's nodes.
    All(Vec<usize>),
    /// 2: at least one child holds, or there is none.
    Any(Vec<usize>),
    /// 2048: the available balances of some accounts against a target.
    Balance(BalanceTest),
    /// 4096: the same over what was ever earned.
    Lifetime(BalanceTest),
    /// 32768: the purchase satisfies all constraints.
    CurrentPurchase(PurchaseTest),
    /// 4, 8, 16, 32, 64, 128: what has happened so far against a target.
    Count(Box<CountTest>),
    /// 512: holds one of some levels for long enough.
    Membership(MembershipTest),
    /// 1024: has some tags.
    Tags(TagTest),
    /// 8192: an attribute of the customer.
    Attribute(AttributeTest),
    /// 16384: a counter that callers keep against a target.
    Counter(CounterTest),
    /// 65536: the event is of this name and satisfies all constraints.
    CurrentEvent(EventTest),
    /// 131072: the trigger's own data.
    Field(FieldTest),
}

impl NodeTest {
    /// Its wire number (incentives.md 3.4).
    pub const fn number(&self) -> u32 {
        match self {
            Self::All(_) => 1,
            Self::Any(_) => 2,
            Self::Balance(_) => 2048,
            Self::Lifetime(_) => 4096,
            Self::CurrentPurchase(_) => 32_768,
            Self::Count(test) => test.what.number(),
            Self::Membership(_) => 512,
            Self::Tags(_) => 1024,
            Self::Attribute(_) => 8192,
            Self::Counter(_) => 16_384,
            Self::CurrentEvent(_) => 65_536,
            Self::Field(_) => 131_072,
        }
    }

    /// It has children and no value of its own.
    pub const fn is_group(&self) -> bool {
        matches!(self, Self::All(_) | Self::Any(_))
    }
}

/// Membership of tier levels (incentives.md 6.2).
#[derive(Debug, Clone)]
pub struct MembershipTest {
    /// The system.
    pub system: TierSystemId,
    /// One of these levels; empty: any.
    pub levels: Vec<TierLevelId>,
    /// For so many whole days at least.
    pub min_days: u32,
}

/// Tags of the customer (incentives.md 6.2).
#[derive(Debug, Clone)]
pub struct TagTest {
    /// In lower case.
    pub tags: Vec<Box<str>>,
    /// How many of them.
    pub matched: TagMatch,
}

/// `match` (incentives.md 6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagMatch {
    /// At least one.
    Any,
    /// Every one.
    All,
    /// Not one.
    None,
}

/// An attribute of the customer. One that is missing or blank fails.
#[derive(Debug, Clone)]
pub struct AttributeTest {
    /// Which.
    pub attribute: Attribute,
    /// What it must be.
    pub test: ValueTest,
}

/// A counter that callers keep (incentives.md 7.9).
#[derive(Debug, Clone)]
pub struct CounterTest {
    /// Its name; letter case counts.
    pub name: Box<str>,
    /// How it is compared.
    pub comparison: Comparison,
    /// With what.
    pub target: Quantity,
}

/// Data that the till or the caller sent along. A field that is missing or blank fails.
#[derive(Debug, Clone)]
pub struct FieldTest {
    /// Where it stands.
    pub path: DataPath,
    /// What becomes of several values of it.
    pub aggregate: Aggregate,
    /// What it must be.
    pub test: ValueTest,
}

/// A sum of account values against a target.
#[derive(Debug, Clone)]
pub struct BalanceTest {
    /// What the sum is compared with.
    pub target: Points,
    /// How.
    pub comparison: Comparison,
    /// Which accounts are summed: those of all constraints together; without a constraint, all of the program.
    pub accounts: Vec<PointAccountId>,
    /// The type-8 constraints, as they are shown.
    pub constraints: Vec<AccountSum>,
}

/// A type-8 constraint: which accounts are summed (incentives.md 6.3).
#[derive(Debug, Clone)]
pub struct AccountSum {
    /// Its id.
    pub id: ConstraintId,
    /// Its place among the constraints.
    pub rank: i64,
    /// Its version.
    pub version: i64,
    /// The accounts.
    pub accounts: Vec<PointAccountId>,
}

/// `comparison` of one value with another (incentives.md 3.3). The other comparisons need more than one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// 0
    Equal,
    /// 1
    NotEqual,
    /// 2
    Less,
    /// 3
    Greater,
    /// 4
    AtLeast,
    /// 5
    AtMost,
}

impl Comparison {
    /// The comparison behind a wire number.
    pub const fn from_number(number: i64) -> Option<Self> {
        Some(match number {
            0 => Self::Equal,
            1 => Self::NotEqual,
            2 => Self::Less,
            3 => Self::Greater,
            4 => Self::AtLeast,
            5 => Self::AtMost,
            _ => return None,
        })
    }

    /// Its wire number.
    pub const fn number(self) -> u8 {
        match self {
            Self::Equal => 0,
            Self::NotEqual => 1,
            Self::Less => 2,
            Self::Greater => 3,
            Self::AtLeast => 4,
            Self::AtMost => 5,
        }
    }

    /// `value` stands to `target` as it says.
    pub fn holds<T: Ord>(self, value: T, target: T) -> bool {
        match self {
            Self::Equal => value == target,
            Self::NotEqual => value != target,
            Self::Less => value < target,
            Self::Greater => value > target,
            Self::AtLeast => value >= target,
            Self::AtMost => value <= target,
        }
    }
}
