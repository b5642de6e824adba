//! `POST /incentives/api/1.0/movement/maintenance` (incentives.md 7.6).

use actix_web::{HttpRequest, HttpResponse, web};
use domain::{
    customer::{MaintenanceRun, TierCommand},
    time::Zone,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    super::{
        IncentivesError, IncentivesErrorBody,
        request::{IncentivesAnswer, Named, TEXT_MAX, answer},
    },
    MovementPayload, change,
};
use crate::{
    json::{Faults, Member, Reader, parse_object, wire},
    state::HttpState,
};

/// Whose stay rules to look at.
#[derive(Debug, Deserialize, ToSchema)]
pub struct MaintenanceRequest<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// The platform's id of the customer, or any id in another system. Required.
    #[schema(value_type = wire::Key)]
    user_id: Member<'a>,
    /// In this system only; default: in all.
    #[schema(value_type = Option<wire::Guid>)]
    tier_system_id: Member<'a>,
    /// As of when; default: now. In the future only with `dry_run`, never in the past.
    #[schema(value_type = Option<wire::Time>)]
    as_of: Member<'a>,
    /// Only say what would happen until then, reviews that become due on the way included; default false.
    #[schema(value_type = Option<wire::Flag>)]
    dry_run: Member<'a>,
    /// A repeat under the same id gets the first movements again; without one, a repeat is another review.
    #[schema(value_type = Option<String>, max_length = 200)]
    idempotency_id: Member<'a>,
}

/// Look at the stay rules now.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/movement/maintenance",
    tag = "incentives",
    request_body = MaintenanceRequest,
    responses(
        (status = 200, description = "Looked at", body = IncentivesAnswer<MovementPayload>),
        (status = 404, description = "No such customer or system", body = IncentivesErrorBody),
        (status = 409, description = "`idempotency_conflict`", body = IncentivesErrorBody),
    ),
)]
pub async fn maintenance(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let (named, run) = read(&body)?;
        let customer = named.resolve(state).await?;
        let system = run.system;
        change(state, customer, TierCommand::Maintain(run), system).await
    })
    .await
}

fn read(body: &[u8]) -> Result<(Named, MaintenanceRun), IncentivesError> {
    let request: MaintenanceRequest<'_> = parse_object(body)?;
    let mut faults = Faults::default();
    let mut reader = Reader::new(&mut faults);
    let named = Named::read(request.retailer_id, request.user_id, &mut reader);
    let run = MaintenanceRun {
        system: reader.guid("tier_system_id", request.tier_system_id),
        as_of: reader.time("as_of", request.as_of, &Zone::UTC),
        dry_run: reader.flag("dry_run", request.dry_run).unwrap_or(false),
        idempotency_id: reader.text_within("idempotency_id", request.idempotency_id, TEXT_MAX),
    };
    faults.none_or((named, run)).map_err(|faults| IncentivesError::invalid(&faults))
}
