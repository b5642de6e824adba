//! `POST /incentives/api/1.0/ingest/batch` (incentives.md 7.16).

use actix_web::{HttpRequest, HttpResponse, web};
use domain::id::RetailerId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    super::{
        IncentivesCode, IncentivesError, IncentivesErrorBody,
        error::{REFUSED, REPLAYED},
        request::{IncentivesAnswer, admit_retailer, answer},
        transaction_body::IngestedTransaction,
    },
    parts::{check_count, one_by_one, read_texts},
    taken::{EvaluationMembers, Taken, read_request_id, take_in},
};
use crate::{
    json::{Faults, Member, Reader, parse_object, wire},
    state::HttpState,
};

/// Transactions.
#[derive(Debug, Deserialize, ToSchema)]
pub struct IngestBatchRequest<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// Each transaction is processed once under it and its place. At most 128 characters.
    #[schema(value_type = Option<String>, max_length = 128)]
    request_id: Member<'a>,
    /// 1 to 100.
    #[schema(value_type = Vec<IngestedTransaction>, min_items = 1, max_items = 100)]
    transactions: Member<'a>,
    /// Answer when they are evaluated, with what came of them; default false.
    #[schema(value_type = Option<wire::Flag>)]
    synchronous: Member<'a>,
}

/// What became of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchPayload {
    /// All of them are durable.
    accepted: bool,
    /// One per transaction, in their order.
    results: Vec<BatchResult>,
}

/// What became of a transaction.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchResult {
    /// It is durable.
    accepted: bool,
    /// 0 taken in, 4 taken in before under this request id, 5 not taken in.
    error_status: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    pos_transaction_id: Option<String>,
    /// For `ingest/status`, within thirty days.
    #[serde(skip_serializing_if = "Option::is_none")]
    ingest_id: Option<String>,
    /// Why it was not taken in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    error_code: Option<&'static str>,
    /// The same in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(flatten)]
    evaluation: EvaluationMembers,
}

/// Take normalised transactions in, one after the other. One that is wrong leaves the others alone.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/ingest/batch",
    tag = "incentives",
    request_body = IngestBatchRequest,
    responses(
        (status = 200, description = "What became of each", body = IncentivesAnswer<BatchPayload>),
        (status = 400, description = "Malformed, `too_many_transactions`, or none was taken in",
            body = IncentivesErrorBody),
    ),
)]
pub async fn ingest_batch(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let request: IngestBatchRequest<'_> = parse_object(&body)?;
        let mut faults = Faults::default();
        let mut reader = Reader::new(&mut faults);
        let retailer: Option<RetailerId> = reader.required_guid("retailer_id", request.retailer_id);
        let request_id = read_request_id(&mut reader, request.request_id);
        let synchronous = reader.flag("synchronous", request.synchronous).unwrap_or(false);
        let texts = read_texts("transactions", request.transactions, &mut reader);
        let texts = faults.none_or(texts).map_err(|faults| IncentivesError::invalid(&faults))?;
        admit_retailer(state, retailer)?;
        check_count("transactions", &texts, IncentivesCode::TooManyTransactions)?;
        let take = async |place, text: &str| {
            let request = request_id.clone().map(|id| (id, Some(place)));
            take_in(state, text, request, synchronous).await.map(BatchResult::taken)
        };
        one_by_one(texts, take, BatchResult::refused, |accepted, results| BatchPayload { accepted, results })
            .await
    })
    .await
}

impl BatchResult {
    fn taken(taken: Taken) -> Self {
        Self {
            accepted: true,
            error_status: if taken.replayed { REPLAYED } else { 0 },
            pos_transaction_id: Some(taken.pos_transaction_id),
            ingest_id: Some(taken.id),
            error_code: None,
            message: None,
            evaluation: taken.evaluation,
        }
    }

    fn refused(error: &IncentivesError) -> Self {
        Self {
            accepted: false,
            error_status: REFUSED,
            pos_transaction_id: None,
            ingest_id: None,
            error_code: Some(error.name()),
            message: Some(error.message().to_owned()),
            evaluation: EvaluationMembers::default(),
        }
    }
}
