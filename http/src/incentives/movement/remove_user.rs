//! `POST /incentives/api/1.0/movement/remove_user` (incentives.md 7.6).

use actix_web::{HttpRequest, HttpResponse, web};
use domain::{customer::TierCommand, id::TierSystemId};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    super::{
        IncentivesError, IncentivesErrorBody,
        request::{IncentivesAnswer, Named, TEXT_MAX, answer},
    },
    MovementPayload, change,
};
use crate::{
    json::{Faults, Member, Reader, parse_object, wire},
    state::HttpState,
};

/// Who leaves which system.
#[derive(Debug, Deserialize, ToSchema)]
pub struct RemoveUserRequest<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// The platform's id of the customer, or any id in another system. Required.
    #[schema(value_type = wire::Key)]
    user_id: Member<'a>,
    /// The system. Required.
    #[schema(value_type = wire::Guid)]
    tier_system_id: Member<'a>,
    /// Why, for the history.
    #[schema(value_type = Option<String>, max_length = 200)]
    reason: Member<'a>,
}

/// Take a customer out of a system. It joins again only when it is moved there by hand.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/movement/remove_user",
    tag = "incentives",
    request_body = RemoveUserRequest,
    responses(
        (status = 200, description = "Taken out, or not in it", body = IncentivesAnswer<MovementPayload>),
        (status = 404, description = "No such customer or system", body = IncentivesErrorBody),
    ),
)]
pub async fn remove_user(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let (named, system, reason) = read(&body)?;
        let customer = named.resolve(state).await?;
        change(state, customer, TierCommand::Leave { system, reason }, Some(system)).await
    })
    .await
}

fn read(body: &[u8]) -> Result<(Named, TierSystemId, Box<str>), IncentivesError> {
    let request: RemoveUserRequest<'_> = parse_object(body)?;
    let mut faults = Faults::default();
    let mut reader = Reader::new(&mut faults);
    let named = Named::read(request.retailer_id, request.user_id, &mut reader);
    let system = reader.required_guid("tier_system_id", request.tier_system_id);
    let reason = reader.text_within("reason", request.reason, TEXT_MAX).unwrap_or_default();
    let system = faults.none_or(system).map_err(|faults| IncentivesError::invalid(&faults))?;
    Ok((named, system.expect("an id that is not there is a fault"), reason))
}
