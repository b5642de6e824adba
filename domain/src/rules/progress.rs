//! How far a customer is with the nodes of a tree (incentives.md 2.8, 7.11).

use super::{
    Figure, Scene, Standing,
    leaf::{Leaf, leaf},
};
use crate::{
    id::RuleTreeId,
    program::{
        Program, RuleTree,
        tree::{BalanceTest, Node, NodeTest},
    },
    time::Timestamp,
};

/// How far a customer is with one tree.
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
    /// `query_result`: the value that was compared; none for groups, and for nodes that compare no number.
    pub query_result: Option<Figure>,
    /// `rule_passed`
    pub passed: bool,
}

impl NodeProgress<'_> {
    /// The outer `discriminator`: 1 for a group, 2 for a leaf.
    pub const fn discriminator(&self) -> u8 {
        if self.node.test.is_group() { 1 } else { 2 }
    }

    /// What a leaf on balances compares; none for other nodes.
    pub const fn balance_test(&self) -> Option<&BalanceTest> {
        match &self.node.test {
            NodeTest::Balance(test) | NodeTest::Lifetime(test) => Some(test),
            _ => None,
        }
    }
}

impl Program {
    /// How far a customer is with a tree when nothing is happening: nodes on a current purchase or event fail. Nothing
    /// is counted.
    pub fn progress<'a>(
        &'a self,
        tree: &'a RuleTree,
        standing: &Standing<'_>,
        at: Timestamp,
    ) -> TreeProgress<'a> {
        let scene = Scene { program: self, time: at, ticket: None, event: None, standing, counted: &[] };
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
                // A value that is no amount passes nothing, negated or not.
                _ => match leaf(tree, node, &scene) {
                    Ok(Leaf { missing: true, figure, .. }) => (figure, false),
                    Ok(Leaf { passed, figure, .. }) => (figure, passed != node.negate),
                    Err(_) => (None, false),
                },
            };
            nodes.push(NodeProgress { node, query_result, passed });
        }
        TreeProgress { tree: tree.id, passed: nodes.last().is_some_and(|root| root.passed), nodes }
    }
}
