//! `PUT .../users/:user_id` and `PUT .../external/users/:external_id` (customers-campaigns.md B1.10).

use actix_web::{HttpRequest, HttpResponse, web};
use actors::UpdateError;
use domain::{
    customer::{Profile, ProfileChange},
    id::CustomerId,
};

use super::{
    CoreCode, CoreError, CoreErrorBody,
    error::profile_refused,
    query::Shown,
    reply::{NamedBy, UserAnswer, answer, customer_of, profile_of, show, shown, taken, unbroken, unknown},
    user_body::{UserRequest, Writing, read_user},
    user_object::UserObject,
};
use crate::{
    body::{BODY_MAX, take},
    state::HttpState,
};

/// How often an update is tried again because another one came between.
const TRIES_MAX: u32 = 5;

/// Change a customer; only what is sent changes.
#[utoipa::path(
    put,
    path = "/priv/v1/apps/{api_key}/users/{user_id}",
    tag = "customers",
    params(
        ("api_key" = String, Path, description = "The key of the credentials"),
        ("user_id" = String, Path, description = "The customer's id"),
        ("user[user_profile]" = Option<String>, Query, description = "`true` or `1`: show custom attributes"),
        ("expand_incentives" = Option<String>, Query, description = "`true` or `1`: show `tier_details`"),
        ("show_identifiers" = Option<String>, Query, description = "`true` or `1`: show all ids in other systems"),
    ),
    request_body = UserRequest,
    responses(
        (status = 200, description = "The customer after the change", body = UserAnswer),
        (status = 400, description = "`missing_data`, `argument_error`, `validation`", body = CoreErrorBody),
        (status = 404, description = "`user_not_found`", body = CoreErrorBody),
    ),
)]
pub async fn update(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    by(&state, &request, payload, NamedBy::UserId).await
}

/// Change a customer named by any of its ids in other systems. An `external_id` in the body adds one.
#[utoipa::path(
    put,
    path = "/priv/v1/apps/{api_key}/external/users/{external_id}",
    tag = "customers",
    params(
        ("api_key" = String, Path, description = "The key of the credentials"),
        ("external_id" = String, Path, description = "Any of the customer's ids, percent-encoded"),
        ("user[user_profile]" = Option<String>, Query, description = "`true` or `1`: show custom attributes"),
        ("expand_incentives" = Option<String>, Query, description = "`true` or `1`: show `tier_details`"),
        ("show_identifiers" = Option<String>, Query, description = "`true` or `1`: show all ids in other systems"),
    ),
    request_body = UserRequest,
    responses(
        (status = 200, description = "The customer after the change", body = UserAnswer),
        (status = 400, description = "`missing_data`, `argument_error`, `validation`", body = CoreErrorBody),
        (status = 404, description = "`user_not_found`", body = CoreErrorBody),
    ),
)]
pub async fn update_external(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    by(&state, &request, payload, NamedBy::ExternalId).await
}

async fn by(
    state: &HttpState,
    request: &HttpRequest,
    payload: web::Payload,
    named_by: NamedBy,
) -> HttpResponse {
    answer(state, request, || async {
        let change = read_user(&take(payload, BODY_MAX).await?, Writing::Update)?;
        let id = customer_of(state, request, named_by).await?;
        update_customer(state, id, change, shown(request)).await
    })
    .await
}

async fn update_customer(
    state: &HttpState,
    id: CustomerId,
    change: ProfileChange,
    shown: Shown,
) -> Result<UserObject, CoreError> {
    let shown = Shown { user_profile: shown.user_profile || !change.attributes.is_empty(), ..shown };
    let writer = state.clone();
    let profile = unbroken(async move { write(&writer, id, change).await }).await?;
    let shown = Shown { identifiers: shown.identifiers || profile.has_typed_identifier(), ..shown };
    show(state, id, shown).await
}

/// Reads, changes and writes, again from the start when another change came between.
async fn write(state: &HttpState, id: CustomerId, change: ProfileChange) -> Result<Profile, CoreError> {
    for _ in 0..TRIES_MAX {
        let (before, version) = profile_of(state, id).await?;
        let after = before
            .changed(change.clone(), state.engine().now())
            .map_err(|faults| profile_refused(&faults, true))?;
        match state.engine().update_customer(id, version, after.clone()).await {
            Ok(()) => return Ok(after),
            Err(UpdateError::Conflict) => {}
            Err(UpdateError::NotFound) => return Err(unknown()),
            Err(UpdateError::Taken(clashes)) => return Err(taken(state, &clashes).await),
            Err(UpdateError::Engine(error)) => return Err(error.into()),
        }
    }
    Err(CoreError::new(
        CoreCode::TemporarilyUnavailable,
        "the customer is being changed by others; try again",
    ))
}
