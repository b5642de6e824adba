//! How far a customer is with the nodes of a tree (incentives.md 2.8, 7.11).

use super::{
    Figure, Scene, Standing, Ticket, TracedNode,
    leaf::leaf,
    selection::{first_unmet, purchase_lines},
};
use crate::{
    id::RuleTreeId,
    program::{
        Program, RuleTree,
        tree::{AmountBasis, BalanceTest, Node, NodeTest, PurchaseTest},
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
        let results = node_results(tree, &scene).into_iter();
        let nodes: Vec<_> = tree
            .nodes
            .iter()
            .zip(results)
            .map(|(node, TracedNode { passed, figure, .. })| NodeProgress {
                node,
                query_result: figure,
                passed,
            })
            .collect();
        TreeProgress { tree: tree.id, passed: nodes.last().is_some_and(|root| root.passed), nodes }
    }
}

/// What the nodes of a tree come to, each by itself.
pub(super) fn node_results(tree: &RuleTree, scene: &Scene<'_>) -> Vec<TracedNode> {
    let mut nodes: Vec<TracedNode> = Vec::with_capacity(tree.nodes.len());
    for node in &tree.nodes {
        // Children stand before their parents, so what they came to is known.
        let passed = |children: &[usize], nodes: &[TracedNode]| {
            let mut all = children.iter().map(|child| nodes[*child].passed);
            (all.clone().all(|passed| passed), children.is_empty() || all.any(|passed| passed))
        };
        let (mut figure, mut unmet) = (None, None);
        let passed = match &node.test {
            NodeTest::All(children) => passed(children, &nodes).0 != node.negate,
            NodeTest::Any(children) => passed(children, &nodes).1 != node.negate,
            // A value that is no amount passes nothing, negated or not.
            test => match leaf(tree, node, scene) {
                Ok(leaf) => {
                    figure = leaf.figure;
                    if let (NodeTest::CurrentPurchase(test), Some(ticket)) = (test, scene.current_ticket()) {
                        (figure, unmet) = purchase_result(test, ticket, scene);
                    }
                    !leaf.missing && leaf.passed != node.negate
                }
                Err(_) => false,
            },
        };
        nodes.push(TracedNode { passed, figure, unmet });
    }
    nodes
}

/// The eligible amount of the lines that a node on the purchase selects, or the constraint that is not satisfied.
fn purchase_result(
    test: &PurchaseTest,
    ticket: &Ticket<'_>,
    scene: &Scene<'_>,
) -> (Option<Figure>, Option<u32>) {
    match purchase_lines(test, ticket, scene) {
        Ok(Some(lines)) => {
            let eligible = ticket.eligible(AmountBasis::Qualifying, &lines);
            let eligible = eligible.and_then(|amount| ticket.purchase.share.part(amount));
            (eligible.ok().map(Figure::Money), None)
        }
        Ok(None) | Err(_) => (None, first_unmet(test, ticket, scene)),
    }
}
