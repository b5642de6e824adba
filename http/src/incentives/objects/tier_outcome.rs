//! What came of the outcomes of a level's trees (incentives.md 6.5).

use domain::{Points, customer::TierBenefit, ledger::Movement, program::Program, rules::Refused};
use serde::Serialize;
use utoipa::ToSchema;

/// The outcomes of levels are fixed points.
const FIXED_POINTS: u32 = 1;

/// What came of an outcome.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TierOutcome {
    /// Something was given.
    pub is_outcome_applied: bool,
    /// 1: fixed points.
    pub discriminator: u32,
    /// The points given.
    #[schema(value_type = f64)]
    pub points_awarded: Points,
    /// In words.
    pub outcome_message: String,
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
    /// Why nothing, or less, was given: `frequency_limit`, `source_limit`, `max_balance` or `inactive`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub refusal_reason: Option<&'static str>,
}

impl TierOutcome {
    /// The objects of a benefit: one for each row written, one for each refusal.
    pub fn all(benefit: &TierBenefit, program: &Program) -> Vec<Self> {
        let name = |tree| program.tree(tree).map(|tree| tree.name.clone()).unwrap_or_default();
        let given = benefit.entries.iter().map(|entry| {
            let Movement::Earned { row, account, source, points, .. } = &entry.movement else {
                unreachable!("a level gives points and takes none");
            };
            Self {
                is_outcome_applied: true,
                discriminator: FIXED_POINTS,
                points_awarded: *points,
                outcome_message: format!("{points} points"),
                outcome_id: entry.cause.outcome.to_string(),
                rule_tree_id: entry.cause.tree.to_string(),
                rule_tree_name: name(entry.cause.tree),
                point_account_id: Some(account.to_string()),
                point_source_id: Some(source.to_string()),
                point_audit_log_id: Some(row.to_string()),
                refusal_reason: None,
            }
        });
        let refused = benefit.refused.iter().map(|refused| {
            let Refused { tree, outcome, reason } = refused;
            let reason = reason.as_str();
            Self {
                is_outcome_applied: false,
                discriminator: FIXED_POINTS,
                points_awarded: Points::ZERO,
                outcome_message: reason.to_owned(),
                outcome_id: outcome.to_string(),
                rule_tree_id: tree.to_string(),
                rule_tree_name: name(*tree),
                point_account_id: None,
                point_source_id: None,
                point_audit_log_id: None,
                refusal_reason: Some(reason),
            }
        });
        given.chain(refused).collect()
    }
}
