//! `POST /incentives/api/1.0/movement/qualifying` (incentives.md 7.6).

use actix_web::{HttpRequest, HttpResponse, web};
use domain::customer::TierCommand;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    super::{
        IncentivesError, IncentivesErrorBody,
        request::{IncentivesAnswer, Named, answer},
    },
    MovementPayload, change,
};
use crate::{
    json::{Faults, Member, Reader, parse_object, wire},
    state::HttpState,
};

/// Whom to look at.
#[derive(Debug, Deserialize, ToSchema)]
pub struct QualifyingRequest<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// The platform's id of the customer, or any id in another system. Required.
    #[schema(value_type = wire::Key)]
    user_id: Member<'a>,
}

/// Look at the entrance rules of all live systems now.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/movement/qualifying",
    tag = "incentives",
    request_body = QualifyingRequest,
    responses(
        (status = 200, description = "Looked at; a second run moves nobody",
         body = IncentivesAnswer<MovementPayload>),
        (status = 404, description = "No such customer", body = IncentivesErrorBody),
    ),
)]
pub async fn qualifying(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let request: QualifyingRequest<'_> = parse_object(&body)?;
        let mut faults = Faults::default();
        let named = Named::read(request.retailer_id, request.user_id, &mut Reader::new(&mut faults));
        let named = faults.none_or(named).map_err(|faults| IncentivesError::invalid(&faults))?;
        let customer = named.resolve(state).await?;
        change(state, customer, TierCommand::Qualify, None).await
    })
    .await
}
