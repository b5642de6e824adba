//! Nodes of a tree (incentives.md 6.2).

use super::PurchaseTest;
use crate::{
    amount::Points,
    id::{ConstraintId, PointAccountId, RuleNodeId},
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
    /// 4096: the same over what was ever earned. Enter trees only.
    Lifetime(BalanceTest),
    /// 32768: the purchase satisfies all constraints.
    CurrentPurchase(PurchaseTest),
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
