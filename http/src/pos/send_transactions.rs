//! `POST /api/2.0/send_transactions`: sales in bulk, one a line. Laurel's own; for migrations and offline batches.

use actix_web::{HttpRequest, HttpResponse, web};

use super::{PosError, bulk::BulkAnswers};
use crate::{auth::Surface, state::HttpState};

/// Report many sales in one streamed request.
///
/// The body is newline-delimited JSON: each line is a complete `send_transaction` body of at most 1 MiB. The answer
/// streams back one line per line, in order: `{"line":1,"request_id":"...","status":"OK"}` once the sale is durable,
/// or the failure code as `status` with `errors`. A wrong line does not end the stream. What was not answered when a
/// connection breaks is to be sent again with the same `request_id`.
#[utoipa::path(
    post,
    path = "/api/2.0/send_transactions",
    tag = "pos",
    request_body(content = String, content_type = "application/x-ndjson"),
    responses(
        (status = 200, description = "One answer line per line", body = String, content_type = "application/x-ndjson"),
    ),
)]
pub async fn send_transactions(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    if let Err(denied) = state.verifier().admit(Surface::Pos, &request) {
        return PosError::from(denied).response(state.switches().pos_http_errors);
    }
    let answers = BulkAnswers::new(state.get_ref().clone(), payload);
    HttpResponse::Ok().content_type("application/x-ndjson").streaming(answers)
}
