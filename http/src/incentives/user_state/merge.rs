//! `POST /incentives/api/1.0/user_state/merge` (incentives.md 7.9).

use actix_web::{HttpRequest, HttpResponse, web};
use actors::MergeError;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    super::{
        IncentivesCode, IncentivesError, IncentivesErrorBody,
        request::{IncentivesAnswer, Named, answer},
    },
    Section, UserStateObject,
};
use crate::{
    json::{Faults, Member, Reader, parse_object, wire},
    state::HttpState,
};

/// Who is merged into whom.
#[derive(Debug, Deserialize, ToSchema)]
pub struct MergeRequest<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// Who gives everything: the platform's id of the customer, or any id in another system. Required.
    #[schema(value_type = wire::Key)]
    from_user_id: Member<'a>,
    /// Who gets it, named the same way. Required; another customer.
    #[schema(value_type = wire::Key)]
    to_user_id: Member<'a>,
}

/// Merge a customer into another: points go over lot by lot with their dates, of levels the higher ones stay, counters
/// and uses of limits add up, tags are joined. Returns of earlier purchases follow. The giver stays a customer with its
/// profile and identifiers, and begins anew; a repeat moves what has come since. Answers the whole state of the
/// receiver.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/user_state/merge",
    tag = "incentives",
    request_body = MergeRequest,
    responses(
        (status = 200, description = "The receiver's state now", body = IncentivesAnswer<UserStateObject>),
        (status = 400, description = "Malformed, the same customer twice, `too_many_counters`, `too_many_records`, \
            `invalid_amount`: what the two have is not summed", body = IncentivesErrorBody),
        (status = 404, description = "No such customer", body = IncentivesErrorBody),
    ),
)]
pub async fn merge_user_state(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let (from, to) = read(&body)?;
        let giver = from.resolve(state).await?;
        let receiver = to.resolve(state).await?;
        if giver == receiver {
            let message = "to_user_id is the same customer as from_user_id.";
            return Err(IncentivesError::new(IncentivesCode::InvalidRequest, message));
        }
        state.engine().merge_customers(giver, receiver).await?;
        UserStateObject::read(state, &to, receiver, &Section::ALL).await
    })
    .await
}

fn read(body: &[u8]) -> Result<(Named, Named), IncentivesError> {
    let request: MergeRequest<'_> = parse_object(body)?;
    let mut faults = Faults::default();
    let mut reader = Reader::new(&mut faults);
    let from = Named::read_as("from_user_id", request.retailer_id, request.from_user_id, &mut reader);
    let to = Named::read_as("to_user_id", request.retailer_id, request.to_user_id, &mut reader);
    faults.none_or((from, to)).map_err(|faults| IncentivesError::invalid(&faults))
}

impl From<MergeError> for IncentivesError {
    fn from(error: MergeError) -> Self {
        let message = error.to_string();
        let code = match error {
            MergeError::NotFound => IncentivesCode::UserNotFound,
            MergeError::TooManyCounters => IncentivesCode::TooManyCounters,
            MergeError::TooMuch => IncentivesCode::TooManyRecords,
            MergeError::Amount(error) => return error.into(),
            MergeError::Engine(error) => return error.into(),
        };
        Self::new(code, message)
    }
}
