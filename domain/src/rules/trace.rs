//! What an evaluation looked at and computed with: for answers to "why" and "what if" (incentives.md 7.15). Recomputed
//! beside the evaluation, round by round, so that an evaluation that nobody asks about pays nothing for it.

use super::{
    Figure, NodeProgress, Scene, Standing, TreeProgress,
    award::{Inputs, Worth, inputs, worth},
    lines::LineSet,
    matching::qualifying_lines,
    meter::Meter,
    progress::node_results,
    tally::figure,
};
use crate::{
    amount::{AmountError, Points},
    id::{OutcomeId, RuleNodeId, RuleTreeId},
    program::{
        Program, RuleTree,
        tree::{Comparison, Effect, Node, NodeTest, Outcome, Value, ValueComparison},
    },
    time::Timestamp,
};

/// The trees that were looked at together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    /// The event they were looked at for, upper case; none: the purchase itself.
    pub lookup: Option<Box<str>>,
    /// In the order in which they run, passed or not.
    pub trees: Vec<TracedTree>,
}

/// What a tree came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TracedTree {
    /// Which.
    pub tree: RuleTreeId,
    /// Its conditions hold.
    pub passed: bool,
    /// Its nodes, in the order of the tree.
    pub nodes: Vec<TracedNode>,
    /// What its outcomes came to by themselves, before exclusivity and multipliers; empty when it did not pass or when
    /// its arithmetic failed.
    pub outcomes: Vec<TracedOutcome>,
}

/// What a node came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TracedNode {
    /// It holds.
    pub passed: bool,
    /// The value that was compared.
    pub figure: Option<Figure>,
    /// The type of the constraint on the purchase that was not satisfied (incentives.md 6.3).
    pub unmet: Option<u32>,
}

/// What an outcome of a passing tree came to by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TracedOutcome {
    /// Which.
    pub outcome: OutcomeId,
    /// What it was computed from; none: an outcome without points.
    pub inputs: Option<Inputs>,
    /// Points it asked for, rounded; none: it gives no points, or has nothing to give.
    pub asked: Option<Points>,
    /// What limits left of that, before what the ledger allows.
    pub allowed: Option<Points>,
    /// The limits that cut it.
    pub cuts: Vec<Cut>,
}

/// A limit that cut an outcome (incentives.md 6.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// The limit is the outcome's own; else the tree's.
    pub of_outcome: bool,
    /// Its place in the list.
    pub place: usize,
    /// Points that were asked of it.
    pub asked: Points,
    /// Points it left.
    pub allowed: Points,
}

impl TracedTree {
    /// The nodes beside the tree as the program has it.
    pub fn progress<'p>(&self, program: &'p Program) -> Option<TreeProgress<'p>> {
        let tree = program.tree(self.tree)?;
        let nodes = tree.nodes.iter().zip(&self.nodes).map(|(node, traced)| NodeProgress {
            node,
            query_result: traced.figure,
            passed: traced.passed,
        });
        Some(TreeProgress { tree: tree.id, passed: self.passed, nodes: nodes.collect() })
    }

    /// Where it failed: the first node in the way of the root, a leaf if it is not a group that is turned round. None
    /// when it passed, or when its nodes hold and its arithmetic failed.
    pub fn failed_at(&self, tree: &RuleTree) -> Option<RuleNodeId> {
        if self.passed || self.nodes.last().is_none_or(|root| root.passed) {
            return None;
        }
        let failed = |place: &usize| self.nodes.get(*place).is_some_and(|node| !node.passed);
        let mut node = tree.nodes.last()?;
        loop {
            let below = match &node.test {
                NodeTest::All(children) | NodeTest::Any(children) if !node.negate => {
                    children.iter().copied().find(failed)
                }
                _ => None,
            };
            match below.and_then(|place| tree.nodes.get(place)) {
                Some(child) => node = child,
                None => return Some(node.id),
            }
        }
    }
}

impl Program {
    /// What trees of tier levels come to when nothing is happening, and what their outcomes give by themselves.
    pub(crate) fn trace_levels(&self, trees: &[&RuleTree], standing: &Standing<'_>, at: Timestamp) -> Round {
        let scene = Scene { program: self, time: at, ticket: None, event: None, standing, counted: &[] };
        let traced = |tree: &&RuleTree| {
            let nodes = node_results(tree, &scene);
            let passed = nodes.last().is_some_and(|root| root.passed);
            let outcomes = outcomes(tree, &scene, LineSet::NONE).unwrap_or_default();
            TracedTree { tree: tree.id, passed, nodes, outcomes }
        };
        Round { lookup: None, trees: trees.iter().map(traced).collect() }
    }
}

