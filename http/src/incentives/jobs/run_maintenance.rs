//! `POST /incentives/api/1.0/trigger/run_maintenance` (incentives.md 7.12).

use actix_web::{HttpRequest, HttpResponse, web};
use domain::{
    id::{RetailerId, TierSystemId},
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

/// Whose stay rules to look at.
#[derive(Debug, Deserialize, ToSchema)]
pub struct RunMaintenanceRequest<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// The system. Required.
    #[schema(value_type = wire::Guid)]
    tier_system_id: Member<'a>,
    /// At most 1,000 customers, by the platform's id or any id in another system; default: all members of the system.
    #[schema(value_type = Option<Vec<wire::Key>>, max_items = 1000)]
    user_ids: Member<'a>,
    /// As of when; default: now. In the future only with `dry_run`, never in the past.
    #[schema(value_type = Option<wire::Time>)]
    as_of: Member<'a>,
    /// Only count; reviews that become due until `as_of` are counted too. Default false.
    #[schema(value_type = Option<wire::Flag>)]
    dry_run: Member<'a>,
    /// A repeat under the same id is the same job. Without one, the same request within an hour is.
    #[schema(value_type = Option<String>, max_length = 200)]
    idempotency_id: Member<'a>,
}

/// Look at the stay rules of many members now, as `movement/maintenance` does for one: who does not pass moves down,
/// members in their safe time are left alone. Reviews that are due happen by themselves.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/trigger/run_maintenance",
    tag = "incentives",
    request_body = RunMaintenanceRequest,
    responses(
        (status = 200, description = "It will be done", body = IncentivesAnswer<JobPayload>),
        (status = 400, description = "Malformed, or over a limit", body = IncentivesErrorBody),
        (status = 404, description = "No such system or customer", body = IncentivesErrorBody),
        (status = 409, description = "`idempotency_conflict`", body = IncentivesErrorBody),
    ),
)]
pub async fn run_maintenance(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let request: RunMaintenanceRequest<'_> = parse_object(&body)?;
        let mut faults = Faults::default();
        let mut reader = Reader::new(&mut faults);
        let retailer: Option<RetailerId> = reader.required_guid("retailer_id", request.retailer_id);
        let system: Option<TierSystemId> = reader.required_guid("tier_system_id", request.tier_system_id);
        let (whom, how) = ((request.user_ids, request.as_of), (request.dry_run, request.idempotency_id));
        let asked = Asked::read(whom, how, &mut reader);
        let () = faults.none_or(()).map_err(|faults| IncentivesError::invalid(&faults))?;
        admit_retailer(state, retailer)?;
        asked.check_ahead(state)?;
        if asked.as_of.is_some_and(|at| at < state.engine().now()) {
            let message = "as_of lies in the past, and what members had then is not known.";
            return Err(IncentivesError::new(IncentivesCode::InvalidRequest, message));
        }
        let system = system.filter(|id| state.program().tier_system(*id).is_some());
        let Some(system) = system else {
            return Err(IncentivesError::new(IncentivesCode::TierSystemNotFound, "No such tier system."));
        };
        asked.begin(Work::Maintenance { system }, state).await
    })
    .await
}
