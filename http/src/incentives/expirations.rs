//! `POST /incentives/api/1.0/user_points/expirations` (incentives.md 7.1).

use actix_web::{HttpRequest, HttpResponse, web};
use domain::{Points, Timestamp, id::PointAccountId, time::Zone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    IncentivesCode, IncentivesError, IncentivesErrorBody,
    request::{IncentivesAnswer, Named, answer},
};
use crate::{
    json::{Faults, Member, Reader, parse_object, wire},
    state::HttpState,
};

/// A question for what will run out.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ExpirationsRequest<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// The platform's id of the customer, or any id in another system. Required.
    #[schema(value_type = wire::Key)]
    user_id: Member<'a>,
    /// Of which accounts; none: all active ones.
    #[schema(value_type = Option<Vec<Option<wire::Guid>>>)]
    point_account_ids: Member<'a>,
    /// Only until then.
    #[schema(value_type = Option<wire::Time>)]
    until: Member<'a>,
}

/// What will run out.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ExpirationsPayload {
    /// Ascending by date.
    results: Vec<ExpirationOf>,
}

/// Points of one account that will run out at one moment.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ExpirationOf {
    point_account_id: String,
    account_name: String,
    #[schema(value_type = f64)]
    amount: Points,
    expiration_date: String,
}

/// What will run out of a customer's points by itself, and when.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/user_points/expirations",
    tag = "incentives",
    request_body = ExpirationsRequest,
    responses(
        (status = 200, description = "Done", body = IncentivesAnswer<ExpirationsPayload>),
        (status = 400, description = "Malformed, or refused", body = IncentivesErrorBody),
        (status = 404, description = "No such customer, account or row", body = IncentivesErrorBody),
        (status = 409, description = "`idempotency_conflict`", body = IncentivesErrorBody),
    ),
)]
pub async fn expirations(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move { work(state, &body).await }).await
}

async fn work(state: &HttpState, body: &[u8]) -> Result<ExpirationsPayload, IncentivesError> {
    let (named, accounts, until) = read(body)?;
    let customer = named.resolve(state).await?;
    let form = state.incentives_times();
    let seen = state.engine().read_customer(customer, move |customer, program, now| {
        if accounts.iter().any(|id| program.account(*id).is_none()) {
            return None;
        }
        let active = program.accounts().iter().filter(|account| account.active).map(|account| account.id);
        let accounts = if accounts.is_empty() { active.collect() } else { accounts };
        let coming = customer.expirations(&accounts, until, program, now);
        let results = coming.into_iter().map(|coming| ExpirationOf {
            point_account_id: coming.account.to_string(),
            account_name: program.account(coming.account).map(|known| known.name.clone()).unwrap_or_default(),
            amount: coming.points,
            expiration_date: coming.at.write(form),
        });
        Some(results.collect())
    });
    let seen = seen.await?;
    let seen = seen.ok_or_else(|| IncentivesError::new(IncentivesCode::UserNotFound, "No such customer."))?;
    let message = "No such point account for this retailer.";
    let results = seen.ok_or_else(|| IncentivesError::new(IncentivesCode::PointAccountNotFound, message))?;
    Ok(ExpirationsPayload { results })
}

type Asked = (Named, Vec<PointAccountId>, Option<Timestamp>);

fn read(body: &[u8]) -> Result<Asked, IncentivesError> {
    let request: ExpirationsRequest<'_> = parse_object(body)?;
    let mut faults = Faults::default();
    let mut reader = Reader::new(&mut faults);
    let named = Named::read(request.retailer_id, request.user_id, &mut reader);
    let accounts =
        reader.elements("point_account_ids", request.point_account_ids, |reader, id| reader.guid("", id));
    let until = reader.time("until", request.until, &Zone::UTC);
    faults.none_or((named, accounts, until)).map_err(|faults| IncentivesError::invalid(&faults))
}
