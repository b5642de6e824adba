//! Tier systems and levels (incentives.md 2.6).

use serde::Deserialize;

use super::{Field, Items};
use crate::id::{RetailerId, TierLevelId, TierSystemId};

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
