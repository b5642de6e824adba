//! Who may enter a tier level, and how far a customer is (incentives.md 2.8, 8.2).

use super::matching::sum_of;
use crate::{
    amount::Points,
    id::{PointAccountId, RuleTreeId, TierLevelId},
    program::{
        Program, RuleTree,
        tree::{BalanceTest, Node, NodeTest, TreeKind, Triggers},
    },
    time::Timestamp,
};

/// How far a customer is with one entrance tree.
#[derive(Debug, Clone)]
pub struct TreeProgress<'a> {
    /// The tree.
    pub tree: RuleTreeId,
    /// The root passes.
    pub passed: bool,
    /// Every node, leaves before their parents, the root last.
    pub nodes: Vec<NodeProgress<'a>>,
}

/// How far a customer is with one node.
#[derive(Debug, Clone, Copy)]
pub struct NodeProgress<'a> {
    /// The node as the program has it: ids, rank, target, comparison, constraints. The names of accounts are the
    /// program's.
    pub node: &'a Node,
    /// `query_result`: the value that was compared; none for groups.
    pub query_result: Option<Points>,
    /// `rule_passed`
    pub passed: bool,
}

impl NodeProgress<'_> {
    /// The outer `discriminator`: 1 for a group, 2 for a leaf.
    pub const fn discriminator(&self) -> u8 {
        match self.node.test {
            NodeTest::All(_) | NodeTest::Any(_) => 1,
            NodeTest::Balance(_) | NodeTest::Lifetime(_) | NodeTest::CurrentPurchase(_) => 2,
        }
    }

    /// What a leaf compares; none for groups.
    pub const fn balance_test(&self) -> Option<&BalanceTest> {
        match &self.node.test {
            NodeTest::Balance(test) | NodeTest::Lifetime(test) => Some(test),
            NodeTest::All(_) | NodeTest::Any(_) | NodeTest::CurrentPurchase(_) => None,
        }
    }
}

impl Program {
    /// Whether some entrance tree of the level passes: live, looked at after what has `happened`, within its dates at
    /// `at`, its conditions met by the available balances and lifetime values. A level without one cannot be entered
    /// by qualification.
    pub fn entrance_passes(
        &self,
        level: TierLevelId,
        happened: Triggers,
        balance: &dyn Fn(PointAccountId) -> Points,
        lifetime: &dyn Fn(PointAccountId) -> Points,
        at: Timestamp,
    ) -> bool {
        self.looked_at(level, happened, at).any(|tree| progress(tree, balance, lifetime).passed)
    }

    /// The entrance trees of the level that pass, as in [`Program::entrance_passes`], in the order in which they run.
    pub fn passing_entrances(
        &self,
        level: TierLevelId,
        happened: Triggers,
        balance: &dyn Fn(PointAccountId) -> Points,
        lifetime: &dyn Fn(PointAccountId) -> Points,
        at: Timestamp,
    ) -> Vec<&RuleTree> {
        let trees = self.looked_at(level, happened, at);
        trees.filter(|tree| progress(tree, balance, lifetime).passed).collect()
    }

    /// The entrance trees of the level that are in force at `at`, passed or not, in the order in which they run.
    pub fn entrances_in_force(&self, level: TierLevelId, at: Timestamp) -> impl Iterator<Item = &RuleTree> {
        self.tree_index().entrances(level).filter(move |tree| tree.holds_at(at))
    }

    fn looked_at(
        &self,
        level: TierLevelId,
        happened: Triggers,
        at: Timestamp,
    ) -> impl Iterator<Item = &RuleTree> {
        self.entrances_in_force(level, at).filter(move |tree| match &tree.kind {
            TreeKind::Enter(triggers, _) => triggers.meet(happened),
            TreeKind::Purchase(_) | TreeKind::Stay(_) => false,
        })
    }

    /// How far a customer is with each entrance tree of the level that is in force at `at`.
    pub fn entrance_progress(
        &self,
        level: TierLevelId,
        balance: &dyn Fn(PointAccountId) -> Points,
        lifetime: &dyn Fn(PointAccountId) -> Points,
        at: Timestamp,
    ) -> Vec<TreeProgress<'_>> {
        self.entrances_in_force(level, at).map(|tree| progress(tree, balance, lifetime)).collect()
    }

    /// The target of the level's entrance rule: that of the first balance node of its first live tree that has one
    /// (`tier_ends_value`, incentives.md 2.9).
    pub fn entrance_threshold(&self, level: TierLevelId) -> Option<Points> {
        threshold(self.tree_index().entrances(level))
    }
}

/// The target of the first balance node.
pub(super) fn threshold<'a>(trees: impl Iterator<Item = &'a RuleTree>) -> Option<Points> {
    trees.flat_map(|tree| &tree.nodes).find_map(|node| match &node.test {
        NodeTest::Balance(test) => Some(test.target),
        NodeTest::All(_) | NodeTest::Any(_) | NodeTest::Lifetime(_) | NodeTest::CurrentPurchase(_) => None,
    })
}

pub(super) fn progress<'a>(
    tree: &'a RuleTree,
    balance: &dyn Fn(PointAccountId) -> Points,
    lifetime: &dyn Fn(PointAccountId) -> Points,
) -> TreeProgress<'a> {
    let mut nodes: Vec<NodeProgress<'a>> = Vec::with_capacity(tree.nodes.len());
    for node in &tree.nodes {
        // Children stand before their parents, so what they came to is known.
        let (query_result, passed) = match &node.test {
            NodeTest::All(children) => {
                (None, children.iter().all(|child| nodes[*child].passed) != node.negate)
            }
            NodeTest::Any(children) => {
                let any = children.is_empty() || children.iter().any(|child| nodes[*child].passed);
                (None, any != node.negate)
            }
            NodeTest::Balance(test) => compare(test, node.negate, balance),
            NodeTest::Lifetime(test) => compare(test, node.negate, lifetime),
            // The compiler keeps these out of trees without a purchase.
            NodeTest::CurrentPurchase(_) => (None, false),
        };
        nodes.push(NodeProgress { node, query_result, passed });
    }
    TreeProgress { tree: tree.id, passed: nodes.last().is_some_and(|root| root.passed), nodes }
}

/// A sum that is no amount passes nothing, negated or not.
fn compare(
    test: &BalanceTest,
    negate: bool,
    value: &dyn Fn(PointAccountId) -> Points,
) -> (Option<Points>, bool) {
    match sum_of(&test.accounts, value) {
        Ok(sum) => (Some(sum), test.comparison.holds(sum, test.target) != negate),
        Err(_) => (None, false),
    }
}
