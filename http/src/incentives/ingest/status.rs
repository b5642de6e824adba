//! `POST /incentives/api/1.0/ingest/status` (incentives.md 7.16).

use actix_web::{HttpRequest, HttpResponse, web};
use domain::id::{LedgerRowId, RetailerId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    super::{
        IncentivesCode, IncentivesError, IncentivesErrorBody,
        request::{IncentivesAnswer, admit_retailer, answer},
    },
    taken::EvaluationMembers,
};
use crate::{
    json::{Faults, Member, Reader, parse_object, wire},
    state::HttpState,
};

/// Which transaction.
#[derive(Debug, Deserialize, ToSchema)]
pub struct IngestStatusRequest<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// As answered when it was taken in. Required.
    #[schema(value_type = wire::Guid)]
    ingest_id: Member<'a>,
}

/// What has become of a transaction.
#[derive(Debug, Serialize, ToSchema)]
pub struct IngestStatusPayload {
    ingest_id: String,
    /// The platform's id of the transaction.
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_id: Option<String>,
    /// The till's id of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pos_transaction_id: Option<String>,
    #[serde(flatten)]
    evaluation: EvaluationMembers,
}

/// What has become of a transaction that was taken in within thirty days.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/ingest/status",
    tag = "incentives",
    request_body = IngestStatusRequest,
    responses(
        (status = 200, description = "What has become of it", body = IncentivesAnswer<IngestStatusPayload>),
        (status = 404, description = "`ingest_not_found`", body = IncentivesErrorBody),
    ),
)]
pub async fn ingest_status(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let request: IngestStatusRequest<'_> = parse_object(&body)?;
        let mut faults = Faults::default();
        let mut reader = Reader::new(&mut faults);
        let retailer: Option<RetailerId> = reader.required_guid("retailer_id", request.retailer_id);
        let id: Option<LedgerRowId> = reader.required_guid("ingest_id", request.ingest_id);
        let id = faults.none_or(id).map_err(|faults| IncentivesError::invalid(&faults))?;
        admit_retailer(state, retailer)?;
        let found = match id {
            Some(LedgerRowId(id)) => state.engine().ingested(id).await?.map(|found| (id, found)),
            None => None,
        };
        let not_found = || {
            IncentivesError::new(IncentivesCode::IngestNotFound, "Nothing was taken in under this ingest_id.")
        };
        let (id, (receipt, evaluation)) = found.ok_or_else(not_found)?;
        Ok(IngestStatusPayload {
            ingest_id: id.to_string(),
            transaction_id: receipt.as_ref().map(|receipt| receipt.sale.to_string()),
            pos_transaction_id: receipt.map(|receipt| receipt.transaction_id.into()),
            evaluation: EvaluationMembers::of(&evaluation),
        })
    })
    .await
}
