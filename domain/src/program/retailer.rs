//! The retailer itself and its switches (incentives.md 2.10).

use crate::{id::RetailerId, time::Zone};

/// The tenant.
#[derive(Debug, Clone)]
pub struct Retailer {
    /// Its id.
    pub id: RetailerId,
    /// Its name.
    pub name: String,
    /// Calendar windows and fixed-calendar work follow this zone.
    pub zone: Zone,
    /// Default culture, `en-US` style.
    pub culture: String,
    /// ISO 4217 code; informative.
    pub currency: String,
    /// How it differs from the defaults.
    pub switches: Switches,
}

/// Retailer switches; the defaults are those of the API files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switches {
    /// Tax counts as spend (incentives.md 6.6). Default off.
    pub include_tax: bool,
    /// Payments with points reduce the base (incentives.md 6.6). Default on.
    pub exclude_points_payments: bool,
    /// Returned points are given back to limits (incentives.md 6.8). Default on.
    pub restore_on_return: bool,
    /// `allow_negative_balance` alone permits overdraft, without force (incentives.md 4.3). Default off.
    pub overdraft_without_force: bool,
    /// `(reference_type, reference_id)` acts like an idempotency id (incentives.md 4.8). Default off.
    pub dedupe_on_reference: bool,
    /// Sales older than this many days are stored but not evaluated (catalog-transactions.md F.3). Default 90.
    pub max_backdate_days: u32,
    /// A return takes back the levels that its purchase had led to (incentives.md 9.2). Default off.
    pub demote_on_return: bool,
    /// Levels skipped on the way up give what joining them gives (incentives.md 8.2). Default on.
    pub grant_intermediate_levels: bool,
    /// How far down a failed review leads.
    pub demotion_mode: DemotionMode,
}

/// How far down a failed review leads (`demotion_mode`, incentives.md 8.3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DemotionMode {
    /// `one_level`: to the next live level below.
    #[default]
    OneLevel,
    /// `to_qualified`: to the highest live level below whose stay rules pass.
    ToQualified,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            include_tax: false,
            exclude_points_payments: true,
            restore_on_return: true,
            overdraft_without_force: false,
            dedupe_on_reference: false,
            max_backdate_days: 90,
            demote_on_return: false,
            grant_intermediate_levels: true,
            demotion_mode: DemotionMode::OneLevel,
        }
    }
}
