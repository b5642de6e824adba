//! `POST /api/2.0/send_transaction`: one sale (pos-offers.md B.10).

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{HeaderName, HeaderValue},
    web,
};
use actors::{SaleAnswer, SaleRequest, fingerprint};

use super::{
    PosError,
    answer::{SendTransactionAnswer, SendTransactionOutcome},
    container::{SendTransactionRequest, read_sale},
    error::PosErrorBody,
};
use crate::{
    auth::Surface,
    body::{BODY_MAX, take},
    state::HttpState,
};

/// A repeat of a request got the first answer again.
const REPLAY: HeaderName = HeaderName::from_static("x-idempotent-replay");
/// The repeat had another body (catalog-transactions.md D.1).
const REUSED: HeaderName = HeaderName::from_static("x-request-id-reused");
const TRUE: HeaderValue = HeaderValue::from_static("true");

/// Report a sale, a change to a sale, a void or a return.
///
/// 200 with `status: "OK"` means: durably stored. A refusal is 200 too, with its code as `status`, unless the server
/// runs with `pos_http_errors`.
#[utoipa::path(
    post,
    path = "/api/2.0/send_transaction",
    tag = "pos",
    request_body = SendTransactionRequest,
    responses(
        (status = 200, description = "Stored, or refused with its code as `status`", body = SendTransactionOutcome),
        (status = 400, description = "The body is no JSON object", body = PosErrorBody),
        (status = 403, description = "`client_id` is another tenant", body = PosErrorBody),
        (status = 413, description = "The body is larger than 1 MiB", body = PosErrorBody),
        (status = 503, description = "Overloaded or draining; see `Retry-After`", body = PosErrorBody),
    ),
)]
pub async fn send_transaction(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    match send(&state, &request, payload).await {
        Ok(answer) => respond(&answer),
        Err(error) => error.response(state.switches().pos_http_errors),
    }
}

async fn send(
    state: &HttpState,
    request: &HttpRequest,
    payload: web::Payload,
) -> Result<SaleAnswer, PosError> {
    state.verifier().admit(Surface::Pos, request)?;
    let body = take(payload, BODY_MAX).await?;
    let sale = read_sale(&body, &state.program())?;
    let request =
        SaleRequest { request_id: sale.request_id, body: fingerprint(&body), content: sale.content };
    Ok(state.engine().send_sale(request).await?)
}

fn respond(answer: &SaleAnswer) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    if answer.replayed {
        response.insert_header((REPLAY, TRUE));
    }
    if answer.other_body {
        count_other_body();
        response.insert_header((REUSED, TRUE));
    }
    response.json(SendTransactionAnswer::to(&answer.receipt))
}

/// Counts a `request_id` that came again with another body (pos-offers.md B.3).
pub(super) fn count_other_body() {
    metrics::counter!("laurel_idempotency_body_mismatch_total").increment(1);
}
