//! `POST /incentives/api/1.0/point_accounts/...` (incentives.md 7.4).

use domain::configuration::{Json, ObjectKind, Operation};

use super::{
    call::Call,
    endpoints,
    lists::{Column, Listing, by_name},
    point_shapes::{Expand, account},
};
use crate::incentives::IncentivesError;

const KIND: ObjectKind = ObjectKind::PointAccount;
const COLUMNS: [Column; 3] = [
    ("Name", by_name),
    ("Status", |row| row.get_flag("active").unwrap_or(true).to_string()),
    ("GroupingLabel", |row| row.get_text("grouping_label").unwrap_or_default().to_lowercase()),
];

endpoints! {
    /// The point accounts. `skip`, `take`, `sort_column` (`Name`, `Status`, `GroupingLabel`), `sort_direction`,
    /// `include_expiration_policy`, `include_point_sources`, `include_restrictions`, `active_only`; answers
    /// `total_records` and `results`.
    fetch_point_accounts, "/incentives/api/1.0/point_accounts/fetch", AccountsBody => fetch;
    /// The point account of an `id`, with everything that belongs to it.
    get_point_account, "/incentives/api/1.0/point_accounts/get", IdBody => get;
    /// A new point account; answers it. Links to sources are made at the source.
    create_point_account, "/incentives/api/1.0/point_accounts/create", NewAccountBody => create;
    /// Changes the account of an `id`: members that are sent take the place of the old ones, `null` removes one.
    update_point_account, "/incentives/api/1.0/point_accounts/update", AccountBody => update;
    /// `id`, `active`. Refused while live rule trees use the account.
    set_point_account_active, "/incentives/api/1.0/point_accounts/set_active", AccountActiveBody => set_active;
}

async fn fetch(call: Call<'_>) -> Result<Json, IncentivesError> {
    let listing = Listing::read(&call, &COLUMNS)?;
    let expand = Expand {
        policy: call.flag("include_expiration_policy")?,
        sources: call.flag("include_point_sources")?,
        restrictions: call.flag("include_restrictions")?,
    };
    let active_only = call.flag("active_only")?;
    let objects = call.objects().await?;
    let rows = objects.list(KIND).iter().map(|object| account(&objects, object, expand));
    Ok(listing.page(rows.filter(|row| !active_only || row.get_flag("active") == Some(true)).collect()))
}

async fn get(call: Call<'_>) -> Result<Json, IncentivesError> {
    let (objects, object) = call.named(KIND, "id").await?;
    Ok(account(&objects, &object, Expand::ALL))
}

async fn create(call: Call<'_>) -> Result<Json, IncentivesError> {
    answered(call, Operation::CreatePointAccount).await
}

async fn update(call: Call<'_>) -> Result<Json, IncentivesError> {
    answered(call, Operation::UpdatePointAccount).await
}

async fn set_active(call: Call<'_>) -> Result<Json, IncentivesError> {
    answered(call, Operation::SetPointAccountActive).await
}

async fn answered(call: Call<'_>, operation: Operation) -> Result<Json, IncentivesError> {
    let (objects, object) = call.edited(operation).await?;
    Ok(account(&objects, &object, Expand::ALL))
}
