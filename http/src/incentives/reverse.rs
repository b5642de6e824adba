//! `POST /incentives/api/2.0/user_points/reverse` (incentives.md 7.2).

use actix_web::{HttpRequest, HttpResponse, web};
use domain::{
    Points,
    customer::{Purpose, ReversalTarget, ReverseDetail},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    IncentivesError, IncentivesErrorBody,
    objects::PointAuditLog,
    request::{IncentivesAnswer, Named, answer},
    single::{AccountChange, post, read_naming},
};
use crate::{
    json::{FaultCode, Faults, Member, Reader, parse_object, wire},
    state::HttpState,
};

/// A deposit or spend that is to be undone: one of the four ids says which.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ReverseRequest<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// The platform's id of the customer, or any id in another system. Required.
    #[schema(value_type = wire::Key)]
    user_id: Member<'a>,
    /// All rows of a detail.
    #[schema(value_type = Option<wire::Key>)]
    tracking_id: Member<'a>,
    /// All rows of the detail under a key; without `tracking_id` and the others, `idempotency_id` does the same.
    #[schema(value_type = Option<wire::Key>)]
    target_idempotency_id: Member<'a>,
    /// One row.
    #[schema(value_type = Option<wire::Guid>)]
    point_audit_log_id: Member<'a>,
    /// All spends for a purchase; all its deposits when nothing is left of its spends.
    #[schema(value_type = Option<wire::Key>)]
    transaction_id: Member<'a>,
    /// How many of its points; default all that are left.
    #[schema(value_type = Option<wire::Amount>)]
    amount: Member<'a>,
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

/// What was undone.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReversePayload {
    details: Vec<AccountChange>,
    audits: Vec<PointAuditLog>,
    tracking_id: String,
    idempotency_id: String,
    /// `new` or `replayed`.
    #[schema(value_type = String)]
    idempotency_summary: &'static str,
}

/// Undo a deposit or a spend, or a part of it.
#[utoipa::path(
    post,
    path = "/incentives/api/2.0/user_points/reverse",
    tag = "incentives",
    request_body = ReverseRequest,
    responses(
        (status = 200, description = "Done", body = IncentivesAnswer<ReversePayload>),
        (status = 400, description = "Malformed, or refused", body = IncentivesErrorBody),
        (status = 404, description = "No such customer, account or row", body = IncentivesErrorBody),
        (status = 409, description = "`idempotency_conflict`", body = IncentivesErrorBody),
    ),
)]
pub async fn reverse(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move { work(state, &body).await }).await
}

async fn work(state: &HttpState, body: &[u8]) -> Result<ReversePayload, IncentivesError> {
    let (named, detail) = read(body)?;
    let customer = named.resolve(state).await?;
    let done = post(state, &named, customer, Purpose::Reverse(detail)).await?;
    let details = done.detail.rows.iter().map(|row| AccountChange::new(row, true));
    Ok(ReversePayload {
        details: details.collect(),
        audits: done.audits,
        tracking_id: done.detail.tracking_id.to_string(),
        idempotency_id: done.detail.idempotency_id.to_string(),
        idempotency_summary: if done.detail.replayed { "replayed" } else { "new" },
    })
}

fn read(body: &[u8]) -> Result<(Named, ReverseDetail), IncentivesError> {
    let request: ReverseRequest<'_> = parse_object(body)?;
    let mut faults = Faults::default();
    let mut reader = Reader::new(&mut faults);
    let named = Named::read(request.retailer_id, request.user_id, &mut reader);
    let mut naming = read_naming(
        &mut reader,
        request.reference_id,
        ("reference_type", request.reference_type),
        request.idempotency_id,
    );
    let tracking =
        reader.key("tracking_id", request.tracking_id).map(|id| ReversalTarget::Tracking(id.into()));
    let under_key = reader.key("target_idempotency_id", request.target_idempotency_id);
    let under_key = under_key.map(|id| ReversalTarget::Idempotency(id.into()));
    let row = reader.guid("point_audit_log_id", request.point_audit_log_id).map(ReversalTarget::Row);
    let sale = reader.key("transaction_id", request.transaction_id);
    let sale = sale.map(|id| ReversalTarget::Transaction(id.into()));
    let mut targets: Vec<_> = [tracking, under_key, row, sale].into_iter().flatten().collect();
    // The platform's one `idempotency_id`: without another target it names what is undone, not the call.
    if targets.is_empty()
        && let Some(id) = naming.idempotency_id.take()
    {
        targets.push(ReversalTarget::Idempotency(id));
    }
    if targets.len() != 1 {
        let message = "or exactly one of idempotency_id, point_audit_log_id, transaction_id must be there";
        reader.fault("tracking_id", FaultCode::Required, message);
    }
    let amount: Option<Points> = reader.amount("amount", request.amount);
    let detail = targets.pop().map(|target| ReverseDetail { target, amount, naming });
    let detail = faults.none_or(detail).map_err(|faults| IncentivesError::invalid(&faults))?;
    Ok((named, detail.expect("a target that is not there is a fault")))
}
