//! `POST /incentives/api/1.0/user_state/fetch` (incentives.md 7.9).

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    super::{
        IncentivesError, IncentivesErrorBody,
        request::{IncentivesAnswer, Named, answer},
    },
    Section, UserStateObject, read_sections,
};
use crate::{
    json::{Faults, Member, Reader, parse_object, wire},
    state::HttpState,
};

/// A question for what the rules remember.
#[derive(Debug, Deserialize, ToSchema)]
pub struct UserStateRequest<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// The platform's id of the customer, or any id in another system. Required.
    #[schema(value_type = wire::Key)]
    user_id: Member<'a>,
    /// Of `counters`, `node_counters`, `outcome_usage`, `joining_usage`, `last_activity`, `tags`; default: all.
    #[schema(value_type = Option<Vec<Option<super::StateSection>>>)]
    sections: Member<'a>,
}

/// What the rules remember of a customer.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/user_state/fetch",
    tag = "incentives",
    request_body = UserStateRequest,
    responses(
        (status = 200, description = "What is remembered", body = IncentivesAnswer<UserStateObject>),
        (status = 404, description = "No such customer", body = IncentivesErrorBody),
    ),
)]
pub async fn fetch_user_state(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let request: UserStateRequest<'_> = parse_object(&body)?;
        let mut faults = Faults::default();
        let mut reader = Reader::new(&mut faults);
        let named = Named::read(request.retailer_id, request.user_id, &mut reader);
        let sections = read_sections(&mut reader, request.sections);
        let () = faults.none_or(()).map_err(|faults| IncentivesError::invalid(&faults))?;
        let customer = named.resolve(state).await?;
        let sections = sections.unwrap_or_else(|| Section::ALL.to_vec());
        UserStateObject::read(state, &named, customer, &sections).await
    })
    .await
}
