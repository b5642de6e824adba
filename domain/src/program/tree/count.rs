//! Nodes that count what has happened to a customer since their tree went live (incentives.md 6.2).

use super::{AmountBasis, Circumstance, Comparison, PurchaseTest};
use crate::{
    id::{PointAccountId, PointSourceId},
    time::Span,
};

/// A number of past things against a target. What happened before the tree was live does not count; the trigger
/// itself does.
#[derive(Debug, Clone)]
pub struct CountTest {
    /// What is counted.
    pub what: Counted,
    /// How it is compared.
    pub comparison: Comparison,
    /// With what, in the smallest units of what is counted: [`crate::Points`], [`crate::Money`],
    /// [`crate::Quantity`], or ones.
    pub target: i64,
    /// Only what lies so far back from the trigger; none: everything since the tree is live.
    pub lookback: Option<Span>,
    /// Differs when what is counted differs: counters under another one start anew.
    pub fingerprint: u64,
}

/// What a node counts.
#[derive(Debug, Clone)]
pub enum Counted {
    /// 4: purchases that satisfy the constraints.
    Transactions(PurchaseTest),
    /// 8: events, each as often as its `quantity` says.
    Events(EventTest),
    /// 16: points issued.
    Earned(PointsTest),
    /// 32: points spent.
    Spent(PointsTest),
    /// 64: eligible amounts of purchases that satisfy the constraints.
    Money(PurchaseTest, AmountBasis),
    /// 128: units of the lines that the constraints select.
    Items(PurchaseTest),
    /// 128 with `distinct`: different items of these lines.
    DistinctItems(PurchaseTest),
}

/// Events of one name, or of any.
#[derive(Debug, Clone)]
pub struct EventTest {
    /// The event, upper case; none: every event, but for those about points and levels, which count where they are
    /// named.
    pub lookup: Option<Box<str>>,
    /// All of them hold.
    pub circumstances: Vec<Circumstance>,
}

/// Which points count.
#[derive(Debug, Clone)]
pub struct PointsTest {
    /// Of these accounts; none: of all.
    pub accounts: Option<Vec<PointAccountId>>,
    /// From these sources; none: from all.
    pub sources: Option<Vec<PointSourceId>>,
    /// All of them hold.
    pub circumstances: Vec<Circumstance>,
}

impl Counted {
    /// Its wire number (incentives.md 3.4).
    pub const fn number(&self) -> u32 {
        match self {
            Self::Transactions(_) => 4,
            Self::Events(_) => 8,
            Self::Earned(_) => 16,
            Self::Spent(_) => 32,
            Self::Money(..) => 64,
            Self::Items(_) | Self::DistinctItems(_) => 128,
        }
    }

    /// What it asks of a purchase; nothing when it does not count purchases.
    pub const fn purchase_test(&self) -> Option<&PurchaseTest> {
        match self {
            Self::Transactions(test)
            | Self::Money(test, _)
            | Self::Items(test)
            | Self::DistinctItems(test) => Some(test),
            Self::Events(_) | Self::Earned(_) | Self::Spent(_) => None,
        }
    }
}
