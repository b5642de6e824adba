//! A rule tree that was looked at: its nodes with the values that were compared, its outcomes with what they were
//! computed from (incentives.md 6.2 to 6.5).

use actors::ExplainedRecord;
use domain::{
    Money, Points, Quantity, Rate,
    customer::{Cause, Event, LookedAt},
    id::{OutcomeId, RuleTreeId},
    program::{
        Program, RuleTree,
        tree::{AmountBasis, Combine, Effect, Node},
    },
    rules::{Inputs, Round, TracedNode, TracedOutcome, TracedTree},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::limit::LimitObject;
use crate::incentives::objects::FigureNumber;

/// A rule tree that was looked at.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ExplainedTree {
    rule_tree_id: String,
    rule_tree_name: String,
    /// The version of the tree that was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_tree_version: Option<u32>,
    /// The version of the whole program that it is of.
    program_version: u32,
    /// The event it was looked at for; absent: the sale itself, or a level.
    #[serde(skip_serializing_if = "Option::is_none")]
    event_lookup: Option<String>,
    /// Its conditions hold.
    passed: bool,
    /// The node at which it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    failed_at_rule_id: Option<String>,
    /// Its nodes: leaves before their parents, the root last.
    rules: Vec<ExplainedNode>,
    /// What its outcomes came to; empty when it did not pass.
    outcomes: Vec<ExplainedOutcome>,
}

/// A node.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ExplainedNode {
    rule_id: String,
    /// Absent on the root.
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_id: Option<String>,
    /// Its type (incentives.md 3.4).
    discriminator: u32,
    /// The result is turned round.
    negate: bool,
    /// It holds.
    rule_passed: bool,
    /// The value that was compared; absent where no number is compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    query_result: Option<FigureNumber>,
    /// How it was compared (incentives.md 3.3).
    #[serde(skip_serializing_if = "Option::is_none")]
    comparison: Option<u8>,
    /// What it was compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    target: Option<FigureNumber>,
    /// The type of the constraint on the purchase that was not satisfied (incentives.md 6.3).
    #[serde(skip_serializing_if = "Option::is_none")]
    unsatisfied_constraint: Option<u32>,
}

/// An outcome.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ExplainedOutcome {
    outcome_id: String,
    /// Its type (incentives.md 3.8).
    discriminator: u32,
    /// What it was computed from; point outcomes and multipliers only.
    #[serde(skip_serializing_if = "Option::is_none")]
    inputs: Option<InputsObject>,
    /// The points that came out, rounded, before limits; absent where there was nothing to give.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    points_computed: Option<Points>,
    /// The points that it gave to each of its accounts, before the ledger and before what an earlier version of the
    /// sale gave is taken off.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    points_awarded: Option<Points>,
    /// The limits and the budget that cut it.
    limits: Vec<LimitObject>,
    /// Why it gave nothing, or less (incentives.md 6.5).
    #[schema(value_type = Vec<String>)]
    refusal_reasons: Vec<&'static str>,
}

/// What an outcome was computed from. Which members are there depends on its type.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct InputsObject {
    /// 1 and 4: the points of one award.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    points: Option<Points>,
    /// 2: which amount (incentives.md 6.6).
    #[serde(skip_serializing_if = "Option::is_none")]
    basis: Option<u8>,
    /// 2: what of the ticket is eligible, whoever paid it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    eligible_of_ticket: Option<Money>,
    /// 2: the payer's part of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    eligible: Option<Money>,
    /// 2: points for each `per_amount`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    rate: Option<Rate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    per_amount: Option<Money>,
    /// 2: the amount below which nothing is earned.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    hurdle_amount: Option<Money>,
    /// 4: units of the payer, or of the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    quantity: Option<Quantity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    quantity_per_award: Option<Quantity>,
    /// 4: the units below which nothing is earned.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    hurdle_quantity: Option<Quantity>,
    /// The most that it gives for one purchase.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    max_points: Option<Points>,
    /// 4096: how much more, as one factor.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    factor: Option<Rate>,
    /// 4096: `add`, `multiply` or `max`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    combine: Option<&'static str>,
}

/// Trees that were looked at together, with the record they belong to.
#[derive(Clone, Copy)]
pub struct Looked<'a> {
    record: &'a ExplainedRecord,
    looked: &'a LookedAt,
    program: &'a Program,
}

