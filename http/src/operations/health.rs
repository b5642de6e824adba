//! `GET /healthz` and `GET /readyz`.

use actix_web::{HttpResponse, http::header::RETRY_AFTER, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::state::HttpState;

/// How the server is.
#[derive(Serialize, ToSchema)]
pub struct HealthAnswer {
    /// `ok`, `ready`, or `not_ready`.
    #[schema(value_type = String)]
    status: &'static str,
}

/// The process is alive.
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "operations",
    responses((status = 200, description = "Alive", body = HealthAnswer)),
)]
pub async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(HealthAnswer { status: "ok" })
}

/// The server takes requests: recovered, and not shutting down.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "operations",
    responses(
        (status = 200, description = "Ready", body = HealthAnswer),
        (status = 503, description = "Not ready", body = HealthAnswer),
    ),
)]
pub async fn readyz(state: web::Data<HttpState>) -> HttpResponse {
    if state.engine().is_ready() {
        return HttpResponse::Ok().json(HealthAnswer { status: "ready" });
    }
    HttpResponse::ServiceUnavailable()
        .insert_header((RETRY_AFTER, "1"))
        .json(HealthAnswer { status: "not_ready" })
}
