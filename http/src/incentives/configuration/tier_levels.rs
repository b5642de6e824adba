//! `POST /incentives/api/1.0/tier_levels/...` (incentives.md 2.6, 7.5).

use actors::{Doomed, EngineError};
use domain::configuration::{Json, Object, ObjectKind, Objects, Operation};

use super::{
    call::Call,
    endpoints,
    lists::{Column, Listing, by_name, by_status},
};
use crate::incentives::IncentivesError;

const KIND: ObjectKind = ObjectKind::TierSystem;
const LEVELS: &str = "tier_levels";
const COLUMNS: [Column; 2] = [("Name", by_name), ("Status", by_status)];

endpoints! {
    /// The tier system of a `tier_system_id` with its levels; answers `tier_system`.
    fetch_tier_system, "/incentives/api/1.0/tier_levels/fetch", TierSystemIdBody => fetch;
    /// The tier systems. `skip`, `take`, `sort_column` (`Name`, `Status`), `sort_direction`, `status`; answers
    /// `total_records` and `results`.
    fetch_tier_systems, "/incentives/api/1.0/tier_levels/fetch_systems", TierSystemsBody => fetch_systems;
    /// A new tier system: `name`, `external_id`, `levels`. It gets a level of rank 0 if none has it. Answers
    /// `tier_system`.
    create_tier_system, "/incentives/api/1.0/tier_levels/create_system", NewTierSystemBody => create_system;
    /// Changes the system of an `id`: `name`, `status`, `disabled`. Status 2 requires that every level is live.
    update_tier_system, "/incentives/api/1.0/tier_levels/update_system", TierSystemBody => update_system;
    /// A new level of a `tier_system_id`: `name`, `rank`. Answers `tier_level`.
    create_tier_level, "/incentives/api/1.0/tier_levels/create", NewTierLevelBody => create;
    /// Changes the level of an `id`: members that are sent take the place of the old ones, `null` removes one.
    update_tier_level, "/incentives/api/1.0/tier_levels/update", TierLevelBody => update;
    /// `id`, `status`. Publishing a system does not publish its levels.
    set_tier_level_status, "/incentives/api/1.0/tier_levels/set_status", StatusBody => set_status;
    /// `tier_level_id`, `rule_tree_id`: the tree is then for this level too. Answers `tier_level` and `rule_tree_ids`.
    attach_rule_tree, "/incentives/api/1.0/tier_levels/attach_rule_tree", LevelTreeBody => attach;
    /// `tier_level_id`, `rule_tree_id`: the tree is then no longer for this level.
    detach_rule_tree, "/incentives/api/1.0/tier_levels/detach_rule_tree", LevelTreeBody => detach;
    /// `id` of a level that nobody is in and no rule tree names; 409 `level_in_use`. While it is looked whether anybody
    /// is in it, nobody can enter it. Answers `success`.
    delete_tier_level, "/incentives/api/1.0/tier_levels/delete", IdBody => delete;
    /// `id` of a system of whose levels the same holds; they go with it. Answers `success`.
    delete_tier_system, "/incentives/api/1.0/tier_levels/delete_system", IdBody => delete_system;
}

async fn fetch(call: Call<'_>) -> Result<Json, IncentivesError> {
    let (_, object) = call.named(KIND, "tier_system_id").await?;
    Ok(Json::object([("tier_system", Some(system(&object)))]))
}

async fn fetch_systems(call: Call<'_>) -> Result<Json, IncentivesError> {
    let (listing, status) = (Listing::read(&call, &COLUMNS)?, call.whole("status")?);
    let objects = call.objects().await?;
    let rows = objects.list(KIND).iter().map(system);
    Ok(listing.page(rows.filter(|row| status.is_none() || row.get_whole("status") == status).collect()))
}

