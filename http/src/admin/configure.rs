//! `PUT /admin/program`, `/admin/stores`, `/admin/catalog`: each replaces its part as a whole, or only checks it.

use actix_web::{HttpRequest, HttpResponse, web};
use domain::configuration::Section;
use serde::Serialize;
use utoipa::ToSchema;

use super::{AdminCode, AdminError, AdminErrorBody};
use crate::{body::take, state::HttpState};

/// Bytes of a part at most: a large catalog has millions of lines.
const BODY_MAX: usize = 256 << 20;

/// A part was taken, or would be.
#[derive(Serialize, ToSchema)]
pub struct ConfigureAnswer {
    /// `ok`.
    #[schema(value_type = String)]
    status: &'static str,
    /// The version in force; of a check, the one that it would be.
    version: u32,
}

/// Replace the program: retailer, accounts, sources, tier systems, rule trees, as one JSON object.
#[utoipa::path(
    put,
    path = "/admin/program",
    tag = "admin",
    params(("check" = Option<bool>, Query, description = "Only check it")),
    request_body(content = String, content_type = "application/json"),
    responses(
        (status = 200, description = "In force, or checked", body = ConfigureAnswer),
        (status = 400, description = "`invalid_program`, with problems", body = AdminErrorBody),
        (status = 401, description = "Missing or wrong admin key", body = AdminErrorBody),
    ),
    security(("admin" = [])),
)]
pub async fn put_program(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    put(&state, &request, payload, Section::Program).await
}

/// Replace the stores: a JSON array.
#[utoipa::path(
    put,
    path = "/admin/stores",
    tag = "admin",
    params(("check" = Option<bool>, Query, description = "Only check it")),
    request_body(content = String, content_type = "application/json"),
    responses(
        (status = 200, description = "In force, or checked", body = ConfigureAnswer),
        (status = 400, description = "`invalid_program`, with problems", body = AdminErrorBody),
        (status = 401, description = "Missing or wrong admin key", body = AdminErrorBody),
    ),
    security(("admin" = [])),
)]
pub async fn put_stores(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    put(&state, &request, payload, Section::Stores).await
}

/// Replace the catalog: one JSON object a line.
#[utoipa::path(
    put,
    path = "/admin/catalog",
    tag = "admin",
    params(("check" = Option<bool>, Query, description = "Only check it")),
    request_body(content = String, content_type = "application/x-ndjson"),
    responses(
        (status = 200, description = "In force, or checked", body = ConfigureAnswer),
        (status = 400, description = "`invalid_program`, with problems", body = AdminErrorBody),
        (status = 401, description = "Missing or wrong admin key", body = AdminErrorBody),
    ),
    security(("admin" = [])),
)]
pub async fn put_catalog(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    put(&state, &request, payload, Section::Catalog).await
}

async fn put(
    state: &HttpState,
    request: &HttpRequest,
    payload: web::Payload,
    section: Section,
) -> HttpResponse {
    let check_only =
        request.query_string().split('&').any(|pair| matches!(pair, "check" | "check=true" | "check=1"));
    let done = async {
        state.verifier().admit_admin(request)?;
        let body = take(payload, BODY_MAX).await?;
        let text = String::from_utf8(body.into())
            .map_err(|_| AdminError::new(AdminCode::InvalidRequest, "the body is not UTF-8"))?;
        Ok::<_, AdminError>(state.engine().configure(section, text, check_only).await?)
    };
    match done.await {
        Ok(version) => HttpResponse::Ok().json(ConfigureAnswer { status: "ok", version }),
        Err(error) => error.response(),
    }
}
