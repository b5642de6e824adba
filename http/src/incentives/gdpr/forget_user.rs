//! `POST /incentives/api/1.0/gdpr/forget_user` (incentives.md 7.17).

use actix_web::{HttpRequest, HttpResponse, web};
use actors::Erasure;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    super::{
        IncentivesError, IncentivesErrorBody,
        request::{IncentivesAnswer, Named, TEXT_MAX, answer},
    },
    state_of,
};
use crate::{
    json::{Faults, Member, Reader, parse_object, wire},
    state::HttpState,
};

/// Whom to erase.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ForgetRequest<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// The platform's id of the customer, or any id in another system. Required.
    #[schema(value_type = wire::Key)]
    user_id: Member<'a>,
    /// Repeats under the same id get the first answer; at most 200 characters. Required.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    request_id: Member<'a>,
    /// Taken and not kept: a reason names the person more often than not.
    #[schema(value_type = Option<String>)]
    reason: Member<'a>,
}

/// The customer is no more.
#[derive(Debug, Serialize, ToSchema)]
pub struct ForgottenPayload {
    /// As sent.
    request_id: String,
    /// `completed`; `pending` in a repeat, while a crash in the middle of the first is made up for.
    #[schema(value_type = String)]
    state: &'static str,
    /// A random id under which the ledger rows stay, for accounting. It is told here and with the status, nowhere else.
    tombstone_user_id: String,
}

/// Erase a customer for good. Bytes are gone from disk at the next checkpoint.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/gdpr/forget_user",
    tag = "incentives",
    request_body = ForgetRequest,
    responses(
        (status = 200, description = "Erased, now or by an earlier request of this id",
         body = IncentivesAnswer<ForgottenPayload>),
        (status = 400, description = "Malformed, or more hangs on the customer than can be erased at once",
         body = IncentivesErrorBody),
        (status = 404, description = "No such customer, or no longer", body = IncentivesErrorBody),
        (status = 409, description = "The request id was used for another customer", body = IncentivesErrorBody),
    ),
)]
pub async fn forget_user(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let (named, request_id) = read(&body)?;
        named.admit(state)?;
        let engine = state.engine();
        let erasure = match engine.repeated_erasure(&request_id, &named.user_id).await? {
            Some(done) => done,
            None => {
                let customer = named.resolve(state).await?;
                engine.erase(customer, &request_id, &named.user_id).await?
            }
        };
        Ok(ForgottenPayload::new(request_id, &erasure))
    })
    .await
}

impl ForgottenPayload {
    fn new(request_id: String, erasure: &Erasure) -> Self {
        let tombstone_user_id = erasure.tombstone.to_string();
        Self { request_id, state: state_of(erasure), tombstone_user_id }
    }
}

fn read(body: &[u8]) -> Result<(Named, String), IncentivesError> {
    let request: ForgetRequest<'_> = parse_object(body)?;
    let mut faults = Faults::default();
    let mut reader = Reader::new(&mut faults);
    let named = Named::read(request.retailer_id, request.user_id, &mut reader);
    reader.require("request_id", request.request_id);
    let request_id = reader.text_within("request_id", request.request_id, TEXT_MAX);
    let _ = reader.text("reason", request.reason);
    let request_id = request_id.map(String::from).unwrap_or_default();
    faults.none_or((named, request_id)).map_err(|faults| IncentivesError::invalid(&faults))
}
