//! Tier systems and levels, and what is for some levels only (incentives.md 2.6, 7.7).

use serde::Deserialize;
use uuid::Uuid;

use super::{Field, Items};
use crate::id::{LevelConstraintId, RetailerId, TierLevelId, TierSystemId};

/// A tier system.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::program) struct TierSystem {
    pub(in crate::program) id: Field<TierSystemId>,
    pub(in crate::program) retailer_id: Field<RetailerId>,
    pub(in crate::program) name: Field<String>,
    pub(in crate::program) status: Field<i64>,
    pub(in crate::program) disabled: Field<bool>,
    pub(in crate::program) tier_levels: Items<TierLevel>,
}

/// A level.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::program) struct TierLevel {
    pub(in crate::program) id: Field<TierLevelId>,
    pub(in crate::program) tier_system_id: Field<TierSystemId>,
    pub(in crate::program) retailer_id: Field<RetailerId>,
    pub(in crate::program) name: Field<String>,
    pub(in crate::program) rank: Field<i64>,
    pub(in crate::program) status: Field<i64>,
    pub(in crate::program) joining_outcome_frequency_value: Field<i64>,
    pub(in crate::program) joining_outcome_frequency_uom: Field<i64>,
    pub(in crate::program) maintenance_frequency_value: Field<i64>,
    pub(in crate::program) maintenance_frequency_uom: Field<i64>,
    pub(in crate::program) maintenance_frequency_day: Field<i64>,
    pub(in crate::program) maintenance_frequency_is_relative: Field<bool>,
    pub(in crate::program) maintenance_age_value: Field<i64>,
    pub(in crate::program) maintenance_age_uom: Field<i64>,
}

/// A constraint of something by tier level.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::program) struct LevelConstraint {
    pub(in crate::program) id: Field<LevelConstraintId>,
    pub(in crate::program) retailer_id: Field<RetailerId>,
    pub(in crate::program) entity_type: Field<String>,
    pub(in crate::program) entity_id: Field<Uuid>,
    pub(in crate::program) tier_system_id: Field<TierSystemId>,
    pub(in crate::program) tier_level_ids: Items<TierLevelId>,
    pub(in crate::program) mode: Field<String>,
    pub(in crate::program) min_days_in_level: Field<i64>,
}
