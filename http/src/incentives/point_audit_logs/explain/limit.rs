//! A limit that cut something (incentives.md 6.8).

use domain::{
    Points,
    customer::{Cause, CutKind, Limited},
    program::{
        Program,
        tree::{Cap, Limit},
    },
};
use serde::Serialize;
use utoipa::ToSchema;

/// A limit that left less than was asked of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LimitObject {
    /// `tree_limit`, `outcome_limit`, `budget`, `source_limit`, `max_balance` or `inactive`.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    kind: &'static str,
    /// The place of the limit among `limits` of the tree or the outcome, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<usize>,
    /// As configured: so many times.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_times: Option<u32>,
    /// As configured: so many points, or the most that the account may hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<f64>)]
    max_points: Option<Points>,
    /// Points that were asked of it.
    #[schema(value_type = f64)]
    asked: Points,
    /// Points that it left.
    #[schema(value_type = f64)]
    allowed: Points,
}

impl LimitObject {
    /// The object of a limit on an outcome.
    pub fn new(limited: &Limited, cause: Option<Cause>, program: &Program) -> Self {
        let Limited { kind, asked, allowed } = *limited;
        let (position, configured) = match kind {
            CutKind::TreeLimit(place) => (Some(place), tree_limit(cause, place, program)),
            CutKind::OutcomeLimit(place) => (Some(place), outcome_limit(cause, place, program)),
            CutKind::Budget | CutKind::Source | CutKind::Ceiling | CutKind::Inactive => (None, None),
        };
        let (max_times, max_points) = match configured.map(|limit| limit.cap) {
            Some(Cap::Times(times)) => (Some(times), None),
            Some(Cap::Points(points)) => (None, Some(points)),
            None => (None, None),
        };
        Self { kind: kind.as_str(), position, max_times, max_points, asked, allowed }
    }
}

fn tree_limit(cause: Option<Cause>, place: usize, program: &Program) -> Option<Limit> {
    program.tree(cause?.tree)?.limits.get(place).copied()
}

fn outcome_limit(cause: Option<Cause>, place: usize, program: &Program) -> Option<Limit> {
    let Cause { tree, outcome } = cause?;
    let outcomes = program.tree(tree)?.outcomes();
    outcomes.iter().find(|known| known.id == outcome)?.limits.get(place).copied()
}
