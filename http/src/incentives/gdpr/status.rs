//! `POST /incentives/api/1.0/gdpr/status` (incentives.md 7.17).

use actix_web::{HttpRequest, HttpResponse, web};
use domain::{id::RetailerId, time::TimeForm};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    super::{
        IncentivesCode, IncentivesError, IncentivesErrorBody,
        request::{IncentivesAnswer, TEXT_MAX, admit_retailer, answer},
    },
    state_of,
};
use crate::{
    json::{Faults, Member, Reader, parse_object, wire},
    state::HttpState,
};

/// Which request.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ErasureStatusRequest<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// The request. Required.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    request_id: Member<'a>,
}

/// What became of a request to erase.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErasureStatus {
    /// `pending` or `completed`. A request that failed has left nothing, and is not known.
    #[schema(value_type = String)]
    state: &'static str,
    /// When the customer ceased to exist.
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<String>,
    /// Under whom the ledger rows stay.
    tombstone_user_id: String,
}

/// What became of a request to erase.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/gdpr/status",
    tag = "incentives",
    request_body = ErasureStatusRequest,
    responses(
        (status = 200, description = "The state", body = IncentivesAnswer<ErasureStatus>),
        (status = 404, description = "Nobody was erased under that id", body = IncentivesErrorBody),
    ),
)]
pub async fn erasure_status(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let request: ErasureStatusRequest<'_> = parse_object(&body)?;
        let mut faults = Faults::default();
        let mut reader = Reader::new(&mut faults);
        let retailer: Option<RetailerId> = reader.required_guid("retailer_id", request.retailer_id);
        reader.require("request_id", request.request_id);
        let request_id = reader.text_within("request_id", request.request_id, TEXT_MAX).unwrap_or_default();
        let () = faults.none_or(()).map_err(|faults| IncentivesError::invalid(&faults))?;
        admit_retailer(state, retailer)?;
        let erasure = state.engine().erasure(&request_id).await?.ok_or_else(|| {
            IncentivesError::new(IncentivesCode::RequestNotFound, "Nobody was erased under that request id.")
        })?;
        Ok(ErasureStatus {
            state: state_of(&erasure),
            completed_at: erasure.completed.then(|| erasure.at.write(TimeForm::Iso)),
            tombstone_user_id: erasure.tombstone.to_string(),
        })
    })
    .await
}
