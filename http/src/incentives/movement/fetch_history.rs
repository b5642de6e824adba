//! `POST /incentives/api/1.0/movement/fetch_history` (incentives.md 7.6).

use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::{
    IncentivesError, IncentivesErrorBody,
    objects::TierMovementObject,
    request::{IncentivesAnswer, Named, Paging, answer, no_such_customer},
};
use crate::{
    json::{Faults, Member, Reader, parse_object, wire},
    state::HttpState,
};

/// Whose movements, which page.
#[derive(Debug, Deserialize, ToSchema)]
pub struct HistoryRequest<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// The platform's id of the customer, or any id in another system. Required.
    #[schema(value_type = wire::Key)]
    user_id: Member<'a>,
    /// Movements to pass over; default 0.
    #[schema(value_type = Option<wire::Skip>)]
    skip: Member<'a>,
    /// Movements to give, at most 1,000; default 50.
    #[schema(value_type = Option<wire::Take>)]
    take: Member<'a>,
}

/// A page of movements.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryPayload {
    /// Movements on all pages.
    total_records: usize,
    /// The page, newest first.
    results: Vec<TierMovementObject>,
}

/// Read the movements of a customer.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/movement/fetch_history",
    tag = "incentives",
    request_body = HistoryRequest,
    responses(
        (status = 200, description = "A page of movements", body = IncentivesAnswer<HistoryPayload>),
        (status = 400, description = "Malformed, or over a limit", body = IncentivesErrorBody),
        (status = 404, description = "No such customer", body = IncentivesErrorBody),
    ),
)]
pub async fn fetch_history(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let request: HistoryRequest<'_> = parse_object(&body)?;
        let mut faults = Faults::default();
        let mut reader = Reader::new(&mut faults);
        let named = Named::read(request.retailer_id, request.user_id, &mut reader);
        let paging = Paging::read(request.skip, request.take, &mut reader);
        let () = faults.none_or(()).map_err(|faults| IncentivesError::invalid(&faults))?;
        paging.check()?;
        let customer = named.resolve(state).await?;
        let history = state.engine().tier_history(customer).await?.ok_or_else(no_such_customer)?;
        let newest_first = history.movements().iter().rev();
        Ok(HistoryPayload {
            total_records: history.movements().len(),
            results: newest_first.skip(paging.skip).take(paging.take).map(TierMovementObject::new).collect(),
        })
    })
    .await
}
