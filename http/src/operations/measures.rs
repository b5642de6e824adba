//! `GET /metrics`: Prometheus text.

use std::fmt::Write;

use actix_web::{HttpResponse, web};

use crate::state::HttpState;

/// Figures in Prometheus text format.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "operations",
    responses((status = 200, description = "Prometheus text", body = String, content_type = "text/plain")),
)]
pub async fn metrics(state: web::Data<HttpState>) -> HttpResponse {
    let mut text = state.metrics().render();
    for (name, value) in state.engine().gauges() {
        // The engine counts these itself: what ends in `_total` only rises.
        let kind = if name.ends_with("_total") { "counter" } else { "gauge" };
        writeln!(text, "# TYPE {name} {kind}\n{name} {value}\n").expect("writing to a String cannot fail");
    }
    HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(text)
}
