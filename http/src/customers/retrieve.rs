//! `GET .../users/:user_id` and `GET .../external/users/:external_id` (customers-campaigns.md B1.9).

use actix_web::{HttpRequest, HttpResponse, web};

use super::{
    CoreErrorBody,
    reply::{NamedBy, UserAnswer, answer, customer_of, show, shown},
};
use crate::state::HttpState;

/// Retrieve a customer by the platform's id.
#[utoipa::path(
    get,
    path = "/priv/v1/apps/{api_key}/users/{user_id}",
    tag = "customers",
    params(
        ("api_key" = String, Path, description = "The key of the credentials"),
        ("user_id" = String, Path, description = "The customer's id"),
        ("user[user_profile]" = Option<String>, Query, description = "`true` or `1`: show custom attributes"),
        ("expand_incentives" = Option<String>, Query, description = "`true` or `1`: show `tier_details`"),
        ("show_identifiers" = Option<String>, Query, description = "`true` or `1`: show all ids in other systems"),
    ),
    responses(
        (status = 200, description = "The customer", body = UserAnswer),
        (status = 404, description = "`user_not_found`", body = CoreErrorBody),
    ),
)]
pub async fn retrieve(state: web::Data<HttpState>, request: HttpRequest) -> HttpResponse {
    by(&state, &request, NamedBy::UserId).await
}

/// Retrieve a customer by any of its ids in other systems.
#[utoipa::path(
    get,
    path = "/priv/v1/apps/{api_key}/external/users/{external_id}",
    tag = "customers",
    params(
        ("api_key" = String, Path, description = "The key of the credentials"),
        ("external_id" = String, Path, description = "Any of the customer's ids, percent-encoded"),
        ("user[user_profile]" = Option<String>, Query, description = "`true` or `1`: show custom attributes"),
        ("expand_incentives" = Option<String>, Query, description = "`true` or `1`: show `tier_details`"),
        ("show_identifiers" = Option<String>, Query, description = "`true` or `1`: show all ids in other systems"),
    ),
    responses(
        (status = 200, description = "The customer", body = UserAnswer),
        (status = 404, description = "`user_not_found`", body = CoreErrorBody),
    ),
)]
pub async fn retrieve_external(state: web::Data<HttpState>, request: HttpRequest) -> HttpResponse {
    by(&state, &request, NamedBy::ExternalId).await
}

async fn by(state: &HttpState, request: &HttpRequest, named_by: NamedBy) -> HttpResponse {
    answer(state, request, || async {
        let id = customer_of(state, request, named_by).await?;
        show(state, id, shown(request)).await
    })
    .await
}
