//! `POST /incentives/api/1.0/user_points/transfer` (incentives.md 7.1), between two accounts of one customer, or from
//! one customer to another.

use actix_web::{HttpRequest, HttpResponse, web};
use actors::Transferred;
use domain::{
    Points,
    customer::{Customer, MoveDetail, Purpose},
    id::{CustomerId, PointAccountId},
    program::Program,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    IncentivesError, IncentivesErrorBody,
    objects::{BalanceObject, PointAuditLog, RowContext},
    request::{IncentivesAnswer, Named, answer, no_such_customer},
    single::{post, read_naming},
};
use crate::{
    json::{Faults, Member, Reader, parse_object, wire},
    state::HttpState,
};

/// Points that are to move.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TransferRequest<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// Whose points: the platform's id, or any id in another system. Required.
    #[schema(value_type = wire::Key)]
    from_user_id: Member<'a>,
    /// Who gets them; may be the same customer. Required.
    #[schema(value_type = wire::Key)]
    to_user_id: Member<'a>,
    /// The pool; empty: the default accounts.
    #[schema(value_type = Option<Vec<Option<wire::Guid>>>)]
    from_point_account_ids: Member<'a>,
    /// Where they go. Required.
    #[schema(value_type = wire::Guid)]
    to_point_account_id: Member<'a>,
    /// Points, above zero. Required.
    #[schema(value_type = wire::PositiveAmount)]
    amount: Member<'a>,
    /// Each lot keeps its time and date; default true.
    #[schema(value_type = Option<wire::Flag>)]
    preserve_expiration: Member<'a>,
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

/// What moved.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TransferPayload {
    transfer_id: String,
    #[schema(value_type = f64)]
    amount: Points,
    from: BalanceObject,
    to: BalanceObject,
    audits: Vec<PointAuditLog>,
    idempotency_id: String,
    /// `new` or `replayed`.
    #[schema(value_type = String)]
    idempotency_summary: &'static str,
}

/// Move points from one account of a customer into another, or to another customer.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/user_points/transfer",
    tag = "incentives",
    request_body = TransferRequest,
    responses(
        (status = 200, description = "Done", body = IncentivesAnswer<TransferPayload>),
        (status = 400, description = "Malformed, or refused", body = IncentivesErrorBody),
        (status = 404, description = "No such customer, account or row", body = IncentivesErrorBody),
        (status = 409, description = "`idempotency_conflict`", body = IncentivesErrorBody),
    ),
)]
pub async fn transfer(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move { work(state, &body).await }).await
}

async fn work(state: &HttpState, body: &[u8]) -> Result<TransferPayload, IncentivesError> {
    let (from, to, detail) = read(body)?;
    let customer = from.resolve(state).await?;
    let receiver = to.resolve(state).await?;
    if receiver != customer {
        return send(state, (&from, customer), (&to, receiver), detail).await;
    }
    let (amount, target) = (detail.amount, detail.to);
    let done = post(state, &from, customer, Purpose::Move(detail)).await?;
    let accounts: Vec<_> =
        done.detail.rows.iter().map(|row| row.account).filter(|account| *account != target).collect();
    Ok(TransferPayload {
        transfer_id: done.detail.tracking_id.to_string(),
        amount,
        from: balance(state, &from, customer, accounts).await?,
        to: balance(state, &to, customer, vec![target]).await?,
        audits: done.audits,
        idempotency_id: done.detail.idempotency_id.to_string(),
        idempotency_summary: if done.detail.replayed { "replayed" } else { "new" },
    })
}

/// From one customer to another. A repeat shows the rows of the first time again.
async fn send(
    state: &HttpState,
    (from, giver): (&Named, CustomerId),
    (to, receiver): (&Named, CustomerId),
    detail: MoveDetail,
) -> Result<TransferPayload, IncentivesError> {
    let (amount, target) = (detail.amount, detail.to);
    let done = state.engine().transfer_points((giver, receiver), detail).await;
    let Transferred { sent, taken, received } = done.map_err(IncentivesError::of_single)?;
    let program = state.program();
    let mut audits = Vec::with_capacity(taken.len() + received.len());
    for (named, customer, rows) in [(from, giver, taken), (to, receiver, received)] {
        let (retailer_id, user_id) = (&named.retailer_id, &customer.to_string());
        let context = RowContext { retailer_id, user_id, form: state.incentives_times() };
        audits.extend(rows.iter().map(|row| PointAuditLog::new(row, context, &program)));
    }
    Ok(TransferPayload {
        transfer_id: sent.tracking_id.to_string(),
        amount,
        from: balance(state, from, giver, sent.rows.iter().map(|row| row.account).collect()).await?,
        to: balance(state, to, receiver, vec![target]).await?,
        audits,
        idempotency_id: sent.idempotency_id.to_string(),
        idempotency_summary: if sent.replayed { "replayed" } else { "new" },
    })
}

/// The balances of the accounts that took part.
async fn balance(
    state: &HttpState,
    named: &Named,
    customer: CustomerId,
    accounts: Vec<PointAccountId>,
) -> Result<BalanceObject, IncentivesError> {
    let (retailer_id, user_id) = (named.retailer_id.clone(), named.user_id.clone());
    let view = move |customer: &Customer, program: &Program, now| {
        BalanceObject::new(retailer_id, user_id, &customer.balances_of(accounts, program, now), program)
    };
    let seen = state.engine().read_customer(customer, view).await?;
    seen.ok_or_else(no_such_customer)
}

fn read(body: &[u8]) -> Result<(Named, Named, MoveDetail), IncentivesError> {
    let request: TransferRequest<'_> = parse_object(body)?;
    let mut faults = Faults::default();
    let mut reader = Reader::new(&mut faults);
    let from = Named::read_as("from_user_id", request.retailer_id, request.from_user_id, &mut reader);
    let to = Named::read_as("to_user_id", request.retailer_id, request.to_user_id, &mut reader);
    let target: Option<PointAccountId> =
        reader.required_guid("to_point_account_id", request.to_point_account_id);
    let accounts = reader
        .elements("from_point_account_ids", request.from_point_account_ids, |reader, id| reader.guid("", id));
    let amount: Points = reader.required_amount("amount", request.amount);
    let preserve_expiration = reader.flag("preserve_expiration", request.preserve_expiration).unwrap_or(true);
    let naming = read_naming(
        &mut reader,
        request.reference_id,
        ("reference_type", request.reference_type),
        request.idempotency_id,
    );
    let detail = target.map(|to| MoveDetail { from: accounts, to, amount, preserve_expiration, naming });
    let detail = faults.none_or(detail).map_err(|faults| IncentivesError::invalid(&faults))?;
    Ok((from, to, detail.expect("a target that is not there is a fault")))
}
