//! How far a customer is on the way to a level (incentives.md 2.8).

use std::collections::BTreeMap;

use domain::{
    Points,
    program::{
        Program,
        tree::{AccountSum, Node},
    },
    rules::{Figure, NodeProgress, TreeProgress},
};
use serde::Serialize;
use utoipa::ToSchema;

/// Progress with one entrance tree.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = TreeProgress)]
pub struct TreeProgressObject {
    /// The tree.
    pub rule_tree_id: String,
    /// Its nodes: leaves before their parents, the root last.
    pub rules: Vec<ProgressNode>,
}

/// Progress with one node.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProgressNode {
    /// The value that was compared; not on groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    pub query_result: Option<FigureNumber>,
    /// The node.
    pub rule_id: String,
    /// Its parent; not on the root.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
    /// The tree.
    pub tree_id: String,
    /// The node passes.
    pub rule_passed: bool,
    /// The node as configured.
    pub rule: ProgressRule,
    /// 1 group, 2 leaf.
    pub discriminator: u8,
    /// Always empty, as on the platform.
    #[schema(value_type = String)]
    pub rule_tree_name: &'static str,
}

/// A value that was compared, as a number.
#[derive(Debug, Clone, Copy)]
pub struct FigureNumber(pub Figure);

impl Serialize for FigureNumber {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Figure::Points(points) => points.serialize(serializer),
            Figure::Money(amount) => amount.serialize(serializer),
            Figure::Quantity(quantity) => quantity.serialize(serializer),
            Figure::Whole(number) => number.serialize(serializer),
        }
    }
}

/// A node as configured.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProgressRule {
    /// The type of the node (incentives.md 3.4).
    pub discriminator: u32,
    /// What a leaf's value is compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    pub target_balance: Option<Points>,
    /// How it is compared (incentives.md 3.3).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comparison: Option<u8>,
    /// The node.
    pub id: String,
    /// The tenant.
    pub retailer_id: String,
    /// Its parent; not on the root.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
    /// Its place among its siblings.
    pub rank: i64,
    /// Always false.
    pub is_new: bool,
    /// Which accounts a leaf sums; empty on groups.
    pub constraints: Vec<ProgressConstraint>,
}

/// Which accounts a leaf sums.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProgressConstraint {
    /// 8: point accounts.
    pub discriminator: u32,
    /// Account id to name.
    pub point_accounts: BTreeMap<String, String>,
    /// The constraint.
    pub id: String,
    /// Its node.
    pub rule_id: String,
    /// Always false.
    pub is_new: bool,
    /// Its place among the constraints.
    pub rank: i64,
    /// Its version.
    pub version: i64,
}

impl TreeProgressObject {
    /// The object of a progress.
    pub fn new(progress: &TreeProgress<'_>, program: &Program) -> Self {
        let tree = progress.tree.to_string();
        let rules = progress.nodes.iter().map(|node| ProgressNode::new(node, &tree, program)).collect();
        Self { rule_tree_id: tree, rules }
    }
}

impl ProgressNode {
    fn new(progress: &NodeProgress<'_>, tree: &str, program: &Program) -> Self {
        let node = progress.node;
        let test = progress.balance_test();
        let constraints = test.map_or(&[][..], |test| &test.constraints);
        let rule = ProgressRule {
            discriminator: node.test.number(),
            target_balance: test.map(|test| test.target),
            comparison: test.map(|test| test.comparison.number()),
            id: node.id.to_string(),
            retailer_id: program.retailer().id.to_string(),
            parent_id: node.parent.map(|parent| parent.to_string()),
            rank: node.rank,
            is_new: false,
            constraints: constraints.iter().map(|sum| ProgressConstraint::new(sum, node, program)).collect(),
        };
        Self {
            query_result: progress.query_result.map(FigureNumber),
            rule_id: rule.id.clone(),
            parent_id: rule.parent_id.clone(),
            tree_id: tree.to_owned(),
            rule_passed: progress.passed,
            discriminator: progress.discriminator(),
            rule_tree_name: "",
            rule,
        }
    }
}

impl ProgressConstraint {
    fn new(sum: &AccountSum, node: &Node, program: &Program) -> Self {
        let name = |id| program.account(id).map(|account| account.name.clone()).unwrap_or_default();
        Self {
            discriminator: 8,
            point_accounts: sum.accounts.iter().map(|&id| (id.to_string(), name(id))).collect(),
            id: sum.id.to_string(),
            rule_id: node.id.to_string(),
            is_new: false,
            rank: sum.rank,
            version: sum.version,
        }
    }
}