impl<'a> Looked<'a> {
    /// What was looked at for the event at a place in a record.
    pub fn at(record: &'a ExplainedRecord, place: usize) -> impl Iterator<Item = Self> + 'a {
        record.explained.looked_at(place).map(move |looked| {
            let program = record.programs.get(looked.program_version).unwrap_or(&record.program);
            Self { record, looked, program }
        })
    }

    /// For what it was looked at.
    pub fn why(&self) -> domain::customer::LookedFor {
        self.looked.why
    }

    /// All its trees.
    pub fn trees(self) -> Vec<ExplainedTree> {
        let rounds = self.looked.rounds.iter();
        rounds.flat_map(|round| round.trees.iter().filter_map(move |tree| self.tree(round, tree))).collect()
    }

    /// The tree of that id, the last time that it was looked at.
    pub fn tree_of(self, id: RuleTreeId) -> Option<ExplainedTree> {
        let rounds = self.looked.rounds.iter().rev();
        let mut found =
            rounds.filter_map(|round| Some((round, round.trees.iter().find(|tree| tree.tree == id)?)));
        found.next().and_then(|(round, tree)| self.tree(round, tree))
    }

    fn tree(self, round: &Round, traced: &TracedTree) -> Option<ExplainedTree> {
        let tree = self.program.tree(traced.tree)?;
        let version = self.looked.program_version;
        let nodes = tree.nodes.iter().zip(&traced.nodes);
        Some(ExplainedTree {
            rule_tree_id: tree.id.to_string(),
            rule_tree_name: tree.name.clone(),
            rule_tree_version: self
                .record
                .tree_versions
                .get(&version)
                .and_then(|known| known.get(&tree.id))
                .copied(),
            program_version: version,
            event_lookup: round.lookup.as_deref().map(Into::into),
            passed: traced.passed,
            failed_at_rule_id: traced.failed_at(tree).map(|node| node.to_string()),
            rules: nodes.map(|(node, traced)| ExplainedNode::new(node, traced)).collect(),
            outcomes: traced.outcomes.iter().map(|outcome| self.outcome(tree, outcome)).collect(),
        })
    }

    fn outcome(self, tree: &RuleTree, traced: &TracedOutcome) -> ExplainedOutcome {
        let cause = Cause { tree: tree.id, outcome: traced.outcome };
        let limits = self.looked.limits_of(cause);
        let award = self.looked.awards.iter().find(|award| award.cause() == cause);
        let effect =
            tree.outcomes().iter().find(|known| known.id == traced.outcome).map(|known| &known.effect);
        ExplainedOutcome {
            outcome_id: traced.outcome.to_string(),
            discriminator: effect.map_or(0, number),
            inputs: traced.inputs.map(InputsObject::new),
            points_computed: traced.asked,
            points_awarded: award.map(|award| award.points),
            limits: limits
                .iter()
                .map(|limited| LimitObject::new(limited, Some(cause), self.program))
                .collect(),
            refusal_reasons: self.reasons(tree.id, traced.outcome),
        }
    }

    /// Why an outcome gave nothing, or less: as it was recorded.
    fn reasons(self, tree: RuleTreeId, outcome: OutcomeId) -> Vec<&'static str> {
        let mine = |known: (RuleTreeId, OutcomeId)| known == (tree, outcome);
        let reasons: Vec<_> = match self.record.events.get(self.looked.place) {
            Some(Event::SaleCredited(credited)) => {
                let refused = credited.refused.iter().filter(|known| mine((known.tree, known.outcome)));
                refused.map(|known| known.reason).collect()
            }
            Some(Event::EventTriggered(triggered)) => {
                let results =
                    triggered.answer.outcomes.iter().filter(|known| mine((known.tree, known.outcome)));
                results.filter_map(|known| known.refused).collect()
            }
            Some(Event::TierBenefitsGiven { benefits, .. }) => {
                let refused = benefits.iter().flat_map(|benefit| &benefit.refused);
                refused.filter(|known| mine((known.tree, known.outcome))).map(|known| known.reason).collect()
            }
            _ => Vec::new(),
        };
        let mut names: Vec<_> = reasons.into_iter().map(|reason| reason.as_str()).collect();
        names.dedup();
        names
    }
}

/// The type of an outcome.
fn number(effect: &Effect) -> u32 {
    const MULTIPLIER: u32 = 4096;
    match effect {
        Effect::Points { award, .. } => award.number(),
        Effect::Action(rule) => rule.number(),
        Effect::Multiplier { .. } => MULTIPLIER,
    }
}

impl ExplainedNode {
    fn new(node: &Node, traced: &TracedNode) -> Self {
        let compared = node.compared_with();
        Self {
            rule_id: node.id.to_string(),
            parent_id: node.parent.map(|parent| parent.to_string()),
            discriminator: node.test.number(),
            negate: node.negate,
            rule_passed: traced.passed,
            query_result: traced.figure.map(FigureNumber),
            comparison: compared.map(|(comparison, _)| comparison.number()),
            target: compared.map(|(_, target)| FigureNumber(target)),
            unsatisfied_constraint: traced.unmet,
        }
    }
}

impl InputsObject {
    fn new(inputs: Inputs) -> Self {
        match inputs {
            Inputs::Fixed { points } => Self { points: Some(points), ..Self::default() },
            Inputs::Amount { basis, of_ticket, eligible, rate, per_amount, hurdle, max_points } => Self {
                basis: Some(basis_number(basis)),
                eligible_of_ticket: Some(of_ticket),
                eligible: Some(eligible),
                rate: Some(rate),
                per_amount: Some(per_amount),
                hurdle_amount: hurdle,
                max_points,
                ..Self::default()
            },
            Inputs::Quantity { units, points, quantity_per_award, hurdle, max_points } => Self {
                points: Some(points),
                quantity: Some(units),
                quantity_per_award: Some(quantity_per_award),
                hurdle_quantity: hurdle,
                max_points,
                ..Self::default()
            },
            Inputs::Multiplier { factor, combine } => {
                let combine = match combine {
                    Combine::Add => "add",
                    Combine::Multiply => "multiply",
                    Combine::Max => "max",
                };
                Self { factor: Some(factor), combine: Some(combine), ..Self::default() }
            }
        }
    }
}

const fn basis_number(basis: AmountBasis) -> u8 {
    match basis {
        AmountBasis::Items => 0,
        AmountBasis::Subtotal => 1,
        AmountBasis::Qualifying => 2,
        AmountBasis::TotalSpend => 3,
    }
}
