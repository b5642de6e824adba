//! `POST /incentives/api/1.0/movement/move_user` (incentives.md 7.6).

use actix_web::{HttpRequest, HttpResponse, web};
use domain::{
    customer::{Placement, TierCommand},
    id::{TierLevelId, TierSystemId},
};
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

/// A movement by hand.
#[derive(Debug, Deserialize, ToSchema)]
pub struct MoveUserRequest<'a> {
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
    /// The level to be held: up, down, or the first in the system. Required.
    #[schema(value_type = wire::Guid)]
    tier_level_id: Member<'a>,
    /// On the way up, skipped levels give what joining them gives; default false.
    #[schema(value_type = Option<wire::Flag>)]
    process_intermediate_levels: Member<'a>,
    /// Afterwards the entrance rules are looked at, which may lift the customer further; default false.
    #[schema(value_type = Option<wire::Flag>)]
    evaluate_qualifying_rules: Member<'a>,
    /// The level gives what joining it gives; default true.
    #[schema(value_type = Option<wire::Flag>)]
    process_joining_outcomes: Member<'a>,
    /// Why, for the history.
    #[schema(value_type = Option<String>, max_length = 200)]
    reason: Member<'a>,
    /// A repeat under the same id gets the first movements again.
    #[schema(value_type = Option<String>, max_length = 200)]
    idempotency_id: Member<'a>,
}

/// Put a customer into a level.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/movement/move_user",
    tag = "incentives",
    request_body = MoveUserRequest,
    responses(
        (status = 200, description = "Moved, or there already", body = IncentivesAnswer<MovementPayload>),
        (status = 400, description = "Malformed, or `tier_level_not_live`", body = IncentivesErrorBody),
        (status = 404, description = "No such customer, system or level", body = IncentivesErrorBody),
        (status = 409, description = "`idempotency_conflict`", body = IncentivesErrorBody),
    ),
)]
pub async fn move_user(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let (named, placement) = read(&body)?;
        let customer = named.resolve(state).await?;
        let system = placement.system;
        change(state, customer, TierCommand::Place(placement), Some(system)).await
    })
    .await
}

fn read(body: &[u8]) -> Result<(Named, Placement), IncentivesError> {
    let request: MoveUserRequest<'_> = parse_object(body)?;
    let mut faults = Faults::default();
    let mut reader = Reader::new(&mut faults);
    let named = Named::read(request.retailer_id, request.user_id, &mut reader);
    let system: Option<TierSystemId> = reader.required_guid("tier_system_id", request.tier_system_id);
    let level: Option<TierLevelId> = reader.required_guid("tier_level_id", request.tier_level_id);
    let intermediate = reader.flag("process_intermediate_levels", request.process_intermediate_levels);
    let qualifying = reader.flag("evaluate_qualifying_rules", request.evaluate_qualifying_rules);
    let joining = reader.flag("process_joining_outcomes", request.process_joining_outcomes);
    let reason = reader.text_within("reason", request.reason, TEXT_MAX);
    let idempotency_id = reader.text_within("idempotency_id", request.idempotency_id, TEXT_MAX);
    let placement = system.zip(level).map(|(system, level)| Placement {
        system,
        level,
        process_intermediate_levels: intermediate.unwrap_or(false),
        evaluate_qualifying_rules: qualifying.unwrap_or(false),
        process_joining_outcomes: joining.unwrap_or(true),
        reason: reason.unwrap_or_default(),
        idempotency_id,
    });
    let placement = faults.none_or(placement).map_err(|faults| IncentivesError::invalid(&faults))?;
    Ok((named, placement.expect("an id that is not there is a fault")))
}
