//! `POST /incentives/api/1.0/trigger/run_expiration` (incentives.md 7.12).

use actix_web::{HttpRequest, HttpResponse, web};
use domain::{
    id::{PointAccountId, RetailerId},
    job::Work,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    super::{
        IncentivesCode, IncentivesError, IncentivesErrorBody,
        request::{IncentivesAnswer, admit_retailer, answer},
    },
    ask::{Asked, JobPayload},
};
use crate::{
    json::{Faults, Member, Reader, parse_object, wire},
    state::HttpState,
};

/// Whose points.
#[derive(Debug, Deserialize, ToSchema)]
pub struct RunExpirationRequest<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// The accounts whose points are counted; default: all. What is due in others is done all the same.
    #[schema(value_type = Option<Vec<wire::Guid>>)]
    point_account_ids: Member<'a>,
    /// At most 1,000 customers, by the platform's id or any id in another system; default: everybody for whom something
    /// is due.
    #[schema(value_type = Option<Vec<wire::Key>>, max_items = 1000)]
    user_ids: Member<'a>,
    /// What is due by then; default, and for times that are past: by now. In the future only with `dry_run`.
    #[schema(value_type = Option<wire::Time>)]
    as_of: Member<'a>,
    /// Only count; default false.
    #[schema(value_type = Option<wire::Flag>)]
    dry_run: Member<'a>,
    /// A repeat under the same id is the same job. Without one, the same request within an hour is.
    #[schema(value_type = Option<String>, max_length = 200)]
    idempotency_id: Member<'a>,
}

/// Let points run out that are due to. They do so by themselves when it is time; a run makes sure of it, counts, and
/// with `dry_run` tells what will run out.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/trigger/run_expiration",
    tag = "incentives",
    request_body = RunExpirationRequest,
    responses(
        (status = 200, description = "It will be done", body = IncentivesAnswer<JobPayload>),
        (status = 400, description = "Malformed, or over a limit", body = IncentivesErrorBody),
        (status = 404, description = "No such account or customer", body = IncentivesErrorBody),
        (status = 409, description = "`idempotency_conflict`", body = IncentivesErrorBody),
    ),
)]
pub async fn run_expiration(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let request: RunExpirationRequest<'_> = parse_object(&body)?;
        let mut faults = Faults::default();
        let mut reader = Reader::new(&mut faults);
        let retailer: Option<RetailerId> = reader.required_guid("retailer_id", request.retailer_id);
        let accounts: Vec<PointAccountId> =
            reader.elements("point_account_ids", request.point_account_ids, |reader, id| {
                reader.required_guid("", id)
            });
        let (whom, how) = ((request.user_ids, request.as_of), (request.dry_run, request.idempotency_id));
        let asked = Asked::read(whom, how, &mut reader);
        let () = faults.none_or(()).map_err(|faults| IncentivesError::invalid(&faults))?;
        admit_retailer(state, retailer)?;
        asked.check_ahead(state)?;
        let program = state.program();
        if accounts.iter().any(|id| program.account(*id).is_none()) {
            return Err(IncentivesError::new(IncentivesCode::PointAccountNotFound, "No such point account."));
        }
        asked.begin(Work::Expiration { accounts }, state).await
    })
    .await
}
