//! `POST /incentives/api/1.0/point_sources/...` (incentives.md 7.4).

use domain::{
    Points,
    configuration::{Json, ObjectKind, Operation},
    id::{AllotmentId, RestrictionId},
};

use super::{
    call::Call,
    endpoints,
    lists::{Column, Listing, by_name, by_status},
    point_shapes::source,
};
use crate::incentives::IncentivesError;

const KIND: ObjectKind = ObjectKind::PointSource;
/// The kind of restriction that is a total.
const INVENTORY: i64 = 1;
const COLUMNS: [Column; 2] = [("Name", by_name), ("Status", by_status)];

endpoints! {
    /// The point sources with the accounts they may fill. `skip`, `take`, `sort_column` (`Name`, `Status`),
    /// `sort_direction`, `include_restrictions`, `active_only`; answers `total_records` and `results`.
    fetch_point_sources, "/incentives/api/1.0/point_sources/fetch", SourcesBody => fetch;
    /// The point source of an `id`.
    get_point_source, "/incentives/api/1.0/point_sources/get", IdBody => get;
    /// A new point source; answers it. `point_account_ids`, or `point_accounts` as objects, are the accounts it may
    /// fill.
    create_point_source, "/incentives/api/1.0/point_sources/create", NewSourceBody => create;
    /// Changes the source of an `id`: members that are sent take the place of the old ones, `null` removes one.
    update_point_source, "/incentives/api/1.0/point_sources/update", SourceBody => update;
    /// `id`, `status`: 0 inactive, 1 active.
    set_point_source_status, "/incentives/api/1.0/point_sources/set_status", SourceStatusBody => set_status;
    /// `point_source_id` and a restriction, in `restriction` or beside it; with an `id` it changes that one. Answers
    /// the source.
    save_restriction, "/incentives/api/1.0/point_sources/save_restriction", SaveRestrictionBody => save;
    /// `id` of a restriction. Answers the source.
    delete_restriction, "/incentives/api/1.0/point_sources/delete_restriction", IdBody => delete;
}

async fn fetch(call: Call<'_>) -> Result<Json, IncentivesError> {
    let listing = Listing::read(&call, &COLUMNS)?;
    let (restrictions, active_only) = (call.flag("include_restrictions")?, call.flag("active_only")?);
    let objects = call.objects().await?;
    let rows = objects.list(KIND).iter().map(|object| source(&objects, object, restrictions));
    let shown = rows.filter(|row| !active_only || row.get_whole("status") == Some(1));
    let mut page = listing.page(shown.collect());
    for source in page.elements_mut("results") {
        note_remaining(&call, source).await?;
    }
    Ok(page)
}

/// Notes what remains of the inventories of a source (incentives.md 2.3); what is reserved at this moment is gone.
async fn note_remaining(call: &Call<'_>, source: &mut Json) -> Result<(), IncentivesError> {
    for restriction in source.elements_mut("restrictions") {
        let is_inventory = restriction.get_whole("discriminator") == Some(INVENTORY);
        let most = restriction.get("max_points").and_then(|most| most.to_string().parse::<Points>().ok());
        let id = restriction.get_id("id").map(RestrictionId);
        let (true, Some(id), Some(most)) = (is_inventory, id, most) else { continue };
        let taken = call.taken_of(AllotmentId::of_restriction(id)).await?;
        let remaining = most.minus(taken.points)?.max(Points::ZERO);
        restriction.set("remaining_points", Json::parse(&remaining.to_string()).unwrap_or(Json::Null));
    }
    Ok(())
}

async fn get(call: Call<'_>) -> Result<Json, IncentivesError> {
    let (objects, object) = call.named(KIND, "id").await?;
    let mut source = source(&objects, &object, true);
    note_remaining(&call, &mut source).await?;
    Ok(source)
}

async fn create(call: Call<'_>) -> Result<Json, IncentivesError> {
    answered(call, Operation::CreatePointSource).await
}

async fn update(call: Call<'_>) -> Result<Json, IncentivesError> {
    answered(call, Operation::UpdatePointSource).await
}

async fn set_status(call: Call<'_>) -> Result<Json, IncentivesError> {
    answered(call, Operation::SetPointSourceStatus).await
}

async fn save(call: Call<'_>) -> Result<Json, IncentivesError> {
    answered(call, Operation::SaveRestriction).await
}

async fn delete(call: Call<'_>) -> Result<Json, IncentivesError> {
    answered(call, Operation::DeleteRestriction).await
}

async fn answered(call: Call<'_>, operation: Operation) -> Result<Json, IncentivesError> {
    let (objects, object) = call.edited(operation).await?;
    let mut source = source(&objects, &object, true);
    note_remaining(&call, &mut source).await?;
    Ok(source)
}
