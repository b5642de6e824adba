//! `POST /priv/v1/apps/:api_key/users` (customers-campaigns.md B1.5).

use actix_web::{HttpRequest, HttpResponse, web};
use actors::CreateError;
use domain::{customer::Profile, id::CustomerId};

use super::{
    CoreCode, CoreError, CoreErrorBody,
    error::profile_refused,
    query::Shown,
    reply::{UserAnswer, answer, show, shown, taken, unbroken},
    user_body::{UserRequest, Writing, read_user},
    user_object::UserObject,
};
use crate::{
    body::{BODY_MAX, take},
    state::HttpState,
};

/// Create a customer.
#[utoipa::path(
    post,
    path = "/priv/v1/apps/{api_key}/users",
    tag = "customers",
    params(
        ("api_key" = String, Path, description = "The key of the credentials"),
        ("user[user_profile]" = Option<String>, Query, description = "`true` or `1`: show custom attributes"),
        ("expand_incentives" = Option<String>, Query, description = "`true` or `1`: show `tier_details`"),
        ("show_identifiers" = Option<String>, Query, description = "`true` or `1`: show all ids in other systems"),
    ),
    request_body = UserRequest,
    responses(
        (status = 200, description = "Created", body = UserAnswer),
        (status = 400, description = "`missing_data`, `argument_error`, `validation`", body = CoreErrorBody),
    ),
)]
pub async fn create(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let shown = shown(&request);
    answer(&state, &request, || create_customer(&state, payload, shown)).await
}

async fn create_customer(
    state: &HttpState,
    payload: web::Payload,
    shown: Shown,
) -> Result<UserObject, CoreError> {
    let change = read_user(&take(payload, BODY_MAX).await?, Writing::Create)?;
    let shown = Shown { user_profile: shown.user_profile || !change.attributes.is_empty(), ..shown };
    let profile =
        Profile::create(change, state.engine().now()).map_err(|faults| profile_refused(&faults, false))?;
    let shown = Shown { identifiers: shown.identifiers || profile.has_typed_identifier(), ..shown };
    let writer = state.clone();
    let id = unbroken(async move { write(&writer, profile).await }).await?;
    show(state, id, shown).await
}

async fn write(state: &HttpState, profile: Profile) -> Result<CustomerId, CoreError> {
    match state.engine().create_customer(profile).await {
        Ok(id) => Ok(id),
        Err(CreateError::Taken(clashes)) => Err(taken(state, &clashes).await),
        Err(CreateError::Slow) => Err(CoreError::new(
            CoreCode::TemporarilyUnavailable,
            "the creation took too long and was given up",
        )),
        Err(CreateError::Engine(error)) => Err(error.into()),
    }
}
