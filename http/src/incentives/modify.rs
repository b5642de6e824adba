//! `POST /incentives/api/1.0/user_points/modify` (incentives.md 7.1).

use actix_web::{HttpRequest, HttpResponse, web};
use domain::{
    Points,
    customer::{ModifyDetail, Purpose},
    id::LedgerRowId,
    time::Zone,
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
    json::{Faults, Member, Reader, parse_object, wire},
    state::HttpState,
};

/// A correction of a row.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ModifyRequest<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// The platform's id of the customer, or any id in another system. Required.
    #[schema(value_type = wire::Key)]
    user_id: Member<'a>,
    /// A positive row of the ledger. Required.
    #[schema(value_type = wire::Guid)]
    point_audit_log_id: Member<'a>,
    /// What it should have been; not less than what was spent or has expired. Required.
    #[schema(value_type = wire::Amount)]
    new_amount: Member<'a>,
    /// When what remains of it expires, in the future; default as before.
    #[schema(value_type = Option<wire::Time>)]
    new_expiration_date: Member<'a>,
    /// The caller's reason.
    #[schema(value_type = Option<wire::Reference>)]
    reason_code: Member<'a>,
    /// The caller's business id; any text.
    #[schema(value_type = Option<wire::Reference>)]
    reference_id: Member<'a>,
    /// A repeat under the same id gets the first result.
    #[schema(value_type = Option<String>, max_length = 255)]
    idempotency_id: Member<'a>,
}

/// What was corrected.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ModifyPayload {
    details: Vec<AccountChange>,
    audits: Vec<PointAuditLog>,
    tracking_id: String,
    idempotency_id: String,
    /// `new` or `replayed`.
    #[schema(value_type = String)]
    idempotency_summary: &'static str,
}

/// Correct a row of the ledger by another.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/user_points/modify",
    tag = "incentives",
    request_body = ModifyRequest,
    responses(
        (status = 200, description = "Done", body = IncentivesAnswer<ModifyPayload>),
        (status = 400, description = "Malformed, or refused", body = IncentivesErrorBody),
        (status = 404, description = "No such customer, account or row", body = IncentivesErrorBody),
        (status = 409, description = "`idempotency_conflict`", body = IncentivesErrorBody),
    ),
)]
pub async fn modify(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move { work(state, &body).await }).await
}

async fn work(state: &HttpState, body: &[u8]) -> Result<ModifyPayload, IncentivesError> {
    let (named, detail) = read(body)?;
    let customer = named.resolve(state).await?;
    let done = post(state, &named, customer, Purpose::Modify(detail)).await?;
    let details = done.detail.rows.iter().map(|row| AccountChange::new(row, false));
    Ok(ModifyPayload {
        details: details.collect(),
        audits: done.audits,
        tracking_id: done.detail.tracking_id.to_string(),
        idempotency_id: done.detail.idempotency_id.to_string(),
        idempotency_summary: if done.detail.replayed { "replayed" } else { "new" },
    })
}

fn read(body: &[u8]) -> Result<(Named, ModifyDetail), IncentivesError> {
    let request: ModifyRequest<'_> = parse_object(body)?;
    let mut faults = Faults::default();
    let mut reader = Reader::new(&mut faults);
    let named = Named::read(request.retailer_id, request.user_id, &mut reader);
    let row: Option<LedgerRowId> = reader.required_guid("point_audit_log_id", request.point_audit_log_id);
    let new_amount: Points = reader.required_amount("new_amount", request.new_amount);
    let new_expiration = reader.time("new_expiration_date", request.new_expiration_date, &Zone::UTC);
    let naming = read_naming(
        &mut reader,
        request.reference_id,
        ("reason_code", request.reason_code),
        request.idempotency_id,
    );
    let detail = row.map(|row| ModifyDetail { row, new_amount, new_expiration, naming });
    let detail = faults.none_or(detail).map_err(|faults| IncentivesError::invalid(&faults))?;
    Ok((named, detail.expect("a row that is not there is a fault")))
}
