//! The wire shapes of program documents (incentives.md sections 2 and 6), as text that nobody has judged yet.
//!
//! Nothing here refuses a member: a [`Field`] keeps what could not be read, so that the compiler can report every
//! problem of a document together, each with its path. Members that are not listed are ignored (incentives.md 1.3).

mod event;
mod field;
mod retailer;
mod tier;
mod tree;

pub(super) use event::Event;
pub(super) use field::{Field, Items, Scalar, SpanDocument, Worded};
pub(super) use retailer::{CatalogLine, Retailer, Store, Switches};
pub(super) use tier::{LevelConstraint, TierLevel, TierSystem};
pub(super) use tree::{Assignment, Budget, Constraint, ItemReference, Limit, Node, Outcome, RuleTree};

use serde::Deserialize;

pub(super) use accounts::{ExpirationPolicy, LinkedAccount, PointAccount, PointSource, Restriction};

mod accounts;

/// The whole program but for stores and catalog.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::program) struct Document {
    pub(in crate::program) retailer: Field<Retailer>,
    pub(in crate::program) point_accounts: Items<PointAccount>,
    pub(in crate::program) point_sources: Items<PointSource>,
    pub(in crate::program) tier_systems: Items<TierSystem>,
    pub(in crate::program) events: Items<Event>,
    pub(in crate::program) rule_trees: Items<RuleTree>,
    pub(in crate::program) tier_level_constraints: Items<LevelConstraint>,
}
