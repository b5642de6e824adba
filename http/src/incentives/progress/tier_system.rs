//! `POST /incentives/api/1.0/progress/tier_system/user_progress`, and the `GET` that a sample program uses for it
//! (incentives.md 7.11).

use actix_web::{HttpRequest, HttpResponse, web};
use domain::{
    Timestamp,
    customer::Customer,
    id::{CustomerId, TierLevelId, TierSystemId},
    program::Program,
    rules::TreeProgress,
    time::TimeForm,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    customers::decoded,
    incentives::{
        IncentivesCode, IncentivesError, IncentivesErrorBody, next_level,
        objects::{TierOverview, TreeProgressObject},
        request::{IncentivesAnswer, Named, answer, find_user, no_such_customer},
    },
    json::{Faults, Member, Reader, parse_object, wire},
    state::HttpState,
};

/// A question for progress in a tier system.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TierProgressRequest<'a> {
    /// The tenant. Required.
    #[serde(borrow)]
    #[schema(value_type = wire::Guid)]
    retailer_id: Member<'a>,
    /// The platform's id of the customer, or any id in another system. Required.
    #[schema(value_type = wire::Key)]
    user_id: Member<'a>,
    /// The tier system. Required.
    #[schema(value_type = wire::Guid)]
    tier_system_id: Member<'a>,
}

/// How far a customer is in a tier system.
#[derive(Debug, Serialize, ToSchema)]
pub struct TierProgressPayload {
    /// The level held; absent when none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    current_tier: Option<TierOverview>,
    /// The next live level above it; absent at the top.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_tier: Option<TierOverview>,
    /// The trees to enter the next level.
    entrance: Vec<TreeProgressObject>,
    /// The trees to stay in the level held.
    maintenance: Vec<TreeProgressObject>,
    /// When those are looked at next; absent when they never are.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_maintenance_eval_date: Option<String>,
}

/// How far a customer is in a tier system: on the way to the next level, and with staying in the one held. Nothing is
/// counted.
#[utoipa::path(
    post,
    path = "/incentives/api/1.0/progress/tier_system/user_progress",
    tag = "incentives",
    request_body = TierProgressRequest,
    responses(
        (status = 200, description = "How far", body = IncentivesAnswer<TierProgressPayload>),
        (status = 404, description = "`user_not_found`, `tier_system_not_found`", body = IncentivesErrorBody),
    ),
)]
pub async fn tier_progress(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    answer(state, &request, payload, |body| async move {
        let request: TierProgressRequest<'_> = parse_object(&body)?;
        let mut faults = Faults::default();
        let mut reader = Reader::new(&mut faults);
        let named = Named::read(request.retailer_id, request.user_id, &mut reader);
        let system: Option<TierSystemId> = reader.required_guid("tier_system_id", request.tier_system_id);
        let system = faults.none_or(system).map_err(|faults| IncentivesError::invalid(&faults))?;
        let customer = named.resolve(state).await?;
        progress_of(state, customer, system.expect("a system that is not there is a fault")).await
    })
    .await
}

/// The same, as a sample program asks for it. The tenant is the one of the key.
#[utoipa::path(
    get,
    path = "/incentives/api/Progress/GetUserProgressByTierSystem",
    tag = "incentives",
    params(
        (
            "userId" = String,
            Query,
            pattern = r"\S",
            description = "The platform's id of the customer, or any id in another system",
        ),
        ("tierSystemId" = wire::Guid, Query, description = "The tier system"),
    ),
    responses(
        (status = 200, description = "How far", body = IncentivesAnswer<TierProgressPayload>),
        (status = 404, description = "`user_not_found`, `tier_system_not_found`", body = IncentivesErrorBody),
    ),
)]
pub async fn tier_progress_by_query(
    state: web::Data<HttpState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let state = state.get_ref();
    let query = request.query_string().to_owned();
    answer(state, &request, payload, |_| async move {
        let (user, system) = (member(&query, "userId")?, member(&query, "tierSystemId")?);
        let system = system.parse().map_err(|_| invalid("tierSystemId must be a GUID."))?;
        let customer = find_user(state, &user).await?.ok_or_else(no_such_customer)?;
        progress_of(state, customer, system).await
    })
    .await
}

/// A member of a query that must be there.
fn member(query: &str, wanted: &str) -> Result<String, IncentivesError> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let mut values = pairs.filter(|(name, _)| decoded(name, true).eq_ignore_ascii_case(wanted));
    let value = values.next().map(|(_, value)| decoded(value, true)).filter(|value| !value.trim().is_empty());
    value.ok_or_else(|| invalid(&format!("{wanted} must be there.")))
}

fn invalid(message: &str) -> IncentivesError {
    IncentivesError::new(IncentivesCode::InvalidRequest, message)
}

async fn progress_of(
    state: &HttpState,
    customer: CustomerId,
    system: TierSystemId,
) -> Result<TierProgressPayload, IncentivesError> {
    let form = state.incentives_times();
    let look = move |customer: &Customer, program: &Program, now| {
        TierProgressPayload::new(customer, system, program, now, form)
    };
    let seen = state.engine().read_customer(customer, look).await?.ok_or_else(no_such_customer)?;
    seen.ok_or_else(|| IncentivesError::new(IncentivesCode::TierSystemNotFound, "No such tier system."))
}

impl TierProgressPayload {
    /// Nothing when there is no such system.
    fn new(
        customer: &Customer,
        system: TierSystemId,
        program: &Program,
        now: Timestamp,
        form: TimeForm,
    ) -> Option<Self> {
        let system = program.tier_system(system)?;
        let held = customer.tiers().iter().find(|tier| tier.system == system.id);
        let level = held.and_then(|tier| system.level(tier.level));
        let next = match level {
            Some(level) => next_level(system, level),
            // Whoever holds no level begins at the lowest.
            None => system.levels.iter().find(|level| level.is_live()),
        };
        let show = |trees: Vec<TreeProgress<'_>>| -> Vec<TreeProgressObject> {
            trees.iter().map(|tree| TreeProgressObject::new(tree, program)).collect()
        };
        let entrance = |level: TierLevelId| {
            show(customer.standing(program, now, |standing| program.entrance_progress(level, standing, now)))
        };
        let maintenance = |level: TierLevelId| {
            show(customer.standing(program, now, |standing| program.stay_progress(level, standing, now)))
        };
        let next_review = held.and_then(|tier| tier.next_review(program, now));
        Some(Self {
            current_tier: level.map(|level| TierOverview::new(level, system, program)),
            next_tier: next.map(|next| TierOverview::new(next, system, program)),
            entrance: next.map(|next| entrance(next.id)).unwrap_or_default(),
            maintenance: level.map(|level| maintenance(level.id)).unwrap_or_default(),
            next_maintenance_eval_date: next_review.map(|next| next.write(form)),
        })
    }
}
