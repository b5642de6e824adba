//! A change of level (incentives.md 7.6).

use domain::{
    customer::{Direction, TierMovement},
    time::TimeForm,
};
use serde::Serialize;
use utoipa::ToSchema;

/// A change of level.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = TierMovement)]
pub struct TierMovementObject {
    /// The movement.
    pub id: String,
    /// The system.
    pub tier_system_id: String,
    /// The level before; absent when the system was joined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_tier_level_id: Option<String>,
    /// The level after; absent when the system was left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_tier_level_id: Option<String>,
    /// `up` or `down`.
    #[schema(value_type = String)]
    pub direction: &'static str,
    /// `qualifying`, `maintenance`, `manual`, `rule` or `import`.
    #[schema(value_type = String)]
    pub cause: &'static str,
    /// The caller's reason, if it gave one.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub reason: Box<str>,
    /// When it took place.
    pub time_of_occurrence: String,
}

impl TierMovementObject {
    /// The object of a movement.
    pub fn new(movement: &TierMovement) -> Self {
        Self {
            id: movement.id.to_string(),
            tier_system_id: movement.system.to_string(),
            from_tier_level_id: movement.from.map(|level| level.to_string()),
            to_tier_level_id: movement.to.map(|level| level.to_string()),
            direction: match movement.direction {
                Direction::Up => "up",
                Direction::Down => "down",
            },
            cause: movement.cause.as_str(),
            reason: movement.reason.clone(),
            time_of_occurrence: movement.at.write(TimeForm::Iso),
        }
    }
}
