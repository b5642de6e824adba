//! What all requests of the domain have in common: the tenant, the envelope, the correlation id
//! (catalog-transactions.md A).

use std::future::Future;

use actix_web::{HttpRequest, HttpResponse, web};
use domain::id::RetailerId;
use serde::Serialize;
use utoipa::ToSchema;

use super::{TransactionsCode, TransactionsError};
use crate::{auth::Surface, body::take, json::wire, request_id::request_id, state::HttpState};

/// Bytes of a body at most: 6 MiB (A.3).
const BODY_MAX: usize = 6 << 20;

/// The envelope of a success.
#[derive(Serialize, ToSchema)]
pub struct TransactionsAnswer<T> {
    /// `OK`.
    #[schema(value_type = wire::StatusOkUpper)]
    status: &'static str,
    /// The result.
    payload: T,
    /// Null.
    #[schema(value_type = Option<Object>)]
    errors: Option<()>,
}

/// Admits the request, takes its body in, lets `work` find the answer, and puts it into the envelope.
pub async fn answer<T, W>(
    state: &HttpState,
    request: &HttpRequest,
    payload: web::Payload,
    work: impl FnOnce(web::Bytes) -> W,
) -> HttpResponse
where
    T: Serialize,
    W: Future<Output = Result<T, TransactionsError>>,
{
    let id = request_id(request, "X-Correlation-Id");
    let answered = async {
        state.verifier().admit(Surface::Connect, request)?;
        work(take(payload, BODY_MAX).await?).await
    };
    match answered.await {
        Ok(payload) => {
            let answer = TransactionsAnswer { status: "OK", payload, errors: None };
            HttpResponse::Ok().insert_header(("X-Correlation-Id", id)).json(answer)
        }
        Err(error) => error.response(&id),
    }
}

/// The tenant must be ours.
pub fn check_retailer(state: &HttpState, retailer: Option<RetailerId>) -> Result<(), TransactionsError> {
    if retailer == Some(state.program().retailer().id) {
        return Ok(());
    }
    let message = "The credentials are not those of this retailer.";
    Err(TransactionsError::new(TransactionsCode::RetailerForbidden, message))
}
