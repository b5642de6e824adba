//! `GET /openapi.json`, and `/docs/` to browse it. Page and scripts are part of the program: nothing is loaded from
//! elsewhere.

use std::sync::LazyLock;

use actix_web::{HttpResponse, http::header::LOCATION, web::Bytes};
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::openapi;

/// Where the document is.
const DOCUMENT: &str = "/openapi.json";

/// The OpenAPI document.
pub async fn document() -> HttpResponse {
    static TEXT: LazyLock<Bytes> = LazyLock::new(|| openapi::document().to_string().into());
    HttpResponse::Ok().content_type("application/json").body(TEXT.clone())
}

/// The page to browse the document.
pub fn browser() -> SwaggerUi {
    SwaggerUi::new("/docs/{_:.*}").config(Config::from(DOCUMENT))
}

/// The page's scripts are named relative to `/docs/`, so that is where it must be.
pub async fn to_browser() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((LOCATION, "/docs/")).finish()
}