async fn create_system(call: Call<'_>) -> Result<Json, IncentivesError> {
    let (_, object) = call.edited(Operation::CreateTierSystem).await?;
    Ok(Json::object([("tier_system", Some(system(&object)))]))
}

async fn update_system(call: Call<'_>) -> Result<Json, IncentivesError> {
    let (_, object) = call.edited(Operation::UpdateTierSystem).await?;
    Ok(Json::object([("tier_system", Some(system(&object)))]))
}

async fn create(call: Call<'_>) -> Result<Json, IncentivesError> {
    let (_, object) = call.edited(Operation::CreateTierLevel).await?;
    let level = system(&object).elements(LEVELS).last().cloned();
    Ok(Json::object([("tier_level", level)]))
}

async fn update(call: Call<'_>) -> Result<Json, IncentivesError> {
    let (_, object) = call.edited(Operation::UpdateTierLevel).await?;
    Ok(Json::object([("tier_level", level(&call, "id", &object))]))
}

async fn set_status(call: Call<'_>) -> Result<Json, IncentivesError> {
    let (_, object) = call.edited(Operation::SetTierLevelStatus).await?;
    Ok(Json::object([("tier_level", level(&call, "id", &object))]))
}

async fn attach(call: Call<'_>) -> Result<Json, IncentivesError> {
    attached(call, Operation::AttachRuleTree).await
}

async fn detach(call: Call<'_>) -> Result<Json, IncentivesError> {
    attached(call, Operation::DetachRuleTree).await
}

async fn attached(call: Call<'_>, operation: Operation) -> Result<Json, IncentivesError> {
    let (objects, object) = call.edited(operation).await?;
    let level = level(&call, "tier_level_id", &object).ok_or(EngineError::Crashed)?;
    let trees = Json::Array(trees_of(&objects, &level));
    Ok(Json::object([("tier_level", Some(level)), ("rule_tree_ids", Some(trees))]))
}

async fn delete(call: Call<'_>) -> Result<Json, IncentivesError> {
    call.delete_tier(Doomed::Level).await?;
    Ok(Json::object([("success", Some(Json::Flag(true)))]))
}

async fn delete_system(call: Call<'_>) -> Result<Json, IncentivesError> {
    call.delete_tier(Doomed::System).await?;
    Ok(Json::object([("success", Some(Json::Flag(true)))]))
}

/// The ids of the trees that are for a level.
fn trees_of(objects: &Objects, level: &Json) -> Vec<Json> {
    let level = level.get_id("id");
    let is_for = |tree: &Object| {
        let tree = tree.json();
        tree.elements("tier_assignments").iter().any(|known| known.get_id("tier_level_id") == level)
    };
    let trees = objects.list(ObjectKind::RuleTree).iter().filter(|tree| is_for(tree));
    trees.map(|tree| Json::text(tree.id)).collect()
}

/// The level that a member of the body names.
fn level(call: &Call<'_>, name: &str, object: &Object) -> Option<Json> {
    let id = call.body().get_id(name)?;
    system(object).elements(LEVELS).iter().find(|level| level.get_id("id") == Some(id)).cloned()
}

fn system(object: &Object) -> Json {
    let mut system = object.json().without_nulls();
    let retailer = system.get("retailer_id").cloned();
    let count = system.elements(LEVELS).len();
    for level in system.elements_mut(LEVELS) {
        level.set("tier_system_id", Json::text(object.id));
        if let (None, Some(retailer)) = (level.get("retailer_id"), &retailer) {
            level.set("retailer_id", retailer.clone());
        }
        if level.get("status").is_none() {
            level.set("status", Json::whole(0));
        }
    }
    system.set("id", Json::text(object.id));
    system.set("number_of_levels", Json::whole(i64::try_from(count).unwrap_or(i64::MAX)));
    if system.get("status").is_none() {
        system.set("status", Json::whole(0));
    }
    if system.get("disabled").is_none() {
        system.set("disabled", Json::Flag(false));
    }
    system
}
