//! `POST /incentives/api/1.0/ingest/transaction` (incentives.md 7.16).

use actix_web::{HttpRequest, HttpResponse, web};
use domain::id::RetailerId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    super::{
        IncentivesError, IncentivesErrorBody,
        request::{IncentivesAnswer, admit_retailer, answer},
        transaction_body::IngestedTransaction,
    },
    taken::{EvaluationMembers, read_request_id, take_in},
};
use crate::{
    json::{FaultCode, Faults, Member, Reader, parse_object, wire},
    state::HttpState,
};

/// A transaction.
#[derive(Debug, Deserialize, ToSchema)]
pub struct IngestTransactionRequest<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// The request is processed once; a repeat gets the first answer. At most 128 characters. Without it, the
    /// transaction's own identity and `modified_time` alone say what is a repeat.
    #[schema(value_type = Option<String>, max_length = 128)]
    request_id: Member<'a>,
    /// The transaction. Required.
    #[schema(value_type = IngestedTransaction)]
    transaction: Member<'a>,
    /// Answer when it is evaluated, with what came of it; default false.
    #[schema(value_type = Option<wire::Flag>)]
    synchronous: Member<'a>,
}

/// A transaction that was taken in.
#[derive(Debug, Serialize, ToSchema)]
pub struct IngestedPayload {
    /// Always true: it is durable.
    accepted: bool,
    /// For `ingest/status`, within thirty days.
    ingest_id: String,
    #[serde(flatten)]
    evaluation: EvaluationMembers,
}

/// Take a normalised transaction in: a new one, or the next version of a known one.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/ingest/transaction",
    tag = "incentives",
    request_body = IngestTransactionRequest,
    responses(
        (status = 200, description = "Durable; evaluated, when that was asked for",
            body = IncentivesAnswer<IngestedPayload>),
        (status = 409, description = "`idempotency_conflict`", body = IncentivesErrorBody),
    ),
)]
pub async fn ingest_transaction(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let request: IngestTransactionRequest<'_> = parse_object(&body)?;
        let mut faults = Faults::default();
        let mut reader = Reader::new(&mut faults);
        let retailer: Option<RetailerId> = reader.required_guid("retailer_id", request.retailer_id);
        let request_id = read_request_id(&mut reader, request.request_id);
        let synchronous = reader.flag("synchronous", request.synchronous).unwrap_or(false);
        let text = reader.object_text("transaction", request.transaction);
        if text.is_none() && !request.transaction.was_sent() {
            reader.fault("transaction", FaultCode::Required, "is required");
        }
        let text = faults.none_or(text).map_err(|faults| IncentivesError::invalid(&faults))?;
        admit_retailer(state, retailer)?;
        let text = text.unwrap_or("{}");
        let taken = take_in(state, text, request_id.map(|id| (id, None)), synchronous).await?;
        Ok(IngestedPayload { accepted: true, ingest_id: taken.id, evaluation: taken.evaluation })
    })
    .await
}
