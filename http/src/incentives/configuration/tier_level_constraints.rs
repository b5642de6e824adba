//! `POST /incentives/api/1.0/tier_level_constraints/...` (incentives.md 7.7).

use domain::{
    configuration::{Json, Object, ObjectKind, Operation},
    program::{ConstrainedKind, LevelConstraint},
};

use super::{
    call::{Call, malformed},
    endpoints,
    lists::Listing,
};
use crate::incentives::{IncentivesCode, IncentivesError};

const KIND: ObjectKind = ObjectKind::TierLevelConstraint;
/// Things of one question at most.
const ENTITIES_MAX: usize = 100;

endpoints! {
    /// A new constraint, or with an `id` and the `version` that the caller has seen the whole of that one; 409
    /// `version_conflict` when there is another. `entity_type` (`rule_tree`, `point_source`, `offer`, `reward_store`),
    /// `entity_id`, `tier_system_id`, `tier_level_ids`, `mode` (`include`, `exclude`), `min_days_in_level`. Constraints
    /// of rule trees (types 1 and 2) and point sources hold in rules and deposits; those of offers and reward stores
    /// are kept for whoever asks. Answers `tier_level_constraint`.
    save_tier_level_constraint, "/incentives/api/1.0/tier_level_constraints/save", ConstraintBody => save;
    /// The constraints of an `entity_type`. `entity_ids`, `skip`, `take`, `sort_direction`; answers `total_records` and
    /// `results`.
    fetch_tier_level_constraints, "/incentives/api/1.0/tier_level_constraints/fetch", ConstraintsBody => fetch;
    /// `id`; with a `version`, only as of that. Answers `success`.
    delete_tier_level_constraint, "/incentives/api/1.0/tier_level_constraints/delete", IdVersionBody => delete;
    /// Whether the customer of a `user_id` may now use things of an `entity_type`: `entity_ids`, at most 100. Answers
    /// `results` with `entity_id`, `allowed` and `failed_constraint_ids`. What is not constrained is allowed.
    validate_tier_level_constraints, "/incentives/api/1.0/tier_level_constraints/validate", AllowedBody => validate;
}

async fn save(call: Call<'_>) -> Result<Json, IncentivesError> {
    let (_, object) = call.edited(Operation::SaveLevelConstraint).await?;
    Ok(Json::object([("tier_level_constraint", Some(constraint(&object)))]))
}

async fn fetch(call: Call<'_>) -> Result<Json, IncentivesError> {
    let listing = Listing::read(&call, &[])?;
    let (kind, entities) = (kind(&call)?, call.ids("entity_ids")?);
    let objects = call.objects().await?;
    let wanted = |row: &Json| {
        let entity = row.get_id("entity_id");
        row.get_text("entity_type").and_then(ConstrainedKind::of_name) == Some(kind)
            && entities.as_ref().is_none_or(|ids| ids.iter().any(|(_, id)| Some(*id) == entity))
    };
    Ok(listing.page(objects.list(KIND).iter().map(constraint).filter(wanted).collect()))
}

async fn delete(call: Call<'_>) -> Result<Json, IncentivesError> {
    call.edit(Operation::DeleteLevelConstraint).await?;
    Ok(Json::object([("success", Some(Json::Flag(true)))]))
}

async fn validate(call: Call<'_>) -> Result<Json, IncentivesError> {
    let kind = kind(&call)?;
    let entities = call.ids("entity_ids")?.ok_or_else(|| malformed("entity_ids is required"))?;
    if entities.len() > ENTITIES_MAX {
        let message = format!("At most {ENTITIES_MAX} entity_ids.");
        return Err(IncentivesError::new(IncentivesCode::TooManyEntities, message));
    }
    let rows = call.look_at_user(move |customer, program, now| {
        customer.standing(program, now, |standing| {
            let row = |(sent, entity): &(Json, uuid::Uuid)| {
                let constraints = program.level_constraints(kind, *entity);
                let failed: Vec<_> = constraints.filter(|known| !standing.passes(known, now)).collect();
                verdict(sent, &failed)
            };
            entities.iter().map(row).collect()
        })
    });
    Ok(Json::object([("results", Some(Json::Array(rows.await?)))]))
}

fn verdict(entity: &Json, failed: &[&LevelConstraint]) -> Json {
    Json::object([
        ("entity_id", Some(entity.clone())),
        ("allowed", Some(Json::Flag(failed.is_empty()))),
        (
            "failed_constraint_ids",
            Some(Json::Array(failed.iter().map(|known| Json::text(known.id)).collect())),
        ),
    ])
}

fn kind(call: &Call<'_>) -> Result<ConstrainedKind, IncentivesError> {
    let name = call.required_text("entity_type")?;
    ConstrainedKind::of_name(name).ok_or_else(|| malformed(format!("no entity_type is called {name}")))
}

fn constraint(object: &Object) -> Json {
    let mut constraint = object.json().without_nulls();
    constraint.set("version", Json::whole(object.version));
    constraint
}