impl Node {
    /// What its value is compared with, and how; none: it compares no number.
    pub fn compared_with(&self) -> Option<(Comparison, Figure)> {
        Some(match &self.test {
            NodeTest::Balance(test) | NodeTest::Lifetime(test) => {
                (test.comparison, Figure::Points(test.target))
            }
            NodeTest::Count(test) => (test.comparison, figure(&test.what, test.target)),
            NodeTest::Counter(test) => (test.comparison, Figure::Quantity(test.target)),
            NodeTest::Membership(test) => (Comparison::AtLeast, Figure::Whole(i64::from(test.min_days))),
            NodeTest::Field(test) => match (test.test.comparison, test.test.values.as_slice()) {
                (ValueComparison::One(comparison), [Value::Number(number)]) => {
                    (comparison, Figure::Quantity(*number))
                }
                _ => return None,
            },
            NodeTest::All(_)
            | NodeTest::Any(_)
            | NodeTest::CurrentPurchase(_)
            | NodeTest::Tags(_)
            | NodeTest::Attribute(_)
            | NodeTest::CurrentEvent(_) => return None,
        })
    }
}

/// Looks at what one round looked at.
pub(super) fn round(trees: &[&RuleTree], scene: &Scene<'_>) -> Round {
    let lookup = scene.event.map(|event| event.lookup.into());
    Round { lookup, trees: trees.iter().map(|tree| traced(tree, scene)).collect() }
}

fn traced(tree: &RuleTree, scene: &Scene<'_>) -> TracedTree {
    let nodes = node_results(tree, scene);
    // What decides is what the evaluation itself asks.
    let qualifying = qualifying_lines(tree, scene).ok().flatten();
    let outcomes = qualifying.as_deref().and_then(|lines| outcomes(tree, scene, lines).ok());
    TracedTree { tree: tree.id, passed: qualifying.is_some(), nodes, outcomes: outcomes.unwrap_or_default() }
}

fn outcomes(
    tree: &RuleTree,
    scene: &Scene<'_>,
    qualifying: &LineSet,
) -> Result<Vec<TracedOutcome>, AmountError> {
    let mut whole = Meter::new(tree, None, scene.time, scene.standing.usage)?;
    let each = tree.outcomes().iter().map(|outcome| outcome_of(tree, outcome, &mut whole, scene, qualifying));
    each.collect()
}

fn outcome_of(
    tree: &RuleTree,
    outcome: &Outcome,
    whole: &mut Meter<'_>,
    scene: &Scene<'_>,
    qualifying: &LineSet,
) -> Result<TracedOutcome, AmountError> {
    let mut traced =
        TracedOutcome { outcome: outcome.id, inputs: None, asked: None, allowed: None, cuts: Vec::new() };
    let award = match &outcome.effect {
        Effect::Points { award, .. } => award,
        Effect::Multiplier { factor, combine, .. } => {
            traced.inputs = Some(Inputs::Multiplier { factor: *factor, combine: *combine });
            return Ok(traced);
        }
        Effect::Action(_) => return Ok(traced),
    };
    traced.inputs = Some(inputs(award, scene, qualifying)?);
    let Worth::Earns(exact) = worth(award, scene, qualifying)? else { return Ok(traced) };
    let (time, usage) = (scene.time, scene.standing.usage);
    let own = Meter::new(tree, Some(outcome), time, usage)?;
    let asked = exact.base()?;
    let by_tree = whole.allowed(asked);
    let allowed = own.allowed(by_tree);
    for (meter, asked, allowed, of_outcome) in
        [(&*whole, asked, by_tree, false), (&own, by_tree, allowed, true)]
    {
        if let Some(place) = meter.strictest(time, usage)?.filter(|_| allowed < asked) {
            traced.cuts.push(Cut { of_outcome, place, asked, allowed });
        }
    }
    whole.take(allowed)?;
    (traced.asked, traced.allowed) = (Some(asked), Some(allowed));
    Ok(traced)
}
