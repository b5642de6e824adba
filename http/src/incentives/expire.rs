//! `POST /incentives/api/1.0/user_points/expire` (incentives.md 7.1).

use actix_web::{HttpRequest, HttpResponse, web};
use domain::{
    Points, Rate,
    customer::{ExpireDetail, Purpose},
    ledger::ExpiringAmount,
    program::LostShare,
    time::Zone,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    IncentivesError, IncentivesErrorBody,
    objects::{PointAuditLog, total},
    request::{IncentivesAnswer, Named, answer},
    single::{post, read_naming},
};
use crate::{
    json::{FaultCode, Faults, Member, Reader, parse_object, wire},
    state::HttpState,
};

/// Points that are to run out.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ExpireRequest<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// The platform's id of the customer, or any id in another system. Required.
    #[schema(value_type = wire::Key)]
    user_id: Member<'a>,
    /// Of which accounts. Required.
    #[schema(value_type = Vec<wire::Guid>, min_items = 1)]
    point_account_ids: Member<'a>,
    /// Of what remains of each lot, above 0 to 100; default 100.
    #[schema(value_type = Option<f64>, minimum = 0.000001, maximum = 100)]
    percentage: Member<'a>,
    /// Instead: so many points, in the order in which they would be spent.
    #[schema(value_type = Option<wire::PositiveAmount>)]
    amount: Member<'a>,
    /// Only lots of this source.
    #[schema(value_type = Option<wire::Guid>)]
    point_source_id: Member<'a>,
    /// Only lots that were earned before.
    #[schema(value_type = Option<wire::Time>)]
    older_than: Member<'a>,
    /// They roll over where the account says so; default false.
    #[schema(value_type = Option<wire::Flag>)]
    allow_rollover: Member<'a>,
    /// The caller's business id; any text.
    #[schema(value_type = Option<wire::Reference>)]
    reference_id: Member<'a>,
    /// The caller's reason.
    #[schema(value_type = Option<wire::Reference>)]
    reference_type: Member<'a>,
    /// A repeat under the same id gets the first result.
    #[schema(value_type = Option<String>, max_length = 255)]
    idempotency_id: Member<'a>,
}

/// What ran out.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ExpirePayload {
    #[schema(value_type = f64)]
    amount_expired: Points,
    details: Vec<ExpiredOf>,
    audits: Vec<PointAuditLog>,
    tracking_id: String,
    idempotency_id: String,
    /// `new` or `replayed`.
    #[schema(value_type = String)]
    idempotency_summary: &'static str,
}

/// What ran out of one account.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ExpiredOf {
    point_account_id: String,
    #[schema(value_type = f64)]
    amount_expired: Points,
    #[schema(value_type = f64)]
    remaining_balance: Points,
}

/// Let points of a customer run out at once.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/user_points/expire",
    tag = "incentives",
    request_body = ExpireRequest,
    responses(
        (status = 200, description = "Done", body = IncentivesAnswer<ExpirePayload>),
        (status = 400, description = "Malformed, or refused", body = IncentivesErrorBody),
        (status = 404, description = "No such customer, account or row", body = IncentivesErrorBody),
        (status = 409, description = "`idempotency_conflict`", body = IncentivesErrorBody),
    ),
)]
pub async fn expire(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move { work(state, &body).await }).await
}

async fn work(state: &HttpState, body: &[u8]) -> Result<ExpirePayload, IncentivesError> {
    let (named, detail) = read(body)?;
    let customer = named.resolve(state).await?;
    let done = post(state, &named, customer, Purpose::Expire(detail)).await?;
    let details = done.detail.rows.iter().map(|row| ExpiredOf {
        point_account_id: row.account.to_string(),
        amount_expired: row.amount,
        remaining_balance: row.remaining_balance,
    });
    Ok(ExpirePayload {
        amount_expired: total(done.detail.rows.iter().map(|row| row.amount)),
        details: details.collect(),
        audits: done.audits,
        tracking_id: done.detail.tracking_id.to_string(),
        idempotency_id: done.detail.idempotency_id.to_string(),
        idempotency_summary: if done.detail.replayed { "replayed" } else { "new" },
    })
}

fn read(body: &[u8]) -> Result<(Named, ExpireDetail), IncentivesError> {
    let request: ExpireRequest<'_> = parse_object(body)?;
    let mut faults = Faults::default();
    let mut reader = Reader::new(&mut faults);
    let named = Named::read(request.retailer_id, request.user_id, &mut reader);
    let accounts =
        reader.elements("point_account_ids", request.point_account_ids, |reader, id| reader.guid("", id));
    if accounts.is_empty() {
        reader.fault("point_account_ids", FaultCode::Required, "must have at least one element");
    }
    let percentage: Option<Rate> = reader.amount("percentage", request.percentage);
    let amount: Option<Points> = reader.amount("amount", request.amount);
    let what = match (percentage.map(LostShare::percent), amount) {
        (Some(_), Some(_)) => {
            reader.fault("amount", FaultCode::OutOfRange, "must not be there together with percentage");
            None
        }
        (Some(None), None) => {
            reader.fault("percentage", FaultCode::OutOfRange, "must be above 0 and at most 100");
            None
        }
        (None, Some(amount)) if !amount.is_positive() => {
            reader.fault("amount", FaultCode::OutOfRange, "must be above 0");
            None
        }
        (None, Some(amount)) => Some(ExpiringAmount::Points(amount)),
        (Some(Some(share)), None) => Some(ExpiringAmount::Share(share)),
        (None, None) => Some(ExpiringAmount::Share(LostShare::WHOLE)),
    };
    let detail = ExpireDetail {
        accounts,
        what: what.unwrap_or(ExpiringAmount::Share(LostShare::WHOLE)),
        source: reader.guid("point_source_id", request.point_source_id),
        older_than: reader.time("older_than", request.older_than, &Zone::UTC),
        allow_rollover: reader.flag("allow_rollover", request.allow_rollover).unwrap_or(false),
        naming: read_naming(
            &mut reader,
            request.reference_id,
            ("reference_type", request.reference_type),
            request.idempotency_id,
        ),
    };
    faults.none_or((named, detail)).map_err(|faults| IncentivesError::invalid(&faults))
}
