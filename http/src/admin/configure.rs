//! `PUT /admin/program`, `/admin/stores`, `/admin/catalog`: each replaces its part as a whole, or only checks it.

use actix_web::{HttpRequest, HttpResponse, web};
use domain::configuration::Section;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{AdminCode, AdminError, AdminErrorBody};
use crate::{body::take, json::wire, state::HttpState};

/// Bytes of a part at most: a large catalog has millions of lines.
const BODY_MAX: usize = 256 << 20;

/// The program. What each part may be is what the compiler of programs says of it.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "it is there for the document alone: bodies are read by the compiler of programs"
)]
pub struct ProgramBody {
    /// The tenant: `retailer_id`, `name`, `time_zone`, `culture`, `currency`, `switches`.
    #[schema(value_type = Object)]
    retailer: Value,
    #[schema(value_type = Option<Vec<Object>>)]
    point_accounts: Value,
    #[schema(value_type = Option<Vec<Object>>)]
    point_sources: Value,
    #[schema(value_type = Option<Vec<Object>>)]
    tier_systems: Value,
    #[schema(value_type = Option<Vec<Object>>)]
    rule_trees: Value,
}

/// A store.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "it is there for the document alone: bodies are read by the compiler of programs"
)]
pub struct StoreBody {
    store_id: wire::Guid,
    number: Option<String>,
    name: Option<String>,
    /// Of the IANA data base; default UTC.
    time_zone: Option<String>,
    /// The location above it, from the same list.
    parent_location_id: Option<wire::Guid>,
    /// Rules can name them instead of stores.
    tags: Option<Vec<String>>,
    /// The same.
    brand: Option<String>,
}

/// A part was taken, or would be.
#[derive(Serialize, ToSchema)]
pub struct ConfigureAnswer {
    /// `ok`.
    #[schema(value_type = wire::StatusOk)]
    status: &'static str,
    /// The version in force; of a check, the one that it would be.
    version: u32,
}

/// Replace the program: retailer, accounts, sources, tier systems, rule trees, as one JSON object.
#[utoipa::path(
    put,
    path = "/admin/program",
    tag = "admin",
    params(("check" = Option<bool>, Query, description = "Only check it; `1` and `0` too")),
    request_body = ProgramBody,
    responses(
        (status = 200, description = "In force, or checked", body = ConfigureAnswer),
        (status = 400, description = "`invalid_program`, with problems", body = AdminErrorBody),
    ),
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
    params(("check" = Option<bool>, Query, description = "Only check it; `1` and `0` too")),
    request_body = Vec<StoreBody>,
    responses(
        (status = 200, description = "In force, or checked", body = ConfigureAnswer),
        (status = 400, description = "`invalid_program`, with problems", body = AdminErrorBody),
    ),
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
    params(("check" = Option<bool>, Query, description = "Only check it; `1` and `0` too")),
    request_body(content = String, content_type = "application/x-ndjson"),
    responses(
        (status = 200, description = "In force, or checked", body = ConfigureAnswer),
        (status = 400, description = "`invalid_program`, with problems", body = AdminErrorBody),
    ),
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
    let done = async {
        state.verifier().admit_admin(request)?;
        let check_only = check_only(request.query_string())?;
        let body = take(payload, BODY_MAX).await?;
        if section == Section::Stores && body.trim_ascii().is_empty() {
            // Whoever wants no stores says so: an empty body is more likely a file that was not there.
            return Err(AdminError::new(
                AdminCode::InvalidRequest,
                "the body is empty; [] stands for no stores",
            ));
        }
        let text = String::from_utf8(body.into())
            .map_err(|_| AdminError::new(AdminCode::InvalidRequest, "the body is not UTF-8"))?;
        Ok::<_, AdminError>(state.engine().configure(section, text, check_only).await?)
    };
    match done.await {
        Ok(version) => HttpResponse::Ok().json(ConfigureAnswer { status: "ok", version }),
        Err(error) => error.response(),
    }
}

/// Whether a query asks only for a check. A caller who meant that and is not understood must not have it applied.
fn check_only(query: &str) -> Result<bool, AdminError> {
    let mut check_only = false;
    for pair in query.split('&') {
        match pair.split_once('=').unwrap_or((pair, "true")) {
            ("check", "true" | "1") => check_only = true,
            ("check", "false" | "0") => check_only = false,
            ("check", _) => {
                return Err(AdminError::new(AdminCode::InvalidRequest, "check must be true or false"));
            }
            _ => {}
        }
    }
    Ok(check_only)
}
