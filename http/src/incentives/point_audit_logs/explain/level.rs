//! A change of level: the trees that decided about it, or the outcome that caused it.

use actors::ExplainedRecord;
use domain::{
    customer::{BenefitKind, Event, LookedFor, TierMovement},
    id::TierLevelId,
    program::Program,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    decision::Decision,
    tree::{ExplainedTree, Looked},
};
use crate::{
    incentives::objects::{TierMovementObject, TierOutcome},
    state::HttpState,
};

/// Why a level changed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TierMovementExplanation {
    #[serde(flatten)]
    movement: TierMovementObject,
    #[serde(skip_serializing_if = "Option::is_none")]
    from_tier_level_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to_tier_level_name: Option<String>,
    /// The trees that were looked at: to enter the level (`qualifying`; after a return, those of the level that is
    /// left), or to stay in the one that is left (`maintenance`: the review took place at `time_of_occurrence`). Empty
    /// for a movement by hand, for the level that everybody begins with, and for one by a rule.
    rule_trees: Vec<ExplainedTree>,
    /// By a rule: its tree and outcome.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_tree_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome_id: Option<String>,
    /// What became of what joining the level gives.
    benefits: Vec<TierOutcome>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<Decision>,
}

impl TierMovementExplanation {
    /// Of a change in the event at a place of a record.
    pub fn new(movement: &TierMovement, place: usize, record: &ExplainedRecord, state: &HttpState) -> Self {
        let wanted = |why: LookedFor| match why {
            LookedFor::Entering(level) => movement.to == Some(level) || movement.from == Some(level),
            LookedFor::Staying(level) => movement.from == Some(level),
            LookedFor::Sale | LookedFor::Event => false,
        };
        let looked = Looked::at(record, place).filter(|looked| wanted(looked.why()));
        let by = movement.moved_by(&record.events, &record.program);
        let current = state.program();
        let name = |level: Option<TierLevelId>| {
            level.and_then(|level| level_name(&record.program, level).or_else(|| level_name(&current, level)))
        };
        Self {
            from_tier_level_name: name(movement.from),
            to_tier_level_name: name(movement.to),
            movement: TierMovementObject::new(movement),
            rule_trees: looked.flat_map(Looked::trees).collect(),
            rule_tree_id: by.map(|cause| cause.tree.to_string()),
            outcome_id: by.map(|cause| cause.outcome.to_string()),
            benefits: benefits(movement, record),
            decision: None,
        }
    }

    /// The same by itself, with the decision that it was part of.
    pub fn alone(movement: &TierMovement, place: usize, record: &ExplainedRecord, state: &HttpState) -> Self {
        let decision = Some(Decision::new(record, place));
        Self { decision, ..Self::new(movement, place, record, state) }
    }
}

/// Joining benefits stand behind the movements of the same moment.
fn benefits(movement: &TierMovement, record: &ExplainedRecord) -> Vec<TierOutcome> {
    let given = record.events.iter().filter_map(|event| match event {
        Event::TierBenefitsGiven { benefits, at, .. } if *at == movement.at => Some(benefits),
        _ => None,
    });
    let joining = given
        .flatten()
        .filter(|benefit| benefit.kind == BenefitKind::Joining && Some(benefit.level) == movement.to);
    joining.flat_map(|benefit| TierOutcome::all(benefit, &record.program)).collect()
}

fn level_name(program: &Program, level: TierLevelId) -> Option<String> {
    let level = program.tier_systems().iter().find_map(|system| system.level(level));
    level.map(|level| level.name.clone())
}
