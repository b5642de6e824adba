//! What came of the outcomes of a level's trees (incentives.md 6.5).

use domain::{
    Points,
    customer::{Cause, TierBenefit},
    program::{
        Program,
        tree::{Effect, Outcome},
    },
    rules::Refused,
};
use serde::Serialize;
use utoipa::ToSchema;

/// Also of outcomes that are in no program any more.
const FIXED_POINTS: u32 = 1;

/// What came of an outcome.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TierOutcome {
    /// It was carried out.
    pub is_outcome_applied: bool,
    /// Its type (incentives.md 3.8).
    pub discriminator: u32,
    /// The points given; point outcomes only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    pub points_awarded: Option<Points>,
    /// In words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome_message: Option<String>,
    /// The outcome.
    pub outcome_id: String,
    /// Its tree.
    pub rule_tree_id: String,
    /// The tree's name.
    pub rule_tree_name: String,
    /// Where the points went; not on refusals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub point_account_id: Option<String>,
    /// Where they came from; not on refusals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub point_source_id: Option<String>,
    /// The row of the ledger; not on refusals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub point_audit_log_id: Option<String>,
    /// Why it was not carried out, or not in full: `frequency_limit`, `source_limit`, `max_balance`, ...
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub refusal_reason: Option<&'static str>,
}

impl TierOutcome {
    /// The objects of a benefit: one for each row that gives points, one for each other outcome that was carried out,
    /// one for each refusal.
    pub fn all(benefit: &TierBenefit, program: &Program) -> Vec<Self> {
        let given = benefit.entries.iter().map(|entry| {
            let (source, points) = (entry.source, entry.movement.points());
            Self {
                points_awarded: Some(points),
                outcome_message: Some(format!("{points} points")),
                point_account_id: Some(entry.movement.account().to_string()),
                point_source_id: Some(source.to_string()),
                point_audit_log_id: Some(entry.movement.row().to_string()),
                ..Self::of(entry.cause, program)
            }
        });
        let done = benefit.done.iter().map(|cause| Self::of(*cause, program));
        let refused = benefit.refused.iter().map(|refused| {
            let Refused { tree, outcome, reason } = *refused;
            let of = Self::of(Cause { tree, outcome }, program);
            let points_awarded = (of.discriminator == FIXED_POINTS).then_some(Points::ZERO);
            let outcome_message = Some(reason.as_str().to_owned());
            let refusal_reason = Some(reason.as_str());
            Self { is_outcome_applied: false, points_awarded, outcome_message, refusal_reason, ..of }
        });
        done.chain(given).chain(refused).collect()
    }

    fn of(cause: Cause, program: &Program) -> Self {
        let tree = program.tree(cause.tree);
        let outcome = tree.and_then(|tree| tree.outcomes().iter().find(|known| known.id == cause.outcome));
        Self {
            is_outcome_applied: true,
            discriminator: outcome.map_or(FIXED_POINTS, discriminator),
            points_awarded: None,
            outcome_message: None,
            outcome_id: cause.outcome.to_string(),
            rule_tree_id: cause.tree.to_string(),
            rule_tree_name: tree.map(|tree| tree.name.clone()).unwrap_or_default(),
            point_account_id: None,
            point_source_id: None,
            point_audit_log_id: None,
            refusal_reason: None,
        }
    }
}

fn discriminator(outcome: &Outcome) -> u32 {
    match &outcome.effect {
        Effect::Points { award, .. } => award.number(),
        Effect::Action(rule) => rule.number(),
        // The compiler keeps these out of trees of levels.
        Effect::Multiplier { .. } => FIXED_POINTS,
    }
}
