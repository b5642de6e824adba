//! The tiers a customer holds (incentives.md 2.7).

use domain::{
    Timestamp,
    customer::{Customer, UserTier},
    id::TierLevelId,
    program::{Program, TierLevel, TierSystem},
    time::TimeForm,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::TreeProgressObject;

/// A customer's level in one tier system.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = UserTier)]
pub struct UserTierObject {
    /// The membership.
    pub id: String,
    /// The system.
    pub tier_system_id: String,
    /// The level held.
    pub tier_level_id: String,
    /// The customer.
    pub user_id: String,
    /// When the level was joined.
    pub join_date: String,
    /// When the rules to stay in the level are looked at next; absent when they never are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_maintenance_eval_date: Option<String>,
    /// The level held.
    pub tier_overview: TierOverview,
    /// The next one; not at the top.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_tier_overview: Option<TierOverview>,
    /// The way to the next level; not at the top.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier_progress: Option<Vec<TreeProgressObject>>,
}

/// A level, in short.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TierOverview {
    /// The level.
    pub id: String,
    /// Its system.
    pub tier_system_id: String,
    /// The tenant.
    pub retailer_id: String,
    /// Its name.
    pub name: String,
    /// 0 is the lowest.
    pub rank: u32,
    /// 2 is live.
    pub status: u8,
}

/// The level above the one held, if there is a live one.
pub fn next_level<'a>(system: &'a TierSystem, held: &TierLevel) -> Option<&'a TierLevel> {
    system.live_levels_above(held.rank).next()
}

impl UserTierObject {
    /// The object of a membership; nothing when the program no longer knows the system or the level.
    pub fn new(
        tier: &UserTier,
        customer: &Customer,
        user_id: &str,
        program: &Program,
        now: Timestamp,
        form: TimeForm,
    ) -> Option<Self> {
        let system = program.tier_system(tier.system)?;
        let level = system.level(tier.level)?;
        let next = next_level(system, level);
        Some(Self {
            id: tier.id.to_string(),
            tier_system_id: system.id.to_string(),
            tier_level_id: level.id.to_string(),
            user_id: user_id.to_owned(),
            join_date: tier.joined.write(form),
            next_maintenance_eval_date: tier.next_review(program, now).map(|next| next.write(form)),
            tier_overview: TierOverview::new(level, system, program),
            next_tier_overview: next.map(|next| TierOverview::new(next, system, program)),
            tier_progress: next.map(|next| progress(next.id, customer, program, now)),
        })
    }

    /// Leaves out the way to the next level.
    pub fn drop_progress(&mut self) {
        self.tier_progress = None;
    }
}

/// The objects of all memberships of systems and levels that the program knows.
pub fn user_tiers_of(
    customer: &Customer,
    user_id: &str,
    program: &Program,
    now: Timestamp,
    form: TimeForm,
) -> Vec<UserTierObject> {
    let tiers = customer.tiers().iter();
    tiers.filter_map(|tier| UserTierObject::new(tier, customer, user_id, program, now, form)).collect()
}

fn progress(
    level: TierLevelId,
    customer: &Customer,
    program: &Program,
    now: Timestamp,
) -> Vec<TreeProgressObject> {
    let trees = customer.standing(program, now, |standing| program.entrance_progress(level, standing, now));
    trees.iter().map(|tree| TreeProgressObject::new(tree, program)).collect()
}

impl TierOverview {
    /// The object of a level.
    pub fn new(level: &TierLevel, system: &TierSystem, program: &Program) -> Self {
        Self {
            id: level.id.to_string(),
            tier_system_id: system.id.to_string(),
            retailer_id: program.retailer().id.to_string(),
            name: level.name.clone(),
            rank: level.rank,
            status: level.status,
        }
    }
}
