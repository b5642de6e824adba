//! The retailer, its switches, stores and catalog items.

use serde::Deserialize;

use super::{Field, Items};
use crate::id::{RetailerId, StoreId};

/// The tenant.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::program) struct Retailer {
    pub(in crate::program) retailer_id: Field<RetailerId>,
    pub(in crate::program) name: Field<String>,
    pub(in crate::program) time_zone: Field<String>,
    pub(in crate::program) culture: Field<String>,
    pub(in crate::program) currency: Field<String>,
    pub(in crate::program) switches: Field<Switches>,
}

/// Retailer switches (incentives.md 2.10).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::program) struct Switches {
    pub(in crate::program) include_tax: Field<bool>,
    pub(in crate::program) exclude_points_payments: Field<bool>,
    pub(in crate::program) restore_on_return: Field<bool>,
    pub(in crate::program) overdraft_without_force: Field<bool>,
    pub(in crate::program) dedupe_on_reference: Field<bool>,
    pub(in crate::program) max_backdate_days: Field<i64>,
    pub(in crate::program) emit_zone_suffix: Field<bool>,
    pub(in crate::program) source_limit_window: Field<String>,
    pub(in crate::program) demote_on_return: Field<bool>,
    pub(in crate::program) grant_intermediate_levels: Field<bool>,
    pub(in crate::program) demotion_mode: Field<String>,
}

/// A store of the stores document.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::program) struct Store {
    pub(in crate::program) store_id: Field<StoreId>,
    pub(in crate::program) number: Field<String>,
    pub(in crate::program) name: Field<String>,
    pub(in crate::program) time_zone: Field<String>,
    pub(in crate::program) parent_location_id: Field<StoreId>,
    pub(in crate::program) tags: Items<String>,
    pub(in crate::program) brand: Field<String>,
}

/// A line of the catalog.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::program) struct CatalogLine {
    pub(in crate::program) item_id: Field<String>,
    pub(in crate::program) category: Field<String>,
    pub(in crate::program) department: Field<String>,
    pub(in crate::program) brand: Field<String>,
}
